package explain

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/servicemapping"
)

var update = flag.Bool("update", false, "rewrite the explanations in testdata")

// input reads testdata/idl and testdata/modules.
func input(t testing.TB) Input {
	t.Helper()
	m, err := servicemapping.Load(os.DirFS("testdata/idl"), servicemapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range m.Diagnostics {
		if d.Severity == servicemapping.Error {
			t.Fatal(d)
		}
	}
	set := jsmodule.LoadDir(os.DirFS("testdata/modules"), nil)
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems)
	}
	files := Files{
		Mapping: m, Modules: set, Timeout: 10 * time.Second,
		Open: func(m *servicemapping.Method) bool { return m.Name != "secret" },
	}
	return files.Input()
}

// Each testdata/*.json is a request, next to its explanation in *.golden.
func TestExplain(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	in := input(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var req api.ExplainRequest
			if err := json.Unmarshal(text, &req); err != nil {
				t.Fatal(err)
			}
			got, err := Explain(in, req)
			if err != nil {
				t.Fatal(err)
			}
			shown, err := json.MarshalIndent(got, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, append(shown, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(shown)+"\n"); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestURL(t *testing.T) {
	in := input(t)
	for _, tt := range []struct {
		url, path string
		err       error
	}{
		{"/books/7?x=1", "/books/7", nil},
		{"http://shop.example.com/books/7", "/books/7", nil},
		{"http://shop.example.com", "/", nil},
		{"http://shop.example.com?x=1", "/", nil},
		{"/a?to=http://b", "/a", nil},
		{"books/7", "", ErrURL},
		{"", "", ErrURL},
	} {
		t.Run(tt.url, func(t *testing.T) {
			got, err := Explain(in, api.ExplainRequest{URL: tt.url})
			if !errors.Is(err, tt.err) {
				t.Fatal(err)
			}
			if err == nil && got.Path != tt.path {
				t.Errorf("path %q", got.Path)
			}
		})
	}
}

// A route of the admin API competes with those of the IDLs.
func TestOtherRoutes(t *testing.T) {
	in := input(t)
	in.Routes = append([]*Route{{Name: "static", Origin: OriginAdmin, Verb: "GET", Path: "/books/news", Timeout: time.Second}}, in.Routes...)
	got, err := Explain(in, api.ExplainRequest{URL: "/books/news"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Route == nil || got.Route.Name != "static" || got.Route.Timeout != "1s" || got.Binding != nil {
		t.Errorf("%+v", got.Route)
	}
	want := []api.NearMiss{
		{Name: "BookSvc.get", Origin: "idl", Verb: "GET", Path: "/books/:id", Why: "it fits too, but /books/news is more specific"},
		{Name: "BookSvc.news", Origin: "idl", Verb: "GET", Path: "/books/news", Why: "static has the same verb and path, and comes first"},
	}
	if d := cmp.Diff(want, got.Others); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// Whatever a request is, it is explained, and the same way as it is bound.
func FuzzExplain(f *testing.F) {
	f.Add("GET", "/books/7?fields=a&deep.author=x", "X-Trace", "1", "")
	f.Add("POST", "/books?n=1", "Content-Type", "application/json", `{"title":"x","author":{"name":"y"},"tags":["a"]}`)
	f.Add("POST", "/forms", "Content-Type", "application/x-www-form-urlencoded", "name=x&tags=1&tags=2")
	f.Add("POST", "/gateway/BookSvc/get", "", "", `{"id":7}`)
	f.Add("OPTIONS", "/%2f//..", "", "", "")
	in := input(f)
	f.Fuzz(func(t *testing.T, verb, url, header, value, body string) {
		got, err := Explain(in, api.ExplainRequest{Method: verb, URL: url, Headers: map[string]api.HeaderValues{header: {value}}, Body: body})
		if err != nil {
			return
		}
		if (got.Route != nil) != (got.Outcome == api.OutcomeRoute) {
			t.Errorf("outcome %s, route %v", got.Outcome, got.Route)
		}
		if b := got.Binding; b != nil && (b.Status != 0) != (len(b.Errors) > 0) {
			t.Errorf("status %d, errors %v", b.Status, b.Errors)
		}
		if _, err := json.Marshal(got); err != nil {
			t.Error(err)
		}
	})
}

func TestUnlike(t *testing.T) {
	for _, tt := range []struct{ template, path, want string }{
		{"/book/query", "/book/qurey", `segment 2 is "qurey", not "query"`},
		{"/book", "/bok", `segment 1 is "bok", not "book"`},
		{"/book", "/cart", ""},
		{"/book/{id:[0-9]+}", "/book/x", `segment 2, "x", does not match {id:[0-9]+}`},
		{"/book/:id/page", "/book/1", "the path has one segment less"},
		{"/book/:id", "/book/1/page", "the path has one segment more"},
		{"/a/b/c", "/x/y/c", ""},
	} {
		t.Run(tt.path, func(t *testing.T) {
			if _, why := unlike(tt.template, tt.path); why != tt.want {
				t.Errorf("%q, want %q", why, tt.want)
			}
		})
	}
}

// Reading what is fit for nothing ends soon.
func TestManyRoutes(t *testing.T) {
	var idl strings.Builder
	idl.WriteString("service S {\n")
	for i := range 3000 {
		idl.WriteString("void m" + strconv.Itoa(i) + "() (api.get=\"/a/" + strconv.Itoa(i) + "/:x\")\n")
	}
	idl.WriteString("}")
	m, err := servicemapping.Load(fstest.MapFS{"s.thrift": {Data: []byte(idl.String())}}, servicemapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Explain(Files{Mapping: m}.Input(), api.ExplainRequest{URL: "/a/nothing/x"})
	if err != nil || got.Status != 404 || len(got.Others) != 8 {
		t.Errorf("%v, status %d, %d others", err, got.Status, len(got.Others))
	}
}
