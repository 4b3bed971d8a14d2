package openapi

import (
	"slices"
	"strconv"
	"strings"

	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// side tells in which direction a value travels: a request may leave out what
// an answer always has.
type side uint8

const (
	request side = iota
	answer
	unchecked // a request, below a field whose validation rules are switched off
)

// value is how a value of some type stands in JSON.
type value struct {
	typ      *transcode.Type // as declared
	stringly bool
	side     side
	shape    *shape // structs, unions, exceptions and enums
	key      *value // maps
	elem     *value // lists, sets, maps
}

// shape is a struct-like type or an enum as JSON has it in some place. Places
// where it looks the same share a class, and with it a name.
type shape struct {
	typ     *transcode.Type // as declared
	side    side
	whole   bool // every field is a member
	members []*member
	class   *class
}

// member is a field that is a member of a JSON object.
type member struct {
	name     string
	field    *transcode.Field // as declared
	value    *value
	required bool
	null     bool // of an answer: null where the service leaves a struct out
}

// class is all shapes that look the same; the first of them stands for it.
type class struct {
	first   *shape
	answers bool // one of them is in an answer
	named   bool // something refers to it
	name    string
}

// model collects shapes, then names their classes.
type model struct {
	notes    *servicemapping.Notes
	settings servicemapping.Settings
	// constraints: shapes with different validation rules look different.
	// sidedEnums: and so do enums of requests and answers.
	constraints, sidedEnums bool

	shapes  []*shape
	known   map[shapeKey]*shape
	enums   map[*transcode.Type]*shape
	classes []*class
}

type shapeKey struct {
	view *transcode.Type
	side side
}

// presence is what becomes of a field that is not just a member.
type presence uint8

const (
	elsewhere presence = iota + 1 // no member
	one                           // a member, but it may be elsewhere too
)

// placing says it of the fields on ways of structs in structs from a root.
type placing map[*transcode.Field]presence

func newModel(m *servicemapping.Mapping, notes *servicemapping.Notes) *model {
	mo := &model{notes: notes, known: map[shapeKey]*shape{}, enums: map[*transcode.Type]*shape{}}
	for _, s := range m.Services {
		for _, method := range s.Methods {
			mo.settings = method.Generic.Settings() // one mapping has one
			return mo
		}
	}
	return mo
}

// valueOf describes a value of a declared type, of which view is the form with
// the names of its members.
func (m *model) valueOf(declared, view *transcode.Type, stringly bool, s side, places placing) *value {
	return m.value(declared, view, stringly, s, places, nil)
}

func (m *model) value(declared, view *transcode.Type, stringly bool, s side, places placing, path []*transcode.Type) *value {
	v := &value{typ: declared, stringly: stringly, side: s}
	switch declared.Kind {
	case transcode.Struct, transcode.Union, transcode.Exception:
		v.shape = m.open(declared, view, s, places, path)
	case transcode.Enum:
		v.shape = m.enum(declared)
	case transcode.List, transcode.Set:
		v.elem = m.value(declared.Elem, view.Elem, stringly, s, nil, nil)
	case transcode.Map:
		v.key = m.value(declared.Key, view.Key, stringly, s, nil, nil)
		v.elem = m.value(declared.Elem, view.Elem, stringly, s, nil, nil)
	}
	return v
}

func (m *model) enum(t *transcode.Type) *shape {
	if m.enums[t] == nil {
		m.enums[t] = &shape{typ: t, whole: true}
		m.shapes = append(m.shapes, m.enums[t])
	}
	return m.enums[t]
}

// open is the shape of a struct reached by structs in structs from a root, as
// transcode.Options.Place is asked for its fields.
func (m *model) open(declared, view *transcode.Type, s side, places placing, path []*transcode.Type) *shape {
	if !places.touches(view, path) {
		return m.closed(declared, view, s)
	}
	sh := &shape{typ: declared, side: s}
	m.shapes = append(m.shapes, sh)
	m.fill(sh, view, places, append(slices.Clone(path), view))
	return sh
}

// touches tells whether a field of t, or of a struct directly in it, is not
// just a member.
func (p placing) touches(t *transcode.Type, path []*transcode.Type) bool {
	if len(p) == 0 || !isStruct(t) || slices.Contains(path, t) {
		return false
	}
	path = append(slices.Clone(path), t)
	for _, f := range t.Fields {
		if p[f] != 0 || p.touches(f.Type, path) {
			return true
		}
	}
	return false
}

// closed is the shape of a struct of which every field is a member.
func (m *model) closed(declared, view *transcode.Type, s side) *shape {
	key := shapeKey{view, s}
	if sh := m.known[key]; sh != nil {
		return sh
	}
	sh := &shape{typ: declared, side: s, whole: true}
	m.known[key] = sh
	m.shapes = append(m.shapes, sh)
	m.fill(sh, view, nil, nil)
	return sh
}

func (m *model) fill(sh *shape, view *transcode.Type, places placing, path []*transcode.Type) {
	for i, f := range view.Fields {
		if f.Hidden || places[f] == elsewhere {
			continue
		}
		declared := sh.typ.Fields[i]
		below := sh.side
		if below == request && m.constraints && m.skips(declared) {
			below = unchecked
		}
		mem := &member{
			name: f.JSON, field: declared,
			value:    m.value(declared.Type, f.Type, f.Stringly, below, places, path),
			required: m.required(sh, declared) && places[f] != one,
		}
		mem.null = mem.required && sh.side == answer && isStruct(declared.Type) &&
			declared.Requiredness != transcode.Required && declared.Default == nil
		sh.members = append(sh.members, mem)
	}
}

// required tells whether a field is sure to be there.
func (m *model) required(sh *shape, f *transcode.Field) bool {
	switch {
	case sh.typ.Kind == transcode.Union:
		return false
	case sh.side != answer || m.settings.OmitZero:
		return f.Requiredness == transcode.Required
	}
	return f.Requiredness != transcode.Optional || f.Default != nil
}

// skips tells a field that switches off the rules below it.
func (m *model) skips(f *transcode.Field) bool {
	return slices.ContainsFunc(m.notes.Rules(f), func(r servicemapping.Rule) bool {
		return r.Key == "vt.skip" || r.Key == "api.vd" && strings.TrimSpace(r.Value) == "-"
	})
}

func isStruct(t *transcode.Type) bool {
	return t.Kind == transcode.Struct || t.Kind == transcode.Union || t.Kind == transcode.Exception
}

// classify puts shapes that look the same in one class: it starts with one
// class for each name of a type and divides classes until all shapes in each
// have members of the same classes. So recursive types need no special case.
func (m *model) classify() {
	of := make(map[*shape]int, len(m.shapes))
	for count := -1; ; {
		ids := map[string]int{}
		next := make(map[*shape]int, len(m.shapes))
		for _, sh := range m.shapes {
			look := m.look(sh, of)
			if _, ok := ids[look]; !ok {
				ids[look] = len(ids)
			}
			next[sh] = ids[look]
		}
		of = next
		if len(ids) == count {
			break
		}
		count = len(ids)
	}
	byID := map[int]*class{}
	for _, sh := range m.shapes {
		c := byID[of[sh]]
		if c == nil {
			c = &class{first: sh}
			byID[of[sh]] = c
			m.classes = append(m.classes, c)
		}
		c.answers = c.answers || sh.side == answer
		sh.class = c
	}
}

// look is a text that shapes share which look the same, as far as of knows.
func (m *model) look(sh *shape, of map[*shape]int) string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(of[sh]) + " " + sh.typ.Name)
	if sh.typ.Kind == transcode.Enum {
		for _, v := range sh.typ.Values {
			b.WriteString("\n" + v.Name + "=" + strconv.Itoa(int(v.Number)))
		}
	}
	for _, mem := range sh.members {
		b.WriteString("\n" + strconv.Quote(mem.name) + strconv.FormatBool(mem.required) + strconv.FormatBool(mem.null) + " ")
		m.lookOf(&b, mem.value, of)
		b.WriteString(strconv.Quote(string(mem.field.Default)))
		if m.constraints && sh.side == request {
			for _, r := range m.notes.Rules(mem.field) {
				b.WriteString(r.Key + "=" + strconv.Quote(r.Value))
			}
		}
	}
	return b.String()
}

func (m *model) lookOf(b *strings.Builder, v *value, of map[*shape]int) {
	b.WriteString(strconv.Itoa(int(v.typ.Kind)) + strconv.FormatBool(v.stringly))
	if v.typ.Kind == transcode.I64 || m.sidedEnums && v.typ.Kind == transcode.Enum {
		b.WriteString("/" + strconv.FormatBool(v.side == answer))
	}
	if v.shape != nil {
		b.WriteString("#" + strconv.Itoa(of[v.shape]))
	}
	if v.key != nil {
		b.WriteByte('<')
		m.lookOf(b, v.key, of)
	}
	if v.elem != nil {
		b.WriteByte(',')
		m.lookOf(b, v.elem, of)
	}
}
