package breaking

import (
	"fmt"
	"testing"
	"testing/fstest"

	"dgate/hertz-gateway/servicemapping"
)

// BenchmarkCompare is a change of one of 1,000 services with 10 routes each.
func BenchmarkCompare(b *testing.B) {
	dir := fstest.MapFS{}
	text := func(i int, typ string) *fstest.MapFile {
		idl := "struct R { 1: " + typ + " a, 2: list<string> b }\nservice S" + fmt.Sprint(i) + " {\n"
		for j := range 10 {
			idl += fmt.Sprintf("  R m%d(1: R r) (api.post=\"/s%d/m%d\")\n", j, i, j)
		}
		return &fstest.MapFile{Data: []byte(idl + "}\n")}
	}
	for i := range 1000 {
		dir[fmt.Sprintf("s%d.thrift", i)] = text(i, "i32")
	}
	old, err := servicemapping.Load(dir, servicemapping.Options{})
	if err != nil {
		b.Fatal(err)
	}
	dir["s7.thrift"] = text(7, "i64")
	next, err := servicemapping.Load(dir, servicemapping.Options{Previous: old})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if n := len(Compare(old, next, Usage{})); n != 1 {
			b.Fatal(n)
		}
	}
}
