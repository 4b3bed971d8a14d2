package snapshot

import (
	"strings"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/servicemapping"
)

// target is a service resource, resolved. Immutable.
type target struct {
	object *store.Object
	// idl is nil for a service of HTTP servers, and for one whose IDL is missing.
	idl  *servicemapping.Service
	spec upstream.Spec
}

func (t *target) resource() *api.Service { return t.object.Decoded.(*api.Service) }

func (t *target) policies() *api.Policies {
	if t == nil {
		return nil
	}
	return t.resource().Policies
}

func (t *target) requestTimeout() time.Duration {
	if t == nil {
		return 0
	}
	return time.Duration(t.resource().RequestTimeout)
}

// loadTargets resolves the service resources.
func (c *compiler) loadTargets() {
	for o := range c.all(api.KindService) {
		t := c.target(o)
		if old := c.prev.targets[o.Name]; old != nil && *old == *t {
			t = old
		}
		c.ns.targets[o.Name] = t
	}
}

func (c *compiler) target(o *store.Object) *target {
	r := o.Decoded.(*api.Service)
	t := &target{object: o}
	if r.IsHTTP() {
		c.problem(problemf(o, "/urls", api.CodeNotEnforced, "HTTP services are stored, and not served by this version: their routes answer 501").warning())
		return t
	}
	t.idl = c.idlOf(o, r)
	if t.idl == nil {
		return t
	}
	t.spec = c.specOf(t.idl)
	if r.Destination != "" {
		t.spec.Destination = r.Destination
	}
	if r.Codec != "" {
		t.spec.Settings.Codec = upstream.Codec(r.Codec)
	}
	if r.Transport != "" {
		t.spec.Settings.Transport = upstream.Transport(r.Transport)
	}
	t.spec = withIDL(t.spec, t.idl)
	return t
}

// idlOf finds the service block of a service resource: in the IDL that it names
// or in all of the namespace, by idlService, by its own name or by its
// destination.
func (c *compiler) idlOf(o *store.Object, r *api.Service) *servicemapping.Service {
	among := c.ns.idls
	if r.IDL != "" {
		among = nil
		for _, i := range c.ns.idls {
			if i.object != nil && i.object.Name == r.IDL {
				among = []*idl{i}
			}
		}
		if among == nil {
			c.problem(problemf(o, "/idl", api.CodeReference, "there is no idl %q in this namespace", r.IDL))
			return nil
		}
	}
	names := []string{r.IDLService}
	if r.IDLService == "" {
		names = []string{o.Name, r.Destination}
	}
	for _, name := range names {
		var found []*servicemapping.Service
		for _, i := range among {
			found = append(found, pick(i, name)...)
		}
		switch {
		case len(found) == 1:
			return found[0]
		case len(found) > 1:
			c.problem(problemf(o, "/idl", api.CodeReference, "%q fits several services: %s; name the idl", name, places(found)))
			return nil
		}
	}
	if r.IDLService == "" && r.IDL != "" && len(among[0].services) == 1 {
		return among[0].services[0]
	}
	pointer := "/idlService"
	if r.IDLService == "" {
		pointer = "/name"
	}
	c.problem(problemf(o, pointer, api.CodeReference, "no IDL of this namespace has the service %q", names[0]))
	return nil
}

// pick gives the services of one IDL called name.
func pick(i *idl, name string) (found []*servicemapping.Service) {
	if name == "" {
		return nil
	}
	ns := Namespace{idls: []*idl{i}}
	return ns.Find(name)
}

func places(services []*servicemapping.Service) string {
	var names []string
	for _, s := range services {
		names = append(names, s.Name+" in "+s.File)
	}
	return strings.Join(names, ", ")
}

// refines gives the service resource that an IDL service's own routes follow:
// the one called like the service or its registry name, or the only one.
func (c *compiler) refines(s *servicemapping.Service) *target {
	for _, name := range []string{s.Name, s.Registry} {
		if t := c.ns.targets[name]; t != nil && t.idl == s {
			return t
		}
	}
	var only *target
	for _, t := range c.ns.targets {
		if t.idl == s {
			if only != nil {
				return nil
			}
			only = t
		}
	}
	return only
}

// serviceNamed finds what a route calls service: a resource, else an IDL service
// that needs none. An error is for the author of the route.
func (c *compiler) serviceNamed(name string) (t *target, s *servicemapping.Service, why string) {
	if t := c.ns.targets[name]; t != nil {
		if t.idl == nil && !t.resource().IsHTTP() {
			return nil, nil, "the service " + name + " has no IDL"
		}
		return t, t.idl, ""
	}
	switch found := c.ns.Find(name); len(found) {
	case 0:
		return nil, nil, "there is no service \"" + name + "\" in this namespace"
	case 1:
		return c.refines(found[0]), found[0], ""
	default:
		return nil, nil, "\"" + name + "\" fits several services: " + places(found)
	}
}
