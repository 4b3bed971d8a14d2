package explain

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// Input is what requests are explained with.
type Input struct {
	Mapping *servicemapping.Mapping
	// Modules that are attached to routes; nil: none.
	Modules *jsmodule.Set
	// ByName tells which methods POST /gateway/{service}/{method} reaches; nil:
	// none.
	ByName func(*servicemapping.Method) bool
	// Timeout of requests whose method names none; 0: it is not known.
	Timeout time.Duration
	// Routes are others, of the admin API, which go before those of the IDLs.
	Routes []Route
}

// Route is a candidate for a request.
type Route struct {
	Name   string // "BookSvc.queryBook"
	Origin string // "idl", "generic", "module" or "admin"
	Verb   string // "ANY" for all
	Path   string // template
	// Method and Plan are what is called, and how; nil without a service.
	Method *servicemapping.Method
	Plan   *servicemapping.Plan
	// Line in Method.File; 0: none.
	Line int
	// Modules that run, in order; Missing are names that no module has.
	Modules []*jsmodule.Program
	Missing []string
	// Timeout of the request; 0: it is not known.
	Timeout time.Duration
}

// ErrURL is a URL that names no path.
var ErrURL = errors.New("the URL has no path: write /path?query, or http://host/path")

// Explain tells what becomes of a request. The error is ErrURL.
func Explain(in Input, req api.ExplainRequest) (*api.Explanation, error) {
	r, err := newRequest(req)
	if err != nil {
		return nil, err
	}
	routes := in.routes()
	m := match(routes, r, in.ByName, in)
	out := m.explanation(r)
	out.Others = nearMisses(routes, m.route, r)
	out.Hooks = []api.ExplainedHook{}
	if m.route == nil {
		return out, nil
	}
	out.Route = describe(m.route, r)
	out.Hooks = hooks(m.route)
	if m.route.Plan != nil {
		out.Binding = bind(m.route, r)
		out.Response = response(m.route, r.verb)
	}
	return out, nil
}

// routes are all that may take a request, those called by name apart.
func (in Input) routes() []*Route {
	var out []*Route
	for i := range in.Routes {
		out = append(out, &in.Routes[i])
	}
	for b := range in.Mapping.Bindings() {
		out = append(out, in.attach(&Route{
			Name: bindingName(b), Origin: "idl", Verb: b.Verb, Path: b.Path, Method: b.Method, Plan: b.Plan, Line: b.Line,
		}))
	}
	if in.Modules != nil {
		for _, m := range in.Modules.Modules {
			if m.Program.Has(jsmodule.RequestHandler) {
				out = in.handled(out, &m)
			}
		}
	}
	return out
}

// handled adds the routes that a module answers by itself.
func (in Input) handled(routes []*Route, m *jsmodule.Module) []*Route {
	for _, p := range m.Routes {
		if verb, path, ok := p.Template(); ok {
			verb = cmp.Or(verb, router.Any)
			routes = append(routes, &Route{
				Name: "module " + m.Program.Name(), Origin: "module", Verb: verb, Path: path, Timeout: in.Timeout,
				Modules: in.Modules.For(jsmodule.RouteKey{Verb: verb, Path: path}),
			})
		}
	}
	return routes
}

func bindingName(b *servicemapping.Binding) string {
	name := b.Method.Service.Name + "." + b.Method.Name
	for i, other := range b.Method.Bindings {
		if other == b && i > 0 {
			name += "~" + itoa(i+1)
		}
	}
	return name
}

// attach gives a route of a method its modules and its timeout.
func (in Input) attach(r *Route) *Route {
	r.Timeout = cmp.Or(r.Method.Timeout, in.Timeout)
	for _, name := range r.Method.Modules {
		if p := in.Modules.Named(name); p != nil {
			r.Modules = append(r.Modules, p)
		} else {
			r.Missing = append(r.Missing, name)
		}
	}
	key := jsmodule.RouteKey{Service: r.Method.Service.Name, Method: r.Method.Name, Verb: r.Verb, Path: r.Path}
	for _, p := range in.Modules.For(key) {
		if !contains(r.Modules, p) {
			r.Modules = append(r.Modules, p)
		}
	}
	return r
}

// describe is the route as it is told.
func describe(r *Route, req *request) *api.ExplainedRoute {
	out := &api.ExplainedRoute{
		Name: r.Name, Origin: r.Origin, Verb: r.Verb, Path: r.Path, Line: r.Line, Params: []api.ExplainedParam{},
	}
	for i := range req.params.Len() {
		name, value := req.params.At(i)
		out.Params = append(out.Params, api.ExplainedParam{Name: name, Value: value})
	}
	if r.Timeout > 0 {
		out.Timeout = r.Timeout.String()
	}
	if m := r.Method; m != nil {
		out.File, out.Service, out.RPCMethod, out.Registry = m.File, m.Service.Name, m.Name, m.Service.Registry
		out.Idempotent, out.Oneway = m.Idempotent, m.Oneway
		out.Line = cmp.Or(r.Line, m.Line)
	}
	if r.Plan != nil {
		out.Settings = settings(r.Plan.Settings())
	}
	return out
}

func settings(s servicemapping.Settings) []string {
	var out []string
	for _, one := range []struct {
		on   bool
		text string
	}{
		{s.Int64AsString, "int64=string"},
		{s.OmitZero, "zeroValues=omit"},
		{s.EnumNames, "enum=name"},
		{s.SpecialFloats, "floats=special"},
		{s.RejectUnknown, "unknownFields=reject"},
		{s.LaxNumbers, "numbers=lax"},
	} {
		if one.on {
			out = append(out, one.text)
		}
	}
	return out
}

// hooks lists what runs on a route: a request goes through its modules in
// order, the answer back through them; of the other hooks the last module that
// has one is asked.
func hooks(r *Route) []api.ExplainedHook {
	out := []api.ExplainedHook{}
	for _, name := range r.Missing {
		out = append(out, api.ExplainedHook{Module: name, Hook: "missing", When: "dgate.modules names it, and no module of that name works"})
	}
	one := func(p *jsmodule.Program, h jsmodule.Hook, when string) {
		out = append(out, api.ExplainedHook{Module: p.Name(), File: p.File(), Hook: h.String(), When: when})
	}
	last := func(h jsmodule.Hook, when string) {
		for i := len(r.Modules) - 1; i >= 0; i-- {
			if r.Modules[i].Has(h) {
				one(r.Modules[i], h, when)
				return
			}
		}
	}
	if r.Method != nil {
		last(jsmodule.FetchUpstream, "")
	}
	for _, p := range r.Modules {
		if p.Has(jsmodule.RequestModifier) {
			one(p, jsmodule.RequestModifier, "")
		}
	}
	if r.Method != nil {
		out = append(out, api.ExplainedHook{Hook: "call", When: "unless a requestModifier answers"})
		if !hasHook(r, jsmodule.RequestModifier) {
			out[len(out)-1].When = ""
		}
	} else {
		last(jsmodule.RequestHandler, "")
	}
	for i := len(r.Modules) - 1; i >= 0; i-- {
		if r.Modules[i].Has(jsmodule.ResponseModifier) {
			one(r.Modules[i], jsmodule.ResponseModifier, "after an answer")
		}
	}
	last(jsmodule.ErrorHandler, "after a failure")
	return out
}

func hasHook(r *Route, h jsmodule.Hook) bool {
	for _, p := range r.Modules {
		if p.Has(h) {
			return true
		}
	}
	return false
}

func contains(programs []*jsmodule.Program, p *jsmodule.Program) bool {
	for _, q := range programs {
		if q == p {
			return true
		}
	}
	return false
}

// request is the request to explain; it is what a plan reads.
type request struct {
	verb, target, path string
	query              []byte
	headers            http.Header
	body               []byte
	params             router.Params
}

var _ servicemapping.Request = (*request)(nil)

func newRequest(in api.ExplainRequest) (*request, error) {
	r := &request{verb: cmp.Or(in.Method, http.MethodGet), target: in.URL, headers: http.Header{}, body: []byte(in.Body)}
	if _, rest, whole := strings.Cut(in.URL, "://"); whole && !strings.HasPrefix(in.URL, "/") {
		at := strings.IndexAny(rest, "/?")
		if at < 0 {
			at = len(rest)
		}
		r.headers.Set("Host", rest[:at])
		r.target = rest[at:]
		if !strings.HasPrefix(r.target, "/") {
			r.target = "/" + r.target
		}
	}
	if !strings.HasPrefix(r.target, "/") {
		return nil, ErrURL
	}
	path, query, _ := strings.Cut(r.target, "?")
	r.path, r.query = path, []byte(query)
	for name, values := range in.Headers {
		for _, v := range values {
			r.headers.Add(name, v)
		}
	}
	return r, nil
}

func (r *request) Verb() string                         { return r.verb }
func (r *request) PathParam(name string) (string, bool) { return r.params.Get(name) }
func (r *request) RawQuery() []byte                     { return r.query }
func (r *request) RequestURI() []byte                   { return []byte(r.target) }
func (r *request) ContentType() []byte                  { return []byte(r.headers.Get("Content-Type")) }
func (r *request) Body() ([]byte, error)                { return r.body, nil }

func (r *request) Header(name string, yield func([]byte) bool) {
	for _, v := range r.headers.Values(name) {
		if !yield([]byte(v)) {
			return
		}
	}
}
