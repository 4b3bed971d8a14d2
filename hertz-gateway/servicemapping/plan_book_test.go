package servicemapping

import (
	"os"
	"testing"
)

func TestPlanBook(t *testing.T) {
	idl, err := os.ReadFile("../../idl/book.thrift")
	if err != nil {
		t.Fatal(err)
	}
	m := mustLoad(t, string(idl))
	for _, tt := range []struct{ name, request, want string }{
		{"query", "GET /book/query?num=5", "1 struct {\n  1 i32 5\n}"},
		{"invalid", "GET /book/query?num=200", "query.num vd"},
		{"absent", "GET /book/query", "1 struct {}"},
		{
			"form", "POST /book/insert\nContent-Type: application/x-www-form-urlencoded\n\nid=1&title=A+b&author=%C3%A9",
			"1 struct {\n  1 string \"1\"\n  2 string \"A b\"\n  3 string \"é\"\n}",
		},
		{"json", "POST /book/insert\n\n{\"id\":\"1\"}", "1 struct {\n  1 string \"1\"\n}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := bind(t, m, tt.request); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func BenchmarkBookQuery(b *testing.B) {
	idl, err := os.ReadFile("../../idl/book.thrift")
	if err != nil {
		b.Fatal(err)
	}
	m := mustLoad(b, string(idl))
	r := readRequest(b, "GET /book/query?num=5")
	p := route(b, m, r)
	b.ReportAllocs()
	dst := make([]byte, 0, 256)
	for b.Loop() {
		if _, err := p.AppendRequest(dst, r); err != nil {
			b.Fatal(err)
		}
	}
}
