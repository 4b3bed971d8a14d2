package servicemapping

import (
	"slices"
	"testing"
)

func TestBind(t *testing.T) {
	m := mustLoad(t, `
struct Query { 1: i32 num, 2: string lang (api.header = "Lang"), 3: string q }
service S { i32 get(1: Query q), void plain(1: i64 id, 2: string text) }
`)
	methods := m.Services[0].Methods
	for _, tt := range []struct {
		name          string
		method        *Method
		verb, path    string
		request, want string
		warnings      []string
	}{
		{"path by name", methods[0], "GET", "/x/{num}", "GET /x/5?q=a\nLang: de", "1 struct {\n  1 i32 5\n  2 string \"de\"\n  3 string \"a\"\n}", nil},
		{"by the name in an annotation", methods[0], "GET", "/x/{Lang}/y", "GET /x/fr/y?num=1\nLang: de", "1 struct {\n  1 i32 1\n  2 string \"fr\"\n}", nil},
		{"nobody's", methods[0], "GET", "/x/{other}", "GET /x/fr?num=1\nLang: de", "1 struct {\n  1 i32 1\n  2 string \"de\"\n}", []string{`no field reads the path parameter "other" of /x/{other}`}},
		{"arguments", methods[1], "POST", "/y/{id}", "POST /y/7\n\n{\"text\":\"a\"}", "1 i64 7\n2 string \"a\"", nil},
		{"bad value", methods[1], "POST", "/y/{id}", "POST /y/seven", "path.id type_mismatch", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, warnings, err := tt.method.Bind(tt.verb, tt.path, Settings{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(warnings, tt.warnings) {
				t.Errorf("warnings %q", warnings)
			}
			bound := *m
			bound.Services = []*Service{{Methods: []*Method{{Bindings: []*Binding{b}}}}}
			if got := bind(t, &bound, tt.request); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
