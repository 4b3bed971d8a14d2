package snapshot

import (
	"iter"
	"slices"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/ordered"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// DefaultNamespace is the namespace of everything read from files.
const DefaultNamespace = api.DefaultNamespace

// Namespace is what one namespace serves, compiled. Immutable; snapshots share
// it as long as nothing in it changes.
type Namespace struct {
	Name string

	object  *store.Object // nil for the default one, which needs none
	idls    []*idl
	modules *modules
	targets map[string]*target // by the name of the service resource
	// services are the compiled services of IDLs, routes those of the admin API.
	services map[*servicemapping.Service]*service
	routes   ordered.Map[*unit]
	// users are the routes again, by useKey; attached are the route resources
	// that have no paths of their own.
	users    ordered.Map[*unit]
	attached ordered.Map[*store.Object]
	handled  []*unit
	// overridden are routes of IDLs in whose place a route of the admin API is.
	overridden map[*Route]*Route
	// misplaced are admin routes whose place another has: kept out of the router.
	misplaced map[*Route]Problem

	router   *router.Router[*Route]
	generic  *generic
	problems []Problem // but those of routes
	troubled ordered.Map[[]Problem]
}

// idl is a set of Thrift files: the IDL directory, or one that was pushed.
type idl struct {
	object  *store.Object // nil for the directory
	mapping *servicemapping.Mapping
	// services are those of the mapping that serve.
	services []*servicemapping.Service
}

// Match finds the route of a request in the namespace; see Snapshot.Match.
func (ns *Namespace) Match(verb, path string, params *router.Params) (*Route, router.Outcome) {
	route, outcome := ns.router.Match(verb, path, params)
	if outcome.Kind == router.NotFound || outcome.Kind == router.MethodNotAllowed || outcome.Kind == router.Options {
		if r, o, ok := ns.generic.match(verb, path, params, outcome); ok {
			return r, o
		}
	}
	return route, outcome
}

// Services yields the Thrift services that the namespace serves, in the order of
// their files: the directory first, then what was pushed, by name.
func (ns *Namespace) Services() iter.Seq[*servicemapping.Service] {
	return func(yield func(*servicemapping.Service) bool) {
		for _, i := range ns.idls {
			for _, s := range i.services {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// Find gives the services called name: by Thrift name, file or registry name.
func (ns *Namespace) Find(name string) (found []*servicemapping.Service) {
	for _, i := range ns.idls {
		for _, s := range i.mapping.Find(name) {
			if slices.Contains(i.services, s) {
				found = append(found, s)
			}
		}
	}
	return found
}

// Module finds a program by name: a resource, else a file; nil when there is none.
func (ns *Namespace) Module(name string) *jsmodule.Program { return ns.modules.named(name) }

// held lists what everything in the namespace keeps open.
func (ns *Namespace) held() (all []*held) {
	for _, s := range ns.services {
		all = append(all, &s.held)
	}
	for _, u := range ns.routes.From("") {
		all = append(all, &u.held)
	}
	for _, u := range ns.handled {
		all = append(all, &u.held)
	}
	return all
}

// report lists the problems of the namespace.
func (ns *Namespace) report() []Problem {
	out := slices.Clone(ns.problems)
	for _, ps := range ns.troubled.From("") {
		out = append(out, ps...)
	}
	for _, p := range ns.misplaced {
		out = append(out, p)
	}
	for idl, by := range ns.overridden {
		out = append(out, by.problem("/paths", api.CodeConflictField, "it takes the place of the route %s", idl.Name).warning())
	}
	return out
}
