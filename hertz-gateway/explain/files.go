package explain

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// Files are what routes are made of without a gateway.
type Files struct {
	Mapping *servicemapping.Mapping
	// Modules that are attached to routes; nil: none.
	Modules *jsmodule.Set
	// Open tells which methods are called by name; nil: none.
	Open func(*servicemapping.Method) bool
	// Timeout of requests whose method names none; 0: it is not known.
	Timeout time.Duration
}

// Input gives the routes of the IDLs, then those that modules answer themselves.
func (f Files) Input() Input {
	in := Input{}
	for b := range f.Mapping.Bindings() {
		in.Routes = append(in.Routes, f.attach(&Route{
			Name: bindingName(b), Origin: OriginIDL, Verb: b.Verb, Path: b.Path, Method: b.Method, Plan: b.Plan, Line: b.Line,
		}))
	}
	if f.Modules != nil {
		for i := range f.Modules.Modules {
			if m := &f.Modules.Modules[i]; m.Program.Has(jsmodule.RequestHandler) {
				in.Routes = f.handled(in.Routes, m)
			}
		}
	}
	if f.Open != nil {
		in.ByName = f.byName
	}
	return in
}

// handled adds the routes that a module answers by itself.
func (f Files) handled(routes []*Route, m *jsmodule.Module) []*Route {
	for _, p := range m.Routes {
		if verb, path, ok := p.Template(); ok {
			verb = cmp.Or(verb, router.Any)
			routes = append(routes, &Route{
				Name: "module " + m.Program.Name(), Origin: OriginModule, Verb: verb, Path: path, Timeout: f.Timeout,
				Modules: f.Modules.For(jsmodule.RouteKey{Verb: verb, Path: path}),
			})
		}
	}
	return routes
}

func bindingName(b *servicemapping.Binding) string {
	name := b.Method.Service.Name + "." + b.Method.Name
	if i := slices.Index(b.Method.Bindings, b); i > 0 {
		name += "~" + strconv.Itoa(i+1)
	}
	return name
}

// attach gives a route of a method its modules and its timeout.
func (f Files) attach(r *Route) *Route {
	r.Timeout, r.Registry = cmp.Or(r.Method.Timeout, f.Timeout), r.Method.Service.Registry
	for _, name := range r.Method.Modules {
		if p := f.Modules.Named(name); p != nil {
			r.Modules = append(r.Modules, p)
		} else {
			r.Missing = append(r.Missing, name)
		}
	}
	key := jsmodule.RouteKey{Service: r.Method.Service.Name, Method: r.Method.Name, Verb: r.Verb, Path: r.Path}
	for _, p := range f.Modules.For(key) {
		if !slices.Contains(r.Modules, p) {
			r.Modules = append(r.Modules, p)
		}
	}
	return r
}

func (f Files) byName(service, method string) (*Route, error) {
	services := f.Mapping.Find(service)
	var found []*servicemapping.Method
	for _, s := range services {
		for _, m := range s.Methods {
			if m.Name == method {
				found = append(found, m)
			}
		}
	}
	switch {
	case len(services) == 0:
		return nil, fmt.Errorf("no service is called %q", service)
	case len(found) == 0:
		return nil, fmt.Errorf("service %s has no method %q", services[0].Name, method)
	case len(found) > 1:
		return nil, fmt.Errorf("%q fits several services", service)
	case !f.Open(found[0]):
		return nil, fmt.Errorf("%s.%s is not open to calls by name", found[0].Service.Name, method)
	}
	m := found[0]
	return f.attach(&Route{
		Name: m.Service.Name + "." + m.Name, Origin: OriginGeneric, Verb: http.MethodPost,
		Path: namePrefix + m.Service.Name + "/" + m.Name, Method: m, Plan: m.Generic,
	}), nil
}
