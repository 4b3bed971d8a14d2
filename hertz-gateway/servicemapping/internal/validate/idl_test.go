package validate

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"dgate/hertz-gateway/transcode"
)

// Types that declarations in tests can name.
func namedTypes() map[string]*transcode.Type {
	color := &transcode.Type{Kind: transcode.Enum, Name: "shop.Color", Values: []transcode.EnumValue{
		{Name: "RED", Number: 1}, {Name: "GREEN", Number: 2},
	}}
	point := &transcode.Type{Kind: transcode.Struct, Name: "shop.Point"}
	node := &transcode.Type{Kind: transcode.Struct, Name: "shop.Node"}
	choice := &transcode.Type{Kind: transcode.Union, Name: "shop.Choice"}
	types := map[string]*transcode.Type{"Color": color, "Point": point, "Node": node, "Choice": choice}
	point.Fields = declared(types, "i32 x, i32 y, optional string label, list<i32> tags, map<string,i32> counts")
	node.Fields = declared(types, "i32 value, optional Node next, list<Node> kids, map<string,Node> named")
	choice.Fields = declared(types, "i32 number, string text")
	return types
}

// declared reads fields such as "i32 num, optional list<string> names,
// i32 size = 5"; ids count from 1.
func declared(types map[string]*transcode.Type, decl string) []*transcode.Field {
	var fields []*transcode.Field
	depth, from := 0, 0
	for i := 0; i <= len(decl); i++ {
		switch {
		case i == len(decl) || decl[i] == ',' && depth == 0:
			fields = append(fields, declaredField(types, int16(len(fields)+1), strings.TrimSpace(decl[from:i])))
			from = i + 1
		case decl[i] == '<':
			depth++
		case decl[i] == '>':
			depth--
		}
	}
	return fields
}

func declaredField(types map[string]*transcode.Type, id int16, decl string) *transcode.Field {
	f := &transcode.Field{ID: id}
	decl, def, hasDefault := strings.Cut(decl, " = ")
	for word, r := range map[string]transcode.Requiredness{"optional ": transcode.Optional, "required ": transcode.Required} {
		if rest, ok := strings.CutPrefix(decl, word); ok {
			decl, f.Requiredness = rest, r
		}
	}
	space := strings.LastIndexByte(decl, ' ')
	f.Name = decl[space+1:]
	f.JSON = f.Name
	f.Type = typeNamed(types, strings.TrimSpace(decl[:space]))
	if hasDefault {
		f.Default = encoded(f.Type, def)
	}
	return f
}

func typeNamed(types map[string]*transcode.Type, name string) *transcode.Type {
	scalars := map[string]transcode.Kind{
		"bool": transcode.Bool, "i8": transcode.I8, "i16": transcode.I16, "i32": transcode.I32, "i64": transcode.I64,
		"double": transcode.Double, "string": transcode.String, "binary": transcode.Binary, "uuid": transcode.UUID,
	}
	if k, ok := scalars[name]; ok {
		return &transcode.Type{Kind: k}
	}
	if t, ok := types[name]; ok {
		return t
	}
	inner, ok := strings.CutSuffix(name, ">")
	kind, inner, cut := strings.Cut(inner, "<")
	if !ok || !cut {
		panic("no type " + name)
	}
	switch kind {
	case "list":
		return &transcode.Type{Kind: transcode.List, Elem: typeNamed(types, inner)}
	case "set":
		return &transcode.Type{Kind: transcode.Set, Elem: typeNamed(types, inner)}
	default:
		key, elem, _ := strings.Cut(inner, ",")
		return &transcode.Type{Kind: transcode.Map, Key: typeNamed(types, key), Elem: typeNamed(types, elem)}
	}
}

// encoded is a JSON text as a value of t in Thrift binary, objects in the
// order of their text. Members without a field are a bug of the test.
func encoded(t *transcode.Type, text string) []byte {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return appendJSON(nil, t, d)
}

func appendJSON(dst []byte, t *transcode.Type, d *json.Decoder) []byte {
	token, err := d.Token()
	if err != nil {
		panic(err)
	}
	switch t.Kind {
	case transcode.List, transcode.Set:
		var elems []byte
		n := 0
		for ; d.More(); n++ {
			elems = appendJSON(elems, t.Elem, d)
		}
		_, _ = d.Token()
		return append(transcode.AppendListHeader(dst, t.Elem.Kind.WireType(), n), elems...)
	case transcode.Map:
		var entries []byte
		n := 0
		for ; d.More(); n++ {
			key, _ := d.Token()
			entries = appendScalar(entries, t.Key, key.(string))
			entries = appendJSON(entries, t.Elem, d)
		}
		_, _ = d.Token()
		return append(transcode.AppendMapHeader(dst, t.Key.Kind.WireType(), t.Elem.Kind.WireType(), n), entries...)
	case transcode.Struct, transcode.Union, transcode.Exception:
		for d.More() {
			name, _ := d.Token()
			f, err := fieldNamed(t, name.(string))
			if err != nil {
				panic(err)
			}
			dst = transcode.AppendFieldHeader(dst, f.Type.Kind.WireType(), f.ID)
			dst = appendJSON(dst, f.Type, d)
		}
		_, _ = d.Token()
		return transcode.AppendStop(dst)
	default:
		return appendScalar(dst, t, fmt.Sprint(token))
	}
}

func appendScalar(dst []byte, t *transcode.Type, s string) []byte {
	n, _ := strconv.ParseInt(s, 10, 64)
	switch t.Kind {
	case transcode.Bool:
		return transcode.AppendBool(dst, s == "true")
	case transcode.I8:
		return transcode.AppendI8(dst, int8(n))
	case transcode.I16:
		return transcode.AppendI16(dst, int16(n))
	case transcode.I32, transcode.Enum:
		return transcode.AppendI32(dst, int32(n))
	case transcode.I64:
		return transcode.AppendI64(dst, n)
	case transcode.Double:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			panic(err)
		}
		return transcode.AppendDouble(dst, f)
	case transcode.UUID:
		var u [16]byte
		if _, err := fmt.Sscanf(strings.ReplaceAll(s, "-", ""), "%32x", new([]byte)); err != nil {
			panic(err)
		}
		for i, h := 0, strings.ReplaceAll(s, "-", ""); i < 16; i++ {
			b, _ := strconv.ParseUint(h[2*i:2*i+2], 16, 8)
			u[i] = byte(b)
		}
		return transcode.AppendUUID(dst, u)
	default:
		return transcode.AppendString(dst, s)
	}
}

// idl is a struct for a test with its annotations.
type idl struct {
	t       *transcode.Type
	fields  map[*transcode.Field][]Annotation
	structs map[*transcode.Type][]Annotation
}

// newIDL declares the struct Req.
func newIDL(decl string) *idl {
	types := namedTypes()
	t := &transcode.Type{Kind: transcode.Struct, Name: "shop.Req"}
	types["Req"] = t
	t.Fields = declared(types, decl)
	return &idl{t: t, fields: map[*transcode.Field][]Annotation{}, structs: map[*transcode.Type][]Annotation{}}
}

// annotate adds rules to the field at a path such as "next.value"; an
// annotation is "api.vd=…", "vt.lt=…", or an expression alone.
func (i *idl) annotate(path string, rules ...string) *idl {
	t := i.t
	var f *transcode.Field
	for _, name := range strings.Split(path, ".") {
		for t.Elem != nil {
			t = t.Elem
		}
		var err error
		if f, err = fieldNamed(t, name); err != nil {
			panic(err)
		}
		t = f.Type
	}
	for _, r := range rules {
		i.fields[f] = append(i.fields[f], annotation(r))
	}
	return i
}

func (i *idl) assert(rules ...string) *idl {
	for _, r := range rules {
		i.structs[i.t] = append(i.structs[i.t], annotation(r))
	}
	return i
}

func annotation(s string) Annotation {
	key, value, ok := strings.Cut(s, "=")
	if lower := strings.ToLower(key); ok && (strings.HasPrefix(lower, "vt.") || strings.HasPrefix(lower, "api.")) {
		return Annotation{Key: key, Value: value}
	}
	return Annotation{Key: "api.vd", Value: s}
}

func (i *idl) compile() (*Program, []Problem) {
	return Compile(i.t,
		func(f *transcode.Field) []Annotation { return i.fields[f] },
		func(t *transcode.Type) []Annotation { return i.structs[t] })
}

func (i *idl) program(t *testing.T) *Program {
	t.Helper()
	p, problems := i.compile()
	for _, problem := range problems {
		t.Fatalf("%s: %s", problem.Key, problem.Message)
	}
	if p == nil {
		t.Fatal("nothing to check")
	}
	return p
}

// details are the sentences of violations, or "ok".
func details(vs []transcode.Violation) string {
	if vs == nil {
		return "ok"
	}
	var all []string
	for _, v := range vs {
		all = append(all, v.Detail)
	}
	return strings.Join(all, " | ")
}

// check gives the details of what is wrong with a message, or "ok".
func (i *idl) check(t *testing.T, json string) string {
	t.Helper()
	p, problems := i.compile()
	for _, problem := range problems {
		t.Fatalf("%s: %s", problem.Key, problem.Message)
	}
	if p == nil {
		return "ok"
	}
	return details(p.Check(encoded(i.t, json)))
}
