package snapshot

import (
	"context"
	"sync"

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
	buf := argsPool.Get().(*[]byte)
	args, err := a.plan.AppendRequest((*buf)[:0], ex.Request)
	if err != nil {
		argsPool.Put(buf)
		return err
	}
	reply, err := a.invoke(ctx, ex, args)
	if err != nil {
		return err // args are left to the collector: a failed call may still hold them
	}
	if cap(args) <= keepArgs {
		*buf = args
		argsPool.Put(buf)
	}
	if ex.Envelope {
		return a.plan.WriteEnvelope(ex.Response, reply.Result)
	}
	var accept []byte
	ex.Request.Header("Accept", func(v []byte) bool { accept = v; return false })
	return a.plan.For(accept).WriteResponse(ex.Response, reply.Result)
}

func (a *rpc) invoke(ctx context.Context, ex *Exchange, args []byte) (upstream.Reply, error) {
	call := a.call
	call.Args = args
	call.Deadline = ex.Deadline
	reply, err := a.client.Call(ctx, &call)
	ex.Instance = reply.Instance
	return reply, err
}
