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
	rt    *vmRuntime
	lines Headers
	// epoch binds it to a call; ownHeaders are never detached.
	epoch uint64
	bound bool
	// of is the request they belong to, nil for all others.
	of *requestObject
}

func (h *headersObject) live() Headers {
	if h.bound {
		h.rt.checkEpoch(h.epoch)
	}
	return h.lines
}

// editable is live for edits.
func (h *headersObject) editable() Headers {
	lines := h.live()
	h.of.edit()
	return lines
}

// get joins the lines of a name as the web does.
func (h *headersObject) get(name string) (value string, ok bool) {
	h.live().Header(name, func(v []byte) bool {
		if ok {
			value += ", "
		}
		value += text(v)
		ok = true
		return true
	})
	return value, ok
}

func (h *headersObject) set(name string, v goja.Value) {
	lines := h.editable()
	name = h.name(name)
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
	name = h.name(name)
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
	value := strings.Trim(v.String(), " \t\r\n")
	if strings.ContainsAny(value, "\r\n\x00") {
		h.rt.throwType("header %s: the value holds a line break or NUL", name)
	}
	// On the web a value is bytes. In messages of the gateway it may be UTF-8.
	if !h.bound && strings.ContainsFunc(value, func(r rune) bool { return r > 0xff }) {
		h.rt.throwType("header %s: the value holds characters beyond Latin-1", name)
	}
	return value
}

// isToken is the token of RFC 9110.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

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

// headerMethods are names that are functions, whatever headers there are: a
// client must not be able to take them away from a module.
var headerMethods = map[string]bool{
	"append": true, "delete": true, "get": true, "getSetCookie": true, "has": true, "set": true,
	"forEach": true, "keys": true, "values": true, "entries": true, "toJSON": true, "toString": true,
	"valueOf": true, "constructor": true, "hasOwnProperty": true, "isPrototypeOf": true,
	"propertyIsEnumerable": true, "toLocaleString": true, "__proto__": true, "then": true,
	"add": true,
}

// Get implements goja.DynamicObject.
func (h *headersObject) Get(key string) goja.Value {
	if headerMethods[key] {
		return nil
	}
	if v, ok := h.get(key); ok {
		return h.rt.newString(v)
	}
	return nil
}

// Set implements goja.DynamicObject.
func (h *headersObject) Set(key string, v goja.Value) bool {
	if v == nil { // Object.defineProperty without a value
		return false
	}
	if headerMethods[key] {
		return false
	}
	h.set(key, v)
	return true
}

// Has implements goja.DynamicObject.
func (h *headersObject) Has(key string) bool {
	return !headerMethods[key] && hasHeader(h.live(), key)
}

// Delete implements goja.DynamicObject.
func (h *headersObject) Delete(key string) bool {
	if !headerMethods[key] {
		h.editable().DelHeader(key)
	}
	return true
}

// Keys implements goja.DynamicObject.
func (h *headersObject) Keys() []string {
	var keys []string
	for _, l := range h.sorted() {
		if !headerMethods[l.name] && !slices.Contains(keys, l.name) {
			keys = append(keys, l.name)
		}
	}
	return keys
}

// headersOf makes the Headers of a message of the current call.
func (rt *vmRuntime) headersOf(lines Headers) *goja.Object {
	return rt.newHeaders(&headersObject{rt: rt, lines: lines, epoch: rt.epoch, bound: true})
}

func (rt *vmRuntime) newHeaders(h *headersObject) *goja.Object {
	o := rt.vm.NewDynamicObject(h)
	must(o.SetPrototype(rt.classes.headersClass().proto))
	return o
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
			h := receiver[*headersObject](rt, call, "Headers")
			if rt.need(call, n, name); n > 0 {
				h.name(call.Argument(0).String())
			}
			return f(h, call)
		})
	}
	method("get", 1, func(h *headersObject, call goja.FunctionCall) goja.Value {
		if v, ok := h.get(call.Argument(0).String()); ok {
			return rt.newString(v)
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
		lines := receiver[*headersObject](rt, call, "Headers").sorted()
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
