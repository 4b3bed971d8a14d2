package validate

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"dgate/hertz-gateway/transcode"
)

// walk leads through a value to the structs that have rules.
type walk struct {
	prog *structProg // of a struct-like type
	key  *walk       // of the keys of a map
	elem *walk       // of a list, a set, or the values of a map
	t    *transcode.Type
	keys *transcode.Codec // of a map whose keys are no scalars
}

// structProg is what is to be checked in one struct-like type.
type structProg struct {
	t       *transcode.Type
	fields  []fieldProg
	small   []int16       // index in fields by id, -1 for none; ids below smallIDs
	large   map[int16]int // the others
	slots   int           // fields whose bytes are kept for rules
	asserts []rule
	parents []*structProg // those that lead here; used while compiling
	needed  bool
}

// smallIDs bounds the table of ids; few fields have larger ones.
const smallIDs = 256

// index finds a field by its id; -1: there is nothing to do with it.
func (p *structProg) index(id int16) int {
	if int(id) < len(p.small) && id >= 0 {
		return int(p.small[id])
	}
	if i, ok := p.large[id]; ok {
		return i
	}
	return -1
}

// indexFields builds the tables.
func (p *structProg) indexFields() {
	p.large = map[int16]int{}
	for i, f := range p.fields {
		id := f.f.ID
		if id < 0 || id >= smallIDs {
			p.large[id] = i
			continue
		}
		for int(id) >= len(p.small) {
			p.small = append(p.small, -1)
		}
		p.small[id] = int16(i)
	}
}

// fieldProg is what is to be done with one field.
type fieldProg struct {
	f        *transcode.Field
	wire     byte
	optional bool // unset is nil, not zero
	slot     int  // -1: no rule reads it
	rules    *ruleTree
	nested   *walk
}

// ruleTree holds the rules of a value and those of what it contains, as far as
// they are written on the field.
type ruleTree struct {
	t         *transcode.Type
	rules     []rule
	key, elem *ruleTree
	keys      *transcode.Codec // of a map whose keys are no scalars
}

// rule is one condition and what to say when it does not hold.
type rule struct {
	code string
	cond node
	// msg is the author's; nil, or empty when it runs: detail counts.
	msg      node
	detail   detail
	onUnset  bool // is checked on an unset optional field too
	skipZero bool // is not checked on zero values
}

// detail is the sentence of a rule without a message of its author: the
// values of args stand between its texts.
type detail struct {
	texts []string
	args  []node
}

// machine is the state of one check.
type machine struct {
	slots [][]byte // the frames of the structs under way, one above the other
	base  int      // of the frame whose rules run
	self  value    // $
	unset bool     // the value under check is not in the message
	loop  loop     // of the innermost range
	path  []segment
	found []finding
	steps int // what expressions may still read
	// broken: the bytes are not a value of their type.
	broken bool
}

// loop holds #k, #v and ##.
type loop struct {
	key, value value
	count      int
}

// segment is one step of a JSON pointer.
type segment struct {
	field *transcode.Field
	key   value // of a map entry, when keyed
	keyT  *transcode.Type
	keys  *transcode.Codec // writes the key
	index int
}

// finding is a violation and its rank among those of the struct under way.
type finding struct {
	v    transcode.Violation
	rank int
}

func (m *machine) reset() {
	clear(m.slots)
	clear(m.path)
	clear(m.found)
	*m = machine{slots: m.slots[:0], path: m.path[:0], found: m.found[:0]}
}

// result gives what was found. whole: all bytes were read.
func (m *machine) result(whole bool) []transcode.Violation {
	var out []transcode.Violation
	for _, f := range m.found {
		out = append(out, f.v)
	}
	switch {
	case m.full():
	case m.steps < 0:
		out = append(out, transcode.Violation{Code: CodeTooComplex, Detail: "the message takes too long to check"})
	case m.broken || !whole:
		out = append(out, transcode.Violation{Code: CodeUnreadable, Detail: "the message cannot be read"})
	}
	return out
}

// A check that is full, broken or out of steps ends early.
func (m *machine) full() bool  { return len(m.found) >= MaxViolations }
func (m *machine) ended() bool { return m.broken || m.steps < 0 || m.full() }

// spend pays for reading one element inside an expression.
func (m *machine) spend(key, elem value) { m.steps -= 1 + len(key.b) + len(elem.b) }

// descend checks the structs below the value at the start of b and gives its
// length, -1 when the check has ended.
func (m *machine) descend(w *walk, b []byte, depth int) int {
	if depth > maxDepth {
		return m.fail()
	}
	switch w.t.Kind {
	case transcode.List, transcode.Set:
		return m.descendList(w, b, depth)
	case transcode.Map:
		return m.descendMap(w, b, depth)
	default:
		return m.structure(w.prog, b, depth)
	}
}

func (m *machine) descendList(w *walk, b []byte, depth int) int {
	count, pos, ok := listOf(w.t, b)
	if !ok {
		return m.fail()
	}
	for i := range count {
		m.path = append(m.path, segment{index: i})
		n := m.descend(w.elem, b[pos:], depth+1)
		m.path = m.path[:len(m.path)-1]
		if n < 0 {
			return -1
		}
		pos += n
	}
	return pos
}

func (m *machine) descendMap(w *walk, b []byte, depth int) int {
	count, pos, ok := mapOf(w.t, b)
	if !ok {
		return m.fail()
	}
	for range count {
		key, n, ok := take(w.t.Key, b[pos:])
		if !ok {
			return m.fail()
		}
		m.path = append(m.path, segment{key: key, keyT: w.t.Key, keys: w.keys})
		if w.key != nil && m.descend(w.key, b[pos:], depth+1) < 0 {
			return -1
		}
		pos += n
		if w.elem != nil {
			n = m.descend(w.elem, b[pos:], depth+1)
		} else {
			n = m.skip(w.t.Elem.Kind.WireType(), b[pos:])
		}
		m.path = m.path[:len(m.path)-1]
		if n < 0 {
			return -1
		}
		pos += n
	}
	return pos
}

// fail ends the check: the bytes are not a value of their type.
func (m *machine) fail() int {
	m.broken = true
	return -1
}

// structure checks a struct: one pass over its bytes notes where the values
// are and checks nested structs, then its own rules run.
func (m *machine) structure(p *structProg, b []byte, depth int) int {
	base, first := len(m.slots), len(m.found)
	m.slots = slices.Grow(m.slots, p.slots)[:base+p.slots]
	clear(m.slots[base:])
	pos := 0
	for {
		w, id, n, err := transcode.ReadFieldHeader(b[pos:])
		if err != nil {
			return m.fail()
		}
		pos += n
		if w == transcode.WireStop {
			break
		}
		if n = m.field(p, w, id, b[pos:], base, depth); n < 0 {
			return -1
		}
		pos += n
	}
	m.base = base
	for i := range p.fields {
		if f := &p.fields[i]; f.rules != nil {
			m.fieldRules(f, 2*i)
		}
	}
	for i := range p.asserts {
		m.apply(&p.asserts[i], 2*len(p.fields))
	}
	if len(m.found)-first > 1 {
		slices.SortStableFunc(m.found[first:], func(a, b finding) int { return a.rank - b.rank })
	}
	m.slots = m.slots[:base]
	if m.ended() {
		return -1
	}
	return pos
}

// field reads one field of a struct on its way through the bytes.
func (m *machine) field(p *structProg, w byte, id int16, b []byte, base, depth int) int {
	i := p.index(id)
	if i < 0 {
		return m.skip(w, b)
	}
	f := &p.fields[i]
	if w != f.wire {
		return m.fail()
	}
	var n int
	if f.nested == nil {
		n = m.skip(w, b)
	} else {
		mark := len(m.found)
		m.path = append(m.path, segment{field: f.f})
		n = m.descend(f.nested, b, depth+1)
		m.path = m.path[:len(m.path)-1]
		for j := range m.found[mark:] {
			m.found[mark+j].rank = 2*i + 1
		}
	}
	if n >= 0 && f.slot >= 0 {
		m.slots[base+f.slot] = b[:n:n]
	}
	return n
}

func (m *machine) skip(w byte, b []byte) int {
	n, err := transcode.Skip(b, w)
	if err != nil {
		return m.fail()
	}
	return n
}

// fieldRules runs the rules written on a field.
func (m *machine) fieldRules(f *fieldProg, rank int) {
	raw := m.slots[m.base+f.slot]
	v, ok := fieldValue(f.f, f.optional, raw)
	if !ok {
		m.broken = true
		return
	}
	unset := raw == nil && f.f.Default == nil
	m.path = append(m.path, segment{field: f.f})
	m.tree(f.rules, v, unset, unset && f.optional, rank)
	m.path = m.path[:len(m.path)-1]
}

// fieldValue is what a rule sees of a field: what was sent, else the IDL's
// default, else nil or zero.
func fieldValue(f *transcode.Field, optional bool, raw []byte) (value, bool) {
	switch {
	case raw != nil:
		return decode(f.Type, raw)
	case f.Default != nil:
		return decode(f.Type, f.Default)
	case optional:
		return value{}, true
	default:
		return zero(f.Type), true
	}
}

func (m *machine) tree(t *ruleTree, v value, unset, skipped bool, rank int) {
	for i := range t.rules {
		r := &t.rules[i]
		if skipped && !r.onUnset || r.skipZero && v.isZero() {
			continue
		}
		m.self, m.unset = v, unset
		m.apply(r, rank)
	}
	if t.key == nil && t.elem == nil || v.kind != isRef {
		return
	}
	ok := each(v, func(key, elem value) bool {
		if v.t.Kind == transcode.Map {
			m.path = append(m.path, segment{key: key, keyT: v.t.Key, keys: t.keys})
		} else {
			m.path = append(m.path, segment{index: int(key.n)})
		}
		if t.key != nil {
			m.tree(t.key, key, false, false, rank)
		}
		if t.elem != nil {
			m.tree(t.elem, elem, false, false, rank)
		}
		m.path = m.path[:len(m.path)-1]
		return !m.ended()
	})
	m.broken = m.broken || !ok
}

// apply runs one rule. A condition that gives nil holds.
func (m *machine) apply(r *rule, rank int) {
	v := r.cond.eval(m)
	if v.kind == isNil || v.truth() || m.ended() {
		return
	}
	violation := transcode.Violation{Pointer: m.pointer(), Code: r.code}
	if r.msg != nil {
		violation.Detail = string(r.msg.eval(m).b)
	}
	if violation.Detail == "" {
		violation.Detail = r.detail.render(m)
	}
	violation.Detail = clip(violation.Detail)
	m.found = append(m.found, finding{violation, rank})
}

func (d detail) render(m *machine) string {
	var b strings.Builder
	for i, t := range d.texts {
		b.WriteString(t)
		if i < len(d.args) {
			b.WriteString(display(d.args[i].eval(m)))
		}
	}
	return b.String()
}

// pointer is the JSON pointer of the value under check.
func (m *machine) pointer() string {
	var b strings.Builder
	for i := range m.path {
		s := &m.path[i]
		b.WriteByte('/')
		switch {
		case s.field != nil:
			b.WriteString(pointerEscaper.Replace(s.field.JSON))
		case s.keyT == nil:
			b.WriteString(strconv.Itoa(s.index))
		case s.keyT.Kind == transcode.Binary:
			b.WriteString(pointerEscaper.Replace(clipTo(base64.StdEncoding.EncodeToString(head(s.key.b, maxToken)), maxToken)))
		case s.key.kind == isText:
			b.WriteString(pointerEscaper.Replace(clipTo(string(head(s.key.b, maxToken+1)), maxToken)))
		default:
			b.WriteString(pointerEscaper.Replace(clipTo(s.keyText(), maxToken)))
		}
	}
	return b.String()
}

// keyText is a key that is no text: as JSON where it has parts.
func (s *segment) keyText() string {
	if s.keys != nil {
		if text, err := s.keys.AppendJSON(nil, s.key.b); err == nil {
			return string(text)
		}
	}
	return display(s.key)
}

// pointerEscaper is RFC 6901.
var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

// maxDetail bounds a detail: authors' messages may quote what the client sent.
const maxDetail = 1024

// maxToken bounds a map's key within a pointer: all of it, in the pointers of
// many violations below it, would be a multiple of the message.
const maxToken = 128

// clip shortens s to maxDetail bytes of valid UTF-8.
func clip(s string) string { return clipTo(s, maxDetail) }

// head is b, or its first most bytes.
func head(b []byte, most int) []byte { return b[:min(len(b), most)] }

func clipTo(s string, most int) string {
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
