package jsmodule

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/dop251/goja"
)

// queryObject is the Go side of URLSearchParams, of the URL Standard. Like
// Headers it can be indexed.
type queryObject struct {
	rt    *vmRuntime
	pairs []queryPair
	// verbatim is set in the query of a request: pairs that nobody touches
	// keep their spelling there.
	verbatim bool
	// changed hears of edits; it is nil for lists that belong to nothing.
	changed func(*queryObject)
	// of is the request it belongs to, nil for all others.
	of    *requestObject
	epoch uint64
	bound bool
}

type queryPair struct {
	headerLine
	raw string // as it came, empty for pairs that were added or edited
}

// parseQuery reads "a=1&b=2". What is not percent-encoded right stays as it is.
func parseQuery(raw string) []queryPair {
	var pairs []queryPair
	for raw != "" {
		var part string
		part, raw, _ = strings.Cut(raw, "&")
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, queryPair{headerLine{formDecode(name), formDecode(value)}, part})
	}
	return pairs
}

// formDecode reads application/x-www-form-urlencoded.
func formDecode(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
			b = append(b, byte(n))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return decodeUTF8(b)
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// formEncode writes application/x-www-form-urlencoded.
func formEncode(b *strings.Builder, s string) {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('+')
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("*-._", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&0xf])
		}
	}
}

const upperHex = "0123456789ABCDEF"

// encode writes the query.
func (q *queryObject) encode() string {
	var b strings.Builder
	for i, p := range q.pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		if q.verbatim && p.raw != "" {
			b.WriteString(p.raw)
			continue
		}
		formEncode(&b, p.name)
		b.WriteByte('=')
		formEncode(&b, p.value)
	}
	return b.String()
}

func (q *queryObject) live() *queryObject {
	if q.bound {
		q.rt.checkEpoch(q.epoch)
	}
	return q
}

// editable is live for edits.
func (q *queryObject) editable() *queryObject {
	q.live()
	q.of.edit()
	return q
}

func (q *queryObject) get(name string) (string, bool) {
	for _, p := range q.live().pairs {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

func (q *queryObject) add(name, value string) {
	q.editable().pairs = append(q.pairs, queryPair{headerLine: headerLine{name, value}})
	q.touch()
}

func (q *queryObject) set(name, value string) {
	for i, p := range q.editable().pairs {
		if p.name == name {
			q.pairs[i] = queryPair{headerLine: headerLine{name, value}}
			rest := slices.DeleteFunc(q.pairs[i+1:], func(p queryPair) bool { return p.name == name })
			q.pairs = q.pairs[:i+1+len(rest)]
			q.touch()
			return
		}
	}
	q.add(name, value)
}

func (q *queryObject) remove(name string, only func(value string) bool) {
	before := len(q.editable().pairs)
	q.pairs = slices.DeleteFunc(q.pairs, func(p queryPair) bool { return p.name == name && (only == nil || only(p.value)) })
	if len(q.pairs) != before {
		q.touch()
	}
}

func (q *queryObject) touch() {
	if q.changed != nil {
		q.changed(q)
	}
}

// queryMethods are names that are functions, whatever the query holds.
var queryMethods = map[string]bool{
	"append": true, "delete": true, "get": true, "getAll": true, "has": true, "set": true, "sort": true,
	"forEach": true, "keys": true, "values": true, "entries": true, "toString": true, "toJSON": true,
	"size": true, "add": true, "del": true, "encode": true, "valueOf": true, "constructor": true,
	"hasOwnProperty": true, "isPrototypeOf": true, "propertyIsEnumerable": true, "toLocaleString": true,
	"__proto__": true, "then": true,
}

// Get implements goja.DynamicObject.
func (q *queryObject) Get(key string) goja.Value {
	if queryMethods[key] {
		return nil
	}
	if v, ok := q.get(key); ok {
		return q.rt.newString(v)
	}
	return nil
}

// Set implements goja.DynamicObject.
func (q *queryObject) Set(key string, v goja.Value) bool {
	if v == nil { // Object.defineProperty without a value
		return false
	}
	switch {
	case queryMethods[key]:
		return false
	case isNil(v):
		q.remove(key, nil)
	default:
		q.set(key, v.String())
	}
	return true
}

// Has implements goja.DynamicObject.
func (q *queryObject) Has(key string) bool {
	_, ok := q.get(key)
	return ok && !queryMethods[key]
}

// Delete implements goja.DynamicObject.
func (q *queryObject) Delete(key string) bool {
	if !queryMethods[key] {
		q.remove(key, nil)
	}
	return true
}

// Keys implements goja.DynamicObject.
func (q *queryObject) Keys() []string {
	var keys []string
	seen := map[string]bool{}
	for _, p := range q.live().pairs {
		if !seen[p.name] && !queryMethods[p.name] {
			seen[p.name] = true
			keys = append(keys, p.name)
		}
	}
	return keys
}

// fill takes what URLSearchParams takes: text, pairs, an object, another one.
func (q *queryObject) fill(init goja.Value) {
	rt := q.rt
	o, ok := init.(*goja.Object)
	if init == nil || goja.IsUndefined(init) {
		return
	}
	if !ok {
		q.pairs = parseQuery(strings.TrimPrefix(init.String(), "?"))
		return
	}
	if from, ok := dynamic[*queryObject](o); ok {
		q.pairs = slices.Clone(from.live().pairs)
		return
	}
	rt.eachPair(o, "URLSearchParams", func(name string, value goja.Value) {
		q.pairs = append(q.pairs, queryPair{headerLine: headerLine{name, value.String()}})
	})
}

func (rt *vmRuntime) newQuery(q *queryObject) *goja.Object {
	o := rt.vm.NewDynamicObject(q)
	must(o.SetPrototype(rt.classes.queryClass().proto))
	return o
}

// makeQuery makes the class URLSearchParams, with DGate's names beside the
// web's: add, del, encode.
func (rt *vmRuntime) makeQuery() *class {
	c := rt.newClass("URLSearchParams", func(args []goja.Value) goja.DynamicObject {
		q := &queryObject{rt: rt}
		if len(args) > 0 {
			q.fill(args[0])
		}
		return q
	})
	this := func(call goja.FunctionCall) *queryObject {
		return receiver[*queryObject](rt, call, "URLSearchParams").live()
	}
	method := func(names []string, n int, f func(*queryObject, goja.FunctionCall) goja.Value) {
		for _, name := range names {
			if name != "toJSON" && name != "toString" && !rt.reaches(name) {
				continue
			}
			rt.method(c.proto, name, n, func(call goja.FunctionCall) goja.Value {
				rt.need(call, n, name)
				return f(this(call), call)
			})
		}
	}
	method([]string{"get"}, 1, func(q *queryObject, call goja.FunctionCall) goja.Value {
		if v, ok := q.get(call.Argument(0).String()); ok {
			return rt.newString(v)
		}
		return goja.Null()
	})
	method([]string{"getAll"}, 1, func(q *queryObject, call goja.FunctionCall) goja.Value {
		var values []goja.Value
		name := call.Argument(0).String()
		for _, p := range q.pairs {
			if p.name == name {
				values = append(values, rt.newString(p.value))
			}
		}
		return rt.array(values)
	})
	method([]string{"has"}, 1, func(q *queryObject, call goja.FunctionCall) goja.Value {
		name, same := call.Argument(0).String(), sameValue(call.Argument(1))
		return rt.vm.ToValue(slices.ContainsFunc(q.pairs, func(p queryPair) bool { return p.name == name && same(p.value) }))
	})
	method([]string{"set"}, 2, func(q *queryObject, call goja.FunctionCall) goja.Value {
		q.set(call.Argument(0).String(), call.Argument(1).String())
		return goja.Undefined()
	})
	method([]string{"append", "add"}, 2, func(q *queryObject, call goja.FunctionCall) goja.Value {
		q.add(call.Argument(0).String(), call.Argument(1).String())
		return goja.Undefined()
	})
	method([]string{"delete", "del"}, 1, func(q *queryObject, call goja.FunctionCall) goja.Value {
		q.remove(call.Argument(0).String(), sameValue(call.Argument(1)))
		return goja.Undefined()
	})
	method([]string{"sort"}, 0, func(q *queryObject, _ goja.FunctionCall) goja.Value {
		slices.SortStableFunc(q.editable().pairs, func(a, b queryPair) int { return compareUTF16(a.name, b.name) })
		q.touch()
		return goja.Undefined()
	})
	method([]string{"toString", "encode"}, 0, func(q *queryObject, _ goja.FunctionCall) goja.Value {
		return rt.newString(q.encode())
	})
	method([]string{"toJSON"}, 0, func(q *queryObject, _ goja.FunctionCall) goja.Value {
		o := rt.vm.NewObject()
		for _, name := range q.Keys() {
			value, _ := q.get(name)
			own(o, name, rt.newString(value))
		}
		return o
	})
	rt.accessor(c.proto, "size", func(call goja.FunctionCall) goja.Value { return rt.vm.ToValue(len(this(call).pairs)) }, nil)
	rt.pairMethods(c.proto, "URLSearchParams", func(call goja.FunctionCall) pairSource {
		q := this(call)
		return func(i int) (headerLine, bool) {
			if i >= len(q.live().pairs) {
				return headerLine{}, false
			}
			return q.pairs[i].headerLine, true
		}
	})
	return c
}

// sameValue tells values apart by an argument; without it all are the same.
func sameValue(v goja.Value) func(string) bool {
	if goja.IsUndefined(v) {
		return func(string) bool { return true }
	}
	wanted := v.String()
	return func(value string) bool { return value == wanted }
}

// compareUTF16 orders text by its UTF-16 units, as JavaScript does.
func compareUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}
