package validate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dgate/hertz-gateway/transcode"
)

// language is a set of the two languages of rules.
type language uint8

const (
	vd language = 1 << iota
	vt
)

// structKey names one compiled form of a type: what api.vd="-" and vt.skip
// switch off holds for everything below.
type structKey struct {
	t    *transcode.Type
	skip language
}

type compiler struct {
	rules       func(*transcode.Field) []Annotation
	structRules func(*transcode.Type) []Annotation
	structs     map[structKey]*structProg
	keys        map[*transcode.Type]*transcode.Codec
	problems    []Problem
	seen        map[Problem]bool
	scans       int
}

// fault is a mistake in an annotation's value.
type fault struct {
	offset  int
	message string
}

func faultAt(offset int, format string, args ...any) *fault {
	return &fault{offset, fmt.Sprintf(format, args...)}
}

// report takes a fault that costs its rule.
func (c *compiler) report(t *transcode.Type, f *transcode.Field, a Annotation, err *fault) {
	c.add(t, f, a, err, false)
}

// add takes a fault, once.
func (c *compiler) add(t *transcode.Type, f *transcode.Field, a Annotation, err *fault, harmless bool) {
	p := Problem{Field: f, Type: t, Key: a.Key, Offset: err.offset, Message: err.message, Harmless: harmless}
	if err.offset > 0 {
		p.Message = fmt.Sprintf("at %d: %s", err.offset+1, err.message)
	}
	if !c.seen[p] {
		c.seen[p] = true
		c.problems = append(c.problems, p)
	}
}

// walkOf compiles the way to the structs below t; nil when there are none.
func (c *compiler) walkOf(t *transcode.Type, skip language) *walk {
	switch {
	case t == nil:
		return nil
	case isStruct(t):
		return &walk{t: t, prog: c.structOf(t, skip)}
	case t.Kind == transcode.List || t.Kind == transcode.Set || t.Kind == transcode.Map:
		key, elem := c.walkOf(t.Key, skip), c.walkOf(t.Elem, skip)
		if key != nil || elem != nil {
			return &walk{t: t, key: key, elem: elem, keys: c.keyCodec(t)}
		}
	}
	return nil
}

// keyCodec writes the keys of a map t in pointers; nil where they are scalars.
func (c *compiler) keyCodec(t *transcode.Type) *transcode.Codec {
	if t.Kind != transcode.Map || t.Key.Kind < transcode.Struct {
		return nil
	}
	codec, ok := c.keys[t.Key]
	if !ok {
		codec, _ = transcode.Compile(t.Key, transcode.Options{}) // without it they look like Go
		c.keys[t.Key] = codec
	}
	return codec
}

// targets are the structs that walk leads to.
func (w *walk) targets(yield func(*structProg)) {
	switch {
	case w == nil:
	case w.prog != nil:
		yield(w.prog)
	default:
		w.key.targets(yield)
		w.elem.targets(yield)
	}
}

// prune drops ways that lead to nothing.
func prune(w *walk) *walk {
	if w == nil || w.prog != nil && w.prog.needed {
		return w
	}
	if w.key, w.elem = prune(w.key), prune(w.elem); w.key == nil && w.elem == nil {
		return nil
	}
	return w
}

func (c *compiler) structOf(t *transcode.Type, skip language) *structProg {
	key := structKey{t, skip}
	if p := c.structs[key]; p != nil {
		return p
	}
	p := &structProg{t: t}
	c.structs[key] = p
	s := &structScope{c: c, t: t, slots: map[*transcode.Field]int{}}
	for _, f := range t.Fields {
		fp := fieldProg{f: f, wire: f.Type.Kind.WireType(), optional: isOptional(t, f)}
		if !f.Hidden { // else nobody outside can set it, or put it right
			below := c.fieldRules(s, f, skip, &fp)
			fp.nested = c.walkOf(f.Type, below)
			fp.nested.targets(func(child *structProg) { child.parents = append(child.parents, p) })
		}
		p.needed = p.needed || fp.rules != nil
		p.fields = append(p.fields, fp)
	}
	if skip&vt == 0 {
		p.asserts = c.asserts(s)
		p.needed = p.needed || len(p.asserts) > 0
	}
	p.slots = len(s.slots)
	for i := range p.fields {
		slot, kept := s.slots[p.fields[i].f]
		if !kept {
			slot = -1
		}
		p.fields[i].slot = slot
	}
	return p
}

// fieldRules compiles the rules of one field, and gives what is skipped below it.
func (c *compiler) fieldRules(s *structScope, f *transcode.Field, skip language, fp *fieldProg) language {
	var own []rule
	var vts []Annotation
	below := skip
	for _, a := range c.rules(f) {
		a.Key = strings.ToLower(a.Key)
		switch {
		case a.Key == "api.vd":
			s.notes = nil
			r, omit, err := compileVD(s, f, a.Value)
			if err != nil {
				c.report(s.t, f, a, err)
			} else {
				for _, n := range s.notes {
					c.add(s.t, f, a, n, true)
				}
			}
			if r != nil && skip&vd == 0 {
				own = append(own, *r)
			}
			if omit {
				below |= vd
			}
		case strings.HasPrefix(a.Key, "vt."):
			vts = append(vts, a)
		}
	}
	tree := &ruleTree{t: f.Type, keys: c.keyCodec(f.Type)}
	if c.compileVT(s, f, vts, tree) {
		below |= vt
	}
	if skip&vt != 0 {
		tree = &ruleTree{t: f.Type}
	}
	tree.rules = append(own, tree.rules...)
	if !tree.empty() {
		s.slot(f)
		fp.rules = tree
	}
	return below
}

func (t *ruleTree) empty() bool {
	return t == nil || len(t.rules) == 0 && t.key.empty() && t.elem.empty()
}

// finish finds out which structs have anything to check in or below them, and
// drops all else.
func (c *compiler) finish() {
	var queue []*structProg
	for _, p := range c.structs {
		if p.needed {
			queue = append(queue, p)
		}
	}
	for len(queue) > 0 {
		p := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, parent := range p.parents {
			if !parent.needed {
				parent.needed = true
				queue = append(queue, parent)
			}
		}
	}
	for p := range maps.Values(c.structs) {
		for i := range p.fields {
			p.fields[i].nested = prune(p.fields[i].nested)
		}
		p.fields = slices.DeleteFunc(p.fields, func(f fieldProg) bool {
			return f.rules == nil && f.nested == nil && f.slot < 0
		})
		p.indexFields()
		p.parents = nil
	}
}

// structScope is what the rules of one struct can name.
type structScope struct {
	c     *compiler
	t     *transcode.Type
	slots map[*transcode.Field]int
	notes []*fault // harmless ones of the expression being compiled
}

// slot gives f a place in the frame.
func (s *structScope) slot(f *transcode.Field) int {
	n, ok := s.slots[f]
	if !ok {
		n = len(s.slots)
		s.slots[f] = n
	}
	return n
}

// sibling is a reference to a field of the struct.
func (s *structScope) sibling(f *transcode.Field) operand {
	return operand{
		node:  &sibling{slot: s.slot(f), f: f, optional: isOptional(s.t, f)},
		class: classOf(f.Type), t: f.Type,
	}
}

// class is what the compiler knows of an operand's kind.
type class uint8

const (
	nilClass class = iota
	boolClass
	numberClass
	textClass
	listClass
	mapClass
	structClass
)

func (c class) String() string {
	return [...]string{"nil", "a bool", "a number", "a text", "a list", "a map", "a struct"}[c]
}

// hasTruth reports whether ! && || can ask a value for its truth.
func (c class) hasTruth() bool { return c <= textClass }

func classOf(t *transcode.Type) class {
	switch t.Kind {
	case transcode.Bool:
		return boolClass
	case transcode.String, transcode.Binary, transcode.UUID:
		return textClass
	case transcode.List, transcode.Set:
		return listClass
	case transcode.Map:
		return mapClass
	case transcode.Struct, transcode.Union, transcode.Exception:
		return structClass
	default:
		return numberClass
	}
}

// operand is a compiled part of a rule.
type operand struct {
	node  node
	class class
	t     *transcode.Type // of a container or struct
	pos   int
}

// literal gives the value of an operand that is one.
func (o operand) literal() (value, bool) {
	c, ok := o.node.(*constant)
	if !ok {
		return value{}, false
	}
	return c.v, true
}
