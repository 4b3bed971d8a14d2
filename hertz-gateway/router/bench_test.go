package router

import (
	"fmt"
	"testing"
)

// manyRoutes is what 1,000 services of 10 routes ask for.
func manyRoutes(tb testing.TB) (*Builder[int], []string) {
	tb.Helper()
	var b Builder[int]
	var paths []string
	for i := range 1000 {
		base := fmt.Sprintf("/api/v1/service%d", i)
		for j, route := range []struct{ verb, pattern, path string }{
			{"GET", "/items", "/items"},
			{"POST", "/items", "/items"},
			{"GET", "/items/:id", "/items/4711"},
			{"PUT", "/items/:id", "/items/4711"},
			{"DELETE", "/items/:id", "/items/4711"},
			{"GET", "/items/:id/parts/:part", "/items/4711/parts/12"},
			{"POST", "/items/:id/parts/search", "/items/4711/parts/search"},
			{"GET", "/files/*rest", "/files/a/b/c.txt"},
			{"GET", "/reports/{from}-{to}", "/reports/2020-2021"},
			{"ANY", "/proxy/{id:[0-9]+}", "/proxy/4711"},
		} {
			if err := b.Add(route.verb, mustParse(tb, base+route.pattern), i*10+j); err != nil {
				tb.Fatal(err)
			}
			if route.verb == "GET" {
				paths = append(paths, base+route.path)
			}
		}
	}
	return &b, paths
}

func BenchmarkMatch10000(b *testing.B) {
	builder, all := manyRoutes(b)
	r := builder.Build()
	for _, bm := range []struct {
		name  string
		paths []string
		kind  Kind
	}{
		{"static", []string{"/api/v1/service500/items"}, Found},
		{"param", []string{"/api/v1/service500/items/4711"}, Found},
		{"two params", []string{"/api/v1/service500/items/4711/parts/12"}, Found},
		{"catch-all", []string{"/api/v1/service500/files/a/b/c.txt"}, Found},
		{"mixed", []string{"/api/v1/service500/reports/2020-2021"}, Found},
		{"regexp", []string{"/api/v1/service500/proxy/4711"}, Found},
		{"escaped", []string{"/api/v1/service500/items/a%20b"}, Found},
		{"all over", all, Found},
		{"not found", []string{"/api/v1/service500/nothing/here"}, NotFound},
	} {
		b.Run(bm.name, func(b *testing.B) {
			var p Params
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, out := r.Match("GET", bm.paths[i%len(bm.paths)], &p); out.Kind != bm.kind {
					b.Fatal(out)
				}
			}
		})
	}
}

func BenchmarkBuild10000(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		builder, _ := manyRoutes(b)
		builder.Build()
	}
}

// BenchmarkEdit10000 replaces one route of 10,000.
func BenchmarkEdit10000(b *testing.B) {
	builder, _ := manyRoutes(b)
	r := builder.Build()
	t := mustParse(b, "/api/v1/service500/items/:id")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e := r.Edit()
		e.Remove("GET", t)
		if err := e.Add("GET", t, i); err != nil {
			b.Fatal(err)
		}
		r = e.Build()
	}
}

func TestMatchAllocates(t *testing.T) {
	r := build(t, "GET /a/:b/{c}-{d}/*e", "GET /a/{n:[0-9]+}")
	for _, path := range []string{"/a/b/c-d/e/f", "/a/12", "/a/12/1-2/"} {
		var p Params
		if n := testing.AllocsPerRun(100, func() {
			if _, out := r.Match("GET", path, &p); out.Kind != Found {
				t.Fatal(out)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", path, n)
		}
	}
}
