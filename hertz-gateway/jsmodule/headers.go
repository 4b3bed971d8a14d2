package jsmodule

import (
	"slices"
	"sort"
	"strings"

	"github.com/dop251/goja"
)

// headersObject is the Go side of a Headers object: over a message, or over a
// list of its own. It can be indexed by names, unless a function has the name.
type headersObject struct {
	rt *vmRuntime
	of headersOwner
	// lines are its own, nil for those of a message, epoch is that of the call
	// of the message.
	lines Headers
	epoch uint64
}

// headersOwner is the message whose headers a headersObject shows.
type headersOwner uint8

const (
	ownHeaders headersOwner = iota // of none: they are never detached
	requestHeaders
	responseHeaders
)

// boundHeaders are the Headers of a message of the current call.
type boundHeaders struct {
	obj  *goja.Object
	side *headersObject
}

// in gives the Headers of a message of the current call, one object for each.
func (b *boundHeaders) in(rt *vmRuntime, of headersOwner) *boundHeaders {
	if b.obj == nil {
		b.side = rt.headers.next()
		*b.side = headersObject{rt: rt, of: of, epoch: rt.epoch}
		b.obj = rt.newHeaders(b.side)
	}
	return b
}

func (h *headersObject) live() Headers {
	if h.of == ownHeaders {
		return h.lines
	}
	h.rt.checkEpoch(h.epoch)
	call := h.rt.live().call
	if h.of == requestHeaders {
		return call.Request
	}
	return call.Response
}

// editable is live for edits.
func (h *headersObject) editable() Headers {
	lines := h.live()
	if h.of == requestHeaders {
		h.rt.request.edit()
	}
	return lines
}

// get joins the lines of a name as the web does; it is nil when there is none.
func (h *headersObject) get(name string) goja.Value {
	r := &h.rt.reading
	r.lines = 0
	if r.yield == nil {
		r.yield = r.take
	}
	h.live().Header(name, r.yield)
	switch first := r.first; r.lines {
	case 0:
		return nil
	case 1:
		r.first = nil
		return h.rt.textOf(first)
	}
	return h.rt.newString(r.joined)
}

// headerReading collects the lines of a name.
type headerReading struct {
	lines  int
	first  []byte
	joined string // of more than one
	yield  func([]byte) bool
}

func (r *headerReading) take(v []byte) bool {
	switch r.lines++; r.lines {
	case 1:
		r.first = v
		return true
	case 2:
		r.joined, r.first = text(r.first), nil
	}
	r.joined += ", " + text(v)
	return true
}

// set replaces the lines of a name, which is one.
func (h *headersObject) set(name string, v goja.Value) {
	lines := h.editable()
	if o, ok := v.(*goja.Object); ok && h.rt.isArray(o) {
		values := h.rt.list(o)
		lines.DelHeader(name)
		for _, v := range values {
			h.append(name, v)
		}
		return
	}
	if isNil(v) {
		lines.DelHeader(name)
		return
	}
	if err := lines.SetHeader(name, h.value(name, v)); err != nil {
		h.rt.throwType("header %s: %v", name, err)
	}
}

func (h *headersObject) append(name string, v goja.Value) {
	if err := h.editable().AddHeader(name, h.value(name, v)); err != nil {
		h.rt.throwType("header %s: %v", name, err)
	}
}

// name checks that a header can have that name.
func (h *headersObject) name(name string) string {
	if !isToken(name) {
		h.rt.throwType("%q cannot be the name of a header", name)
	}
	return name
}

func (h *headersObject) value(name string, v goja.Value) string {
	value := v.String()
	if !isTrimmed(value) {
		if value = strings.Trim(value, " \t\r\n"); strings.ContainsAny(value, "\r\n\x00") {
			h.rt.throwType("header %s: the value holds a line break or NUL", name)
		}
	}
	// On the web a value is bytes. In messages of the gateway it may be UTF-8.
	if h.of == ownHeaders && strings.ContainsFunc(value, func(r rune) bool { return r > 0xff }) {
		h.rt.throwType("header %s: the value holds characters beyond Latin-1", name)
	}
	return value
}

// isTrimmed says whether a header can have the value as it is.
func isTrimmed(s string) bool {
	if s == "" || s[0] <= ' ' || s[len(s)-1] <= ' ' {
		return s == ""
	}
	for i := range len(s) {
		if s[i] < ' ' {
			return false
		}
	}
	return true
}

// isToken is the token of RFC 9110.
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenBytes[s[i]] {
			return false
		}
	}
	return s != ""
}

var tokenBytes = func() (table [256]bool) {
	for c := '!'; c < 0x7f; c++ {
		table[c] = !strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	}
	return table
}()

type headerLine struct{ name, value string }

// sorted lists the headers as iteration does: names in lower case and in
// order, lines of a name joined, but for Set-Cookie.
func (h *headersObject) sorted() []headerLine {
	var list []headerLine
	h.live().EachHeader(func(name, value []byte) bool {
		list = append(list, headerLine{strings.ToLower(string(name)), text(value)})
		return true
	})
	sort.SliceStable(list, func(i, j int) bool { return list[i].name < list[j].name })
	merged := list[:0]
	for _, l := range list {
		if n := len(merged); n > 0 && merged[n-1].name == l.name && l.name != "set-cookie" {
			merged[n-1].value += ", " + l.value
			continue
		}
		merged = append(merged, l)
	}
	return merged
}

// isHeaderMethod knows the names that are functions, whatever headers there
// are: a client must not be able to take them away from a module.
func isHeaderMethod(name string) bool {
	switch name {
	case "append", "delete", "get", "getSetCookie", "has", "set",
		"forEach", "keys", "values", "entries", "toJSON", "toString",
		"valueOf", "constructor", "hasOwnProperty", "isPrototypeOf",
		"propertyIsEnumerable", "toLocaleString", "__proto__", "then",
		"add":
		return true
	}
	return false
}

// Get implements goja.DynamicObject.
func (h *headersObject) Get(key string) goja.Value {
	if isHeaderMethod(key) {
		return nil
	}
	return h.get(key)
}

// Set implements goja.DynamicObject.
func (h *headersObject) Set(key string, v goja.Value) bool {
	if v == nil { // Object.defineProperty without a value
		return false
	}
	if isHeaderMethod(key) {
		return false
	}
	h.set(h.name(key), v)
	return true
}

// Has implements goja.DynamicObject.
func (h *headersObject) Has(key string) bool {
	return !isHeaderMethod(key) && hasHeader(h.live(), key)
}

// Delete implements goja.DynamicObject.
func (h *headersObject) Delete(key string) bool {
	if !isHeaderMethod(key) {
		h.editable().DelHeader(key)
	}
	return true
}

// Keys implements goja.DynamicObject.
func (h *headersObject) Keys() []string {
	var keys []string
	for _, l := range h.sorted() {
		if !isHeaderMethod(l.name) && !slices.Contains(keys, l.name) {
			keys = append(keys, l.name)
		}
	}
	return keys
}

func (rt *vmRuntime) newHeaders(h *headersObject) *goja.Object {
	o := rt.vm.NewDynamicObject(h)
	must(o.SetPrototype(rt.classes.headersClass().proto))
	return o
}

// headersReceiver is the Go side of `this`. The usual ones are found by what
// they are, which costs less than to ask them.
func (rt *vmRuntime) headersReceiver(call goja.FunctionCall) *headersObject {
	if o, ok := call.This.(*goja.Object); ok {
		switch o {
		case rt.request.headers.obj:
			return rt.request.headers.side
		case rt.response.headers.obj:
			return rt.response.headers.side
		}
	}
	return receiver[*headersObject](rt, call, "Headers")
}

// fillHeaders takes what the web takes for headers: Headers, pairs, an object.
func (rt *vmRuntime) fillHeaders(h *headersObject, init goja.Value) {
	if init == nil || goja.IsUndefined(init) {
		return
	}
	o, ok := init.(*goja.Object)
	if !ok {
		rt.throwType("headers must be an object")
	}
	if from, ok := dynamic[*headersObject](o); ok {
		for _, l := range from.sorted() {
			must(h.editable().AddHeader(l.name, l.value))
		}
		return
	}
	rt.eachPair(o, "Headers", func(name string, value goja.Value) {
		name = h.name(name)
		list, ok := value.(*goja.Object)
		switch {
		case ok && rt.isArray(list):
			for _, v := range rt.list(list) {
				h.append(name, v)
			}
		case !isNil(value):
			h.append(name, value)
		}
	})
}

// makeHeaders makes the class Headers.
func (rt *vmRuntime) makeHeaders() *class {
	c := rt.newClass("Headers", func(args []goja.Value) goja.DynamicObject {
		h := &headersObject{rt: rt, lines: &headerList{}}
		if len(args) > 0 {
			rt.fillHeaders(h, args[0])
		}
		return h
	})
	method := func(name string, n int, f func(*headersObject, goja.FunctionCall) goja.Value) {
		if name != "toJSON" && !rt.reaches(name) {
			return
		}
		rt.method(c.proto, name, n, func(call goja.FunctionCall) goja.Value {
			h := rt.headersReceiver(call)
			if rt.need(call, n, name); n > 0 {
				h.name(call.Argument(0).String())
			}
			return f(h, call)
		})
	}
	method("get", 1, func(h *headersObject, call goja.FunctionCall) goja.Value {
		if v := h.get(call.Argument(0).String()); v != nil {
			return v
		}
		return goja.Null()
	})
	method("has", 1, func(h *headersObject, call goja.FunctionCall) goja.Value {
		return rt.vm.ToValue(hasHeader(h.live(), call.Argument(0).String()))
	})
	method("set", 2, func(h *headersObject, call goja.FunctionCall) goja.Value {
		h.set(call.Argument(0).String(), call.Argument(1))
		return goja.Undefined()
	})
	for _, name := range []string{"append", "add"} {
		method(name, 2, func(h *headersObject, call goja.FunctionCall) goja.Value {
			h.append(call.Argument(0).String(), call.Argument(1))
			return goja.Undefined()
		})
	}
	method("delete", 1, func(h *headersObject, call goja.FunctionCall) goja.Value {
		h.editable().DelHeader(call.Argument(0).String())
		return goja.Undefined()
	})
	method("getSetCookie", 0, func(h *headersObject, _ goja.FunctionCall) goja.Value {
		var values []goja.Value
		h.live().Header("Set-Cookie", func(v []byte) bool {
			values = append(values, rt.newString(text(v)))
			return true
		})
		return rt.array(values)
	})
	method("toJSON", 0, func(h *headersObject, _ goja.FunctionCall) goja.Value { return h.plain() })
	rt.pairMethods(c.proto, "Headers", func(call goja.FunctionCall) pairSource {
		lines := rt.headersReceiver(call).sorted()
		return func(i int) (headerLine, bool) {
			if i >= len(lines) {
				return headerLine{}, false
			}
			return lines[i], true
		}
	})
	return c
}

// plain gives the headers as an ordinary object.
func (h *headersObject) plain() *goja.Object {
	o := h.rt.vm.NewObject()
	for _, l := range h.sorted() {
		if before := o.Get(l.name); before != nil && l.name == "set-cookie" {
			l.value = before.String() + ", " + l.value
		}
		own(o, l.name, h.rt.newString(l.value))
	}
	return o
}

// headerList is the store of Headers that belong to no message.
type headerList struct{ list []headerLine }

func (l *headerList) Header(name string, yield func([]byte) bool) {
	for _, h := range l.list {
		if strings.EqualFold(h.name, name) && !yield([]byte(h.value)) {
			return
		}
	}
}

func (l *headerList) EachHeader(yield func(name, value []byte) bool) {
	for _, h := range l.list {
		if !yield([]byte(h.name), []byte(h.value)) {
			return
		}
	}
}

func (l *headerList) SetHeader(name, value string) error {
	for i, h := range l.list {
		if strings.EqualFold(h.name, name) {
			l.list[i].value = value
			rest := slices.DeleteFunc(l.list[i+1:], func(h headerLine) bool { return strings.EqualFold(h.name, name) })
			l.list = l.list[:i+1+len(rest)]
			return nil
		}
	}
	return l.AddHeader(name, value)
}

func (l *headerList) AddHeader(name, value string) error {
	l.list = append(l.list, headerLine{name, value})
	return nil
}

func (l *headerList) DelHeader(name string) {
	l.list = slices.DeleteFunc(l.list, func(h headerLine) bool { return strings.EqualFold(h.name, name) })
}
