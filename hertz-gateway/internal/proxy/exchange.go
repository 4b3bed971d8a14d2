package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"dgate/hertz-gateway/internal/message"
	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/telemetry"
	"dgate/hertz-gateway/router"
)

// Handler serves client requests from the current snapshot. Safe for concurrent use.
type Handler struct {
	Current *snapshot.Current
	Log     *slog.Logger
	Metrics *telemetry.Metrics // nil: nothing is counted
	// MaxBody bounds the body of a request in bytes.
	MaxBody int
	// Tracer follows the requests that explain sends; nil: none.
	Tracer *Tracer
}

// exchange is one client request being served.
type exchange struct {
	snapshot.Exchange
	handler *Handler
	pin     snapshot.Pin
	id      string // request id; made when somebody asks
	start   time.Time
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// Serve answers one request: pin the snapshot, resolve the route, run it.
func (h *Handler) Serve(ctx context.Context, req *message.Request, resp *message.Response) {
	x := exchanges.Get().(*exchange)
	x.handler, x.Request, x.Response = h, req, resp
	x.pin = h.Current.Pin()
	x.Snapshot = x.pin.Snapshot
	x.start = time.Now()
	x.Trace = h.Tracer.of(req)
	defer x.end()

	if x.resolve() {
		x.Trace.Mark("match")
		if err := x.run(ctx); err != nil {
			x.fail(err)
		}
	}
}

// end gives everything back; a panic, which is a fault of ours, costs its
// request alone.
func (x *exchange) end() {
	if p := recover(); p != nil {
		x.fail(&panicError{p, debug.Stack()})
	}
	x.observe()
	x.Trace.End(x.Instance)
	x.pin.Release()
	*x = exchange{}
	exchanges.Put(x)
}

// observe counts the request; calls of the admin API have no start.
func (x *exchange) observe() {
	m := x.handler.Metrics
	switch {
	case m == nil || x.start.IsZero():
	case x.Route == nil:
		m.ObserveUnrouted(x.Response.Status(), time.Since(x.start))
	default:
		m.Observe(&x.Route.Stats, x.Route.Namespace, x.Route.Name, x.Response.Status(), time.Since(x.start))
	}
}

// resolve finds the route, or answers why there is none and returns false.
func (x *exchange) resolve() bool {
	req := x.Request
	if err := req.TargetError(); err != nil {
		x.fail(err)
		return false
	}
	route, outcome := x.Snapshot.Match(req.Host(), req.Verb(), req.RawPath(), &req.Params)
	switch outcome.Kind {
	case router.Found:
		x.Route = route
		x.Deadline = x.start.Add(route.Timeout)
		req.LimitBody(x.handler.MaxBody)
		return true
	case router.Redirect:
		location := outcome.Location
		if q := req.RawQuery(); len(q) > 0 {
			location += "?" + string(q)
		}
		x.set("Location", location)
		x.Response.SetStatus(308)
	case router.Options:
		x.set("Allow", strings.Join(outcome.Allow, ", "))
		x.Response.SetStatus(204)
	default:
		x.fail(&routeError{outcome})
	}
	return false
}

// run does what the route says, with its modules around it.
func (x *exchange) run(ctx context.Context) error {
	if x.Route.Chain != nil {
		return x.runModules(ctx)
	}
	return x.Route.Action.Serve(ctx, &x.Exchange)
}

// set writes a header whose value is ours; that it could not be written is a
// fault worth a line in the log and no more.
func (x *exchange) set(name, value string) {
	if err := x.Response.SetHeader(name, value); err != nil {
		x.handler.Log.Error("header left out", "error", err)
	}
}

// routeError is a request that no route answers.
type routeError struct{ outcome router.Outcome }

func (e *routeError) Error() string { return e.outcome.Kind.String() }

type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }
