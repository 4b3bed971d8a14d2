package snapshot

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// compiler compiles one namespace; everything in the one before that would come
// out the same is taken over.
type compiler struct {
	*builder
	prev   *Namespace // empty at first, never nil
	ns     *Namespace
	routes *router.Builder[*Route]
	added  []*Route // of route resources, to be placed
}

// compileNamespace looks at everything in the namespace; changed are the keys
// whose objects are not as before.
func (b *builder) compileNamespace(name string, prev *Namespace, changed []store.Key) *Namespace {
	c := &compiler{builder: b, prev: prev, routes: &router.Builder[*Route]{}}
	if prev == nil {
		c.prev = &Namespace{}
	} else {
		c.routes = prev.router.Edit()
	}
	c.ns = &Namespace{
		Name:       name,
		object:     b.in.State.Get(namespaceKey(name)),
		targets:    map[string]*target{},
		services:   map[*servicemapping.Service]*service{},
		overridden: cloneMap(c.prev.overridden),
		misplaced:  map[*Route]Problem{},
	}
	for _, u := range c.prev.handled {
		c.gone(&u.held)
		c.remove(u.routes)
	}
	c.loadIDLs()
	c.loadModules()
	c.loadTargets()
	c.compileServices()
	c.compileRoutes(changed)
	c.place()
	c.handlers()
	c.ns.router = c.routes.Build()
	c.ns.generic = &generic{b.in.Generic, c.ns}
	return c.ns
}

func (c *compiler) problem(p Problem) { c.ns.problems = append(c.ns.problems, p) }

// policies are those of the namespace; nil: none.
func (ns *Namespace) policies() *api.Policies {
	if ns.object == nil {
		return nil
	}
	return ns.object.Decoded.(*api.Namespace).Policies
}

// all yields the resources of a kind, by name.
func (c *compiler) all(kind api.Kind) func(yield func(*store.Object) bool) {
	return c.in.State.All(c.ns.Name, string(kind))
}

// loadIDLs reads what was pushed, behind what the directory holds.
func (c *compiler) loadIDLs() {
	if c.ns.Name == DefaultNamespace {
		c.ns.idls = append(c.ns.idls, &idl{mapping: c.in.Mapping, services: c.in.Mapping.Services})
	}
	for o := range c.all(api.KindIDL) {
		c.ns.idls = append(c.ns.idls, c.loadIDL(o))
	}
}

func (c *compiler) loadIDL(o *store.Object) *idl {
	var prev *servicemapping.Mapping
	for _, i := range c.prev.idls {
		if i.object == nil || i.object.Key != o.Key {
			continue
		}
		if i.object == o {
			c.reportIDL(i)
			return i
		}
		prev = i.mapping
	}
	r := o.Decoded.(*api.IDL)
	m, err := servicemapping.LoadFiles(r.Files, servicemapping.Options{Previous: prev})
	if err != nil {
		c.problem(problemf(o, "/files", api.CodeInvalid, "%v", err))
		return &idl{object: o, mapping: &servicemapping.Mapping{}}
	}
	i := &idl{object: o, mapping: m}
	i.choose()
	c.reportIDL(i)
	return i
}

// choose picks the services that the resource says are to serve.
func (i *idl) choose() {
	r := i.object.Decoded.(*api.IDL)
	for _, s := range i.mapping.Services {
		if (r.Main == "" || s.File == r.Main) && (r.Service == "" || s.Name == r.Service) {
			i.services = append(i.services, s)
		}
	}
}

// reportIDL makes problems of the diagnostics of what was pushed.
func (c *compiler) reportIDL(i *idl) {
	r := i.object.Decoded.(*api.IDL)
	for _, d := range i.mapping.Diagnostics {
		p := problemf(i.object, "/files/"+api.EscapePointer(d.File), d.Rule, "%s", d.String())
		p.Warning = d.Severity != servicemapping.Error
		c.problem(p)
	}
	if r.Service != "" && len(i.services) == 0 {
		c.problem(problemf(i.object, "/service", api.CodeReference, "the files have no service %q that serves", r.Service))
	}
}

// service is the compiled form of one IDL service; shared between snapshots as
// long as nothing it is made from changes.
type service struct {
	held
	idl      *servicemapping.Service
	target   *target // the resource that refines it; nil: none
	spec     upstream.Spec
	timeout  defaults
	routes   []*Route          // of its bindings, in the order of the IDL
	generic  map[string]*Route // by method name
	problems []Problem
}

// defaults is what holds where nothing narrower is said; comparable.
type defaults struct {
	timeout  int64 // of the program
	policies *api.Policies
}

func (c *compiler) defaults() defaults { return defaults{int64(c.in.Timeout), c.ns.policies()} }

func (c *compiler) specOf(s *servicemapping.Service) upstream.Spec {
	spec := upstream.Spec{Destination: s.Registry, Service: s.Name, Settings: c.in.Services[s.Name]}
	return withIDL(spec, s)
}

// withIDL completes a spec: Kitex's own codec needs the IDL.
func withIDL(spec upstream.Spec, s *servicemapping.Service) upstream.Spec {
	spec.IDL = nil
	if spec.Settings.Codec == upstream.CodecKitexJSON {
		spec.IDL = s
	}
	return spec
}

func (c *compiler) compileServices() {
	for s := range c.ns.Services() {
		t := c.refines(s)
		svc := c.reuse(s, t)
		if svc == nil {
			svc = c.compile(s, t)
		}
		c.ns.services[s] = svc
		c.ns.problems = append(c.ns.problems, svc.problems...)
	}
	for s, old := range c.prev.services {
		if c.ns.services[s] != old {
			c.gone(&old.held)
			c.remove(old.routes)
		}
	}
}

func (c *compiler) gone(h *held) { c.next.gone = append(c.next.gone, h) }

// reuse finds the compiled form of s if it can go on serving as it is.
func (c *compiler) reuse(s *servicemapping.Service, t *target) *service {
	old := c.prev.services[s]
	if old == nil || old.target != t || old.timeout != c.defaults() || len(old.problems) > 0 {
		return nil
	}
	if t == nil && old.spec != c.specOf(s) {
		return nil
	}
	same := func(r *Route) bool {
		if r.Resource != c.attached(r.Name) {
			return false
		}
		programs, problems := c.programs(r)
		return len(problems) == 0 && c.lacks(r) == nil && slices.Equal(programs, r.programs())
	}
	for _, r := range old.generic {
		if !same(r) {
			return nil
		}
	}
	for _, r := range old.routes {
		if !same(r) {
			return nil
		}
	}
	return old
}

// attached is the route resource without paths that names an IDL route.
func (c *compiler) attached(route string) *store.Object {
	o := c.in.State.Get(store.Key{Namespace: c.ns.Name, Kind: string(api.KindRoute), Name: route})
	if o == nil || len(o.Decoded.(*api.Route).Paths) > 0 {
		return nil
	}
	return o
}

// lacks gives an error when a module is missing that an IDL route requires.
func (c *compiler) lacks(r *Route) error {
	names := r.Method.Modules
	if r.Resource != nil {
		names = slices.Concat(names, r.Resource.Decoded.(*api.Route).Modules)
	}
	return c.ns.modules.lacks(routeKey(r), names...)
}

func routeKey(r *Route) jsmodule.RouteKey {
	return jsmodule.RouteKey{Service: r.Method.Service.Name, Method: r.Method.Name, Verb: r.Verb, Path: r.Path}
}

// programs are the modules of an IDL route in order: those that the IDL names
// (dgate.modules), those of files that name the route, those of the route
// resource that is attached to it.
func (c *compiler) programs(r *Route) (programs []*jsmodule.Program, problems []Problem) {
	add := func(p *jsmodule.Program) {
		if !slices.Contains(programs, p) {
			programs = append(programs, p)
		}
	}
	for _, name := range r.Method.Modules {
		p := c.ns.modules.named(name)
		if p == nil {
			problems = append(problems, Problem{Where: r.Name, Message: fmt.Sprintf("dgate.modules names %q, and no module of that name works", name)})
			continue
		}
		add(p)
	}
	for _, p := range c.ns.modules.files.For(routeKey(r)) {
		add(p)
	}
	if r.Resource != nil {
		for i, name := range r.Resource.Decoded.(*api.Route).Modules {
			p := c.ns.modules.named(name)
			if p == nil {
				problems = append(problems, problemf(r.Resource, "/modules/"+strconv.Itoa(i), api.CodeReference, "no module %q works in this namespace", name))
				continue
			}
			add(p)
		}
	}
	return programs, problems
}

// compile compiles an IDL service, as refined by t (nil: not).
func (c *compiler) compile(s *servicemapping.Service, t *target) *service {
	svc := &service{
		idl: s, target: t, spec: c.specOf(s), timeout: c.defaults(),
		generic: make(map[string]*Route, len(s.Methods)),
	}
	if t != nil {
		svc.spec = t.spec
	}
	open := c.opener(&svc.held)
	client := open.client(svc.spec)
	if u, ok := client.(unavailable); ok {
		svc.problems = append(svc.problems, Problem{Where: s.Name, Message: u.why.Error()})
	}
	for _, m := range s.Methods {
		for i, binding := range m.Bindings {
			r := &Route{
				Name: routeName(m, i), Namespace: c.ns.Name, Origin: OriginIDL, Verb: binding.Verb, Path: binding.Path, Method: m,
			}
			svc.routes = append(svc.routes, r)
			c.finish(open, svc, r, binding.Plan, client)
		}
		r := &Route{
			Name: routeName(m, 0), Namespace: c.ns.Name, Origin: OriginGeneric, Verb: "POST", Path: genericPrefix + s.Name + "/" + m.Name, Method: m,
		}
		svc.generic[m.Name] = r
		c.finish(open, svc, r, m.Generic, client)
	}
	return svc
}

// finish gives an IDL route its policies, its action and its modules.
func (c *compiler) finish(open opener, svc *service, r *Route, plan *servicemapping.Plan, client upstream.Client) {
	r.Resource = c.attached(r.Name)
	var own *api.Policies
	if r.Resource != nil {
		own = r.Resource.Decoded.(*api.Route).Policies
	}
	pol := c.policiesFor(own, svc.target)
	r.Timeout = c.timeoutFor(r.Method, own, svc.target)
	action, err := newRPC(plan, pol, client, r.Method)
	if err == nil && r.Origin == OriginGeneric {
		r.call = &genericRPC{*action}
		r.Action = r.call
	} else {
		r.Action = action
	}
	if err != nil {
		svc.report(Problem{Where: r.Name, Message: err.Error()})
		r.Action = broken{err}
	}
	programs, problems := c.programs(r)
	for _, p := range problems {
		svc.report(p)
	}
	if err = c.lacks(r); err != nil {
		r.Action = broken{err}
	} else {
		err = r.run(open, programs)
	}
	if err != nil {
		svc.report(Problem{Where: r.Name, Message: err.Error()})
	}
}

// report adds a problem once: a method's generic route has the same as its own.
func (s *service) report(p Problem) {
	if !slices.Contains(s.problems, p) {
		s.problems = append(s.problems, p)
	}
}

// policiesFor merges the policies of a route: its own, the service's, the namespace's.
func (c *compiler) policiesFor(own *api.Policies, t *target) *api.Policies {
	return own.Over(t.policies()).Over(c.ns.policies())
}

// timeoutFor is how long a request may take; the narrowest that is said wins:
// the route resource, the IDL, the service, the namespace, the program.
func (c *compiler) timeoutFor(m *servicemapping.Method, own *api.Policies, t *target) time.Duration {
	candidates := []time.Duration{timeoutOf(own)}
	if m != nil {
		candidates = append(candidates, m.Timeout)
	}
	candidates = append(candidates, timeoutOf(t.policies()), t.requestTimeout(), timeoutOf(c.ns.policies()))
	for _, d := range candidates {
		if d > 0 {
			return d
		}
	}
	return c.in.Timeout
}

func timeoutOf(p *api.Policies) time.Duration {
	if p == nil {
		return 0
	}
	return time.Duration(p.Timeout)
}

// routeName is "BookSvc.queryBook", with "~2" for the second path and so on.
func routeName(m *servicemapping.Method, i int) string {
	name := m.Service.Name + "." + m.Name
	if i > 0 {
		name += "~" + strconv.Itoa(i+1)
	}
	return name
}
