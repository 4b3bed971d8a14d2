package jsmodule

import (
	"slices"
	"unsafe"

	"github.com/dop251/goja"
)

// message is what request and response have in common.
type message interface {
	Headers
	Body() ([]byte, error)
	SetBody(contentType string, body []byte)
}

// body is the body of a message while hooks look at it. Edits are kept here
// and handed over by flush at the end of each hook.
type body struct {
	rt  *vmRuntime
	msg message

	// next is the new body when edited is set.
	next        []byte
	edited      bool
	contentType string
	// of is the request it belongs to, nil for a response's.
	of *requestObject
	// doc is the JSON document over the body, once somebody asked for it.
	doc *document
}

// bytes gives the body as it stands, edits included. The slice is only read.
func (b *body) bytes() []byte {
	b.splice()
	if b.edited {
		return b.next
	}
	data, err := b.msg.Body()
	if err != nil {
		b.rt.throwType("the body cannot be read: %v", err)
	}
	return data
}

// set replaces the body. data belongs to it from now on.
func (b *body) set(contentType string, data []byte) {
	b.of.edit()
	if len(data) > maxText {
		b.rt.throwRange("a body of %d bytes is too large", len(data))
	}
	b.doc = nil
	b.next, b.edited = data, true
	if contentType != "" {
		b.contentType = contentType
	}
}

// add appends to the body.
func (b *body) add(data []byte) {
	before := b.bytes()
	if !b.edited {
		before = slices.Clone(before)
	}
	b.set("", append(before, data...))
}

// leaveDocument cuts a document off the body that it was read from: it keeps a
// copy of the bytes, since the body may be another from now on.
func (b *body) leaveDocument() {
	if b.doc != nil {
		b.doc.src = slices.Clone(b.doc.src)
		b.doc = nil
	}
}

// splice applies the edits of the document.
func (b *body) splice() {
	if b.doc == nil || !b.doc.edited() || b.doc.frozen != "" {
		return
	}
	b.next = b.doc.encode()
	b.edited = true
	if b.contentType == "" && !hasHeader(b.msg, "Content-Type") {
		b.contentType = mimeJSON
	}
}

// flush hands the edits over to the message.
func (b *body) flush() error {
	if b.msg == nil {
		return nil
	}
	b.splice()
	if b.edited {
		if b.doc != nil && unsafe.SliceData(b.doc.src) == unsafe.SliceData(b.next) {
			b.doc.src = slices.Clone(b.doc.src) // next changes hands
		}
		b.msg.SetBody(b.contentType, b.next)
		b.next, b.edited, b.contentType = nil, false, ""
	}
	return nil
}

// json gives the body as a value: objects and arrays as a live document whose
// edits change the body.
func (b *body) json(bigints bool) goja.Value {
	if b.doc != nil && b.doc.bigints == bigints {
		return b.doc.root.value()
	}
	data := b.bytes()
	b.doc = nil
	p := jsonParser{rt: b.rt, src: data, bigints: bigints}
	start := p.space(0)
	if start == len(data) {
		b.rt.throwSyntax("the body is empty, not JSON")
	}
	if c := data[start]; c != '{' && c != '[' {
		return p.whole()
	}
	doc, err := newDocument(b.rt, data, start, bigints)
	if err != nil {
		b.rt.throwSyntax("%v", err)
	}
	b.doc = doc
	return doc.root.value()
}

// value is what `body` shows: a document for JSON objects and arrays, text for
// the rest.
func (b *body) value() goja.Value {
	data := b.bytes()
	p := jsonParser{src: data}
	if start := p.space(0); start < len(data) && (data[start] == '{' || data[start] == '[') {
		if b.doc != nil {
			return b.doc.root.value()
		}
		if doc, err := newDocument(b.rt, data, start, false); err == nil {
			b.doc = doc
			return doc.root.value()
		}
	}
	return b.rt.newString(string(data))
}

const (
	mimeJSON = "application/json"
	mimeText = "text/plain; charset=utf-8"
	mimeForm = "application/x-www-form-urlencoded;charset=UTF-8"
)

// put replaces the body by a value of JavaScript: text and bytes as they are,
// objects as JSON. A content type is set where the message has none.
func (b *body) put(v goja.Value) {
	data, contentType := b.rt.encodeBody(v)
	if contentType != "" && hasHeader(b.msg, "Content-Type") {
		contentType = ""
	}
	b.set(contentType, data)
}

// putJSON replaces the body by the JSON of v.
func (b *body) putJSON(v goja.Value) {
	b.set(mimeJSON, b.rt.marshal(v))
}

// encodeBody gives the bytes of a body and the content type that goes with
// them, empty for bytes.
func (rt *vmRuntime) encodeBody(v goja.Value) (data []byte, contentType string) {
	if data, ok := rt.bytesOf(v); ok {
		if _, isString := v.(goja.String); isString {
			contentType = mimeText
		}
		return data, contentType
	}
	if o, ok := v.(*goja.Object); ok {
		if q, ok := dynamic[*queryObject](o); ok {
			return []byte(q.encode()), mimeForm
		}
		return rt.marshal(v), mimeJSON
	}
	return []byte(v.String()), mimeText
}

// marshal gives the JSON of v as it goes over the wire: BigInts as integers.
func (rt *vmRuntime) marshal(v goja.Value) []byte {
	e := jsonEncoder{rt: rt, bigints: true}
	if !e.value(v, "") {
		return []byte("null")
	}
	return e.buf
}

func hasHeader(h Headers, name string) bool {
	found := false
	h.Header(name, func([]byte) bool { found = true; return false })
	return found
}
