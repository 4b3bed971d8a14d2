package gateway

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/api"
)

func (r *running) explain(req string) *api.Explanation {
	r.t.Helper()
	a := r.admin("POST", "/api/v1/explain", req)
	if a.status != 200 {
		r.t.Fatalf("%d %s", a.status, a.body)
	}
	var e api.Explanation
	if err := json.Unmarshal([]byte(a.body), &e); err != nil {
		r.t.Fatal(err)
	}
	return &e
}

// What is explained is what is served: routes of IDLs and of the admin API,
// modules, calls by name, instances.
func TestExplain(t *testing.T) {
	g := start(t, map[string]string{
		"book.thrift": gateIDL, "modules/stamp.js": "// @routes GET /book\nexport function responseModifier() {}",
		"modules/page.js": "// @routes GET /page\nexport function requestHandler() { return 'x' }",
	})
	s := g.serve("book", 10, named("x"))
	g.applied("PUT", "/api/v1/route/mine", `{"paths":["/mine/{num}"],"methods":["GET"],"service":"BookSvc","rpcMethod":"get"}`)
	g.applied("PUT", "/api/v1/route/book", `{"paths":["/book"],"methods":["POST"],"modules":["page"]}`)

	for _, tt := range []struct {
		name, request       string
		route, origin, verb string
		hooks               []string
		status              int // of the binding
		others              []string
	}{
		{
			name: "a route of an IDL", request: `{"url":"/book?num=7"}`, route: "BookSvc.get", origin: "idl",
			hooks: []string{"call", "responseModifier"}, others: []string{"POST /book"},
		},
		{
			name: "a value that is refused", request: `{"url":"/book?num=x"}`, route: "BookSvc.get", origin: "idl",
			hooks: []string{"call", "responseModifier"}, status: 400, others: []string{"POST /book"},
		},
		{
			name: "a route of the admin API", request: `{"url":"/mine/3","headers":{"X-A":["1","2"]}}`, route: "mine", origin: "admin",
			hooks: []string{"call"}, others: []string{},
		},
		{
			name: "a module", request: `{"method":"POST","url":"http://shop.example.com/book"}`, route: "book", origin: "admin",
			hooks: []string{"requestHandler"}, others: []string{"GET /book"},
		},
		{
			name: "a module of the directory", request: `{"url":"/page"}`, route: "module page", origin: "module",
			hooks: []string{"requestHandler"}, others: []string{},
		},
		{
			name: "by name", request: `{"method":"POST","url":"/gateway/book/get","body":"{\"num\":1}"}`, route: "BookSvc.get", origin: "generic",
			hooks: []string{"call"}, others: []string{},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := g.explain(tt.request)
			if e.Route == nil || e.Route.Name != tt.route || e.Route.Origin != tt.origin {
				t.Fatalf("%+v", e.Route)
			}
			hooks, others := []string{}, []string{}
			for _, h := range e.Hooks {
				hooks = append(hooks, h.Hook)
			}
			for _, m := range e.Others {
				others = append(others, m.Verb+" "+m.Path)
			}
			if d := cmp.Diff(tt.hooks, hooks); d != "" {
				t.Errorf("hooks (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.others, others); d != "" {
				t.Errorf("others (-want +got):\n%s", d)
			}
			if slices.Contains(hooks, "call") {
				if e.Binding == nil || e.Binding.Status != tt.status {
					t.Errorf("binding %+v", e.Binding)
				}
				if len(e.Instances) != 1 || e.Instances[0].Address != s.Addr {
					t.Errorf("instances %v", e.Instances)
				}
			}
			if e.Gateway != g.id || e.Revision == 0 || e.Namespace != "default" || e.Route.Timeout != "10s" {
				t.Errorf("gateway %q, revision %d, namespace %q, timeout %q", e.Gateway, e.Revision, e.Namespace, e.Route.Timeout)
			}
		})
	}

	if e := g.explain(`{"url":"/bok"}`); e.Status != 404 || len(e.Others) == 0 {
		t.Errorf("%+v", e)
	}
	for body, want := range map[string]string{
		`{"url":"book"}`:                    "the URL has no path",
		`{"url":"/book","header":{}}`:       `did you mean`,
		`{"url":"/book","headers":{"a":1}}`: "a header is a text or a list of texts",
		`{`:                                 "",
	} {
		if a := g.admin("POST", "/api/v1/explain", body); a.status != 400 || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
}
