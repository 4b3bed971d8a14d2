package transcode

import (
	"strings"
	"testing"
)

func TestCompileErrors(t *testing.T) {
	deep := i32Type
	for range 300 {
		deep = listOf(deep)
	}
	tests := []struct {
		name, want string
		typ        *Type
	}{
		{"nil", "incomplete type", nil},
		{"invalid", "invalid type", &Type{}},
		{"list of nothing", "incomplete type", &Type{Kind: List}},
		{"map without a key", "incomplete type", &Type{Kind: Map, Elem: i32Type}},
		{"map without a value", "incomplete type", &Type{Kind: Map, Key: i32Type}},
		{"field without a type", "book.S has an incomplete field", &Type{Kind: Struct, Name: "book.S", Fields: []*Field{{ID: 1}}}},
		{"deep containers", "more than 256 nested containers", deep},
		{"id twice", "book.S has field id 1 twice", structOf(&Field{ID: 1, Name: "a", Type: i32Type}, &Field{ID: 1, Name: "b", Type: i32Type})},
		{"name twice", `book.S has two fields with the JSON name "a"`, structOf(&Field{Name: "a", Type: i32Type}, &Field{Name: "b", JSON: "a", Type: i32Type})},
		{"default cut short", "default of book.S.a: thrift: i32: the message ends too early", structOf(&Field{Name: "a", Type: i32Type, Default: []byte{1}})},
		{"default too long", "default of book.S.a: thrift: there is more after the value", structOf(&Field{Name: "a", Type: i8Type, Default: []byte{1, 2}})},
		{"bad default of a hidden field", "default of book.S.a", structOf(&Field{Name: "a", Type: listOf(i8Type), Hidden: true, Default: list(WireI32, be32(1))})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Compile(tt.typ, Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// TestSharedNodes: the same struct under one Codec is compiled once, however
// many fields have it.
func TestSharedNodes(t *testing.T) {
	c := mustCompile(t, structOf(
		&Field{Name: "a", Type: pointType},
		&Field{Name: "b", Type: listOf(pointType)},
		&Field{Name: "c", Type: mapOf(stringType, pointType), Stringly: true},
	), Options{Place: func(*Field) (Place, int) { return InBody, 0 }})
	f := c.root.sp.fields
	if f[0].node != f[1].node.elem || f[0].node != f[2].node.elem {
		t.Error("book.Point is compiled several times")
	}
}

// TestRecursiveDefaults: a default that holds the struct it is a default in.
func TestRecursiveDefaults(t *testing.T) {
	self := structOf(&Field{Name: "v", Type: i32Type})
	self.Fields = append(self.Fields, &Field{ID: 2, Name: "next", JSON: "next", Type: self, Default: []byte{0}})
	c := mustCompile(t, self, Options{})
	got, err := c.AppendJSON(nil, []byte{0})
	if want := `{"v":0,"next":{"v":0}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
