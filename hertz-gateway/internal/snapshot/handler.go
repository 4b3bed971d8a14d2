package snapshot

import (
	"context"
	"errors"
	"fmt"

	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
)

// handler is the Action of a route without a service: its modules answer.
type handler struct{}

var _ Action = handler{}

var errNotHandled = errors.New("no module has answered")

func (handler) Serve(_ context.Context, ex *Exchange) error {
	handled, err := ex.Session.Handle()
	if err == nil && !handled {
		err = errNotHandled
	}
	return err
}

// handlers compiles the routes of modules that answer requests by themselves:
// one for each path that such a module names. Routes of IDLs come first.
func (b *builder) handlers(routes *router.Builder[*Route]) {
	if b.in.Modules == nil {
		return
	}
	for _, m := range b.in.Modules.Modules {
		if !m.Program.Has(jsmodule.RequestHandler) {
			continue
		}
		for _, p := range m.Routes {
			verb, path, ok := p.Template()
			if !ok {
				continue
			}
			if verb == "" {
				verb = router.Any
			}
			if err := b.handler(routes, m.Program.Name(), verb, path); err != nil {
				b.next.Problems = append(b.next.Problems, Problem{verb + " " + path, fmt.Sprintf("module %s: %v", m.Program.Name(), err)})
			}
		}
	}
}

func (b *builder) handler(routes *router.Builder[*Route], module, verb, path string) error {
	t, err := router.Parse(path)
	if err != nil {
		return err
	}
	if taken, ok := routes.Get(verb, t); ok {
		if taken.Origin == OriginModule {
			return nil // another module of the same route: the last one answers
		}
		return fmt.Errorf("the path belongs to %s, so the module's requestHandler is never asked", taken.Name)
	}
	r := &Route{Name: "module " + module, Origin: OriginModule, Verb: verb, Path: path, Timeout: b.in.Timeout, Action: handler{}}
	r.Chain, err = b.chain(b.in.Modules.For(jsmodule.RouteKey{Verb: verb, Path: path}))
	if err != nil {
		return err
	}
	b.next.handled = append(b.next.handled, r)
	return routes.Add(verb, t, r)
}
