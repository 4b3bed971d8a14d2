package snapshot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// Inputs are what a snapshot is compiled from. Immutable once given to Build.
type Inputs struct {
	Revision int64
	Mapping  *servicemapping.Mapping
	// Modules says which modules a route has; nil: none.
	Modules *jsmodule.Set
	// Services holds settings by Thrift service name.
	Services map[string]upstream.Settings
	// Generic says which methods POST /gateway/{service}/{method} reaches.
	Generic GenericMode
	// Timeout bounds a request whose method names no dgate.timeout.
	Timeout time.Duration
}

// Resources gives out what snapshots share. It is told when a thing is needed
// no longer, and closes it when nobody needs it.
type Resources interface {
	Client(spec upstream.Spec) (c upstream.Client, release func(), err error)
	Chain(programs []*jsmodule.Program) (c *jsmodule.Chain, release func(), err error)
}

// service is the compiled form of one IDL service; snapshots share it as long
// as nothing it is made from changes.
type service struct {
	idl      *servicemapping.Service
	spec     upstream.Spec
	timeout  time.Duration
	modules  *jsmodule.Set
	routes   []*Route          // of its bindings, in the order of the IDL
	generic  map[string]*Route // by method name
	chains   [][]*jsmodule.Program
	problems []Problem
}

// Build compiles in. What has not changed since prev (nil at first) is shared
// with it: a change costs what it changes. Nothing it is given makes it fail as
// a whole: what does not serve is in Problems.
func Build(in Inputs, prev *Snapshot, res Resources) *Snapshot {
	b := builder{in: in, res: res, next: &Snapshot{
		Revision: in.Revision,
		Mapping:  in.Mapping,
		Modules:  in.Modules,
		services: make(map[*servicemapping.Service]*service, len(in.Mapping.Services)),
		pins:     pins{drained: make(chan struct{})},
	}}
	routes := &router.Builder[*Route]{}
	if prev != nil {
		routes = prev.router.Edit()
	}
	var added []*service
	for _, s := range in.Mapping.Services {
		svc := b.reuse(prev, s)
		if svc == nil {
			svc = b.compile(s)
			added = append(added, svc)
		}
		b.next.services[s] = svc
	}
	if prev != nil {
		removeRoutes(routes, prev.handled)
		for s, old := range prev.services {
			if b.next.services[s] != old {
				removeRoutes(routes, old.routes)
			}
		}
	}
	for _, svc := range added {
		addRoutes(routes, svc)
	}
	b.handlers(routes)
	for _, s := range in.Mapping.Services {
		b.next.Problems = append(b.next.Problems, b.next.services[s].problems...)
	}
	b.next.router = routes.Build()
	b.next.generic = newGeneric(b.next, in.Generic)
	return b.next
}

type builder struct {
	in   Inputs
	res  Resources
	next *Snapshot
}

func (b *builder) specOf(s *servicemapping.Service) upstream.Spec {
	spec := upstream.Spec{Destination: s.Registry, Service: s.Name, Settings: b.in.Services[s.Name]}
	if spec.Settings.Codec == upstream.CodecKitexJSON {
		spec.IDL = s
	}
	return spec
}

// reuse finds the compiled form of s if it can go on serving as it is, and
// holds what it needs for the new snapshot too.
func (b *builder) reuse(prev *Snapshot, s *servicemapping.Service) *service {
	if prev == nil {
		return nil
	}
	old := prev.services[s]
	if old == nil || old.spec != b.specOf(s) || old.timeout != b.in.Timeout || len(old.problems) > 0 {
		return nil
	}
	if old.modules != b.in.Modules && !b.sameModules(old) {
		return nil
	}
	if _, err := b.client(old.spec); err != nil {
		return nil
	}
	for _, programs := range old.chains {
		if _, err := b.chain(programs); err != nil {
			return nil
		}
	}
	return old
}

// sameModules tells whether every route of a service would get the very modules it has.
func (b *builder) sameModules(svc *service) bool {
	same := func(r *Route) bool {
		programs, problems := b.programs(r)
		var has []*jsmodule.Program
		if r.Chain != nil {
			has = r.Chain.Programs()
		}
		return len(problems) == 0 && slices.Equal(programs, has)
	}
	for _, r := range svc.generic {
		if !same(r) {
			return false
		}
	}
	return !slices.ContainsFunc(svc.routes, func(r *Route) bool { return !same(r) })
}

func (b *builder) client(spec upstream.Spec) (upstream.Client, error) {
	c, release, err := b.res.Client(spec)
	if err == nil {
		b.next.releases = append(b.next.releases, release)
	}
	return c, err
}

func (b *builder) chain(programs []*jsmodule.Program) (*jsmodule.Chain, error) {
	c, release, err := b.res.Chain(programs)
	if err == nil {
		b.next.releases = append(b.next.releases, release)
	}
	return c, err
}

// programs are the modules of a route in order: those that the IDL names
// (dgate.modules), then those that name the route.
func (b *builder) programs(r *Route) (programs []*jsmodule.Program, problems []Problem) {
	for _, name := range r.Method.Modules {
		p := b.in.Modules.Named(name)
		if p == nil {
			problems = append(problems, Problem{r.Name, fmt.Sprintf("dgate.modules names %q, and no module of that name works", name)})
			continue
		}
		programs = append(programs, p)
	}
	key := jsmodule.RouteKey{Service: r.Method.Service.Name, Method: r.Method.Name, Verb: r.Verb, Path: r.Path}
	for _, p := range b.in.Modules.For(key) {
		if !slices.Contains(programs, p) {
			programs = append(programs, p)
		}
	}
	return programs, problems
}

func (b *builder) compile(s *servicemapping.Service) *service {
	svc := &service{
		idl: s, spec: b.specOf(s), timeout: b.in.Timeout, modules: b.in.Modules,
		generic: make(map[string]*Route, len(s.Methods)),
	}
	client, err := b.client(svc.spec)
	if err != nil {
		svc.problems = append(svc.problems, Problem{s.Name, err.Error()})
		client = unavailable{err}
	}
	for _, m := range s.Methods {
		limit := m.Timeout
		if limit == 0 {
			limit = b.in.Timeout
		}
		call := upstream.Call{Service: s.Name, Method: m.Name, Oneway: m.Oneway, Void: m.Void, NilResult: m.NilResult()}
		for i, binding := range m.Bindings {
			svc.routes = append(svc.routes, b.attach(svc, &Route{
				Name: routeName(m, i), Origin: OriginIDL, Verb: binding.Verb, Path: binding.Path,
				Method: m, Timeout: limit,
				Action: &rpc{plan: binding.Plan, client: client, call: call},
			}))
		}
		svc.generic[m.Name] = b.attach(svc, &Route{
			Name: routeName(m, 0), Origin: OriginGeneric, Verb: "POST", Path: genericPrefix + s.Name + "/" + m.Name,
			Method: m, Timeout: limit,
			Action: &genericRPC{rpc{plan: m.Generic, client: client, call: call}},
		})
	}
	return svc
}

// attach gives a route its chain of modules.
func (b *builder) attach(svc *service, r *Route) *Route {
	programs, problems := b.programs(r)
	for _, p := range problems {
		if !slices.Contains(svc.problems, p) { // the generic route has the same as the method's own
			svc.problems = append(svc.problems, p)
		}
	}
	if len(programs) == 0 {
		return r
	}
	chain, err := b.chain(programs)
	if err != nil {
		svc.problems = append(svc.problems, Problem{r.Name, err.Error()})
		r.Action = broken{err}
		return r
	}
	svc.chains = append(svc.chains, programs)
	r.Chain = chain
	return r
}

// routeName is "BookSvc.queryBook", with "~2" for the second path and so on.
func routeName(m *servicemapping.Method, i int) string {
	name := m.Service.Name + "." + m.Name
	if i > 0 {
		name += "~" + strconv.Itoa(i+1)
	}
	return name
}

func addRoutes(routes *router.Builder[*Route], svc *service) {
	for _, r := range svc.routes {
		t, err := router.Parse(r.Path)
		if err == nil {
			err = routes.Add(r.Verb, t, r)
		}
		if err != nil {
			svc.problems = append(svc.problems, Problem{r.Verb + " " + r.Path, fmt.Sprintf("%s: %v", r.Name, err)})
		}
	}
}

func removeRoutes(routes *router.Builder[*Route], gone []*Route) {
	for _, r := range gone {
		t, err := router.Parse(r.Path)
		if err != nil {
			continue
		}
		if at, ok := routes.Get(r.Verb, t); ok && at == r {
			routes.Remove(r.Verb, t)
		}
	}
}

// unavailable stands in for a client that could not be made.
type unavailable struct{ why error }

var _ upstream.Client = unavailable{}

func (u unavailable) Call(_ context.Context, c *upstream.Call) (upstream.Reply, error) {
	return upstream.Reply{}, &upstream.Error{Code: upstream.NoInstance, Service: c.Service, Method: c.Method, Cause: u.why}
}

func (u unavailable) Close() error { return nil }

// broken stands in for the action of a route whose modules cannot run: serving
// it without them could let through what they keep out.
type broken struct{ why error }

var _ Action = broken{}

func (b broken) Serve(context.Context, *Exchange) error { return b.why }
