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
	var result upstream.Reply
	var err error
	if ex.Args != nil {
		result, err = a.send(ctx, ex.Args, ex.Deadline, ex.Choice)
	} else {
		result, err = a.invoke(ctx, plan, ex.Request, ex.Deadline, ex.Choice)
	}
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
	reply, err := a.send(ctx, args, deadline, choice)
	if err != nil {
		return reply, err // args are left to the collector: a failed call may still hold them
	}
	if cap(args) <= keepArgs {
		*buf = args
		argsPool.Put(buf)
	}
	return reply, nil
}

// send calls the method.
func (a *rpc) send(ctx context.Context, args []byte, deadline time.Time, choice *upstream.Choice) (upstream.Reply, error) {
	call := a.call
	call.Args = args
	call.Deadline = deadline
	call.Choice = choice
	return a.client.Call(ctx, &call)
}

// binder is an Action that can bind a request before it serves it.
type binder interface {
	bind(req servicemapping.Request) ([]byte, error)
}

var (
	_ binder = (*rpc)(nil)
	_ binder = (*genericRPC)(nil)
)

func (a *rpc) bind(req servicemapping.Request) ([]byte, error) {
	args, err := a.plan.AppendRequest(nil, req)
	if err == nil && args == nil {
		args = []byte{} // nil would mean that nothing is bound
	}
	return args, err
}
