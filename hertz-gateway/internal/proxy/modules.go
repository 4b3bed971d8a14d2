package proxy

import (
	"context"
	"errors"
	"sync"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
)

// moduleRun is what the modules of one exchange need; sessions are done with
// it when they are closed.
type moduleRun struct {
	session    jsmodule.Session
	call       jsmodule.Call
	verb, path [1]string // those of the route
}

var moduleRuns = sync.Pool{New: func() any { return new(moduleRun) }}

func (m *moduleRun) end() {
	m.session.Close()
	*m = moduleRun{}
	moduleRuns.Put(m)
}

// runModules puts the hooks of the route's modules around its action. A hook
// that answers the request keeps the service out of it; errorHandler hooks see
// every failure.
func (x *exchange) runModules(ctx context.Context) error {
	r := x.Route
	m := moduleRuns.Get().(*moduleRun)
	call, s := &m.call, &m.session
	m.verb[0], m.path[0] = r.Verb, r.Path
	*call = jsmodule.Call{
		ID:       x.requestID(),
		Route:    jsmodule.Route{Name: r.Name, Methods: m.verb[:], Paths: m.path[:]},
		Request:  x.Request,
		Response: x.Response,
		Deadline: x.Deadline,
	}
	if r.Method != nil {
		call.Service, call.Method = r.Method.Service.Name, r.Method.Name
		call.Binding = binding{x}
	}
	r.Chain.BeginIn(context.WithValue(ctx, pinKey{}, x.pin), s, call)
	defer m.end()
	x.Session = s
	err := x.hooked(ctx, s)
	if err == nil {
		return nil
	}
	p := x.problem(err)
	p.RequestID = x.requestID()
	x.Response.Clear()
	handled, failed := s.Fail(jsmodule.Failure{
		Name: failureName(p), Message: p.Detail, Code: string(p.Code), Status: p.Status,
		Service: call.Service, Method: call.Method,
	})
	if handled {
		x.log(p, err)
		return nil
	}
	return errors.Join(err, failed)
}

// hooked is the way of a request through hooks and action when nothing fails.
func (x *exchange) hooked(ctx context.Context, s *jsmodule.Session) error {
	target, chosen, err := s.FetchUpstream()
	if err != nil {
		return err
	}
	if chosen {
		x.Choice = &upstream.Choice{Address: target.Address, Tag: target.Tag, HashKey: target.HashKey}
		if x.Trace != nil {
			x.Trace.Choice = choiceText(x.Choice)
		}
	}
	answered, err := s.Request()
	x.Trace.Mark("hooks before the call")
	if err != nil || answered {
		return err
	}
	if err := x.Route.Action.Serve(ctx, &x.Exchange); err != nil {
		return err
	}
	err = s.Response()
	x.Trace.Mark("hooks after the call")
	return err
}

// choiceText says how a module chose.
func choiceText(c *upstream.Choice) string {
	switch {
	case c.Address != "":
		return "address " + c.Address
	case c.HashKey != "" && c.Tag != "":
		return "hash key " + c.HashKey + " among tag " + c.Tag
	case c.HashKey != "":
		return "hash key " + c.HashKey
	}
	return "tag " + c.Tag
}

// failureName is the class of error that an errorHandler sees.
func failureName(p *api.Problem) string {
	switch {
	case p.Code == api.ModuleFailed:
		return "ModuleError"
	case p.Upstream != nil:
		return "UpstreamError"
	}
	return "RequestError"
}

// pinKey is where a hook's calls find the snapshot of their exchange.
type pinKey struct{}

// pinOf takes a hold on the snapshot of the exchange that ctx belongs to.
func pinOf(ctx context.Context) (snapshot.Pin, bool) {
	pin, ok := ctx.Value(pinKey{}).(snapshot.Pin)
	if !ok {
		return pin, false
	}
	return pin.Again(), true
}
