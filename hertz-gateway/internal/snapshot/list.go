package snapshot

import (
	"fmt"
	"iter"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/servicemapping"
)

// NamespaceOf finds the namespace of a Host header; nil: no domain claims it.
func (s *Snapshot) NamespaceOf(host []byte) *Namespace {
	if s.hosts == nil {
		return s.Default()
	}
	return s.namespaces[s.hosts.find(host)]
}

// Routes yields the routes that requests are matched with, those of the admin
// API first.
func (ns *Namespace) Routes() iter.Seq[*Route] {
	return func(yield func(*Route) bool) {
		for _, u := range ns.routes.From("") {
			for _, r := range u.routes {
				if _, out := ns.misplaced[r]; !out && !yield(r) {
					return
				}
			}
		}
		for s := range ns.Services() {
			for _, r := range ns.services[s].routes {
				if ns.overridden[r] == nil && !yield(r) {
					return
				}
			}
		}
		for _, u := range ns.handled {
			for _, r := range u.routes {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// ByName finds the route of a call by name; an error is a *LookupError.
func (ns *Namespace) ByName(service, method string) (*Route, error) {
	if ns.generic.mode == GenericOff {
		return nil, &LookupError{api.NotFound, "nothing is called by name (genericRoute: off)"}
	}
	r, err := ns.generic.lookup(service, method)
	if err == nil && ns.generic.mode == GenericAnnotated && len(r.Method.Bindings) == 0 {
		return nil, &LookupError{api.MethodNotFound, fmt.Sprintf("method %s is not open to the generic route", r.Name)}
	}
	return r, err
}

// Destination is the name under which the instances for a route are looked up;
// empty for a route that calls no method.
func (ns *Namespace) Destination(r *Route) string {
	if r.Method == nil {
		return ""
	}
	if r.Origin == OriginAdmin && r.Resource != nil {
		if u, ok := ns.routes.Get(r.Resource.Name); ok && u.target != nil {
			return u.target.spec.Destination
		}
	}
	if s := ns.services[r.Method.Service]; s != nil {
		return s.spec.Destination
	}
	return r.Method.Service.Registry
}

// Plan is how the requests of a route are bound; nil for a route that calls no
// method.
func (r *Route) Plan() *servicemapping.Plan {
	switch a := r.Action.(type) {
	case *rpc:
		return a.plan
	case *genericRPC:
		return a.plan
	}
	return nil
}

// Failure is why a route does not serve; nil when it does.
func (r *Route) Failure() error {
	switch a := r.Action.(type) {
	case broken:
		return a.why
	case notServed:
		return ErrNotServed
	}
	return nil
}
