package snapshot

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// Inputs are what a snapshot is compiled from. Immutable once given to Build.
type Inputs struct {
	Revision int64
	Mapping  *servicemapping.Mapping
	// Services holds settings by Thrift service name.
	Services map[string]upstream.Settings
	// Generic says which methods POST /gateway/{service}/{method} reaches.
	Generic GenericMode
	// Timeout bounds a request whose method names no dgate.timeout.
	Timeout time.Duration
}

// Upstreams gives out clients. It is told when a client is needed no longer,
// and closes it when nobody needs it.
type Upstreams interface {
	Acquire(spec upstream.Spec) (c upstream.Client, release func(), err error)
}

// service is the compiled form of one IDL service; snapshots share it as long
// as nothing it is made from changes.
type service struct {
	idl      *servicemapping.Service
	spec     upstream.Spec
	timeout  time.Duration
	routes   []*Route          // of its bindings, in the order of the IDL
	generic  map[string]*Route // by method name
	problems []Problem
}

// Build compiles in. What has not changed since prev (nil at first) is shared
// with it: a change costs what it changes. Nothing it is given makes it fail as
// a whole: what does not serve is in Problems.
func Build(in Inputs, prev *Snapshot, up Upstreams) *Snapshot {
	next := &Snapshot{
		Revision: in.Revision,
		Mapping:  in.Mapping,
		services: make(map[*servicemapping.Service]*service, len(in.Mapping.Services)),
		pins:     pins{drained: make(chan struct{})},
	}
	routes := &router.Builder[*Route]{}
	if prev != nil {
		routes = prev.router.Edit()
	}
	var added []*service
	for _, s := range in.Mapping.Services {
		spec := specOf(s, in.Services[s.Name])
		client, release, err := up.Acquire(spec)
		if err != nil {
			next.Problems = append(next.Problems, Problem{s.Name, err.Error()})
			client = unavailable{err}
		} else {
			next.releases = append(next.releases, release)
		}
		svc := prev.reuse(s, spec, in.Timeout)
		if svc == nil || err != nil {
			svc = compile(s, spec, in.Timeout, client)
			added = append(added, svc)
		}
		next.services[s] = svc
	}
	if prev != nil {
		for s, old := range prev.services {
			if next.services[s] != old {
				removeRoutes(routes, old)
			}
		}
	}
	for _, svc := range added {
		addRoutes(routes, svc)
	}
	for _, s := range in.Mapping.Services {
		next.Problems = append(next.Problems, next.services[s].problems...)
	}
	next.router = routes.Build()
	next.generic = newGeneric(next, in.Generic)
	return next
}

func specOf(s *servicemapping.Service, settings upstream.Settings) upstream.Spec {
	spec := upstream.Spec{Destination: s.Registry, Service: s.Name, Settings: settings}
	if settings.Codec == upstream.CodecKitexJSON {
		spec.IDL = s
	}
	return spec
}

// reuse finds the compiled form of s if it can go on serving as it is.
func (s *Snapshot) reuse(idl *servicemapping.Service, spec upstream.Spec, timeout time.Duration) *service {
	if s == nil {
		return nil
	}
	if old := s.services[idl]; old != nil && old.spec == spec && old.timeout == timeout {
		return old
	}
	return nil
}

func compile(s *servicemapping.Service, spec upstream.Spec, timeout time.Duration, client upstream.Client) *service {
	svc := &service{idl: s, spec: spec, timeout: timeout, generic: make(map[string]*Route, len(s.Methods))}
	for _, m := range s.Methods {
		limit := m.Timeout
		if limit == 0 {
			limit = timeout
		}
		call := upstream.Call{Service: s.Name, Method: m.Name, Oneway: m.Oneway, Void: m.Void}
		svc.generic[m.Name] = &Route{
			Name: routeName(m, 0), Origin: OriginGeneric, Verb: "POST", Path: genericPrefix + s.Name + "/" + m.Name,
			Method: m, Timeout: limit,
			Action: &genericRPC{rpc{plan: m.Generic, client: client, call: call}},
		}
		for i, b := range m.Bindings {
			svc.routes = append(svc.routes, &Route{
				Name: routeName(m, i), Origin: OriginIDL, Verb: b.Verb, Path: b.Path,
				Method: m, Timeout: limit,
				Action: &rpc{plan: b.Plan, client: client, call: call},
			})
		}
	}
	return svc
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

func removeRoutes(routes *router.Builder[*Route], svc *service) {
	for _, r := range svc.routes {
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

var errNoDestination = errors.New("no destination")

func (u unavailable) Call(_ context.Context, c *upstream.Call) (upstream.Reply, error) {
	return upstream.Reply{}, &upstream.Error{Code: upstream.NoInstance, Service: c.Service, Method: c.Method, Cause: u.why}
}

func (u unavailable) Close() error { return nil }
