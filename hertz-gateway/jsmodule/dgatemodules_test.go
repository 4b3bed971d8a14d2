package jsmodule_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"dgate/hertz-gateway/jsmodule"
)

// parts is a jsmodule.Fetcher for https://parts.example.
type parts struct{}

func (parts) Fetch(_ context.Context, f jsmodule.Fetch) (jsmodule.Fetched, error) {
	_, path, _ := strings.Cut(f.URL, "parts.example")
	body, ok := map[string]string{
		"/one": `{"one":1}`, "/two": `{"two":[2]}`,
		"/geo?of=192.0.2.7": `{"country":"NZ","lat":-41.3,"proxy":false}`,
		"/geo?of=10.0.0.1":  `{"status":"fail","message":"private"}`,
	}[path]
	if !ok {
		return jsmodule.Fetched{}, errors.New("connection refused")
	}
	return jsmodule.Fetched{Status: 200, URL: f.URL, Body: []byte(body)}, nil
}

// TestDGateModules runs modules written as those of DGate v0.11 are:
// testdata/dgate has the shapes of the published ones.
func TestDGateModules(t *testing.T) {
	documents := jsmodule.NewMemoryDocuments()
	if _, err := documents.PutCollection(t.Context(), "default", jsmodule.Collection{
		Name: "links", Schema: []byte(`{"type":"object","properties":{"url":{"type":"string"}}}`),
	}); err != nil {
		t.Fatal(err)
	}
	var logs logBuffer
	h := newHost(t, jsmodule.Config{
		Logger: logs.logger(), Documents: documents, Fetcher: parts{}, DefaultPermissions: []string{"http:parts.example"},
	})
	with := func(edit func(*request, *response)) func(*testing.T, string) *exchange {
		return func(t *testing.T, file string) *exchange {
			set := jsmodule.LoadDir(os.DirFS("testdata/dgate"), nil)
			if len(set.Problems) > 0 {
				t.Fatal(set.Problems)
			}
			var programs []*jsmodule.Program
			for name := range strings.FieldsSeq(file) {
				programs = append(programs, set.Named(name))
			}
			c, err := h.NewChain("default", programs...)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			return open(t, c, func(call *jsmodule.Call, q *request, r *response) {
				call.Binding = &binding{q: q}
				q.query = ""
				edit(q, r)
			})
		}
	}
	handled := func(t *testing.T, e *exchange) {
		t.Helper()
		if ok, err := e.Handle(); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	tests := []struct {
		name, module string
		open         func(*testing.T, string) *exchange
		run          func(*testing.T, *exchange)
		status       int
		body         string
		header       [2]string // of the answer
	}{
		{
			name: "IP hash", module: "iphash", status: 200, header: [2]string{"X-Hash", "9965 of 2"},
			open: with(func(q *request, _ *response) { q.list = append(q.list, [2]string{"X-Forwarded-For", "192.168.0.1"}) }),
			run: func(t *testing.T, e *exchange) {
				if target, ok, err := e.FetchUpstream(); err != nil || !ok || target.Address != "10.0.0.2:80" {
					t.Errorf("%+v, %v, %v", target, ok, err)
				}
			},
		},
		{
			name: "shorten", module: "shortener", run: handled, status: 201, body: `{"id":"Xzlp0nVQ"}`,
			open: with(func(q *request, _ *response) { q.method, q.query = "POST", "url=https://example.com/?a%3D1" }),
		},
		{
			name: "shorten nothing", module: "shortener", run: handled, status: 400, body: `{"error":"no url"}`,
			open: with(func(q *request, _ *response) { q.method = "POST" }),
		},
		{
			name: "follow", module: "shortener", run: handled, status: 307, header: [2]string{"Location", "https://example.com/?a=1"},
			open: with(func(q *request, _ *response) { q.params = [][2]string{{"id", "Xzlp0nVQ"}} }),
		},
		{
			name: "follow what is not there", module: "shortener", run: handled, status: 404, body: `{"error":"unknown"}`,
			open: with(func(q *request, _ *response) { q.params = [][2]string{{"id", "nothing"}} }),
		},
		{
			name: "follow without id", module: "shortener", run: handled, status: 400, body: `{"error":"no id"}`,
			open: with(func(q *request, _ *response) { q.params = nil }),
		},
		{
			name: "other verb", module: "shortener", run: handled, status: 405, body: `{"error":"GET or POST"}`,
			open: with(func(q *request, _ *response) { q.method = "PUT" }),
		},
		{
			name: "printer", module: "printer", status: 200, open: with(func(q *request, _ *response) { q.query = "wait=1ms" }),
			run: func(t *testing.T, e *exchange) {
				_, _, err1 := e.FetchUpstream()
				_, err2 := e.Request()
				err3 := e.Session.Response()
				_, err4 := e.Fail(jsmodule.Failure{Message: "gone"})
				_, err5 := e.Handle()
				if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
					t.Error(err)
				}
				for _, hook := range []string{"fetchUpstream", "requestModifier", "responseModifier", "errorHandler"} {
					if !strings.Contains(logs.String(), hook+`: {\"id\":\"req-1\",\"namespace\":{\"name\":\"default\"},\"route\":{\"name\":\"book\"`) {
						t.Errorf("%s printed no ctx:\n%s", hook, logs.String())
					}
				}
			},
		},
		{name: "merge", module: "merge", run: handled, status: 200, body: `{"one":1,"two":[2]}`, open: with(func(*request, *response) {})},
		{
			name: "enrich", module: "enrich", status: 200, body: `{"data":{"a":9007199254740993,"one":1}}`,
			open: with(func(_ *request, r *response) { r.status, r.body = 201, []byte(`{"data":{"a":9007199254740993}}`) }),
			run: func(t *testing.T, e *exchange) {
				if err := e.Session.Response(); err != nil {
					t.Error(err)
				}
			},
		},
		{
			name: "error handler", module: "enrich", status: 500, body: `{"error":"gone"}`, open: with(func(*request, *response) {}),
			run: func(t *testing.T, e *exchange) {
				if ok, err := e.Fail(jsmodule.Failure{Message: "gone"}); !ok || err != nil {
					t.Error(ok, err)
				}
			},
		},
		{
			name: "geo", module: "geo", status: 200, open: with(func(*request, *response) {}),
			run: func(t *testing.T, e *exchange) {
				e.mustRequest(t)
				for _, h := range [][2]string{{"X-Geo-Country", "NZ"}, {"X-Geo-Latitude", "-41.3"}, {"X-Geo-Proxy", "false"}} {
					if got := e.q.get(h[0]); got != h[1] {
						t.Errorf("%s is %q", h[0], got)
					}
				}
			},
		},
		{
			name: "geo fails", module: "geo", status: 200,
			open: with(func(q *request, _ *response) { q.list = append(q.list, [2]string{"X-Forwarded-For", "10.0.0.1"}) }),
			run: func(t *testing.T, e *exchange) {
				_, err := e.Request()
				if got := moduleError(t, err); got.Message != "geo: private" {
					t.Errorf("%v", err)
				}
			},
		},
		{
			name: "two modules", module: "outer inner", status: 200,
			open: with(func(_ *request, r *response) { r.list, r.body = [][2]string{{"X-A", "b"}}, []byte(`{"c":1}`) }),
			run: func(t *testing.T, e *exchange) {
				if e.mustRequest(t); string(e.q.body) != `{"a":1}` {
					t.Errorf("request %s", e.q.body)
				}
				if err := e.Session.Response(); err != nil {
					t.Error(err)
				}
				// Both run, the outer one last.
				const inner = `{"body":{"c":1},"headers":{"x-a":"b"},"status":200,"statusText":"OK"}`
				want := `{"body":` + inner + `,"headers":{"content-type":"application/json","x-a":"b"},"status":200,"statusText":"OK"}`
				if string(e.r.body) != want {
					t.Errorf("response %s\nwant %s", e.r.body, want)
				}
			},
		},
		{
			name: "bare functions", module: "bare", status: 200, open: with(func(q *request, _ *response) { q.body = []byte(`{"a": 1}`) }),
			run: func(t *testing.T, e *exchange) {
				if _, ok, err := e.FetchUpstream(); ok || err != nil {
					t.Error(ok, err)
				}
				if e.mustRequest(t); string(e.q.body) != `{"a":1,"seen":8}` {
					t.Errorf("request %s", e.q.body)
				}
			},
		},
		{name: "answer", module: "answer", run: handled, status: 201, body: `{"mod":"answer"}`, open: with(func(*request, *response) {})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := test.open(t, test.module)
			test.run(t, e)
			if e.r.status != test.status {
				t.Errorf("status %d, want %d", e.r.status, test.status)
			}
			if test.body != "" && string(e.r.body) != test.body {
				t.Errorf("body %s, want %s", e.r.body, test.body)
			}
			if got := e.r.get(test.header[0]); got != test.header[1] {
				t.Errorf("header %s is %q, want %q", test.header[0], got, test.header[1])
			}
		})
	}
}
