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

// invocation is one call from the request to the response; pooled.
type invocation struct {
	upstream.Call
	plan     *servicemapping.Plan
	resp     servicemapping.Response
	envelope bool
	trace    *Trace
	buffer   []byte // of the arguments

	answered bool
	err      error // of the response
}

var (
	_ upstream.ResultReader = (*invocation)(nil)

	invocations = sync.Pool{New: func() any { return &invocation{buffer: make([]byte, 0, 1024)} }}
)

// ReadResult writes the response.
func (in *invocation) ReadResult(result []byte) {
	in.answered = true
	in.trace.Mark("call")
	defer in.trace.Mark("answer")
	if in.envelope {
		in.err = in.plan.WriteEnvelope(in.resp, result)
	} else {
		in.err = in.plan.WriteResponse(in.resp, result)
	}
}

func (a *rpc) Serve(ctx context.Context, ex *Exchange) error {
	plan := a.plan
	var accept []byte
	ex.Request.Header("Accept", func(v []byte) bool { accept = v; return false })
	if accept != nil {
		plan = plan.For(accept)
	}
	in := a.begin(plan, ex.Response)
	in.envelope, in.Choice, in.Args = ex.Envelope, ex.Choice, ex.Args
	if ex.Trace != nil {
		in.trace, in.Tried = ex.Trace, &ex.Trace.Tried
	}
	var err error
	ex.Instance, err = a.run(ctx, in, ex.Request, ex.Deadline)
	return err
}

// begin prepares a call of the method.
func (a *rpc) begin(plan *servicemapping.Plan, resp servicemapping.Response) *invocation {
	in := invocations.Get().(*invocation)
	in.Call = a.call
	in.Reader = in
	in.plan, in.resp = plan, resp
	return in
}

// run calls the method and writes the response; unless it has arguments, the
// request is bound. After a failed call, which may still hold it, in is left to
// the collector.
func (a *rpc) run(ctx context.Context, in *invocation, req servicemapping.Request, deadline time.Time) (instance string, err error) {
	in.Deadline = deadline
	if in.Args == nil {
		if in.Args, err = in.plan.AppendRequest(in.buffer[:0], req); err != nil {
			in.release()
			return "", err
		}
		if cap(in.Args) <= keepArgs {
			in.buffer = in.Args
		}
	}
	in.trace.Mark("bind")
	reply, err := a.client.Call(ctx, &in.Call)
	if err != nil {
		return reply.Instance, err
	}
	if !in.answered {
		in.ReadResult(reply.Result)
	}
	err = in.err
	in.release()
	return reply.Instance, err
}

// release keeps the buffer for another call.
func (in *invocation) release() {
	*in = invocation{buffer: in.buffer}
	invocations.Put(in)
}

// binder is an Action that can bind a request before it serves it, and knows
// whom it would call.
type binder interface {
	bind(req servicemapping.Request) ([]byte, error)
	instances() []string
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

func (a *rpc) instances() []string {
	if l, ok := a.client.(upstream.Lister); ok {
		return l.Instances()
	}
	return nil
}
