package kitex

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/cloudwego/gopkg/protocol/thrift"

	"dgate/hertz-gateway/transcode"
)

// madeAnswer is a result struct of a service, and what the rules make of it.
type madeAnswer struct {
	wire  []byte
	want  any  // JSON as a value; refusedValue where it must not be passed on
	bad   bool // the answer is none
	notes      // by the paths in the JSON
}

// JSON is compared as values too: objects are *mapValue, arrays *listValue,
// numbers number, and null nullValue.
type (
	number    string
	nullValue struct{}
)

func object() *mapValue { return &mapValue{items: map[string]any{}} }

// parseJSON reads JSON with exact numbers.
func parseJSON(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := parseNext(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more after the value")
	}
	return v, nil
}

func parseNext(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			list := &listValue{}
			for d.More() {
				v, err := parseNext(d)
				if err != nil {
					return nil, err
				}
				list.items = append(list.items, v)
			}
			_, err = d.Token()
			return list, err
		}
		o := object()
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := parseNext(d)
			if err != nil {
				return nil, err
			}
			name := k.(string)
			if _, twice := o.items[name]; twice {
				return nil, errors.New("a member twice")
			}
			o.items[name] = v
		}
		_, err = d.Token()
		return o, err
	case json.Number:
		return exact(t.String()), nil
	case nil:
		return nullValue{}, nil
	}
	return t, nil
}

// exact writes equal numbers alike.
func exact(text string) number {
	r, ok := new(big.Rat).SetString(text)
	if ok && r.IsInt() {
		return number(r.Num().String())
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return number(text)
	}
	return number(strconv.FormatFloat(v, 'g', -1, 64))
}

// mustJSON is parseJSON of text that is made here.
func mustJSON(text string) any {
	v, err := parseJSON(text)
	if err != nil {
		panic(err)
	}
	return v
}

// answerForm is a way in which a value of a service may come.
type answerForm struct {
	name string
	wire []byte
	want string // JSON; empty: refused
}

func answerForms(t *genType, stringly bool) []answerForm {
	p := thrift.Binary
	switch t.kind {
	case transcode.Bool:
		return []answerForm{{"bool that is neither 0 nor 1", []byte{2}, ""}}
	case transcode.Double:
		return []answerForm{
			{"NaN", p.AppendDouble(nil, math.NaN()), ""},
			{"infinity", p.AppendDouble(nil, math.Inf(1)), ""},
			{"minus zero", p.AppendDouble(nil, math.Copysign(0, -1)), "0"},
		}
	case transcode.I64:
		v := scalarJSON(t, int64(1<<53+1), stringly)
		return []answerForm{{"i64 beyond 2^53", p.AppendI64(nil, 1<<53+1), v}}
	case transcode.Enum:
		return []answerForm{{"undefined number of an enum", p.AppendI32(nil, -77), "-77"}}
	case transcode.String:
		return []answerForm{
			{"string that is not UTF-8", text("a\xffb"), `"a\ufffdb"`},
			{"control characters and quotes", text("\x00\x1f\"\\/\u2028<"), `"\u0000\u001f\"\\/\u2028<"`},
		}
	case transcode.List, transcode.Set:
		forms := []answerForm{{"elements of another type", wrongList(t.elem), ""}}
		if one, ok := wireOne[t.elem.kind]; ok && t.kind == transcode.Set {
			twice := append(append(listHeader(t.elem.wire(), 2), one...), one...)
			forms = append(forms, answerForm{"element of a set twice", twice, jsonTwice(t.elem, stringly)})
		}
		return forms
	case transcode.Map:
		if one, ok := wireOne[t.elem.kind]; ok && t.key.kind == transcode.String {
			wire := p.AppendI32([]byte{t.key.wire(), t.elem.wire()}, 2)
			for range 2 {
				wire = append(append(wire, text("k")...), one...)
			}
			return []answerForm{{"key of a map twice", wire, ""}}
		}
	}
	return nil
}

func text(s string) []byte { return append(thrift.Binary.AppendI32(nil, int32(len(s))), s...) }

func listHeader(elem byte, n int) []byte { return thrift.Binary.AppendI32([]byte{elem}, int32(n)) }

// wrongList is a list whose one element is of no type that elem has.
func wrongList(elem *genType) []byte {
	if elem.wire() == 2 {
		return append(listHeader(3, 1), 1)
	}
	return append(listHeader(2, 1), 1)
}

// wireOne are scalars on the wire.
var wireOne = map[transcode.Kind][]byte{
	transcode.I8: {1}, transcode.I16: {0, 1}, transcode.I32: {0, 0, 0, 1}, transcode.String: {0, 0, 0, 1, '1'},
}

func jsonTwice(elem *genType, stringly bool) string {
	if stringly || elem.kind == transcode.String {
		return `["1","1"]`
	}
	return "[1,1]"
}

// answerer makes answers.
type answerer struct {
	*rand.Rand
	left int
	a    *madeAnswer
}

// newAnswer makes an answer of a struct.
func newAnswer(r *rand.Rand, t *genType) *madeAnswer {
	b := &answerer{Rand: r, a: &madeAnswer{}}
	if r.IntN(3) > 0 {
		b.left = 1
	}
	wire, want := b.value(t, false, "", 4)
	b.a.wire = append(append([]byte{12, 0, 0}, wire...), 0)
	b.a.want = want
	return b.a
}

func (b *answerer) odd() bool {
	if b.left > 0 && b.IntN(6) == 0 {
		b.left--
		return true
	}
	return false
}

func (b *answerer) value(t *genType, stringly bool, path string, depth int) ([]byte, any) {
	p := thrift.Binary
	if fs := answerForms(t, stringly); len(fs) > 0 && b.odd() {
		return b.write(fs[b.IntN(len(fs))], path)
	}
	size := 0
	if depth > 0 {
		size = b.IntN(4)
	}
	switch t.kind {
	case transcode.List, transcode.Set:
		if t.kind == transcode.Set && !t.elem.isScalar() {
			size = min(size, 1) // others may be equal in spite of their looks
		}
		list := &listValue{}
		var items []byte
		seen := map[string]bool{}
		n := 0
		for range size {
			wire, v := b.value(t.elem, stringly, fmt.Sprintf("%s/%d", path, n), depth-1)
			if t.kind == transcode.Set && seen[show(v)] {
				continue
			}
			seen[show(v)] = true
			n++
			items = append(items, wire...)
			list.items = append(list.items, v)
		}
		return append(listHeader(t.elem.wire(), n), items...), list
	case transcode.Map:
		o := object()
		var items []byte
		for range size {
			key := randomScalar(b.Rand, t.key)
			name := fmt.Sprint(key)
			if _, taken := o.items[name]; taken {
				continue
			}
			wire, v := b.value(t.elem, stringly, path+"/"+name, depth-1)
			items = append(append(items, appendScalar(t.key, key)...), wire...)
			o.items[name] = v
		}
		return append(p.AppendI32([]byte{t.key.wire(), t.elem.wire()}, int32(len(o.items))), items...), o
	case transcode.Union:
		o := object()
		f := t.fields[b.IntN(len(t.fields))]
		wire, v := b.value(f.typ, f.stringly, path+"/"+f.json, depth-1)
		o.items[f.json] = v
		return append(field(f, wire), 0), o
	case transcode.Struct:
		return b.object(t, path, depth)
	}
	v := randomScalar(b.Rand, t)
	return appendScalar(t, v), mustJSON(scalarJSON(t, v, stringly))
}

func (b *answerer) write(f answerForm, path string) ([]byte, any) {
	b.a.note(path, f.name)
	if f.want == "" {
		// What is read of it may put all the rest out of step.
		b.a.note("/*", f.name)
		b.a.bad = true
		return f.wire, refusedValue{}
	}
	return f.wire, mustJSON(f.want)
}

func field(f *genField, wire []byte) []byte {
	return append(thrift.Binary.AppendFieldBegin(nil, thrift.TType(f.typ.wire()), f.id), wire...)
}

func (b *answerer) object(t *genType, path string, depth int) ([]byte, any) {
	o := object()
	var parts [][]byte
	for _, f := range t.fields {
		at := path + "/" + f.json
		if f.req == transcode.Optional && (depth <= 0 || b.IntN(2) == 0) || f.req != transcode.Optional && (depth <= 0 || b.IntN(6) == 0) {
			b.a.absent(f, at)
			if v := shown(f); v != nil {
				o.items[f.json] = v
			}
			continue
		}
		if f.stringly {
			b.stringly(f, at)
		}
		wire, v := b.value(f.typ, f.stringly, at, depth-1)
		o.items[f.json] = v
		part := field(f, wire)
		if b.odd() {
			bad := b.a.bad
			if part = b.spoil(f, at, part); b.a.bad && !bad {
				o.items[f.json] = refusedValue{}
			}
		}
		parts = append(parts, part)
	}
	b.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	var wire []byte
	for _, part := range parts {
		wire = append(wire, part...)
	}
	return append(wire, 0), o
}

// absent notes how a field is absent: it is more than one thing for some.
func (a *madeAnswer) absent(f *genField, at string) {
	a.note(at, absentForm(f))
	switch {
	case f.typ.kind >= transcode.List:
		a.note(at+"/*", "absent container")
		if f.stringly {
			a.note(at+"/*", "absent field under js_conv")
		}
	case f.stringly:
		a.note(at+"/*", "absent field under js_conv")
	case f.typ.kind >= transcode.Struct:
		a.note(at+"/*", "absent struct")
	}
	if f.def != nil && leafOf(f.typ).kind == transcode.I8 {
		a.note(at+"/*", "negative default of an i8")
	}
	if f.json != f.name {
		a.note(strings.TrimSuffix(at, "/"+f.json)+"/*", "absent field with a name by go.tag")
	}
}

// stringly notes where api.js_conv is read in several ways.
func (b *answerer) stringly(f *genField, at string) {
	if f.typ.elem != nil && (f.typ.elem.elem != nil || f.typ.kind != transcode.List || leafOf(f.typ).kind != transcode.I64) {
		b.a.note(at+"/*", "container under js_conv")
	}
	switch {
	case leafOf(f.typ).kind == transcode.I8:
		b.a.note(at+"/*", "negative i8 under js_conv")
		b.a.note(at+"/*", "smaller integer under js_conv")
	case leafOf(f.typ).kind != transcode.I64:
		b.a.note(at+"/*", "smaller integer under js_conv")
	}
}

func (b *answerer) spoil(f *genField, at string, part []byte) []byte {
	switch b.IntN(3) {
	case 0:
		b.a.note(at, "unknown field")
		return append(append(thrift.Binary.AppendFieldBegin(nil, 11, 999), text("x")...), part...)
	case 1:
		b.a.note(at, "field twice")
		b.a.bad = true
		return append(part, part...)
	}
	b.a.note("/*", "field of another type")
	b.a.bad = true
	if f.typ.wire() == 2 {
		return append(thrift.Binary.AppendFieldBegin(nil, 3, f.id), 1)
	}
	return append(thrift.Binary.AppendFieldBegin(nil, 2, f.id), 1)
}

// shown is what stands in the JSON for an absent field.
func shown(f *genField) any {
	if f.def != nil {
		return defaultJSON(f.typ, f.def, f.stringly)
	}
	if f.req == transcode.Optional {
		return nil
	}
	switch f.typ.kind {
	case transcode.Bool:
		return false
	case transcode.String, transcode.Binary:
		return ""
	case transcode.List, transcode.Set:
		return &listValue{}
	case transcode.Map:
		return object()
	case transcode.Struct, transcode.Union:
		return nullValue{}
	}
	if f.stringly && f.typ.isInteger() {
		return "0"
	}
	return number("0")
}

func defaultJSON(t *genType, v any, stringly bool) any {
	if l, ok := v.(*listValue); ok {
		out := &listValue{}
		for _, item := range l.items {
			out.items = append(out.items, defaultJSON(t.elem, item, stringly))
		}
		return out
	}
	return mustJSON(scalarJSON(t, v, stringly))
}

func appendScalar(t *genType, v any) []byte {
	p := thrift.Binary
	switch v := v.(type) {
	case bool:
		return p.AppendBool(nil, v)
	case int8:
		return p.AppendByte(nil, v)
	case int16:
		return p.AppendI16(nil, v)
	case int32:
		return p.AppendI32(nil, v)
	case int64:
		return p.AppendI64(nil, v)
	case float64:
		return p.AppendDouble(nil, v)
	case string:
		return text(v)
	}
	panic(fmt.Sprintf("a %T for a %s", v, t.text))
}
