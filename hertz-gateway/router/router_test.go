package router

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t testing.TB, pattern string) Template {
	t.Helper()
	tmpl, err := Parse(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// build makes a router of "VERB pattern" lines; each is its own value.
func build(t testing.TB, routes ...string) *Router[string] {
	t.Helper()
	var b Builder[string]
	for _, line := range routes {
		verb, pattern, _ := strings.Cut(line, " ")
		if err := b.Add(verb, mustParse(t, pattern), line); err != nil {
			t.Fatal(err)
		}
	}
	return b.Build()
}

// describe runs a match and writes its result in one line.
func describe(r *Router[string], request string) string {
	verb, path, _ := strings.Cut(request, " ")
	var p Params
	value, out := r.Match(verb, path, &p)
	switch out.Kind {
	case Found:
		for i := range p.Len() {
			name, v := p.At(i)
			value += fmt.Sprintf(" %s=%q", name, v)
		}
		if out.EncodedSlash {
			value += " encoded-slash"
		}
		return value
	case MethodNotAllowed, Options:
		return out.Kind.String() + ": " + strings.Join(out.Allow, ", ")
	case Redirect:
		return "redirect: " + out.Location
	case BadPath:
		return "bad path: " + out.Reason
	}
	return out.Kind.String()
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name   string
		routes []string
		want   map[string]string // request → description
	}{
		{"static", []string{"GET /", "GET /book/query", "POST /book/insert"}, map[string]string{
			"GET /":            "GET /",
			"GET /book/query":  "GET /book/query",
			"GET /book":        "not found",
			"GET /book/queryx": "not found",
			"GET /Book/query":  "not found",
			"GET /book/insert": "method not allowed: OPTIONS, POST",
		}},
		{"static beats parameter beats catch-all", []string{"GET /a/b", "GET /a/:id", "GET /a/*rest", "GET /*all"}, map[string]string{
			"GET /a/b":   "GET /a/b",
			"GET /a/c":   `GET /a/:id id="c"`,
			"GET /a/c/d": `GET /a/*rest rest="c/d"`,
			"GET /a/":    `GET /a/*rest rest=""`,
			"GET /a":     `GET /*all all="a"`,
			"GET /":      `GET /*all all=""`,
			"GET /b/c/":  `GET /*all all="b/c/"`,
		}},
		{"backtracking", []string{"GET /a/b/c", "GET /a/:x/d", "GET /:y/b/e", "GET /*rest"}, map[string]string{
			"GET /a/b/c": "GET /a/b/c",
			"GET /a/b/d": `GET /a/:x/d x="b"`,
			"GET /a/b/e": `GET /:y/b/e y="a"`,
			"GET /a/b/f": `GET /*rest rest="a/b/f"`,
		}},
		{"the verb is part of the match", []string{"GET /a/:id", "POST /a/b", "DELETE /a/*rest"}, map[string]string{
			"GET /a/b":    `GET /a/:id id="b"`,
			"POST /a/b":   "POST /a/b",
			"DELETE /a/b": `DELETE /a/*rest rest="b"`,
			"PUT /a/b":    "method not allowed: DELETE, GET, HEAD, OPTIONS, POST",
			"POST /a/c":   "method not allowed: DELETE, GET, HEAD, OPTIONS",
		}},
		{"HEAD", []string{"GET /a", "GET /b", "HEAD /b", "ANY /c", "GET /c", "HEAD /d/:x", "GET /d/e", "POST /f"}, map[string]string{
			"HEAD /a":   "GET /a",
			"HEAD /b":   "HEAD /b",
			"HEAD /c":   "GET /c",
			"HEAD /d/e": "GET /d/e",
			"HEAD /f":   "method not allowed: OPTIONS, POST",
		}},
		{"OPTIONS", []string{"GET /a", "PUT /a", "POST /:x", "OPTIONS /b", "ANY /c"}, map[string]string{
			"OPTIONS /a":   "options: GET, HEAD, OPTIONS, POST, PUT",
			"OPTIONS /b":   "OPTIONS /b",
			"OPTIONS /c":   "ANY /c",
			"OPTIONS /d/e": "not found",
			"OPTIONS /d/":  "redirect: /d",
		}},
		{"ANY", []string{"ANY /a", "GET /a", "* /b", "GET /:x", "any /c/d", "POST /c/:x"}, map[string]string{
			"GET /a":    "GET /a",
			"POST /a":   "ANY /a",
			"PURGE /a":  "ANY /a",
			"GET /b":    "* /b",
			"ANY /b":    "* /b",
			"POST /c/d": "any /c/d",
			"POST /c/e": `POST /c/:x x="e"`,
		}},
		{"trailing slash", []string{"GET /a", "GET /b/", "GET /c", "GET /c/", "GET /d/:x/", "GET /e/*rest", "POST /f", "GET /f/", "GET /g/"}, map[string]string{
			"GET /a/":     "redirect: /a",
			"GET /b":      "redirect: /b/",
			"HEAD /b":     "redirect: /b/",
			"GET /c":      "GET /c",
			"GET /c/":     "GET /c/",
			"GET /d/%41":  "redirect: /d/%41/",
			"GET /e":      "redirect: /e/",
			"GET /e/f/":   `GET /e/*rest rest="f/"`,
			"GET /f":      "method not allowed: OPTIONS, POST",
			"POST /g":     "not found",
			"OPTIONS /g":  "redirect: /g/",
			"GET /nope/":  "not found",
			"GET /d/":     "not found",
			"GET /a/b/c/": "not found",
		}},
		{"parameters are never empty", []string{"GET /:a", "GET /b/:c/d", "GET /e/{f:.*}", "GET /g/x{h}"}, map[string]string{
			"GET /":     "not found",
			"GET /b//d": "bad path: empty segment",
			"GET /e/":   `redirect: /e`,
			"GET /g/x":  "not found",
			"GET /g/xy": `GET /g/x{h} h="y"`,
		}},
		{"regular expressions", []string{"GET /{id:[0-9]+}", "GET /:name", "GET /v{major:[0-9]+}.{minor:[0-9]+}", "GET /x/{k:(a|b)+}-{v}"}, map[string]string{
			"GET /12":     `GET /{id:[0-9]+} id="12"`,
			"GET /12a":    `GET /:name name="12a"`,
			"GET /v1.20":  `GET /v{major:[0-9]+}.{minor:[0-9]+} major="1" minor="20"`,
			"GET /v1.x":   `GET /:name name="v1.x"`,
			"GET /x/ab-c": `GET /x/{k:(a|b)+}-{v} k="ab" v="c"`,
			"GET /1%0A":   `GET /:name name="1\n"`,
		}},
		{"mixed", []string{"GET /{a}-{b}", "GET /{f}.txt", "GET /user_:name", "GET /{x}--{y}.{z}"}, map[string]string{
			"GET /1-2":           `GET /{a}-{b} a="1" b="2"`,
			"GET /1-2-3":         `GET /{a}-{b} a="1" b="2-3"`,
			"GET /-1-2":          `GET /{a}-{b} a="-1" b="2"`,
			"GET /-1":            "not found",
			"GET /1-":            "not found",
			"GET /a.txt.txt":     `GET /{f}.txt f="a.txt"`,
			"GET /.txt":          "not found",
			"GET /user_a-b":      `GET /user_:name name="a-b"`,
			"GET /1--2.3":        `GET /{x}--{y}.{z} x="1" y="2" z="3"`,
			"GET /1--2":          `GET /{a}-{b} a="1" b="-2"`,
			"GET /%2D-%2D":       `GET /{a}-{b} a="-" b="-"`,
			"GET /-%D0%B0-%2F/x": "not found",
		}},
		{"order of mixtures", []string{"GET /a{x}", "GET /ab{x}", "GET /{x}abc", "GET /{x:[a-z]+}", "GET /{x}-{y}", "GET /:x"}, map[string]string{
			"GET /abz":  `GET /ab{x} x="z"`,
			"GET /az":   `GET /a{x} x="z"`,
			"GET /zabc": `GET /{x}abc x="z"`,
			"GET /z":    `GET /{x:[a-z]+} x="z"`,
			"GET /z-z":  `GET /{x}-{y} x="z" y="z"`,
			"GET /Z":    `GET /:x x="Z"`,
		}},
		{"decoded once", []string{"GET /book/:x", "GET /b%6Fok", "GET /c%2Fd", "GET /f/*rest"}, map[string]string{
			"GET /b%6fok":        "GET /b%6Fok",
			"GET /%62ook/a%20b":  `GET /book/:x x="a b"`,
			"GET /book/a%2Fb":    `GET /book/:x x="a/b" encoded-slash`,
			"GET /book/a%252Fb":  `GET /book/:x x="a%2Fb"`,
			"GET /book/..%2Fb":   `GET /book/:x x="../b" encoded-slash`,
			"GET /book/%252e":    `GET /book/:x x="%2e"`,
			"GET /book/a+b":      `GET /book/:x x="a+b"`,
			"GET /book/%ff":      `GET /book/:x x="\xff"`,
			"GET /book/\xd0\xb0": `GET /book/:x x="а"`,
			"GET /book/a;v=1":    `GET /book/:x x="a;v=1"`,
			"GET /book%2Fa":      "not found",
			"GET /c%2fd":         "GET /c%2Fd encoded-slash",
			"GET /c/d":           "not found",
			"GET /f/a%20b/c%2Fd": `GET /f/*rest rest="a b/c/d" encoded-slash`,
		}},
		{"bad paths", []string{"ANY /*rest"}, map[string]string{
			"GET ":           "bad path: no leading slash",
			"GET a":          "bad path: no leading slash",
			"OPTIONS *":      "bad path: no leading slash",
			"GET //":         "bad path: empty segment",
			"GET //a":        "bad path: empty segment",
			"GET /a//b":      "bad path: empty segment",
			"GET /a//":       "bad path: empty segment",
			"GET /.":         "bad path: dot segment",
			"GET /a/..":      "bad path: dot segment",
			"GET /a/../b":    "bad path: dot segment",
			"GET /a/./b":     "bad path: dot segment",
			"GET /%2e":       "bad path: dot segment",
			"GET /%2E%2e/b":  "bad path: dot segment",
			"GET /.%2e/b":    "bad path: dot segment",
			"GET /a%00":      "bad path: NUL",
			"GET /a%5Cb":     "bad path: backslash",
			"GET /a%5cb":     "bad path: backslash",
			`GET /\b`:        "bad path: backslash",
			"GET /a%":        "bad path: broken percent escape",
			"GET /a%2":       "bad path: broken percent escape",
			"GET /a%2/b":     "bad path: broken percent escape",
			"GET /a%zz":      "bad path: broken percent escape",
			"GET /a\x00":     "bad path: NUL",
			"GET /a\r\nb":    "bad path: space or control character",
			"GET /a b":       "bad path: space or control character",
			"GET /a\x7f":     "bad path: space or control character",
			"GET /a?b":       "bad path: query or fragment",
			"GET /a#b":       "bad path: query or fragment",
			"GET /...":       `ANY /*rest rest="..."`,
			"GET /.a/b.":     `ANY /*rest rest=".a/b."`,
			"GET /a%0D%0Ab":  `ANY /*rest rest="a\r\nb"`,
			"GET /%3F%23%25": `ANY /*rest rest="?#%"`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := build(t, tt.routes...)
			for request, want := range tt.want {
				if got := describe(r, request); got != want {
					t.Errorf("%q:\n got %s\nwant %s", request, got, want)
				}
			}
		})
	}
}

func TestExactSlash(t *testing.T) {
	b := Builder[string]{ExactSlash: true}
	if err := b.Add("GET", mustParse(t, "/a"), "a"); err != nil {
		t.Fatal(err)
	}
	r := b.Build()
	for range 2 {
		if got := describe(r, "GET /a/"); got != "not found" {
			t.Errorf("GET /a/: %s", got)
		}
		r = r.Edit().Build() // the setting stays
	}
}

func TestZeroRouter(t *testing.T) {
	var r Router[string]
	for request, want := range map[string]string{"GET /": "not found", "OPTIONS /a/": "not found", "GET //": "bad path: empty segment"} {
		if got := describe(&r, request); got != want {
			t.Errorf("%s: got %s, want %s", request, got, want)
		}
	}
}

func TestParams(t *testing.T) {
	r := build(t, "GET /:a/{b}-{c}/*", "GET /x")
	var p Params
	if _, out := r.Match("GET", "/1/2-3/4/5", &p); out.Kind != Found {
		t.Fatal(out.Kind)
	}
	for name, want := range map[string]string{"a": "1", "b": "2", "c": "3", "*": "4/5"} {
		if got, ok := p.Get(name); !ok || got != want {
			t.Errorf("Get(%q) = %q, %v; want %q", name, got, ok, want)
		}
	}
	if got, ok := p.Get("d"); ok {
		t.Errorf("Get of an unknown name: %q", got)
	}
	for _, request := range []string{"/x", "/nope", "//"} {
		r.Match("GET", request, &p)
		if _, ok := p.Get("a"); ok || p.Len() != 0 {
			t.Errorf("after %s: parameters of the match before are left", request)
		}
	}
	r.Match("GET", "/1/2-3/4/5", &p)
	p.Reset()
	if diff := cmp.Diff(Params{}, p, cmp.AllowUnexported(Params{})); diff != "" {
		t.Errorf("after Reset (-want +got):\n%s", diff)
	}
}

func TestNamesBelongToTheVerb(t *testing.T) {
	r := build(t, "GET /a/:id", "POST /a/:book")
	for request, want := range map[string]string{
		"GET /a/1":  `GET /a/:id id="1"`,
		"POST /a/1": `POST /a/:book book="1"`,
	} {
		if got := describe(r, request); got != want {
			t.Errorf("%s: got %s, want %s", request, got, want)
		}
	}
}

func TestAddErrors(t *testing.T) {
	tests := []struct {
		name          string
		verb, pattern string
		want          string
	}{
		{"same", "GET", "/a/:id", "GET /a/:id conflicts with GET /a/:id: both match the same requests"},
		{"another name", "get", "/a/{x}", "GET /a/:x conflicts with GET /a/:id: both match the same requests"},
		{"ANY", "*", "/any/*other", "ANY /any/*other conflicts with ANY /any/*rest: both match the same requests"},
		{"mixed", "GET", "/{c}-{d}", "GET /{c}-{d} conflicts with GET /{a}-{b}: both match the same requests"},
		{"no verb", "", "/x", "route without a verb"},
		{"bad verb", "GE T", "/x", `"GE T" is no HTTP method`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := build(t, "GET /a/:id", "ANY /any/*rest", "GET /{a}-{b}").Edit()
			err := b.Add(tt.verb, mustParse(t, tt.pattern), "")
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			var conflict *ConflictError
			if strings.Contains(tt.want, "conflicts") != errors.As(err, &conflict) {
				t.Errorf("%T", err)
			}
			if n := b.Build().Len(); n != 3 {
				t.Errorf("%d routes after a refused one, want 3", n)
			}
		})
	}
	if err := new(Builder[string]).Add("GET", Template{}, ""); err == nil {
		t.Error("the zero template was taken")
	}
}

func TestEdit(t *testing.T) {
	first := build(t, "GET /a/:id", "POST /a/:id", "GET /a/b", "GET /f/*rest", "GET /{x:[0-9]+}-{y}/z")
	b := first.Edit()
	if v, ok := b.Get("get", mustParse(t, "/a/{other}")); !ok || v != "GET /a/:id" {
		t.Errorf("Get = %q, %v", v, ok)
	}
	if v, ok := b.Get("ANY", mustParse(t, "/a/:id")); ok {
		t.Errorf("Get of a verb that is not there = %q", v)
	}
	for _, pattern := range []string{"/f/*any", "/{a:[0-9]+}-{b}/z", "/a/:id"} {
		if !b.Remove("GET", mustParse(t, pattern)) {
			t.Errorf("Remove(%s) found nothing", pattern)
		}
		if b.Remove("GET", mustParse(t, pattern)) {
			t.Errorf("Remove(%s) found it twice", pattern)
		}
	}
	if err := b.Add("GET", mustParse(t, "/a/:new"), "new"); err != nil {
		t.Fatal(err)
	}
	second := b.Build()
	b.Remove("GET", mustParse(t, "/a/b"))
	third := b.Build()

	if first.Len() != 5 || second.Len() != 3 || third.Len() != 2 {
		t.Errorf("lengths %d, %d, %d; want 5, 3, 2", first.Len(), second.Len(), third.Len())
	}
	for _, tt := range []struct{ request, first, second, third string }{
		{"GET /a/c", `GET /a/:id id="c"`, `new new="c"`, `new new="c"`},
		{"POST /a/c", `POST /a/:id id="c"`, `POST /a/:id id="c"`, `POST /a/:id id="c"`},
		{"GET /a/b", "GET /a/b", "GET /a/b", `new new="b"`},
		{"GET /f/x", `GET /f/*rest rest="x"`, "not found", "not found"},
		{"GET /1-2/z", `GET /{x:[0-9]+}-{y}/z x="1" y="2"`, "not found", "not found"},
	} {
		got := []string{describe(first, tt.request), describe(second, tt.request), describe(third, tt.request)}
		if diff := cmp.Diff([]string{tt.first, tt.second, tt.third}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.request, diff)
		}
	}
	for _, pattern := range []string{"/a/b", "/a/:x"} {
		b.Remove("GET", mustParse(t, pattern))
		b.Remove("POST", mustParse(t, pattern))
	}
	if empty := b.Build(); empty.Len() != 0 || empty.root != nil {
		t.Errorf("nodes are left without a route: %+v", empty.root)
	}
}

// Searches that have to see everything, since nothing fits: a full tree of
// texts and parameters, mixtures that almost match, paths far longer than any
// template. Each takes milliseconds; a search that tried ways and not places
// would not come back.
func TestHostileRoutesAndPaths(t *testing.T) {
	const depth = 12
	var b Builder[string]
	add := func(pattern string) {
		if err := b.Add("GET", mustParse(t, pattern), pattern); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1 << depth {
		var pattern strings.Builder
		for j := range depth {
			if i>>j&1 == 0 {
				pattern.WriteString("/a")
			} else {
				fmt.Fprintf(&pattern, "/:p%d", j)
			}
		}
		add(pattern.String())
	}
	add("/{a}-{b}-{c}-{d}-{e}-{f}-{g}-{h}-{i}-{j}-{k}-{l}-{m}-{n}-x")
	add("/{a:(-*)*}-{b:(-*)*}-{c:(-*)*}x")
	r := b.Build()

	as := strings.Repeat("/a", depth)
	tests := []struct{ name, request, want string }{
		{"no verb", "POST " + as, "method not allowed: GET, HEAD, OPTIONS"},
		{"one segment short", "GET " + as[2:], "not found"},
		{"one segment more", "GET " + as + "/b", "not found"},
		{"100,000 segments", "GET " + strings.Repeat("/a", 100_000), "not found"},
		{"100,000 escaped segments", "GET " + strings.Repeat("/%61", 100_000), "not found"},
		{"a megabyte in a segment", "GET /" + strings.Repeat("a", 1<<20), "not found"},
		{"separators", "GET /" + strings.Repeat("-", 10_000), "not found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			if got := describe(r, tt.request); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}
