package jsmodule

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// nativeFunc is a function of the host, as goja calls it.
type nativeFunc = func(goja.FunctionCall) goja.Value

// fn makes a function that JavaScript sees under that name.
func (rt *vmRuntime) fn(name string, length int, f nativeFunc) *goja.Object {
	o := rt.vm.ToValue(f).(*goja.Object)
	must(o.DefineDataProperty("name", rt.vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	if length > 0 {
		must(o.DefineDataProperty("length", rt.vm.ToValue(length), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	return o
}

// method puts a function on an object, not enumerable, as built-ins are.
func (rt *vmRuntime) method(on *goja.Object, name string, length int, f nativeFunc) *goja.Object {
	o := rt.fn(name, length, f)
	must(on.DefineDataProperty(name, o, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return o
}

// accessor puts a getter, and a setter unless nil, on an object.
func (rt *vmRuntime) accessor(on *goja.Object, name string, get nativeFunc, set nativeFunc) {
	var setter goja.Value
	if set != nil {
		setter = rt.fn("set "+name, 1, set)
	}
	must(on.DefineAccessorProperty(name, rt.fn("get "+name, 0, get), setter, goja.FLAG_TRUE, goja.FLAG_TRUE))
}

// must re-throws what goja returned as an error into the running script.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func must1[T any](v T, err error) T {
	must(err)
	return v
}

// throwType throws a TypeError into the running script.
func (rt *vmRuntime) throwType(format string, args ...any) {
	panic(rt.newJSError(rt.errorClass("TypeError"), fmt.Sprintf(format, args...)))
}

func (rt *vmRuntime) throwRange(format string, args ...any) {
	panic(rt.newJSError(rt.errorClass("RangeError"), fmt.Sprintf(format, args...)))
}

func (rt *vmRuntime) throwSyntax(format string, args ...any) {
	panic(rt.newJSError(rt.errorClass("SyntaxError"), fmt.Sprintf(format, args...)))
}

func (rt *vmRuntime) newJSError(class goja.Value, message string) *goja.Object {
	return must1(rt.vm.New(class, rt.vm.ToValue(message)))
}

// str is a value as a string; undefined and null are "".
func str(v goja.Value) string {
	if isNil(v) {
		return ""
	}
	return v.String()
}

// isNil says whether v is undefined or null.
func isNil(v goja.Value) bool { return v == nil || goja.IsUndefined(v) || goja.IsNull(v) }

// integer is a value as an integer within bounds.
func integer(v goja.Value, low, high int64) int64 {
	f := v.ToFloat()
	switch {
	case math.IsNaN(f):
		return max(low, 0)
	case f <= float64(low):
		return low
	case f >= float64(high):
		return high
	}
	return int64(f)
}

// text turns bytes of a message into a string. Header values that are not
// UTF-8 are read as Latin-1, as the web does.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

// maxText bounds strings and bodies that a script makes, in bytes.
const maxText = 64 << 20

// bytesOf takes a body from JavaScript: a string, an ArrayBuffer, a view of
// one. ok is false for everything else.
func (rt *vmRuntime) bytesOf(v goja.Value) (b []byte, ok bool) {
	if isNil(v) {
		return nil, true
	}
	if s, isString := v.(goja.String); isString {
		return []byte(s.String()), true
	}
	o, isObject := v.(*goja.Object)
	if !isObject {
		return nil, false
	}
	return rt.rawBytes(o)
}

// rawBytes copies an ArrayBuffer or a view of one.
func (rt *vmRuntime) rawBytes(o *goja.Object) ([]byte, bool) {
	data, ok := rt.viewed(o)
	return append([]byte(nil), data...), ok
}

// viewed gives the memory of an ArrayBuffer or of a view of one.
func (rt *vmRuntime) viewed(o *goja.Object) ([]byte, bool) {
	if buf, ok := dynamic[goja.ArrayBuffer](o); ok {
		return buf.Bytes(), !buf.Detached()
	}
	if !rt.isView(o) {
		return nil, false
	}
	of, ok := o.Get("buffer").(*goja.Object)
	if !ok {
		return nil, false
	}
	buf, ok := dynamic[goja.ArrayBuffer](of)
	if !ok || buf.Detached() {
		return nil, false
	}
	data := buf.Bytes()
	start := integer(o.Get("byteOffset"), 0, int64(len(data)))
	length := integer(o.Get("byteLength"), 0, int64(len(data))-start)
	return data[start : start+length], true
}

// isView asks ArrayBuffer.isView.
func (rt *vmRuntime) isView(o *goja.Object) bool {
	return must1(rt.buffers().isView(goja.Undefined(), o)).ToBoolean()
}

// newBytes makes a Uint8Array over b.
func (rt *vmRuntime) newBytes(b []byte) goja.Value {
	return must1(rt.vm.New(rt.buffers().uint8Array, rt.vm.ToValue(rt.vm.NewArrayBuffer(b))))
}

// isFunction tells functions from other values.
func isFunction(v goja.Value) bool {
	_, ok := goja.AssertFunction(v)
	return ok
}

func (rt *vmRuntime) array(values []goja.Value) *goja.Object {
	items := make([]any, len(values))
	for i, v := range values {
		items[i] = v
	}
	return rt.vm.NewArray(items...)
}

// own sets a property as object literals do: "__proto__" is a name like any
// other.
func own(o *goja.Object, name string, v goja.Value) {
	if name == "__proto__" {
		must(o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		return
	}
	must(o.Set(name, v))
}

func (rt *vmRuntime) newString(s string) goja.Value {
	if len(s) >= bulk {
		rt.bulky = true
	}
	return rt.vm.ToValue(s)
}

// toString is a value as a string of goja, which may hold half surrogates.
func (rt *vmRuntime) toString(v goja.Value) goja.String {
	s, ok := v.(goja.String)
	if !ok {
		s, _ = rt.newString(v.String()).(goja.String)
	}
	return s
}
