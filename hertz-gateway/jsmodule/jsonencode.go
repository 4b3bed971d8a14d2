package jsmodule

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// jsonEncoder writes values as JSON.stringify does, documents by their bytes.
type jsonEncoder struct {
	rt  *vmRuntime
	buf []byte
	// bigints writes BigInts as integers, where the standard throws.
	bigints bool
	// indent is what JSON.stringify's third argument asks for, replace and
	// only its second.
	indent  string
	replace goja.Callable
	only    []string
	// compact drops the space of documents.
	compact bool

	depth int
	level int
	steps int
	// path holds the plain objects being written, to see cycles.
	path []*goja.Object
}

func (e *jsonEncoder) enter() {
	if e.depth++; e.depth > maxJSONDepth {
		e.rt.throwRange("JSON: nested too deeply, or a cycle")
	}
	e.check()
}

func (e *jsonEncoder) leave() { e.depth-- }

// check bounds the output and notices that the time is up.
func (e *jsonEncoder) check() {
	if len(e.buf) > maxText {
		e.rt.throwRange("JSON: the text is too long")
	}
	if e.steps++; e.steps&0xff == 0 {
		e.rt.checkTime()
	}
}

// raw writes JSON text.
func (e *jsonEncoder) raw(b []byte) {
	if !e.compact {
		e.buf = append(e.buf, b...)
		return
	}
	for i := 0; i < len(b); {
		switch c := b[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
		case '"':
			p := jsonParser{src: b}
			end := p.skipString(i)
			e.buf = append(e.buf, b[i:end]...)
			i = end
		default:
			e.buf = append(e.buf, c)
			i++
		}
	}
}

// value writes v, the member of that name. It returns false, and writes
// nothing, for what JSON leaves out.
func (e *jsonEncoder) value(v goja.Value, name string) bool { return e.member(nil, v, name) }

func (e *jsonEncoder) member(holder *goja.Object, v goja.Value, name string) bool {
	e.check()
	rt := e.rt
	o, isObject := v.(*goja.Object)
	if isObject && e.replace == nil && e.only == nil && e.indent == "" {
		if n := docOf(o); n != nil {
			n.encode(e)
			return true
		}
	}
	if isObject {
		if toJSON, ok := goja.AssertFunction(o.Get("toJSON")); ok {
			v = must1(toJSON(o, rt.newString(name)))
			o, isObject = v.(*goja.Object)
		}
	}
	if e.replace != nil {
		if holder == nil {
			holder = rt.vm.NewObject()
			own(holder, name, v)
		}
		v = must1(e.replace(holder, rt.newString(name), v))
		o, isObject = v.(*goja.Object)
	}
	if !isObject {
		return e.primitive(v)
	}
	switch o.ClassName() {
	case "Number":
		return e.primitive(o.ToNumber())
	case "String":
		return e.primitive(o.ToString())
	case "Boolean", "BigInt":
		return e.primitive(rt.vm.ToValue(o.Export()))
	}
	if isFunction(o) {
		return false
	}
	e.enter()
	defer e.leave()
	for _, p := range e.path {
		if p == o {
			rt.throwType("JSON: a cycle")
		}
	}
	e.path = append(e.path, o)
	if rt.isArray(o) {
		e.array(o)
	} else {
		e.object(o)
	}
	e.path = e.path[:len(e.path)-1]
	return true
}

func (e *jsonEncoder) primitive(v goja.Value) bool {
	switch {
	case v == nil || goja.IsUndefined(v):
		return false
	case goja.IsNull(v):
		e.buf = append(e.buf, "null"...)
		return true
	}
	switch v := v.(type) {
	case *goja.Symbol:
		return false
	case goja.String:
		e.jsString(v)
		return true
	}
	switch x := v.Export().(type) {
	case bool:
		e.buf = strconv.AppendBool(e.buf, x)
	case int64:
		e.buf = strconv.AppendInt(e.buf, x, 10)
	case *big.Int:
		if !e.bigints {
			e.rt.throwType("JSON: a BigInt cannot be written; use Number(x) or String(x)")
		}
		e.buf = x.Append(e.buf, 10)
	case float64:
		if x-x != 0 { // NaN and the infinities
			e.buf = append(e.buf, "null"...)
		} else {
			e.buf = append(e.buf, v.String()...)
		}
	default:
		e.string(v.String())
	}
	return true
}

func (e *jsonEncoder) array(o *goja.Object) {
	length := integer(o.Get("length"), 0, maxArray+1)
	if length > maxArray {
		e.rt.throwRange("JSON: an array is too long")
	}
	e.buf = append(e.buf, '[')
	e.level++
	for i := range length {
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		e.newline()
		name := strconv.FormatInt(i, 10)
		if !e.member(o, o.Get(name), name) {
			e.buf = append(e.buf, "null"...)
		}
	}
	e.level--
	if length > 0 {
		e.newline()
	}
	e.buf = append(e.buf, ']')
}

func (e *jsonEncoder) object(o *goja.Object) {
	keys := e.only
	if keys == nil {
		keys = o.Keys()
	}
	e.buf = append(e.buf, '{')
	e.level++
	written := false
	for _, key := range keys {
		before := len(e.buf)
		if written {
			e.buf = append(e.buf, ',')
		}
		e.newline()
		e.string(key)
		e.buf = append(e.buf, ':')
		if e.indent != "" {
			e.buf = append(e.buf, ' ')
		}
		if e.member(o, o.Get(key), key) {
			written = true
		} else {
			e.buf = e.buf[:before]
		}
	}
	e.level--
	if written {
		e.newline()
	}
	e.buf = append(e.buf, '}')
}

func (e *jsonEncoder) newline() {
	if e.indent == "" {
		return
	}
	e.buf = append(e.buf, '\n')
	for range e.level {
		e.buf = append(e.buf, e.indent...)
	}
}

// jsString writes a string of JavaScript; half surrogates, which UTF-8 cannot
// hold, are escaped.
func (e *jsonEncoder) jsString(s goja.String) {
	text := s.String()
	if strings.ContainsRune(text, utf8.RuneError) {
		e.utf16(s)
		return
	}
	e.string(text)
}

func (e *jsonEncoder) utf16(s goja.String) {
	e.buf = append(e.buf, '"')
	for i := 0; i < s.Length(); i++ {
		c := rune(s.CharAt(i))
		switch {
		case c >= 0xd800 && c < 0xdc00 && i+1 < s.Length() && s.CharAt(i+1)&0xfc00 == 0xdc00:
			i++
			c = (c-0xd800)<<10 + rune(s.CharAt(i)) - 0xdc00 + 0x10000
			e.buf = utf8.AppendRune(e.buf, c)
		case c >= 0xd800 && c < 0xe000:
			e.buf = append(e.buf, '\\', 'u')
			e.buf = append(e.buf, strconv.FormatInt(int64(c), 16)...)
		case c < utf8.RuneSelf:
			e.ascii(byte(c))
		default:
			e.buf = utf8.AppendRune(e.buf, c)
		}
	}
	e.buf = append(e.buf, '"')
}

func (e *jsonEncoder) string(s string) {
	e.buf = append(e.buf, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '"' || c == '\\' || c < 0x20 {
			e.buf = append(e.buf, s[from:i]...)
			e.ascii(c)
			from = i + 1
		}
	}
	e.buf = append(e.buf, s[from:]...)
	e.buf = append(e.buf, '"')
}

func (e *jsonEncoder) ascii(c byte) {
	switch c {
	case '"', '\\':
		e.buf = append(e.buf, '\\', c)
	case '\b':
		e.buf = append(e.buf, '\\', 'b')
	case '\f':
		e.buf = append(e.buf, '\\', 'f')
	case '\n':
		e.buf = append(e.buf, '\\', 'n')
	case '\r':
		e.buf = append(e.buf, '\\', 'r')
	case '\t':
		e.buf = append(e.buf, '\\', 't')
	default:
		if c < 0x20 {
			const hex = "0123456789abcdef"
			e.buf = append(e.buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			return
		}
		e.buf = append(e.buf, c)
	}
}

// stringify is JSON.stringify.
func (rt *vmRuntime) stringify(c goja.FunctionCall) goja.Value {
	e := jsonEncoder{rt: rt, compact: true}
	if o, ok := c.Argument(1).(*goja.Object); ok {
		if f, ok := goja.AssertFunction(o); ok {
			e.replace = f
		} else if rt.isArray(o) {
			e.only = rt.propertyList(o)
		}
	}
	e.indent = indentOf(c.Argument(2))
	if !e.value(c.Argument(0), "") {
		return goja.Undefined()
	}
	return rt.newString(string(e.buf))
}

// propertyList reads the array of names that limits JSON.stringify.
func (rt *vmRuntime) propertyList(o *goja.Object) []string {
	length := integer(o.Get("length"), 0, maxArray)
	names, seen := []string{}, map[string]bool{}
	for i := range length {
		v := o.Get(strconv.FormatInt(i, 10))
		if isNil(v) {
			continue
		}
		if name := v.String(); !seen[name] {
			rt.defend(name)
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

func indentOf(v goja.Value) string {
	if _, ok := v.(goja.String); ok {
		s := v.String()
		return s[:min(10, len(s))]
	}
	if goja.IsNumber(v) {
		return strings.Repeat(" ", int(integer(v, 0, 10)))
	}
	return ""
}

// parse is JSON.parse.
func (rt *vmRuntime) parse(c goja.FunctionCall) goja.Value {
	p := jsonParser{rt: rt, src: []byte(c.Argument(0).String())}
	v := p.whole()
	if revive, ok := goja.AssertFunction(c.Argument(1)); ok {
		holder := rt.vm.NewObject()
		own(holder, "", v)
		return rt.revive(revive, holder, "", 0)
	}
	return v
}

// revive applies the function given to JSON.parse, innermost values first.
func (rt *vmRuntime) revive(f goja.Callable, holder *goja.Object, name string, depth int) goja.Value {
	v := holder.Get(name)
	if o, ok := v.(*goja.Object); ok {
		if depth > maxJSONDepth {
			rt.throwRange("JSON: nested too deeply")
		}
		rt.checkTime()
		for _, key := range o.Keys() {
			if w := rt.revive(f, o, key, depth+1); goja.IsUndefined(w) {
				must(o.Delete(key))
			} else {
				own(o, key, w)
			}
		}
	}
	if v == nil {
		v = goja.Undefined()
	}
	return must1(f(holder, rt.newString(name), v))
}
