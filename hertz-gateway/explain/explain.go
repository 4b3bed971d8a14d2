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
	// Routes that may take a request; of two on one match the first serves.
	Routes []*Route
	// ByName finds the method of POST /gateway/{service}/{method}; its error says
	// why there is none. Nil: nothing is called by name.
	ByName func(service, method string) (*Route, error)
}

// Route is a candidate for a request.
type Route struct {
	Name   string // "BookSvc.queryBook"
	Origin string // one of the Origins
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
	// Registry is the name under which instances are looked up.
	Registry string
	// Failure is why the route does not serve, if it does not.
	Failure error
}

// The origins of routes.
const (
	OriginIDL     = "idl"     // an annotation in an IDL
	OriginGeneric = "generic" // POST /gateway/{service}/{method}
	OriginModule  = "module"  // a module that answers by itself
	OriginAdmin   = "admin"   // a resource of the admin API
)

// ErrURL is a URL that names no path.
var ErrURL = errors.New("the URL has no path: write /path?query, or http://host/path")

// Explain tells what becomes of a request. The error is ErrURL.
func Explain(in Input, req api.ExplainRequest) (*api.Explanation, error) {
	r, err := newRequest(req)
	if err != nil {
		return nil, err
	}
	m := in.match(r)
	out := m.explanation(r)
	out.Others = nearMisses(in.Routes, m.route, r)
	out.Hooks = []api.ExplainedHook{}
	if m.route == nil {
		return out, nil
	}
	out.Route = describe(m.route, r)
	out.Hooks = hooks(m.route)
	if m.route.Plan != nil {
		out.Binding = bind(m.route, r)
		out.Response = response(m.route, r.verb)
		for i := range out.Hooks {
			if out.Binding.Status != 0 && out.Hooks[i].Hook == hookCall {
				out.Hooks[i].When = "never as the request is: it is refused"
			}
		}
	}
	return out, nil
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
		out.File, out.Service, out.RPCMethod, out.Registry = m.File, m.Service.Name, m.Name, r.Registry
		out.Idempotent, out.Oneway = m.Idempotent, m.Oneway
		out.Line = cmp.Or(r.Line, m.Line)
	}
	if r.Failure != nil {
		out.Problem = r.Failure.Error()
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
		{s.SpecialFloats, "specialFloats=string"},
		{s.RejectUnknown, "unknownFields=reject"},
		{s.LaxNumbers, "integers=lax"},
	} {
		if one.on {
			out = append(out, one.text)
		}
	}
	return out
}

// hookCall stands for the call of the service among the hooks.
const hookCall = "call"

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
		out = append(out, api.ExplainedHook{Hook: hookCall, When: "unless a requestModifier answers"})
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

// Host is the host that a request names, in its URL or in its header. The error
// is ErrURL.
func Host(in api.ExplainRequest) (string, error) {
	r, err := newRequest(in)
	if err != nil {
		return "", err
	}
	return r.headers.Get("Host"), nil
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
		if http.CanonicalHeaderKey(name) == "Host" && r.headers.Get(name) != "" {
			continue // the URL has said it
		}
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
