package snapshot

import (
	"maps"
	"slices"

	"dgate/hertz-gateway/servicemapping/breaking"
)

// Usage is what is known of those who use the methods of the namespace: modules
// on routes, modules that call, routes of the admin API, calls by name.
func (ns *Namespace) Usage() breaking.Usage {
	attached, routes := map[string][]string{}, map[string][]string{}
	for r := range ns.Routes() {
		if r.Method == nil {
			continue
		}
		for _, p := range r.programs() {
			key := r.Verb + " " + r.Path
			attached[key] = append(attached[key], p.Name())
		}
		if r.Origin == OriginAdmin {
			key := r.Method.Service.Name + "." + r.Method.Name
			routes[key] = append(routes[key], r.Verb+" "+r.Path)
		}
	}
	return breaking.Usage{
		ByName:   ns.generic.mode != GenericOff,
		Attached: func(r breaking.Route) []string { return attached[r.String()] },
		Routes:   func(service, method string) []string { return routes[service+"."+method] },
		Callers:  ns.modules.callers,
	}
}

// callers names the modules that seem to call a method.
func (m *modules) callers(service, method string) []string {
	if m == nil {
		return nil
	}
	names := slices.DeleteFunc(m.files.Callers(service, method), func(name string) bool { return m.own[name] != nil })
	for _, name := range slices.Sorted(maps.Keys(m.own)) {
		if p := m.own[name].program; p != nil && p.Calls(service, method) {
			names = append(names, name)
		}
	}
	return names
}
