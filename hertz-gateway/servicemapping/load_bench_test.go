package servicemapping

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// directory makes n IDLs of ten methods each with their own types, all of
// which include one file of common types.
func directory(n int) fstest.MapFS {
	texts := map[string]string{"common.thrift": `
enum Status { ACTIVE = 1, GONE = 2 }
struct Page { 1: i32 number = 1 (api.query="page"), 2: i32 size = 20 (api.query="size", api.vd="$<=100") }
struct Base { 1: string logID (api.header="X-Log-ID"), 2: map<string, string> extra }
exception NotFound { 1: string what } (api.http_code="404")
`}
	for i := range n {
		var b strings.Builder
		b.WriteString("include \"common.thrift\"\n")
		for j := range 10 {
			fmt.Fprintf(&b, `struct Item%d {
    1: required string id (api.path="id")
    2: string title (api.body="title", api.vd="len($)>0; msg:'title'")
    3: list<i64> numbers (api.query="n", api.js_conv="true")
    4: map<string, list<string>> labels
    5: optional Item%d next
    6: common.Status status = common.Status.ACTIVE
    7: double price = 1.5
    8: common.Page page
    255: optional common.Base base
}
`, j, j)
		}
		fmt.Fprintf(&b, "service Svc%d {\n", i)
		for j := range 10 {
			fmt.Fprintf(&b, "    Item%d get%d(1: Item%d req) throws (1: common.NotFound e) (api.put=\"/s%d/m%d/:id\", api.post=\"s%d/m%d/:id\")\n", j, j, j, i, j, i, j)
		}
		b.WriteString("}\n")
		texts[fmt.Sprintf("team%d/svc%d.thrift", i%20, i)] = b.String()
	}
	return files(texts)
}

func BenchmarkLoad(b *testing.B) {
	dir := directory(1000)
	m := load(b, dir, nil)
	if len(m.Diagnostics) > 0 || len(m.Services) != 1000 {
		b.Fatalf("%d services, %d diagnostics, first %v", len(m.Services), len(m.Diagnostics), m.Diagnostics[:min(1, len(m.Diagnostics))])
	}
	b.Run("1000 files", func(b *testing.B) {
		for b.Loop() {
			load(b, dir, nil)
		}
	})
	b.Run("one of 1000 edited", func(b *testing.B) {
		edited := directory(1000)
		edited["team7/svc7.thrift"].Data = append(edited["team7/svc7.thrift"].Data, ' ')
		for b.Loop() {
			load(b, edited, m)
		}
	})
}
