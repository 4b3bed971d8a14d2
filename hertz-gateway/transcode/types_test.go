package transcode

import (
	"math"
	"testing"
)

// Types that the tests build on.
var (
	boolType   = &Type{Kind: Bool}
	i8Type     = &Type{Kind: I8}
	i16Type    = &Type{Kind: I16}
	i32Type    = &Type{Kind: I32}
	i64Type    = &Type{Kind: I64}
	doubleType = &Type{Kind: Double}
	stringType = &Type{Kind: String}
	binaryType = &Type{Kind: Binary}
	uuidType   = &Type{Kind: UUID}
	colorType  = &Type{Kind: Enum, Name: "book.Color", Values: []EnumValue{
		{"RED", 1}, {"GREEN", 2}, {"LIME", 2}, {"FAR", 1000}, {"BELOW", -1},
	}}
	pointType = &Type{Kind: Struct, Name: "book.Point", Fields: []*Field{
		{ID: 1, Name: "x", JSON: "x", Type: i32Type},
		{ID: 2, Name: "y", JSON: "y", Type: i32Type},
	}}
	choiceType = &Type{Kind: Union, Name: "book.Choice", Fields: []*Field{
		{ID: 1, Name: "n", JSON: "n", Type: i32Type},
		{ID: 2, Name: "s", JSON: "s", Type: stringType, Default: AppendString(nil, "unused")},
	}}
	// treeType contains itself.
	treeType = func() *Type {
		t := &Type{Kind: Struct, Name: "book.Tree"}
		t.Fields = []*Field{
			{ID: 1, Name: "v", JSON: "v", Type: i32Type, Requiredness: Optional},
			{ID: 2, Name: "sub", JSON: "sub", Type: t, Requiredness: Optional},
			{ID: 3, Name: "subs", JSON: "subs", Type: listOf(t), Requiredness: Optional},
			{ID: 4, Name: "named", JSON: "named", Type: mapOf(stringType, t), Requiredness: Optional},
		}
		return t
	}()
)

func listOf(t *Type) *Type   { return &Type{Kind: List, Elem: t} }
func setOf(t *Type) *Type    { return &Type{Kind: Set, Elem: t} }
func mapOf(k, v *Type) *Type { return &Type{Kind: Map, Key: k, Elem: v} }

// optional is an optional field v with the id 1.
func optional(t *Type) *Field {
	return &Field{ID: 1, Name: "v", JSON: "v", Type: t, Requiredness: Optional}
}

// structOf is a struct of the given fields; ids and JSON names that are not
// set come from the position and the name.
func structOf(fields ...*Field) *Type {
	for i, f := range fields {
		if f.ID == 0 {
			f.ID = int16(i + 1)
		}
		if f.JSON == "" {
			f.JSON = f.Name
		}
	}
	return &Type{Kind: Struct, Name: "book.S", Fields: fields}
}

func mustCompile(t testing.TB, typ *Type, o Options) *Codec {
	t.Helper()
	c, err := Compile(typ, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// message builds Thrift binary for tests.
type message []byte

func (m message) field(wt byte, id int16, value ...byte) message {
	return append(AppendFieldHeader(m, wt, id), value...)
}
func (m message) i32(id int16, v int32) message { return AppendI32(m.field(WireI32, id), v) }
func (m message) str(id int16, v string) message {
	return AppendString(m.field(WireString, id), v)
}
func (m message) stop() message { return AppendStop(m) }

func be16(v int16) []byte      { return AppendI16(nil, v) }
func be32(v int32) []byte      { return AppendI32(nil, v) }
func be64(v int64) []byte      { return AppendI64(nil, v) }
func dbl(v float64) []byte     { return AppendDouble(nil, v) }
func text(v string) []byte     { return AppendString(nil, v) }
func point(x, y int32) message { return message(nil).i32(1, x).i32(2, y).stop() }
func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func list(elem byte, values ...[]byte) []byte {
	return append(AppendListHeader(nil, elem, len(values)), join(values...)...)
}

func entries(key, value byte, parts ...[]byte) []byte {
	return append(AppendMapHeader(nil, key, value, len(parts)/2), join(parts...)...)
}

var negativeZero = math.Copysign(0, -1)
