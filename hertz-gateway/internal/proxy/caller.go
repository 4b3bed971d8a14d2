package proxy

import (
	"context"
	"errors"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/telemetry"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/servicemapping"
)

// Caller makes the calls of modules ("dgate/rpc") with the plans and clients of
// the snapshot their exchange is served from.
type Caller struct {
	Current *snapshot.Current
	Metrics *telemetry.Metrics // nil: nothing is counted
}

var _ jsmodule.Caller = (*Caller)(nil)

// Call sends call.Args, plain JSON as on the generic route. An error wraps
// *jsmodule.CallError.
func (c *Caller) Call(ctx context.Context, call jsmodule.RPC) ([]byte, error) {
	pin, ok := pinOf(ctx)
	if !ok { // a promise of ctx.waitUntil, after its exchange
		pin = c.Current.Pin()
	}
	defer pin.Release()
	route, err := pin.Snapshot.Call(call.Namespace, call.Service, call.Method)
	var answer bareResponse
	if err == nil {
		deadline, ok := ctx.Deadline()
		if !ok {
			return nil, errors.New("a call without a deadline")
		}
		err = route.Call(ctx, bareRequest{call.Args}, &answer, deadline)
	}
	if err != nil {
		x := exchange{Exchange: snapshot.Exchange{Route: route}}
		if route == nil {
			x.Route = &snapshot.Route{}
		}
		p := x.problem(err)
		countFailure(c.Metrics, route, p, err)
		return nil, callError(p)
	}
	return answer.body, nil
}

func callError(p *api.Problem) error {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	return &jsmodule.CallError{Code: string(p.Code), Status: p.Status, Message: text}
}

// bareRequest is a request that is only a body.
type bareRequest struct{ body []byte }

var _ servicemapping.Request = bareRequest{}

func (bareRequest) Verb() string                     { return "POST" }
func (bareRequest) PathParam(string) (string, bool)  { return "", false }
func (bareRequest) RawQuery() []byte                 { return nil }
func (bareRequest) RequestURI() []byte               { return nil }
func (bareRequest) Header(string, func([]byte) bool) {}
func (bareRequest) ContentType() []byte              { return []byte("application/json") }
func (r bareRequest) Body() ([]byte, error)          { return r.body, nil }

// bareResponse keeps the body of an answer.
type bareResponse struct{ body []byte }

var _ servicemapping.Response = (*bareResponse)(nil)

func (*bareResponse) SetStatus(int)                  {}
func (*bareResponse) SetHeader(string, string) error { return nil }
func (*bareResponse) AddHeader(string, string) error { return nil }
func (r *bareResponse) SetBody(_ string, b []byte)   { r.body = b }
func (*bareResponse) BodyBuffer() []byte             { return nil }
