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

// handlers compiles the routes of module files that answer requests by
// themselves: one for each path that such a module names. Other routes come first.
func (c *compiler) handlers() {
	files := c.ns.modules.files
	if files == nil {
		return
	}
	for _, m := range files.Modules {
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
			if err := c.handler(files, m.Program.Name(), verb, path); err != nil {
				c.problem(Problem{Where: verb + " " + path, Message: fmt.Sprintf("module %s: %v", m.Program.Name(), err)})
			}
		}
	}
	for _, m := range files.Missing {
		for _, p := range m.Routes {
			c.missing(m, p)
		}
	}
}

// missing holds a place for the route of a module that is required and does
// not work, unless the path is served otherwise.
func (c *compiler) missing(m jsmodule.Missing, p jsmodule.Pattern) {
	verb, path, ok := p.Template()
	if !ok {
		return
	}
	if verb == "" {
		verb = router.Any
	}
	t, err := router.Parse(path)
	if err != nil {
		return // reported with the module
	}
	if _, ok := c.routes.Get(verb, t); ok {
		return
	}
	r := &Route{
		Name: "module " + m.Name, Namespace: c.ns.Name, Origin: OriginModule, Verb: verb, Path: path,
		Timeout: c.timeoutFor(nil, nil, nil), Action: broken{&jsmodule.MissingError{Module: m.Name, Why: m.Err}},
	}
	if c.routes.Add(verb, t, r) == nil {
		c.ns.handled = append(c.ns.handled, &unit{routes: []*Route{r}})
	}
}

func (c *compiler) handler(files *jsmodule.Set, module, verb, path string) error {
	t, err := router.Parse(path)
	if err != nil {
		return err
	}
	if taken, ok := c.routes.Get(verb, t); ok {
		if taken.Origin == OriginModule {
			return nil // another module of the same route: the last one answers
		}
		return fmt.Errorf("the path belongs to %s, so the module's requestHandler is never asked", taken.Name)
	}
	r := &Route{
		Name: "module " + module, Namespace: c.ns.Name, Origin: OriginModule, Verb: verb, Path: path,
		Timeout: c.timeoutFor(nil, nil, nil), Action: handler{},
	}
	u := &unit{routes: []*Route{r}}
	key := jsmodule.RouteKey{Verb: verb, Path: path}
	if err := files.Lacks(key); err != nil {
		r.Action = broken{err}
	} else if err := r.run(c.opener(&u.held), files.For(key)); err != nil {
		return err
	}
	c.ns.handled = append(c.ns.handled, u)
	return c.routes.Add(verb, t, r)
}
