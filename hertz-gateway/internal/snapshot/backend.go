package snapshot

import (
	"cmp"
	"slices"
)

// Backend is a service and the name under which its instances are looked up.
type Backend struct{ Service, Registry string }

// Backends lists the services called name (all if it is empty): Thrift services
// by their name, file or registry name, service resources by theirs.
func (ns *Namespace) Backends(name string) (out []Backend) {
	found := ns.Find(name)
	for s, compiled := range ns.services {
		at := compiled.spec.Destination
		if name == "" || slices.Contains(found, s) || at == name {
			out = append(out, Backend{s.Name, at})
		}
	}
	for _, t := range ns.targets {
		at := t.spec.Destination
		if t.idl != nil && (name == "" || t.object.Name == name || at == name) {
			out = append(out, Backend{t.object.Name, at})
		}
	}
	slices.SortFunc(out, func(a, b Backend) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Registry, b.Registry))
	})
	return slices.Compact(out)
}
