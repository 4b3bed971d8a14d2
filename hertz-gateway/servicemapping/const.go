package servicemapping

import (
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"

	"dgate/hertz-gateway/servicemapping/internal/syntax"
	"dgate/hertz-gateway/transcode"
)

// Limits on constants: short texts can name huge values, list by list.
const (
	maxConst      = 1 << 20  // bytes of one default
	maxConstTotal = 32 << 20 // bytes of all values of a file
	constCost     = 16       // bytes that looking at a value counts for
)

// pendingDefault is the default value of a field that is not encoded yet.
type pendingDefault struct {
	unit  *unit
	owner *transcode.Type
	value *syntax.Value
	state progress
	// problem is why there is none.
	problem *problem
}

// resolveConsts encodes the defaults of a unit's fields and checks its
// constants.
func (l *loader) resolveConsts(u *unit) {
	for _, s := range u.tree.Structs {
		if d := u.types[s.Name]; d.pos == s.Pos {
			for _, f := range d.typ.Fields {
				l.resolveDefault(f)
			}
		}
	}
	for _, c := range u.tree.Consts {
		u.annotations(onConst, c.Annotations)
		d := u.consts[c.Name]
		if d.decl != c || d.problem != nil {
			continue
		}
		t, _, p := l.resolveType(u, c.Type)
		if p == nil {
			_, p = l.encode(u, nil, t, c.Value)
		}
		if d.problem == nil {
			d.problem = p
		}
	}
}

// resolveDefault encodes the default of one field. A field whose default needs
// itself is a problem.
func (l *loader) resolveDefault(f *transcode.Field) *problem {
	d := l.defaults[f]
	if d == nil {
		return nil
	}
	if d.state == finished {
		return d.problem
	}
	if d.state == underway {
		p := d.unit.report(d.value.Pos, Error, ruleBadConstant, "the default of %s needs itself", f.Name)
		return &p
	}
	d.state = underway
	wire, p := l.encode(d.unit, nil, f.Type, d.value)
	d.state = finished
	if p != nil {
		d.problem = p
		d.unit.breaks(d.owner, *p)
		return p
	}
	f.Default = slices.Clip(wire)
	return nil
}

// encode appends a constant in Thrift binary as a value of t.
func (l *loader) encode(u *unit, dst []byte, t *transcode.Type, v *syntax.Value) ([]byte, *problem) {
	if l.constBytes[u] > maxConstTotal {
		return nil, u.constTooLarge(v)
	}
	start := len(dst)
	dst, p := l.encodeValue(u, dst, t, v)
	if p != nil {
		return nil, p
	}
	l.constBytes[u] += len(dst) - start + constCost
	if len(dst) > maxConst {
		return nil, u.constTooLarge(v)
	}
	return dst, nil
}

func (u *unit) constTooLarge(v *syntax.Value) *problem {
	p := u.report(v.Pos, Error, ruleConstantTooLarge, "this constant, or all of the file together, is too large")
	return &p
}

func (l *loader) encodeValue(u *unit, dst []byte, t *transcode.Type, v *syntax.Value) ([]byte, *problem) {
	if v.Kind == syntax.NameValue && !(t.Kind == transcode.Bool && (v.Text == "true" || v.Text == "false")) {
		return l.encodeName(u, dst, t, v)
	}
	switch t.Kind {
	case transcode.Bool:
		switch {
		case v.Kind == syntax.NameValue:
			return transcode.AppendBool(dst, v.Text == "true"), nil
		case v.Kind == syntax.IntValue:
			n, p := u.integer(v, 0, 1, t)
			return transcode.AppendBool(dst, n == 1), p
		}
	case transcode.I8, transcode.I16, transcode.I32, transcode.I64:
		if v.Kind == syntax.IntValue {
			bits := map[transcode.Kind]uint{transcode.I8: 7, transcode.I16: 15, transcode.I32: 31, transcode.I64: 63}[t.Kind]
			n, p := u.integer(v, -1<<bits, 1<<bits-1, t)
			return appendInteger(dst, t.Kind, n), p
		}
	case transcode.Double:
		if v.Kind == syntax.IntValue || v.Kind == syntax.DoubleValue {
			return u.appendDouble(dst, v)
		}
	case transcode.Enum:
		if v.Kind == syntax.IntValue {
			n, p := u.integer(v, math.MinInt32, math.MaxInt32, t)
			if p == nil && !slices.ContainsFunc(t.Values, func(e transcode.EnumValue) bool { return int64(e.Number) == n }) {
				return nil, u.badConst(v, "%d is no number of enum %s", n, t.Name)
			}
			return transcode.AppendI32(dst, int32(n)), p
		}
	case transcode.String, transcode.Binary:
		if v.Kind == syntax.LiteralValue {
			return transcode.AppendString(dst, v.Text), nil
		}
	case transcode.UUID:
		if v.Kind == syntax.LiteralValue {
			return u.appendUUID(dst, v)
		}
	case transcode.List, transcode.Set:
		if v.Kind == syntax.ListValue || v.Kind == syntax.MapValue && len(v.List) == 0 {
			return l.encodeList(u, dst, t, v)
		}
	case transcode.Map:
		if v.Kind == syntax.MapValue || v.Kind == syntax.ListValue && len(v.List) == 0 {
			return l.encodeMap(u, dst, t, v)
		}
	default:
		if v.Kind == syntax.MapValue {
			return l.encodeStruct(u, dst, t, v)
		}
	}
	return nil, u.badConst(v, "%s is no value of %s", describe(v), typeName(t))
}

func (u *unit) badConst(v *syntax.Value, format string, args ...any) *problem {
	p := u.report(v.Pos, Error, ruleBadConstant, format, args...)
	return &p
}

func (u *unit) integer(v *syntax.Value, least, most int64, t *transcode.Type) (int64, *problem) {
	n, err := parseInt(v.Text)
	if err != nil || n < least || n > most {
		return 0, u.badConst(v, "%s is no value of %s", v.Text, typeName(t))
	}
	return n, nil
}

func appendInteger(dst []byte, k transcode.Kind, n int64) []byte {
	switch k {
	case transcode.I8:
		return transcode.AppendI8(dst, int8(n))
	case transcode.I16:
		return transcode.AppendI16(dst, int16(n))
	case transcode.I32:
		return transcode.AppendI32(dst, int32(n))
	default:
		return transcode.AppendI64(dst, n)
	}
}

func (u *unit) appendDouble(dst []byte, v *syntax.Value) ([]byte, *problem) {
	if v.Kind == syntax.IntValue {
		n, p := u.integer(v, math.MinInt64, math.MaxInt64, &transcode.Type{Kind: transcode.Double})
		return transcode.AppendDouble(dst, float64(n)), p
	}
	f, err := strconv.ParseFloat(v.Text, 64)
	if err != nil {
		return nil, u.badConst(v, "%s is no value of double", v.Text)
	}
	return transcode.AppendDouble(dst, f), nil
}

func (u *unit) appendUUID(dst []byte, v *syntax.Value) ([]byte, *problem) {
	s := strings.TrimSuffix(strings.TrimPrefix(v.Text, "{"), "}")
	var id [16]byte
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		if n, err := hex.Decode(id[:], []byte(strings.ReplaceAll(s, "-", ""))); err == nil && n == len(id) {
			return transcode.AppendUUID(dst, id), nil
		}
	}
	return nil, u.badConst(v, "%s is no uuid", describe(v))
}

// encodeList encodes a list, or a set without what is repeated in it.
func (l *loader) encodeList(u *unit, dst []byte, t *transcode.Type, v *syntax.Value) ([]byte, *problem) {
	var elems []byte
	n := 0
	seen := map[string]bool{}
	for _, e := range v.List {
		start := len(elems)
		var p *problem
		if elems, p = l.encode(u, elems, t.Elem, e); p != nil {
			return nil, p
		}
		if t.Kind == transcode.Set {
			wire := string(elems[start:])
			if seen[wire] {
				elems = elems[:start]
				continue
			}
			seen[wire] = true
		}
		n++
	}
	return append(transcode.AppendListHeader(dst, t.Elem.Kind.WireType(), n), elems...), nil
}

func (l *loader) encodeMap(u *unit, dst []byte, t *transcode.Type, v *syntax.Value) ([]byte, *problem) {
	dst = transcode.AppendMapHeader(dst, t.Key.Kind.WireType(), t.Elem.Kind.WireType(), len(v.List)/2)
	seen := map[string]bool{}
	for i := 0; i+1 < len(v.List); i += 2 {
		start := len(dst)
		var p *problem
		if dst, p = l.encode(u, dst, t.Key, v.List[i]); p != nil {
			return nil, p
		}
		if seen[string(dst[start:])] {
			return nil, u.badConst(v.List[i], "the map has this key already")
		}
		seen[string(dst[start:])] = true
		if dst, p = l.encode(u, dst, t.Elem, v.List[i+1]); p != nil {
			return nil, p
		}
	}
	return dst, nil
}

// encodeStruct encodes a struct written as a map of its fields' names; absent
// fields take their defaults.
func (l *loader) encodeStruct(u *unit, dst []byte, t *transcode.Type, v *syntax.Value) ([]byte, *problem) {
	for _, f := range t.Fields {
		if f.Type == nil {
			return nil, u.badConst(v, "%s cannot be used: the type of its field %q is wrong", t.Name, f.Name)
		}
	}
	given := make(map[string]*syntax.Value, len(v.List)/2)
	for i := 0; i+1 < len(v.List); i += 2 {
		key := v.List[i]
		switch {
		case key.Kind != syntax.LiteralValue:
			return nil, u.badConst(key, "a field of %s is named in quotes", t.Name)
		case given[key.Text] != nil:
			return nil, u.badConst(key, "field %q is given twice", key.Text)
		case !slices.ContainsFunc(t.Fields, func(f *transcode.Field) bool { return f.Name == key.Text }):
			return nil, u.badConst(key, "%s has no field %q%s", t.Name, key.Text, hint(key.Text, func(yield func(string) bool) {
				for _, f := range t.Fields {
					if !yield(f.Name) {
						return
					}
				}
			}))
		}
		given[key.Text] = v.List[i+1]
	}
	if t.Kind == transcode.Union && len(given) != 1 {
		return nil, u.badConst(v, "a union takes exactly one field, not %d", len(given))
	}
	for _, f := range t.Fields {
		value := given[f.Name]
		if value == nil {
			if p := l.resolveDefault(f); p != nil {
				return nil, p
			}
			switch {
			case t.Kind == transcode.Union:
			case f.Default != nil:
				dst = append(transcode.AppendFieldHeader(dst, f.Type.Kind.WireType(), f.ID), f.Default...)
			case f.Requiredness == transcode.Required:
				return nil, u.badConst(v, "field %q of %s is required", f.Name, t.Name)
			}
			if len(dst) > maxConst {
				return dst, nil // encode reports it
			}
			continue
		}
		var p *problem
		dst = transcode.AppendFieldHeader(dst, f.Type.Kind.WireType(), f.ID)
		if dst, p = l.encode(u, dst, f.Type, value); p != nil {
			return nil, p
		}
	}
	return transcode.AppendStop(dst), nil
}

// encodeName encodes what a name stands for: another constant, or a value of
// an enum ("Color.RED"; where an enum is wanted also "RED", and an enum of an
// include without its prefix).
func (l *loader) encodeName(u *unit, dst []byte, t *transcode.Type, v *syntax.Value) ([]byte, *problem) {
	c, p := find(u, v.Text, v.Pos, func(u *unit) map[string]*constDef { return u.consts })
	switch {
	case c != nil:
		return l.encodeConst(u, dst, t, v, c)
	case p != nil:
		return nil, p
	}
	name := v.Text
	from := t
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		d, p := u.findType(name[:dot], v.Pos)
		switch {
		case p != nil:
			return nil, p
		case d != nil:
			l.resolveAlias(d)
			if d.problem != nil {
				return nil, d.problem
			}
			from = d.typ
		case t.Kind != transcode.Enum || !strings.HasSuffix(t.Name, "."+name[:dot]):
			return nil, u.unknown(v.Pos, ruleBadConstant, "constant", v.Text, constNames)
		}
		name = name[dot+1:]
	}
	if from.Kind != transcode.Enum {
		return nil, u.unknown(v.Pos, ruleBadConstant, "constant", v.Text, constNames)
	}
	for _, e := range from.Values {
		if e.Name != name {
			continue
		}
		switch {
		case t == from:
			return transcode.AppendI32(dst, e.Number), nil
		case t.Kind >= transcode.I8 && t.Kind <= transcode.I64:
			n, p := u.integer(&syntax.Value{Pos: v.Pos, Text: strconv.Itoa(int(e.Number))}, math.MinInt64, math.MaxInt64, t)
			return appendInteger(dst, t.Kind, n), p
		}
		return nil, u.badConst(v, "%s is no value of %s", v.Text, typeName(t))
	}
	return nil, u.badConst(v, "enum %s has no %q%s", from.Name, name, hint(name, func(yield func(string) bool) {
		for _, e := range from.Values {
			if !yield(e.Name) {
				return
			}
		}
	}))
}

func constNames(u *unit, yield func(string) bool) {
	for name := range u.consts {
		if !yield(name) {
			return
		}
	}
}

func (l *loader) encodeConst(u *unit, dst []byte, t *transcode.Type, v *syntax.Value, c *constDef) ([]byte, *problem) {
	switch {
	case c.problem != nil:
		return nil, c.problem
	case l.active[c]:
		return nil, u.badConst(v, "constant %s needs itself", v.Text)
	}
	l.active[c] = true
	defer delete(l.active, c)
	dst, p := l.encode(c.unit, dst, t, c.decl.Value)
	if p != nil && c.unit != u {
		u.note(*p)
	}
	return dst, p
}

// describe names a constant for a message.
func describe(v *syntax.Value) string {
	switch v.Kind {
	case syntax.LiteralValue:
		if len(v.Text) > 40 {
			return strconv.Quote(v.Text[:40]) + "…"
		}
		return strconv.Quote(v.Text)
	case syntax.ListValue:
		return "a list"
	case syntax.MapValue:
		return "a map"
	default:
		return v.Text
	}
}

// typeName names a type as an IDL would.
func typeName(t *transcode.Type) string {
	switch t.Kind {
	case transcode.Bool:
		return "bool"
	case transcode.I8:
		return "i8"
	case transcode.I16:
		return "i16"
	case transcode.I32:
		return "i32"
	case transcode.I64:
		return "i64"
	case transcode.Double:
		return "double"
	case transcode.String:
		return "string"
	case transcode.Binary:
		return "binary"
	case transcode.UUID:
		return "uuid"
	case transcode.List:
		return "list<" + typeName(t.Elem) + ">"
	case transcode.Set:
		return "set<" + typeName(t.Elem) + ">"
	case transcode.Map:
		return "map<" + typeName(t.Key) + ", " + typeName(t.Elem) + ">"
	default:
		return t.Name
	}
}
