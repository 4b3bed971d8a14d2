package breaking

import (
	"path"
	"slices"
	"strings"

	"dgate/hertz-gateway/servicemapping"
)

// Route is a route of the old IDLs.
type Route struct {
	Service, Method string
	Verb, Path      string // as in the IDL: "GET" or "ANY", "/book/:id"
}

// String gives "GET /book/:id".
func (r Route) String() string { return r.Verb + " " + r.Path }

// Usage is what is known of those who use the old IDLs. The zero value knows
// of nobody but the routes.
type Usage struct {
	// ByName: methods may be called by name (the generic route), with the
	// members that their fields have in JSON.
	ByName bool
	// Attached names the modules that run on a route, beside those that the
	// IDL itself names (dgate.modules); nil: none.
	Attached func(Route) []string
	// Callers names the modules that call a method of a service, which they may
	// name by its Thrift service, its file or its registry name; nil: none.
	Callers func(service, method string) []string
	// Routes are other routes that call a method, "GET /book": those of the
	// admin API; nil: none.
	Routes func(service, method string) []string
	// Allow are rules that may be broken, beside those that the IDLs allow.
	Allow []string
}

func (u *Usage) attached(r Route) []string {
	if u.Attached == nil {
		return nil
	}
	return u.Attached(r)
}

// callers names the modules that call a method, by whichever name.
func (u *Usage) callers(m *servicemapping.Method) []string {
	if u.Callers == nil {
		return nil
	}
	s := m.Service
	names := []string{s.Name}
	for _, name := range []string{strings.TrimSuffix(path.Base(s.File), ".thrift"), s.Registry} {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var out []string
	for _, name := range names {
		out = append(out, u.Callers(name, m.Name)...)
	}
	return out
}

func (u *Usage) routes(m *servicemapping.Method) []string {
	if u.Routes == nil {
		return nil
	}
	return u.Routes(m.Service.Name, m.Name)
}
