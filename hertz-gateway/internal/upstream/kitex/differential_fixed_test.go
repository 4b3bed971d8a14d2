package kitex

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/cloudwego/gopkg/protocol/thrift"

	"dgate/hertz-gateway/transcode"
)

// fixedIDL has a field of each type that forms tell apart, all optional, so
// that a sample of one field shows one form alone.
func fixedIDL() *generatedIDL {
	g := &idlGenerator{Rand: rand.New(rand.NewPCG(0, 0))}
	enum := &genType{kind: transcode.Enum, name: "Colour", text: "shared.Colour", values: []transcode.EnumValue{{Name: "RED", Number: 1}, {Name: "BLUE", Number: 2}}}
	g.shared.WriteString("enum Colour { RED = 1, BLUE = 2 }\n")
	i32, i64, text := scalarTypes[4], scalarTypes[5], scalarTypes[7]
	root := &genType{kind: transcode.Struct, name: "S", text: "S"}
	add := func(json string, t *genType, stringly bool) {
		root.fields = append(root.fields, &genField{
			id: int16(len(root.fields) + 1), name: fmt.Sprintf("f%d", len(root.fields)), json: json, typ: t, req: transcode.Optional, stringly: stringly,
		})
	}
	for _, t := range scalarTypes {
		add(fmt.Sprintf("f%d", len(root.fields)), t, false)
	}
	add("js8", scalarTypes[1], true)
	add("js16", scalarTypes[3], true)
	add("js32", i32, true)
	add("js64", i64, true)
	add("colour", enum, false)
	add("list", containerOf(transcode.List, nil, i32), false)
	add("jslist", containerOf(transcode.List, nil, i64), true)
	add("jslists", containerOf(transcode.List, nil, containerOf(transcode.List, nil, i64)), true)
	add("set", containerOf(transcode.Set, nil, i32), false)
	add("sets", containerOf(transcode.Set, nil, text), false)
	add("map", containerOf(transcode.Map, i32, text), false)
	add("maps", containerOf(transcode.Map, text, i32), false)
	add("jsmap", containerOf(transcode.Map, text, i64), true)
	add("jsmapi", containerOf(transcode.Map, i32, i64), true)
	add("mape", containerOf(transcode.Map, enum, text), false)
	add("a.b", i32, false)
	dotted := &genType{kind: transcode.Struct, name: "Dotted", text: "Dotted", fields: []*genField{{id: 1, name: "n", json: "c.d", typ: i32}}}
	g.declare("struct", dotted)
	add("dotted", dotted, false)
	many := &genType{kind: transcode.Struct, name: "Many", text: "Many"}
	for i := range 10 {
		f := &genField{id: int16(i + 1), name: fmt.Sprintf("m%d", i), typ: i32}
		f.json = f.name
		many.fields = append(many.fields, f)
	}
	many.fields[0].req = transcode.Optional
	g.declare("struct", many)
	add("many", many, false)
	union := &genType{kind: transcode.Union, name: "U", text: "U", fields: []*genField{
		{id: 1, name: "n", json: "n", typ: i32, req: transcode.Optional}, {id: 2, name: "s", json: "s", typ: text, req: transcode.Optional},
	}}
	g.declare("union", union)
	add("union", union, false)
	for _, f := range []*genField{
		{req: transcode.Default},
		{req: transcode.Default, def: int32(5)},
		{req: transcode.Optional},
		{req: transcode.Optional, def: int32(5)},
		{req: transcode.Required},
		{req: transcode.Required, def: int32(5)},
		{req: transcode.Default, stringly: true},
		{req: transcode.Default, def: int32(5), stringly: true},
		{req: transcode.Optional, def: int32(5), stringly: true},
		{req: transcode.Default, name: "tagged"},
		{req: transcode.Default, name: "tagged", def: int32(5)},
		{req: transcode.Required, stringly: true},
		{req: transcode.Required, def: int32(5), stringly: true},
		{req: transcode.Default, typ: union},
		{req: transcode.Required, typ: union},
		{req: transcode.Default, typ: containerOf(transcode.List, nil, i32)},
		{req: transcode.Required, typ: containerOf(transcode.List, nil, i32)},
		{req: transcode.Default, typ: containerOf(transcode.List, nil, i32), def: &listValue{elem: 8, items: []any{int32(5)}}},
		{req: transcode.Optional, typ: containerOf(transcode.List, nil, i32), def: &listValue{elem: 8, items: []any{int32(5)}}},
		{req: transcode.Required, typ: containerOf(transcode.List, nil, i32), def: &listValue{elem: 8, items: []any{int32(5)}}},
		{req: transcode.Optional, typ: containerOf(transcode.List, nil, i32), def: &listValue{elem: 8}},
		{req: transcode.Default, typ: scalarTypes[1], def: int8(-5)},
	} {
		f.id, f.json = 1, "n"
		if f.name == "" {
			f.name = "n"
		}
		if f.typ == nil {
			f.typ = i32
		}
		inner := &genType{kind: transcode.Struct, name: fmt.Sprintf("In%d", len(root.fields)), fields: []*genField{f}}
		inner.text = inner.name
		g.declare("struct", inner)
		add(strings.ToLower(inner.name), inner, false)
	}
	g.declare("struct", root)
	return g.finish(root)
}

// fixedSample is one form alone.
type fixedSample struct {
	*sample
	idl  string // the field, as an IDL says it
	text string // the value
}

func fixedSamples(root *genType) []fixedSample {
	var all []fixedSample
	one := func(f *genField, build func(b *sampler, path, pointer string) (string, any)) {
		b := newSampler(rand.New(rand.NewPCG(1, uint64(len(all)))), 0)
		path, pointer := "/"+strconv.Itoa(int(f.id)), pointerToken(f.json)
		text, v := build(b, path, pointer)
		if f.stringly && f.typ.kind == transcode.I16 {
			b.s.note("/*", stringlyI16)
		}
		want := newStruct()
		want.fields[f.id] = v
		b.s.want = want
		b.s.json = "{" + strconv.Quote(f.json) + ":" + text + "}"
		idl := f.typ.text
		if f.stringly {
			idl += " (api.js_conv)"
		}
		all = append(all, fixedSample{b.s, idl, text})
	}
	for _, f := range root.fields {
		if strings.Contains(f.json, ".") {
			continue
		}
		for _, fm := range forms(f.typ, f.stringly) {
			one(f, func(b *sampler, path, pointer string) (string, any) { return b.write(fm, path, pointer) })
		}
	}
	return append(all, structSamples(root)...)
}

// structSamples are the forms that need a whole struct.
func structSamples(root *genType) []fixedSample {
	var all []fixedSample
	add := func(idl, json string, path, form string, want any, refused ...string) {
		s := &sample{json: json, notes: notes{{path, form}}, refused: refused}
		top := newStruct()
		if want != nil {
			id, _ := strconv.Atoi(strings.Split(path, "/")[1])
			top.fields[int16(id)] = want
		}
		s.want = top
		all = append(all, fixedSample{s, idl, json})
	}
	for _, f := range root.fields {
		path := fmt.Sprintf("/%d", f.id)
		name := strconv.Quote(f.json)
		switch {
		case strings.HasPrefix(f.json, "in"):
			inner := f.typ.fields[0]
			idl := innerText(inner)
			for i, text := range []string{"{}", `{"n":null}`} {
				form := []string{absentForm(inner), nullForm(inner)}[i]
				if inner.def != nil && inner.typ.kind >= transcode.List {
					form = "container with a default, absent or null"
				}
				switch {
				case inner.def != nil:
					filled := newStruct()
					filled.fields[1] = inner.def
					add(idl, "{"+name+":"+text+"}", path+"/1", form, filled)
				case inner.req == transcode.Required:
					missing := newStruct()
					missing.fields[1] = refusedValue{}
					add(idl, "{"+name+":"+text+"}", path+"/1", form, missing, transcode.CodeRequired+" at "+pointerToken(f.json)+"/n")
				default:
					add(idl, "{"+name+":"+text+"}", path+"/1", form, newStruct())
				}
			}
			if inner.stringly && inner.def != nil {
				bad := newStruct()
				bad.fields[1] = refusedValue{}
				add(idl, "{"+name+`:{"n":""}}`, path+"/1", "empty text for a number", bad, transcode.CodeType+" at "+pointerToken(f.json)+"/n")
			}
		case f.json == "union":
			one := newStruct()
			one.fields[1] = int32(5)
			idl := "union {1: i32 n, 2: string s}"
			add(idl, `{"union":{"n":5}}`, path+"/*", "union with one member", one)
			add(idl, `{"union":{}}`, path, "union without a member", refusedValue{}, transcode.CodeUnion+" at /union")
			add(idl, `{"union":{"n":5,"s":"a"}}`, path, "union with several members", refusedValue{}, transcode.CodeUnion+" at /union")
		case f.json == "a.b":
			add("i32 n (go.tag = 'json:\"a.b\"')", `{"a.b":5}`, path+"/*", "member whose name has a dot", int32(5))
		case f.json == "dotted":
			one := newStruct()
			one.fields[1] = int32(5)
			add("struct {1: i32 n (go.tag = 'json:\"c.d\"')}", `{"dotted":{"c.d":5}}`, path+"/*", "member whose name has a dot", one)
		case f.json == "many":
			add("struct {1: optional i32 m0, 2: i32 m1, … 10: i32 m9}", `{"many":{"m0":null}}`, path+"/*", nullMember, newStruct())
			for _, m := range f.typ.fields[1:] {
				all[len(all)-1].note(fmt.Sprintf("%s/%d", path, m.id), absentForm(m))
			}
		case f.json == "jslist":
			add(f.typ.text+" (api.js_conv)", `{"jslist":[]}`, path+"/*", "container under js_conv", &listValue{elem: 10})
			add(f.typ.text+" (api.js_conv)", `{"jslist":["5"]}`, path+"/*", "container under js_conv", &listValue{elem: 10, items: []any{int64(5)}})
		case f.json == "jsmap":
			add(f.typ.text+" (api.js_conv)", `{"jsmap":{}}`, path+"/*", "container under js_conv", &mapValue{key: 11, elem: 10, items: map[string]any{}})
			add(f.typ.text+" (api.js_conv)", `{"jsmap":{"k":"5"}}`, path+"/*", "container under js_conv", &mapValue{key: 11, elem: 10, items: map[string]any{`"k"`: int64(5)}})
		case f.typ.kind == transcode.I32 && !f.stringly:
			add("i32", "{"+name+":5,"+name+":6}", path, "member twice", refusedValue{}, transcode.CodeDuplicateKey+" at "+pointerToken(f.json))
			add("i32", fmt.Sprintf(`{"\u%04x%s":5}`, f.json[0], f.json[1:]), path, "name of a member with an escape", int32(5))
			add("i32", "{"+name+":null}", path, "optional field, null", nil)
			add("i32", "{"+name+`:5,"unknown":{"a":[1]}}`, path, "unknown member", int32(5))
			for _, w := range wholeForms {
				s := &sample{json: w.change("{" + name + ":5}"), whole: w.name}
				if w.code != "" {
					s.refused, s.fatal, s.broken, s.want = []string{w.code + " at "}, true, true, refusedValue{}
				} else {
					s.want = newStruct()
					s.want.(*structValue).fields[f.id] = int32(5)
				}
				all = append(all, fixedSample{s, "i32", s.json})
			}
		}
	}
	return all
}

// fixedAnswers are the forms of answers, each alone.
func fixedAnswers(root *genType) []*fixedAnswer {
	var all []*fixedAnswer
	add := func(f *genField, form string, wire []byte, want any, bad bool) {
		a := &madeAnswer{wire: append(append([]byte{12, 0, 0}, wire...), 0, 0), notes: notes{{"/" + f.json, form}}, bad: bad}
		o := object()
		if want != nil {
			o.items[f.json] = want
		}
		a.want = o
		idl := f.typ.text
		if f.stringly {
			idl += " (api.js_conv)"
		}
		all = append(all, &fixedAnswer{a, idl, show(want)})
	}
	for _, f := range root.fields {
		for _, form := range answerForms(f.typ, f.stringly) {
			if form.want == "" {
				add(f, form.name, field(f, form.wire), refusedValue{}, true)
			} else {
				add(f, form.name, field(f, form.wire), mustJSON(form.want), false)
			}
		}
		switch {
		case f.json == "js8":
			add(f, "negative i8 under js_conv", field(f, []byte{0xff}), "-1", false)
		case f.json == "js32":
			add(f, "smaller integer under js_conv", field(f, []byte{0, 0, 0, 5}), "5", false)
			add(f, "smaller integer under js_conv", field(f, []byte{0, 0, 0, 0}), "0", false)
		case f.json == "jsmapi":
			wire := thrift.Binary.AppendI32([]byte{8, 10}, 1)
			wire = thrift.Binary.AppendI64(thrift.Binary.AppendI32(wire, 7), 5)
			add(f, "container under js_conv", field(f, wire), mustJSON(`{"7":"5"}`), false)
		case f.json == "jslists":
			five := append(listHeader(15, 1), append(listHeader(10, 1), 0, 0, 0, 0, 0, 0, 0, 5)...)
			add(f, "container under js_conv", field(f, five), mustJSON(`[["5"]]`), false)
		case f.typ.kind == transcode.I32:
			five := []byte{0, 0, 0, 5}
			add(f, "unknown field", append(field(f, five), 2, 9, 9, 1), number("5"), false)
			add(f, "field twice", append(field(f, five), field(f, five)...), refusedValue{}, true)
			other := thrift.Binary.AppendBool(thrift.Binary.AppendFieldBegin(nil, 2, f.id), true)
			if next := root.fields[f.id]; next.typ.kind == transcode.I64 { // fields count from 1
				other = append(other, field(next, appendScalar(next.typ, int64(1)))...)
			}
			add(f, "field of another type", other, refusedValue{}, true)
		case strings.HasPrefix(f.json, "in"):
			inner := f.typ.fields[0]
			o := object()
			if v := shown(inner); v != nil {
				o.items[inner.json] = v
			}
			add(f, "", field(f, []byte{0}), o, false)
			last := all[len(all)-1]
			last.notes = nil
			last.absent(inner, "/"+f.json+"/n")
			last.idl = innerText(inner)
		}
	}
	return all
}

// fixedAnswer is one form of an answer alone.
type fixedAnswer struct {
	*madeAnswer
	idl  string
	text string
}

// innerText is the IDL of a struct of one field.
func innerText(f *genField) string {
	idl := "struct {1: " + []string{"", "required ", "optional "}[f.req] + f.typ.text + " " + f.name
	if f.def != nil {
		idl += " = " + literal(f.typ, f.def)
	}
	if f.json != f.name {
		idl += ` (go.tag = 'json:"` + f.json + `"')`
	}
	if f.stringly {
		idl += " (api.js_conv)"
	}
	return idl + "}"
}
