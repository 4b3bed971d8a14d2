package transcode

import "testing"

func TestTypeText(t *testing.T) {
	named := &Type{Kind: Struct, Name: "book.Book"}
	named.Fields = []*Field{{ID: 1, Name: "more", Type: &Type{Kind: List, Elem: named}}}
	for _, tt := range []struct {
		want string
		typ  *Type
	}{
		{"void", nil},
		{"i64", &Type{Kind: I64}},
		{"book.Book", named},
		{"map<string,list<book.Book>>", &Type{Kind: Map, Key: &Type{Kind: String}, Elem: named.Fields[0].Type}},
		{"set<uuid>", &Type{Kind: Set, Elem: &Type{Kind: UUID}}},
		{"invalid", &Type{Kind: 200}},
	} {
		t.Run(tt.want, func(t *testing.T) {
			if got := tt.typ.String(); got != tt.want {
				t.Error(got)
			}
		})
	}
}
