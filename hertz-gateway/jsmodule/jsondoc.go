package jsmodule

import (
	"math"

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
	root    *docNode // nil once the session has ended
	top     docNode
	// dirty is set by edits; volatile when an object was assigned, which
	// may change without our knowing.
	dirty, volatile bool
	// frozen says why it is too late for edits, empty while it is not.
	frozen string
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
	// edits are what became of members that were read or written.
	edits []docEdit
	// names finds members of large objects; it is made when it pays.
	names   map[string]int
	lookups int
	obj     *goja.Object
}

// docMember is where a member stands in the text. It has no pointers: there may
// be many, and the garbage collector need not look at them.
type docMember struct {
	nameStart, nameEnd int32 // the name with its quotes
	start, end         int32
	edit               int32 // what became of it: the place in edits, plus one
	escaped            bool  // the name is not what its bytes are
}

// docEdit is a member that was read or written.
type docEdit struct {
	// name is for members that are not in the text.
	name     string
	value    goja.Value
	node     *docNode // when value is a container of the same document
	assigned bool
	added    bool
}

const (
	// manyMembers and manyLookups are where an object gets a map of names.
	manyMembers = 32
	manyLookups = 8
	// maxDocument is what positions in documents can express.
	maxDocument = math.MaxInt32
	// keepMembers is how much room for members is kept for the next document.
	keepMembers = 4096
)

// newDocument checks data, whose value starts at start.
func newDocument(rt *vmRuntime, data []byte, start int, bigints bool) (*document, error) {
	if len(data) > maxDocument {
		return nil, &jsonError{reason: "too long"}
	}
	doc := &document{rt: rt, epoch: rt.epoch, src: data, bigints: bigints}
	doc.top = docNode{doc: doc, start: start, end: len(data), isArray: data[start] == '['}
	doc.top.members, rt.spareMembers = rt.spareMembers, nil
	doc.root = &doc.top
	rt.docs = append(rt.docs, doc)
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

// detach lets the text go at the end of the session, since a module may keep
// the values, which throw from now on.
func (d *document) detach() {
	n := &d.top
	if room := cap(n.members); room <= keepMembers && room > cap(d.rt.spareMembers) {
		d.rt.spareMembers = n.members[:0]
	}
	n.members, n.edits, n.names, n.obj = nil, nil, nil, nil
	d.src, d.root = nil, nil
}

func (d *document) parser() jsonParser { return jsonParser{rt: d.rt, src: d.src, bigints: d.bigints} }

func (d *document) edited() bool { return d.dirty || d.volatile }

// encode writes the document with its edits.
func (d *document) encode() []byte {
	e := jsonEncoder{rt: d.rt, buf: make([]byte, 0, len(d.src)+128), bigints: true}
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
	members := n.members[:0]
	if members == nil {
		members = make([]docMember, 0, min(256, (n.end-n.start)/64+4))
	}
	for {
		var m docMember
		if !n.isArray {
			end := p.skipString(i)
			m.nameStart, m.nameEnd = int32(i), int32(end)
			m.escaped = !isPlain(p.src[i+1 : end-1])
			i = p.colon(end)
		}
		end := p.skip(i, n.depth+1)
		m.start, m.end = int32(i), int32(end)
		members = append(members, m)
		var more bool
		if i, more = p.next(end, closing); !more {
			n.members = members
			return i
		}
	}
}

// edit is what became of a member, nil when nothing did. It is good until the
// next call of change.
func (n *docNode) edit(m *docMember) *docEdit {
	if m.edit == 0 {
		return nil
	}
	return &n.edits[m.edit-1]
}

// change is edit for one that is to come.
func (n *docNode) change(m *docMember) *docEdit {
	if m.edit == 0 {
		n.edits = append(n.edits, docEdit{})
		m.edit = int32(len(n.edits))
	}
	return n.edit(m)
}

// add makes a member that the text does not have.
func (n *docNode) add(e docEdit) int {
	e.added = true
	n.edits = append(n.edits, e)
	n.members = append(n.members, docMember{edit: int32(len(n.edits))})
	return len(n.members) - 1
}

// added is the edit that made a member which the text does not have, else nil.
func (n *docNode) added(m *docMember) *docEdit {
	if e := n.edit(m); e != nil && e.added {
		return e
	}
	return nil
}

// nameOf decodes the name of a member.
func (n *docNode) nameOf(m *docMember) string {
	if e := n.added(m); e != nil {
		return e.name
	}
	p := n.doc.parser()
	return p.text(int(m.nameStart), int(m.nameEnd))
}

func (n *docNode) is(m *docMember, name string) bool {
	if m.escaped || n.added(m) != nil {
		return n.nameOf(m) == name
	}
	return string(n.doc.src[m.nameStart+1:m.nameEnd-1]) == name
}

// find gives the last member of a name, or -1.
func (n *docNode) find(name string) int {
	if n.names == nil && len(n.members) > manyMembers {
		if n.lookups++; n.lookups > manyLookups {
			n.makeNames()
		}
	}
	if n.names != nil {
		if i, ok := n.names[name]; ok {
			return i
		}
		return -1
	}
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.is(&n.members[i], name) {
			return i
		}
	}
	return -1
}

func (n *docNode) makeNames() {
	n.names = make(map[string]int, len(n.members))
	for i := range n.members {
		n.names[n.nameOf(&n.members[i])] = i
	}
	n.repeated = len(n.names) < len(n.members)
}

// shadowed says whether a later member has the same name.
func (n *docNode) shadowed(i int) bool {
	return !n.isArray && n.repeated && n.find(n.nameOf(&n.members[i])) != i
}

// checkRepeats finds out whether a name stands twice in the text.
func (n *docNode) checkRepeats() {
	if n.names == nil {
		n.makeNames()
	}
}

// ready makes the members known, in a living document.
func (n *docNode) ready() {
	n.doc.rt.checkEpoch(n.doc.epoch)
	if !n.indexed {
		n.index()
	}
}

// editable is ready for edits.
func (n *docNode) editable() {
	n.ready()
	if n.doc.frozen != "" {
		n.doc.rt.throwType("%s", n.doc.frozen)
	}
}

// value is the node as JavaScript sees it.
func (n *docNode) value() *goja.Object {
	if n.obj == nil {
		rt := n.doc.rt
		if rt.classes.doc == nil {
			rt.classes.doc, rt.classes.docArray = rt.installDoc()
		}
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
	if e := n.edit(m); e != nil {
		return e.value
	}
	p := n.doc.parser()
	var e docEdit
	if c := p.src[m.start]; c == '{' || c == '[' {
		e.node = &docNode{doc: n.doc, parent: n, start: int(m.start), end: int(m.end), depth: n.depth + 1, isArray: c == '['}
		e.value = e.node.value()
	} else {
		e.value = p.scalar(int(m.start), int(m.end))
	}
	*n.change(m) = e
	return e.value
}

// assign puts a value in place of a member.
func (n *docNode) assign(i int, v goja.Value) {
	e := n.change(&n.members[i])
	if e.node != nil && e.value == v {
		return
	}
	e.value, e.node, e.assigned = v, nil, true
	if _, ok := v.(*goja.Object); ok {
		n.doc.volatile = true
	}
	n.touch()
}

// touch notes an edit. A node that is part of another value by now is written
// with it.
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
		edit := n.edit(m)
		if edit == nil || !edit.assigned && edit.node == nil {
			continue
		}
		e.raw(n.doc.src[at:m.start])
		n.encodeMember(e, m)
		at = int(m.end)
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
		edit := n.edit(m)
		if !n.isArray && edit != nil && edit.assigned && omitted(edit.value) || n.shadowed(i) {
			continue
		}
		if !first {
			e.buf = append(e.buf, ',')
		}
		first = false
		if !n.isArray {
			if edit != nil && edit.added {
				e.string(edit.name)
			} else {
				e.raw(n.doc.src[m.nameStart:m.nameEnd])
			}
			e.buf = append(e.buf, ':')
		}
		n.encodeMember(e, m)
	}
	e.buf = append(e.buf, closing)
}

func (n *docNode) encodeMember(e *jsonEncoder, m *docMember) {
	edit := n.edit(m)
	switch {
	case edit == nil || !edit.assigned && edit.node == nil:
		e.raw(n.doc.src[m.start:m.end])
	case edit.node != nil:
		edit.node.encode(e)
	case !e.value(edit.value, edit.name):
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
	if v == nil { // Object.defineProperty without a value
		v = goja.Undefined()
	}
	n.editable()
	i := n.find(key)
	switch {
	case i < 0:
		i = n.grow(key)
	case !n.reshaped && n.shadowing(i, key), omitted(v):
		n.reshaped = true
	}
	n.assign(i, v)
	return true
}

// grow appends a member of a new name.
func (n *docNode) grow(name string) int {
	i := n.add(docEdit{name: name})
	if n.names != nil {
		n.names[name] = i
	}
	if !n.reshaped {
		n.checkRepeats()
		n.reshaped = true
	}
	return i
}

// shadowing says whether an earlier member has the name of member i.
func (n *docNode) shadowing(i int, name string) bool {
	if n.names != nil {
		return n.repeated
	}
	for k := range n.members[:i] {
		if n.is(&n.members[k], name) {
			n.checkRepeats()
			return true
		}
	}
	return false
}

// Has implements goja.DynamicObject.
func (n *docNode) Has(key string) bool {
	n.ready()
	return n.find(key) >= 0
}

// Delete implements goja.DynamicObject.
func (n *docNode) Delete(key string) bool {
	n.editable()
	if n.find(key) < 0 {
		return true
	}
	kept := n.members[:0]
	for i := range n.members {
		if m := &n.members[i]; !n.is(m, key) {
			kept = append(kept, *m)
		}
	}
	n.members = kept
	n.reshaped = true
	n.makeNames()
	n.touch()
	return true
}

// Keys implements goja.DynamicObject.
func (n *docNode) Keys() []string {
	n.ready()
	n.checkRepeats()
	keys := make([]string, 0, len(n.members))
	for i := range n.members {
		if !n.shadowed(i) {
			keys = append(keys, n.nameOf(&n.members[i]))
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
	if v == nil { // Object.defineProperty without a value
		v = goja.Undefined()
	}
	n := (*docNode)(a)
	n.editable()
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
	n.editable()
	if length < 0 || length > maxArray {
		n.doc.rt.throwRange("an array of %d elements is too long", length)
	}
	if length == len(n.members) {
		return true
	}
	for len(n.members) < length {
		n.add(docEdit{value: goja.Undefined(), assigned: true})
	}
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
	array = rt.vm.CreateObject(rt.builtin("Array.prototype"))
	for _, proto := range []*goja.Object{object, array} {
		must(proto.DefineDataProperty("toString", toString, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	return object, array
}
