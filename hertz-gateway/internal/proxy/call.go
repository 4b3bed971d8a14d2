package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/message"
)

// Call calls a method by name for the admin API: no route, no hooks, but the
// same plan and the same client. The body of req is plain JSON.
func (h *Handler) Call(ctx context.Context, namespace, service, method string, req *message.Request, resp *message.Response) (_ *api.CallResult, problem *api.Problem) {
	x := exchanges.Get().(*exchange)
	x.handler, x.Request, x.Response = h, req, resp
	x.pin = h.Current.Pin()
	x.Snapshot = x.pin.Snapshot
	defer x.end()

	route, err := x.Snapshot.Call(namespace, service, method)
	if err != nil {
		return nil, x.problem(err)
	}
	x.Route = route
	start := time.Now()
	x.Deadline = start.Add(route.Timeout)
	if err := route.Action.Serve(ctx, &x.Exchange); err != nil {
		return nil, x.problem(err)
	}
	body, err := resp.Body()
	if err != nil {
		return nil, x.problem(err)
	}
	result := json.RawMessage(bytes.Clone(body))
	if len(result) == 0 {
		result = json.RawMessage("null")
	}
	return &api.CallResult{
		Service: route.Method.Service.Name, Method: route.Method.Name, Instance: x.Instance,
		Elapsed: time.Since(start).Round(time.Microsecond).String(), Result: result,
	}, nil
}
