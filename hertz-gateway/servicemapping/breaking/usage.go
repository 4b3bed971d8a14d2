package breaking

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
	// Callers names the modules that call a method; nil: none.
	Callers func(service, method string) []string
	// Allow are rules that may be broken, beside those that the IDLs allow.
	Allow []string
}

func (u *Usage) attached(r Route) []string {
	if u.Attached == nil {
		return nil
	}
	return u.Attached(r)
}

func (u *Usage) callers(service, method string) []string {
	if u.Callers == nil {
		return nil
	}
	return u.Callers(service, method)
}
