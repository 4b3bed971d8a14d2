package snapshot

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/ordered"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// unit is a route resource, or a module's own path, compiled: one Route for each
// verb and path. Immutable; shared between snapshots.
type unit struct {
	held
	object   *store.Object // nil for a path of a module file
	target   *target
	idl      *servicemapping.Service
	defaults defaults
	programs []*jsmodule.Program
	routes   []*Route
	problems []Problem
}

// compileRoutes compiles the route resources that have paths; changed are the
// keys of the namespace whose objects are not as before.
func (c *compiler) compileRoutes(changed []store.Key) {
	c.ns.routes, c.ns.users, c.ns.attached, c.ns.troubled = c.prev.routes, c.prev.users, c.prev.attached, c.prev.troubled
	for _, k := range changed {
		if k.Kind == string(api.KindRoute) {
			c.dropRoute(k.Name)
		}
	}
	for o := range c.touched(changed) {
		if len(o.Decoded.(*api.Route).Paths) == 0 {
			c.ns.attached = c.ns.attached.With(o.Name, o)
			c.checkAttached(o)
			continue
		}
		if c.reuseRoute(o) == nil {
			c.dropRoute(o.Name)
			u := c.compileRoute(o)
			c.keep(u)
			c.added = append(c.added, u.routes...)
		}
	}
}

// touched yields the route resources that may not come out as before: all, but
// when nothing but services and routes has changed only the routes that have,
// those whose service has, and those that are looked at every time.
func (c *compiler) touched(changed []store.Key) iter.Seq[*store.Object] {
	more := func(k store.Key) bool { return k.Kind != string(api.KindRoute) && k.Kind != string(api.KindService) }
	if c.prev.router == nil || !c.sameBase(c.ns.Name) || slices.ContainsFunc(changed, more) {
		return c.all(api.KindRoute)
	}
	names := map[string]bool{}
	for _, k := range changed {
		if k.Kind == string(api.KindRoute) {
			names[k.Name] = true
		}
	}
	for name := range c.ns.troubled.From("") {
		names[name] = true
	}
	for name := range c.ns.attached.From("") {
		names[name] = true
	}
	for service, u := range usedServices(c.ns.users) {
		if t, s, _ := c.serviceNamed(service); t == u.target && s == u.idl {
			continue
		}
		for key, u := range c.ns.users.From(useKey(service, "")) {
			if !strings.HasPrefix(key, useKey(service, "")) {
				break
			}
			names[u.object.Name] = true
		}
	}
	return func(yield func(*store.Object) bool) {
		for _, name := range slices.Sorted(maps.Keys(names)) {
			o := c.in.State.Get(store.Key{Namespace: c.ns.Name, Kind: string(api.KindRoute), Name: name})
			if o != nil && !yield(o) {
				return
			}
		}
	}
}

// useKey is where Namespace.users has a route of a service.
func useKey(service, route string) string { return service + "\x00" + route }

// usedServices yields each name of a service in users with the first of its routes.
func usedServices(users ordered.Map[*unit]) iter.Seq2[string, *unit] {
	return func(yield func(string, *unit) bool) {
		for from := "\x01"; ; { // behind the routes without a service
			service, first := "", (*unit)(nil)
			for key, u := range users.From(from) {
				service, _, _ = strings.Cut(key, "\x00")
				first = u
				break
			}
			if first == nil || !yield(service, first) {
				return
			}
			from = service + "\x01"
		}
	}
}

// dropRoute takes a route resource of the namespace before out of this one.
func (c *compiler) dropRoute(name string) {
	c.ns.attached = c.ns.attached.Without(name)
	if old, _ := c.ns.routes.Get(name); old != nil {
		c.ns.routes = c.ns.routes.Without(name)
		c.ns.users = c.ns.users.Without(old.useKey())
		c.ns.troubled = c.ns.troubled.Without(name)
		c.gone(&old.held)
		c.remove(old.routes)
	}
}

func (u *unit) useKey() string { return useKey(u.object.Decoded.(*api.Route).Service, u.object.Name) }

// keep adds a compiled route resource to the namespace.
func (c *compiler) keep(u *unit) {
	c.ns.routes = c.ns.routes.With(u.object.Name, u)
	c.ns.users = c.ns.users.With(u.useKey(), u)
	if len(u.problems) > 0 {
		c.ns.troubled = c.ns.troubled.With(u.object.Name, u.problems)
	}
}

// checkAttached reports a route without paths that no IDL route is called like.
func (c *compiler) checkAttached(o *store.Object) {
	for _, svc := range c.ns.services {
		for _, r := range svc.routes {
			if r.Name == o.Name {
				return
			}
		}
	}
	c.problem(problemf(o, "/name", api.CodeReference, "no IDL route of this namespace is called %q; a route of its own needs paths", o.Name))
}

func (c *compiler) reuseRoute(o *store.Object) *unit {
	old, _ := c.ns.routes.Get(o.Name)
	if old == nil || old.object != o || old.defaults != c.defaults() {
		return nil
	}
	r := o.Decoded.(*api.Route)
	if slices.ContainsFunc(old.problems, func(p Problem) bool { return !p.Warning }) {
		return nil
	}
	if r.Service != "" {
		if t, s, _ := c.serviceNamed(r.Service); t != old.target || s != old.idl {
			return nil
		}
	}
	for i, name := range r.Modules {
		if i >= len(old.programs) || c.ns.modules.named(name) != old.programs[i] {
			return nil
		}
	}
	return old
}

// compileRoute compiles one route resource.
func (c *compiler) compileRoute(o *store.Object) *unit {
	r := o.Decoded.(*api.Route)
	u := &unit{object: o, defaults: c.defaults()}
	open := c.opener(&u.held)
	for i, name := range r.Modules {
		p := c.ns.modules.named(name)
		if p == nil {
			u.report("/modules/"+strconv.Itoa(i), api.CodeReference, "no module %q works in this namespace", name)
			continue
		}
		u.programs = append(u.programs, p)
	}
	act := c.actions(open, u, r)
	verbs := r.Methods
	if len(verbs) == 0 {
		verbs = []string{"*"}
	}
	for i, path := range r.Paths {
		path = named(router.Normalize(path))
		if _, err := router.Parse(path); err != nil {
			u.report("/paths/"+strconv.Itoa(i), api.CodeInvalid, "%v", err)
			continue
		}
		for _, verb := range verbs {
			if verb = strings.ToUpper(verb); verb == "*" {
				verb = router.Any
			}
			route := &Route{Name: o.Name, Namespace: c.ns.Name, Origin: OriginAdmin, Verb: verb, Path: path, Resource: o}
			route.Action = act(route, i)
			route.Timeout = c.timeoutFor(route.Method, r.Policies, u.target)
			u.routes = append(u.routes, route)
		}
	}
	for _, route := range u.routes {
		err := c.ns.modules.lacks(jsmodule.RouteKey{}, r.Modules...)
		if err != nil {
			route.Action = broken{err}
		} else {
			err = route.run(open, u.programs)
		}
		if err != nil {
			u.report("/modules", api.CodeInvalid, "%v", err)
		}
	}
	return u
}

// named gives the parameters of a path that have no name ("{}", which DGate
// takes) the names _1, _2 and so on.
func named(path string) string {
	for n := 1; strings.Contains(path, "{}"); n++ {
		path = strings.Replace(path, "{}", "{_"+strconv.Itoa(n)+"}", 1)
	}
	return path
}

func (u *unit) report(pointer, code, format string, args ...any) {
	p := problemf(u.object, pointer, code, format, args...)
	if !slices.Contains(u.problems, p) {
		u.problems = append(u.problems, p)
	}
}

func (u *unit) warn(pointer, format string, args ...any) {
	u.problems = append(u.problems, problemf(u.object, pointer, api.CodeInvalid, format, args...).warning())
}

// actions gives what makes the action of each of the unit's routes: i is the
// place of its path.
func (c *compiler) actions(open opener, u *unit, r *api.Route) func(route *Route, i int) Action {
	fixed := func(a Action) func(*Route, int) Action { return func(*Route, int) Action { return a } }
	if r.Service == "" {
		if !slices.ContainsFunc(u.programs, func(p *jsmodule.Program) bool { return p.Has(jsmodule.RequestHandler) }) && len(u.problems) == 0 {
			u.report("/modules", api.CodeInvalid, "the route has no service, and no module of it exports requestHandler")
		}
		return fixed(handler{})
	}
	t, s, why := c.serviceNamed(r.Service)
	if why != "" {
		u.report("/service", api.CodeReference, "%s", why)
		return fixed(broken{errors.New(why)})
	}
	u.target, u.idl = t, s
	if s == nil {
		return fixed(notServed{})
	}
	m := methodNamed(s, r.RPCMethod)
	if m == nil {
		if r.RPCMethod == "" {
			why = "rpcMethod is required: " + s.Name + " is a Kitex service"
		} else {
			why = "the service " + s.Name + " has no method \"" + r.RPCMethod + "\"" + api.Near(r.RPCMethod, methodNames(s))
		}
		u.report("/rpcMethod", api.CodeReference, "%s", why)
		return fixed(broken{errors.New(why)})
	}
	if r.StripPath || r.PreserveHost {
		u.report("/stripPath", api.CodeInvalid, "stripPath and preserveHost are for HTTP services")
	}
	spec := c.specOf(s)
	if t != nil {
		spec = t.spec
	}
	client := open.client(spec)
	if missing, ok := client.(unavailable); ok {
		u.report("/service", api.CodeInvalid, "%v", missing.why)
	}
	pol := c.policiesFor(r.Policies, t)
	return func(route *Route, i int) Action {
		route.Method = m
		b, warnings, err := m.Bind(route.Verb, route.Path, jsonSettings(pol))
		if err == nil {
			for _, w := range warnings {
				u.warn("/paths/"+strconv.Itoa(i), "%s", w)
			}
			return &rpc{plan: b.Plan, client: client, call: callOf(m)}
		}
		u.report("/paths/"+strconv.Itoa(i), api.CodeInvalid, "%v", err)
		return broken{err}
	}
}

func methodNamed(s *servicemapping.Service, name string) *servicemapping.Method {
	for _, m := range s.Methods {
		if m.Name == name {
			return m
		}
	}
	return nil
}

func methodNames(s *servicemapping.Service) (names []string) {
	for _, m := range s.Methods {
		names = append(names, m.Name)
	}
	return names
}

// routesOnly tells whether all that has changed are route resources with paths,
// which nothing else is made from.
func (b *builder) routesOnly(changed []store.Key) bool {
	hasPaths := func(o *store.Object) bool { return o == nil || len(o.Decoded.(*api.Route).Paths) > 0 }
	for _, k := range changed {
		if k.Kind != string(api.KindRoute) || !hasPaths(b.in.State.Get(k)) || !hasPaths(b.prev.in.State.Get(k)) {
			return false
		}
	}
	return true
}

// changeRoutes compiles only the route resources that have changed.
func (b *builder) changeRoutes(prev *Namespace, changed []store.Key) *Namespace {
	ns := *prev
	c := &compiler{builder: b, prev: prev, ns: &ns, routes: prev.router.Edit()}
	ns.overridden = cloneMap(prev.overridden)
	ns.misplaced = map[*Route]Problem{}
	for _, k := range changed {
		c.dropRoute(k.Name)
	}
	for _, k := range changed {
		if o := b.in.State.Get(k); o != nil {
			u := c.compileRoute(o)
			c.keep(u)
			c.added = append(c.added, u.routes...)
		}
	}
	c.placeAll(c.added)
	ns.router = c.routes.Build()
	ns.generic = &generic{b.in.Generic, &ns}
	return &ns
}

// jsonSettings are what policies say about JSON.
func jsonSettings(p *api.Policies) (s servicemapping.Settings) {
	if p == nil || p.JSON == nil {
		return s
	}
	s.Int64AsString = p.JSON.Int64 == "string"
	s.OmitZero = p.JSON.ZeroValues == "omit"
	s.EnumNames = p.JSON.Enum == "name"
	s.RejectUnknown = p.JSON.UnknownFields == "reject"
	s.SpecialFloats = p.JSON.SpecialFloats == "string"
	s.LaxNumbers = p.JSON.Integers == "lax"
	return s
}

// newRPC makes the action of a route; policies may call for another plan.
func newRPC(plan *servicemapping.Plan, p *api.Policies, client upstream.Client, m *servicemapping.Method) (*rpc, error) {
	if s := jsonSettings(p); s != (servicemapping.Settings{}) {
		other, err := plan.With(s)
		if err != nil {
			return nil, err
		}
		plan = other
	}
	return &rpc{plan: plan, client: client, call: callOf(m)}, nil
}

func callOf(m *servicemapping.Method) upstream.Call {
	return upstream.Call{Service: m.Service.Name, Method: m.Name, Oneway: m.Oneway, Void: m.Void, NilResult: m.NilResult()}
}
