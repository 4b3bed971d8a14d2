package jsmodule

import (
	"slices"

	"github.com/dop251/goja"
)

// document is JSON text that JavaScript reads and edits as a value. The text
// is checked once; a field becomes a value when it is read, and edits are
// spliced into the text, so that whatever a module leaves alone keeps its
// bytes: order, spelling and all digits of numbers.
type document struct {
	rt      *vmRuntime
	epoch   uint64
	src     []byte
	bigints bool
	root    *docNode
	// dirty is set by edits; volatile when a plain object was assigned, which
	// may change without our knowing.
	dirty, volatile bool
}

// docNode is an object or array of a document, as a value: the Go side of a
// dynamic object, or of a dynamic array through docArray.
type docNode struct {
	doc        *document
	parent     *docNode
	start, end int // in doc.src
	depth      int
	isArray    bool
	indexed    bool
	// changed is set when a member below was edited, reshaped when members
	// came or went.
	changed, reshaped bool
	// repeated is set when the text has two members of one name: the last
	// counts.
	repeated bool

	members []docMember
	names   map[string]int // for objects of many members
	obj     *goja.Object
}

type docMember struct {
	name               string
	nameStart, nameEnd int // the name with its quotes; nameEnd is 0 for added members
	start, end         int
	// value is the member as a value once it was read or assigned.
	value    goja.Value
	node     *docNode // when value is a container of the same document
	assigned bool
	shadowed bool // a later member has the same name
}

// manyMembers is where an object gets a map of its names.
const manyMembers = 16

// newDocument checks data, whose value starts at start.
func newDocument(rt *vmRuntime, data []byte, start int, bigints bool) (*document, error) {
	doc := &document{rt: rt, epoch: rt.epoch, src: data, bigints: bigints}
	doc.root = &docNode{doc: doc, start: start, isArray: data[start] == '['}
	err := catchJSON(func() {
		p := doc.parser()
		doc.root.end = doc.root.index()
		if rest := p.space(doc.root.end); rest != len(data) {
			p.fail(rest, "text after the value")
		}
	})
	if err != nil {
		return nil, err
	}
	return doc, nil
}

func (d *document) parser() jsonParser { return jsonParser{rt: d.rt, src: d.src, bigints: d.bigints} }

func (d *document) edited() bool { return d.dirty || d.volatile }

// append writes the document with its edits.
func (d *document) append(dst []byte) []byte {
	e := jsonEncoder{rt: d.rt, buf: dst, bigints: true}
	e.buf = append(e.buf, d.src[:d.root.start]...)
	d.root.encode(&e)
	e.buf = append(e.buf, d.src[d.root.end:]...)
	d.dirty = false
	return e.buf
}

// index finds the members and returns the end of the container.
func (n *docNode) index() int {
	n.indexed = true
	p := n.doc.parser()
	i := p.space(n.start + 1)
	closing := byte('}')
	if n.isArray {
		closing = ']'
	}
	if i < len(p.src) && p.src[i] == closing {
		return i + 1
	}
	for {
		var m docMember
		if !n.isArray {
			m.nameStart = i
			m.nameEnd = p.skipString(i)
			m.name = p.text(m.nameStart, m.nameEnd)
			i = p.colon(m.nameEnd)
		}
		m.start = i
		m.end = p.skip(i, n.depth+1)
		n.add(m)
		var more bool
		if i, more = p.next(m.end, closing); !more {
			return i
		}
	}
}

// add appends a member, the last of its name.
func (n *docNode) add(m docMember) {
	if !n.isArray {
		if i := n.find(m.name); i >= 0 {
			n.members[i].shadowed = true
			n.repeated = true
		}
		if n.names == nil && len(n.members) == manyMembers {
			n.names = make(map[string]int, 2*manyMembers)
			for i, m := range n.members {
				n.names[m.name] = i
			}
		}
		if n.names != nil {
			n.names[m.name] = len(n.members)
		}
	}
	n.members = append(n.members, m)
}

func (n *docNode) find(name string) int {
	if n.names != nil {
		if i, ok := n.names[name]; ok {
			return i
		}
		return -1
	}
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].name == name {
			return i
		}
	}
	return -1
}

// ready makes the members known, in a living document.
func (n *docNode) ready() {
	n.doc.rt.checkEpoch(n.doc.epoch)
	if !n.indexed {
		n.index()
	}
}

// value is the node as JavaScript sees it.
func (n *docNode) value() *goja.Object {
	if n.obj == nil {
		rt := n.doc.rt
		if n.isArray {
			n.obj = rt.vm.NewDynamicArray((*docArray)(n))
			if n.parent == nil {
				must(n.obj.SetPrototype(rt.classes.docArray))
			}
		} else {
			n.obj = rt.vm.NewDynamicObject(n)
			must(n.obj.SetPrototype(rt.classes.doc))
		}
	}
	return n.obj
}

// member gives the value of a member.
func (n *docNode) member(i int) goja.Value {
	m := &n.members[i]
	if m.value == nil {
		p := n.doc.parser()
		if c := p.src[m.start]; c == '{' || c == '[' {
			m.node = &docNode{doc: n.doc, parent: n, start: m.start, end: m.end, depth: n.depth + 1, isArray: c == '['}
			m.value = m.node.value()
		} else {
			m.value = p.scalar(m.start, m.end)
		}
	}
	return m.value
}

// assign puts a value in place of a member.
func (n *docNode) assign(i int, v goja.Value) {
	m := &n.members[i]
	if m.assigned && m.value == v || m.node != nil && m.value == v {
		return
	}
	m.value, m.node, m.assigned = v, nil, true
	if o, ok := v.(*goja.Object); ok && docOf(o) == nil {
		n.doc.volatile = true
	}
	n.touch()
}

func (n *docNode) touch() {
	n.doc.dirty = true
	for ; n != nil && !n.changed; n = n.parent {
		n.changed = true
	}
}

// docOf gives the node behind a value, nil when it is none.
func docOf(o *goja.Object) *docNode {
	if n, ok := dynamic[*docNode](o); ok {
		return n
	}
	if a, ok := dynamic[*docArray](o); ok {
		return (*docNode)(a)
	}
	return nil
}

// encode writes the node: its own bytes where nothing was edited.
func (n *docNode) encode(e *jsonEncoder) {
	n.doc.rt.checkEpoch(n.doc.epoch)
	if !n.changed && !n.doc.volatile {
		e.raw(n.doc.src[n.start:n.end])
		return
	}
	if !n.indexed {
		e.raw(n.doc.src[n.start:n.end])
		return
	}
	e.enter()
	defer e.leave()
	if n.reshaped {
		n.encodeReshaped(e)
		return
	}
	at := n.start
	for i := range n.members {
		m := &n.members[i]
		if !m.assigned && m.node == nil {
			continue
		}
		e.raw(n.doc.src[at:m.start])
		n.encodeMember(e, m)
		at = m.end
	}
	e.raw(n.doc.src[at:n.end])
}

func (n *docNode) encodeReshaped(e *jsonEncoder) {
	opening, closing := byte('{'), byte('}')
	if n.isArray {
		opening, closing = '[', ']'
	}
	e.buf = append(e.buf, opening)
	first := true
	for i := range n.members {
		m := &n.members[i]
		if m.shadowed || m.assigned && !n.isArray && omitted(m.value) {
			continue
		}
		if !first {
			e.buf = append(e.buf, ',')
		}
		first = false
		if !n.isArray {
			if m.nameEnd > 0 {
				e.raw(n.doc.src[m.nameStart:m.nameEnd])
			} else {
				e.string(m.name)
			}
			e.buf = append(e.buf, ':')
		}
		n.encodeMember(e, m)
	}
	e.buf = append(e.buf, closing)
}

func (n *docNode) encodeMember(e *jsonEncoder, m *docMember) {
	switch {
	case m.node != nil:
		m.node.encode(e)
	case !m.assigned:
		e.raw(n.doc.src[m.start:m.end])
	case !e.value(m.value, m.name):
		e.raw([]byte("null"))
	}
}

// omitted says whether JSON leaves a member with that value out.
func omitted(v goja.Value) bool {
	if v == nil || goja.IsUndefined(v) {
		return true
	}
	if _, ok := v.(*goja.Symbol); ok {
		return true
	}
	return isFunction(v)
}

// text is the node as JSON text.
func (n *docNode) text() string {
	e := jsonEncoder{rt: n.doc.rt, bigints: true}
	n.encode(&e)
	return string(e.buf)
}

// Get implements goja.DynamicObject.
func (n *docNode) Get(key string) goja.Value {
	n.ready()
	if i := n.find(key); i >= 0 {
		return n.member(i)
	}
	return nil
}

// Set implements goja.DynamicObject. Setting undefined removes the member from
// the JSON, as JSON.stringify does.
func (n *docNode) Set(key string, v goja.Value) bool {
	n.ready()
	i := n.find(key)
	if i < 0 {
		i = len(n.members)
		n.add(docMember{name: key})
		n.reshaped = true
	}
	if n.repeated || omitted(v) {
		n.reshaped = true
	}
	n.assign(i, v)
	return true
}

// Has implements goja.DynamicObject.
func (n *docNode) Has(key string) bool {
	n.ready()
	return n.find(key) >= 0
}

// Delete implements goja.DynamicObject.
func (n *docNode) Delete(key string) bool {
	n.ready()
	if n.find(key) < 0 {
		return true
	}
	n.members = slices.DeleteFunc(n.members, func(m docMember) bool { return m.name == key })
	n.names = nil
	if len(n.members) > manyMembers {
		n.names = make(map[string]int, len(n.members))
		for i, m := range n.members {
			n.names[m.name] = i
		}
	}
	n.reshaped = true
	n.touch()
	return true
}

// Keys implements goja.DynamicObject.
func (n *docNode) Keys() []string {
	n.ready()
	keys := make([]string, 0, len(n.members))
	for _, m := range n.members {
		if !m.shadowed {
			keys = append(keys, m.name)
		}
	}
	return keys
}

// docArray is docNode as an array.
type docArray docNode

// Len implements goja.DynamicArray.
func (a *docArray) Len() int {
	n := (*docNode)(a)
	n.ready()
	return len(n.members)
}

// Get implements goja.DynamicArray.
func (a *docArray) Get(i int) goja.Value {
	n := (*docNode)(a)
	n.ready()
	if i < 0 || i >= len(n.members) {
		return nil
	}
	return n.member(i)
}

// Set implements goja.DynamicArray.
func (a *docArray) Set(i int, v goja.Value) bool {
	n := (*docNode)(a)
	n.ready()
	if i < 0 {
		return false
	}
	if i >= len(n.members) && !a.SetLen(i+1) {
		return false
	}
	n.assign(i, v)
	return true
}

// SetLen implements goja.DynamicArray.
func (a *docArray) SetLen(length int) bool {
	n := (*docNode)(a)
	n.ready()
	if length < 0 || length > maxArray {
		n.doc.rt.throwRange("an array of %d elements is too long", length)
	}
	if length == len(n.members) {
		return true
	}
	for len(n.members) < length {
		n.members = append(n.members, docMember{value: goja.Undefined(), assigned: true})
	}
	clear(n.members[length:])
	n.members = n.members[:length]
	n.reshaped = true
	n.touch()
	return true
}

// installDoc makes the prototypes of documents: toString gives the text.
func (rt *vmRuntime) installDoc() (object, array *goja.Object) {
	toString := rt.fn("toString", 0, func(c goja.FunctionCall) goja.Value {
		if o, ok := c.This.(*goja.Object); ok {
			if n := docOf(o); n != nil {
				return rt.newString(n.text())
			}
		}
		rt.throwType("toString of a JSON document was called on something else")
		return nil
	})
	object = rt.vm.NewObject()
	array = rt.vm.CreateObject(rt.global.arrayProto)
	for _, proto := range []*goja.Object{object, array} {
		must(proto.DefineDataProperty("toString", toString, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	return object, array
}
