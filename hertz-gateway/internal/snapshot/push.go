package snapshot

import (
	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/servicemapping/breaking"
)

// Breaks are the breaking changes that the pushed IDLs of s, a candidate, bring
// to those who use the versions of base. What serves knows who they are.
func (s *Snapshot) Breaks(base *store.State, serving *Snapshot) (out []Problem) {
	for name, ns := range s.namespaces {
		was := serving.namespaces[name]
		if was == nil || ns == was {
			continue
		}
		var use *breaking.Usage
		for _, next := range ns.idls {
			if next.object == nil {
				continue
			}
			old := base.Get(next.object.Key)
			if old == nil || old == next.object {
				continue
			}
			if use == nil {
				u := was.Usage()
				use = &u
			}
			for _, f := range breaking.AtLeast(breaking.Breaking, breaking.Compare(was.version(old), next.serving(), *use)) {
				out = append(out, problemf(next.object, "/files/"+api.EscapePointer(f.File), f.ID(), "%s", f))
			}
		}
	}
	return out
}

// version is what an IDL of the store serves; it may be newer than ns.
func (ns *Namespace) version(o *store.Object) *servicemapping.Mapping {
	for _, i := range ns.idls {
		if i.object == o {
			return i.serving()
		}
	}
	m, err := servicemapping.LoadFiles(o.Decoded.(*api.IDL).Files, servicemapping.Options{})
	if err != nil {
		return &servicemapping.Mapping{} // it has never served
	}
	i := &idl{object: o, mapping: m}
	i.choose()
	return i.serving()
}

// serving is the mapping with the services that serve alone.
func (i *idl) serving() *servicemapping.Mapping {
	m := *i.mapping
	m.Services = i.services
	return &m
}
