package snapshot

import (
	"context"
	"sync"
	"time"

	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/servicemapping"
)

// rpc is the Action that calls a method of a Thrift service: the request goes
// straight into the argument struct, the result struct into the response.
type rpc struct {
	plan   *servicemapping.Plan
	client upstream.Client
	call   upstream.Call // the parts that are the same for every call
}

var _ Action = (*rpc)(nil)

// keepArgs is the largest argument buffer that is kept for the next request.
const keepArgs = 256 << 10

var argsPool = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

func (a *rpc) Serve(ctx context.Context, ex *Exchange) error {
	plan := a.plan
	var accept []byte
	ex.Request.Header("Accept", func(v []byte) bool { accept = v; return false })
	if accept != nil {
		plan = plan.For(accept)
	}
	result, err := a.invoke(ctx, plan, ex.Request, ex.Deadline, ex.Choice)
	ex.Instance = result.Instance
	if err != nil {
		return err
	}
	if ex.Envelope {
		return plan.WriteEnvelope(ex.Response, result.Result)
	}
	return plan.WriteResponse(ex.Response, result.Result)
}

// invoke binds the request and calls the method.
func (a *rpc) invoke(ctx context.Context, plan *servicemapping.Plan, req servicemapping.Request, deadline time.Time, choice *upstream.Choice) (upstream.Reply, error) {
	buf := argsPool.Get().(*[]byte)
	args, err := plan.AppendRequest((*buf)[:0], req)
	if err != nil {
		argsPool.Put(buf)
		return upstream.Reply{}, err
	}
	call := a.call
	call.Args = args
	call.Deadline = deadline
	call.Choice = choice
	reply, err := a.client.Call(ctx, &call)
	if err != nil {
		return reply, err // args are left to the collector: a failed call may still hold them
	}
	if cap(args) <= keepArgs {
		*buf = args
		argsPool.Put(buf)
	}
	return reply, nil
}
