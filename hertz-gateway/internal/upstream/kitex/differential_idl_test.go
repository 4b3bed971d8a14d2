package kitex

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"dgate/hertz-gateway/transcode"
)

// genType is a type of a generated IDL. It knows nothing of how the IDL is
// read: it is what the readers are compared with.
type genType struct {
	kind      transcode.Kind
	name      string // of structs, unions and enums
	text      string // how the IDL writes it
	fields    []*genField
	key, elem *genType
	values    []transcode.EnumValue
}

type genField struct {
	id       int16
	name     string // in the IDL
	json     string
	typ      *genType
	req      transcode.Requiredness
	def      any // in the form of values; nil: no default
	stringly bool
}

func scalarType(k transcode.Kind, text string) *genType { return &genType{kind: k, text: text} }

var scalarTypes = []*genType{
	scalarType(transcode.Bool, "bool"), scalarType(transcode.I8, "i8"), scalarType(transcode.I8, "byte"), scalarType(transcode.I16, "i16"),
	scalarType(transcode.I32, "i32"), scalarType(transcode.I64, "i64"), scalarType(transcode.Double, "double"),
	scalarType(transcode.String, "string"), scalarType(transcode.Binary, "binary"),
}

// idlGenerator makes IDLs that Kitex can read.
type idlGenerator struct {
	*rand.Rand
	structs  []*genType // complete ones
	open     []*genType // being made, the outermost first
	enums    []*genType
	declared strings.Builder
	shared   strings.Builder // of the included file
	names    int
}

// generatedIDL is a service with the one method echo(1: S s) returning S.
type generatedIDL struct {
	files map[string]string
	root  *genType
}

const (
	mainIDL   = "main.thrift"
	sharedIDL = "shared.thrift"
)

// generateIDL makes an IDL of a seed.
func generateIDL(seed uint64) *generatedIDL {
	g := &idlGenerator{Rand: rand.New(rand.NewPCG(seed, 1))}
	for range 2 {
		g.enum()
	}
	root := g.structure(3)
	return g.finish(root)
}

func (g *idlGenerator) finish(root *genType) *generatedIDL {
	return &generatedIDL{root: root, files: map[string]string{
		sharedIDL: "namespace go shared\n" + g.shared.String(),
		mainIDL: "namespace go main\ninclude \"" + sharedIDL + "\"\n" + g.declared.String() +
			"service TestService {\n  " + root.text + " echo(1: " + root.text + " s)\n}\n",
	}}
}

func (g *idlGenerator) next(prefix string) string {
	g.names++
	return prefix + strconv.Itoa(g.names)
}

func (g *idlGenerator) enum() {
	e := &genType{kind: transcode.Enum, name: g.next("E")}
	e.text = "shared." + e.name
	number := int32(g.IntN(5)) - 1
	fmt.Fprintf(&g.shared, "enum %s {\n", e.name)
	for i := range 1 + g.IntN(4) {
		name := fmt.Sprintf("%s_V%d", e.name, i)
		e.values = append(e.values, transcode.EnumValue{Name: name, Number: number})
		fmt.Fprintf(&g.shared, "  %s = %d\n", name, number)
		number += 1 + int32(g.IntN(3))
		if g.IntN(10) == 0 {
			number = math.MaxInt32 - 10
		}
	}
	g.shared.WriteString("}\n")
	g.enums = append(g.enums, e)
}

// typ makes a type, or names one that is there, sometimes by a typedef.
func (g *idlGenerator) typ(depth int) *genType {
	t := g.plainType(depth)
	if g.IntN(8) == 0 {
		alias := *t
		alias.text = g.next("T")
		if isStructKind(t.kind) {
			return t // a copy would miss the fields that are still to come
		}
		fmt.Fprintf(&g.declared, "typedef %s %s\n", t.text, alias.text)
		return &alias
	}
	return t
}

func isStructKind(k transcode.Kind) bool { return k == transcode.Struct || k == transcode.Union }

func (g *idlGenerator) plainType(depth int) *genType {
	n := 16
	if depth <= 0 {
		n = 9
	}
	switch k := g.IntN(n); k {
	case 0, 1, 2, 3, 4, 5, 6, 7:
		return scalarTypes[g.IntN(len(scalarTypes))]
	case 8:
		return g.enums[g.IntN(len(g.enums))]
	case 9, 10:
		return containerOf(transcode.List, nil, g.typ(depth-1))
	case 11:
		return containerOf(transcode.Set, nil, g.typ(depth-1))
	case 12:
		return containerOf(transcode.Map, g.keyType(), g.typ(depth-1))
	case 13:
		if all := append(g.structs, g.open...); len(all) > 0 {
			return all[g.IntN(len(all))]
		}
	case 14:
		return g.union(depth)
	}
	return g.structure(depth)
}

// keyType is a scalar type that both codecs of Kitex take for keys.
func (g *idlGenerator) keyType() *genType {
	keys := []*genType{scalarTypes[1], scalarTypes[3], scalarTypes[4], scalarTypes[5], scalarTypes[7], scalarTypes[7], g.enums[0]}
	return keys[g.IntN(len(keys))]
}

func containerOf(kind transcode.Kind, key, elem *genType) *genType {
	t := &genType{kind: kind, key: key, elem: elem}
	switch kind {
	case transcode.List:
		t.text = "list<" + elem.text + ">"
	case transcode.Set:
		t.text = "set<" + elem.text + ">"
	default:
		t.text = "map<" + key.text + "," + elem.text + ">"
	}
	return t
}

func (g *idlGenerator) structure(depth int) *genType {
	t := &genType{kind: transcode.Struct, name: g.next("S")}
	t.text = t.name
	g.open = append(g.open, t)
	ids := g.Perm(40)
	for i := range 1 + g.IntN(7) {
		f := &genField{id: int16(ids[i] + 1), name: fmt.Sprintf("f%d", i), typ: g.typ(depth - 1), req: transcode.Requiredness(g.IntN(3))}
		f.json = f.name
		if g.reachesOpen(f.typ) {
			f.req = transcode.Optional
		}
		if g.IntN(8) == 0 {
			f.json = []string{"F-%d", "f_%d_x", "ü%d", "a.%d", "with space %d"}[g.IntN(5)]
			f.json = fmt.Sprintf(f.json, i)
		}
		f.stringly = leafOf(f.typ).isInteger() && g.IntN(4) == 0
		if g.IntN(3) == 0 {
			f.def = g.defaultOf(f.typ)
		}
		t.fields = append(t.fields, f)
	}
	g.open = g.open[:len(g.open)-1]
	g.structs = append(g.structs, t)
	g.declare("struct", t)
	return t
}

func (g *idlGenerator) union(depth int) *genType {
	t := &genType{kind: transcode.Union, name: g.next("U")}
	t.text = t.name
	for i := range 1 + g.IntN(3) {
		name := fmt.Sprintf("u%d", i)
		t.fields = append(t.fields, &genField{id: int16(i + 1), name: name, json: name, typ: g.typ(min(depth-1, 0)), req: transcode.Optional})
	}
	g.declare("union", t)
	return t
}

// reachesOpen: a required field of the type would make a value without an end.
func (g *idlGenerator) reachesOpen(t *genType) bool {
	for _, o := range g.open {
		if t == o {
			return true
		}
	}
	return false
}

// leafOf is the type of the innermost values of lists, sets and maps.
func leafOf(t *genType) *genType {
	for t.elem != nil {
		t = t.elem
	}
	return t
}

func (t *genType) isInteger() bool { return t.kind >= transcode.I8 && t.kind <= transcode.I64 }

func (t *genType) isScalar() bool { return t.kind < transcode.Struct }

func (g *idlGenerator) defaultOf(t *genType) any {
	switch {
	case t.kind == transcode.List && t.elem.isScalar() && t.elem.kind != transcode.Binary && strings.HasPrefix(t.text, "list<"): // Kitex panics on a typedef
		l := &listValue{elem: t.elem.wire()}
		for range g.IntN(3) {
			l.items = append(l.items, g.defaultOf(t.elem))
		}
		return l
	case t.kind == transcode.Binary || !t.isScalar():
		return nil
	case t.kind == transcode.String:
		return []string{"", "a", "two words"}[g.IntN(3)] // escapes in literals are another matter
	}
	return g.scalar(t)
}

// declare writes a struct or union.
func (g *idlGenerator) declare(word string, t *genType) { writeStruct(&g.declared, word, t) }

func writeStruct(w *strings.Builder, word string, t *genType) {
	fmt.Fprintf(w, "%s %s {\n", word, t.name)
	for _, f := range t.fields {
		fmt.Fprintf(w, "  %d: ", f.id)
		if t.kind != transcode.Union {
			w.WriteString([]string{"", "required ", "optional "}[f.req])
		}
		w.WriteString(f.typ.text + " " + f.name)
		if f.def != nil {
			w.WriteString(" = " + literal(f.typ, f.def))
		}
		var annotations []string
		if f.json != f.name {
			annotations = append(annotations, `go.tag='json:"`+f.json+`"'`)
		}
		if f.stringly {
			annotations = append(annotations, `api.js_conv="true"`)
		}
		if len(annotations) > 0 {
			w.WriteString(" (" + strings.Join(annotations, ", ") + ")")
		}
		w.WriteByte('\n')
	}
	w.WriteString("}\n")
}

// literal writes a default.
func literal(t *genType, v any) string {
	switch v := v.(type) {
	case *listValue:
		var parts []string
		for _, item := range v.items {
			parts = append(parts, literal(t.elem, item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return strconv.Quote(v)
	case float64:
		text := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	default:
		return fmt.Sprint(v)
	}
}

// scalar makes a value, often at a bound.
func (g *idlGenerator) scalar(t *genType) any { return randomScalar(g.Rand, t) }

func randomScalar(r *rand.Rand, t *genType) any {
	switch t.kind {
	case transcode.Bool:
		return r.IntN(2) == 0
	case transcode.I8, transcode.I16, transcode.I32, transcode.I64:
		lo, hi := t.bounds()
		v := []int64{lo, lo + 1, hi, hi - 1, 0, -1, 1, 5, int64(r.Uint64()), 1<<53 + 1}[r.IntN(10)]
		if v < lo || v > hi {
			v = int64(r.IntN(200)) - 100
		}
		return t.integer(v)
	case transcode.Double:
		return []float64{0, 1, -1.5, 0.1, 1e22, -2.5e-7, math.MaxFloat64, math.SmallestNonzeroFloat64, 1 << 60, r.NormFloat64()}[r.IntN(10)]
	case transcode.Enum:
		return t.values[r.IntN(len(t.values))].Number
	case transcode.Binary:
		b := make([]byte, r.IntN(8))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return string(b)
	default:
		return []string{"", "a", "ü 😀", "two words", "null", "5", "x<y>&z", "\u2028", strings.Repeat("long ", 20)}[r.IntN(9)]
	}
}

func (t *genType) bounds() (lo, hi int64) {
	switch t.kind {
	case transcode.I8:
		return math.MinInt8, math.MaxInt8
	case transcode.I16:
		return math.MinInt16, math.MaxInt16
	case transcode.I64:
		return math.MinInt64, math.MaxInt64
	}
	return math.MinInt32, math.MaxInt32
}

// integer is v as values hold it.
func (t *genType) integer(v int64) any {
	switch t.kind {
	case transcode.I8:
		return int8(v)
	case transcode.I16:
		return int16(v)
	case transcode.I64:
		return v
	}
	return int32(v)
}

// scalarJSON writes a scalar the plain way.
func scalarJSON(t *genType, v any, stringly bool) string {
	switch {
	case t.kind == transcode.Binary:
		return `"` + base64.StdEncoding.EncodeToString([]byte(v.(string))) + `"`
	case t.kind == transcode.String:
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(b)
	case t.isInteger() && stringly:
		return fmt.Sprintf(`"%d"`, v)
	case t.kind == transcode.Double:
		return strconv.FormatFloat(v.(float64), 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// keyText is a scalar as the name of a member.
func keyText(t *genType, v any) string { return strings.Trim(scalarJSON(t, v, false), `"`) }
