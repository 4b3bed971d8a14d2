package router

import (
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "/", "book/query", "/a/:id/{x}-{y}/*rest", "/{id:[0-9]{2,3}}", "/v{a:\\d+}.{b}", "/%3A%2F%25", "/user_:name", "/{id}:archive",
		"/{a:^(x|y)$}z", "//", "/../%2e", "/*a/b", "/{a:\\Qx}{b:\\E}", "/{", "/}", "/:a:b", "/a?b", "/\x00", "/a:b...",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		tmpl, err := Parse(pattern)
		if err != nil {
			if !tmpl.IsZero() || err.Error() == "" {
				t.Fatalf("error %v with template %q", err, tmpl)
			}
			return
		}
		again, err := Parse(tmpl.String())
		if err != nil || again.String() != tmpl.String() || again.Key() != tmpl.Key() {
			t.Fatalf("Parse(%q) = %q (key %q); parsed again: %q (key %q), %v", pattern, tmpl, tmpl.Key(), again, again.Key(), err)
		}
		var b Builder[string]
		if err := b.Add("GET", tmpl, ""); err != nil {
			t.Fatal(err)
		}
		if !b.Remove("GET", again) || b.Build().Len() != 0 {
			t.Fatal("not found again")
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("GET /a/:id\nPOST /a/b\nGET /*rest", "GET", "/a/b%2F")
	f.Add("GET /{a}-{b}\nANY /{x:[0-9]+}\nHEAD /1-2/", "HEAD", "/1-2")
	f.Add("GET /a\nOPTIONS /b/:c", "OPTIONS", "/a/")
	f.Add("GET /{a}.{b}-{c}.x", "GET", "/a.b-.x-c.x")
	f.Fuzz(func(t *testing.T, routes, verb, path string) {
		if len(routes) > 2000 || len(path) > 2000 {
			return // the reference is slow
		}
		var b Builder[string]
		var ref reference
		for line := range strings.Lines(routes) {
			verb, pattern, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			switch verb {
			case "GET", "POST", "HEAD", "ANY", "OPTIONS":
			default:
				continue
			}
			tmpl, err := Parse(pattern)
			if err != nil {
				continue
			}
			ref.add(t, &b, verb, tmpl)
		}
		if strings.Contains(verb, " ") {
			return // describe splits there
		}
		ref.check(t, b.Build(), verb, path)
	})
}
