package jsmodule

import (
	"reflect"
	"strings"

	"github.com/dop251/goja"
)

// guardWalks guards what walks texts and typed arrays element by element in one
// go: both can be much longer than maxArray, and each element becomes a value.
func (p *platform) guardWalks() {
	p.guardTextWalks()
	p.guardKeys()
	p.guardPatterns()
	for _, name := range []string{"all", "allSettled", "any", "race"} {
		p.wrap("Promise", name, func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			if n := rt.lengthOf(call.Argument(0)); n > maxArguments {
				rt.throwRange("%d promises at once are too many, %d is the most", n, maxArguments)
			}
			return original(call)
		})
	}
}

// walkable throws when a value is a text or a typed array that is too long to
// be walked.
func (rt *vmRuntime) walkable(v goja.Value) {
	n := 0
	switch v := v.(type) {
	case goja.String:
		n = v.Length()
	case *goja.Object:
		if v.ClassName() == "String" || rt.global.typed && rt.isView(v) {
			if length := v.Get("length"); length != nil { // a DataView has none
				n = int(integer(length, 0, 1<<53))
			}
		}
	}
	rt.countable(n)
}

func (rt *vmRuntime) countable(n int) {
	if n > maxArray {
		rt.throwRange("%d elements are too many, %d is the most", n, maxArray)
	}
}

// walk is a guardFunc for functions of what is walked.
func walk(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
	rt.walkable(call.This)
	return original(call)
}

func (p *platform) guardTextWalks() {
	const proto = "String.prototype"
	p.wrap(proto, "split", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		if _, isText := call.Argument(0).(goja.String); !isText {
			rt.walkable(call.This)
		}
		if !goja.IsUndefined(call.Argument(1)) {
			call.Arguments[1] = rt.vm.ToValue(integer(call.Arguments[1], 0, maxArray))
			return original(call)
		}
		parts := original(goja.FunctionCall{This: call.This, Arguments: []goja.Value{call.Argument(0), rt.vm.ToValue(maxArray + 1)}})
		rt.lengthOf(parts)
		return parts
	})
	p.wrap(proto, "normalize", walk)
}

// guardKeys guards the functions of Object that list keys.
func (p *platform) guardKeys() {
	for _, name := range strings.Fields("keys values entries assign getOwnPropertyNames getOwnPropertyDescriptors freeze seal") {
		p.wrap("Object", name, func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			for _, v := range call.Arguments {
				rt.walkable(v)
			}
			if name == "freeze" || name == "seal" {
				rt.defendFrozen(call.Argument(0))
			}
			return original(call)
		})
	}
	p.wrap("Reflect", "ownKeys", func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
		rt.walkable(call.Argument(0))
		return original(call)
	})
}

// guardPatterns guards what finds all matches, and the functions behind it for
// programs that can call them directly.
func (p *platform) guardPatterns() {
	for _, name := range []string{"match", "matchAll"} {
		p.wrap("String.prototype", name, walk)
	}
	p.before(func(rt *vmRuntime) {
		proto := rt.builtin("RegExp.prototype")
		rt.wrapSymbol(proto, goja.SymMatch, "[Symbol.match]", walkText)
		rt.wrapSymbol(proto, goja.SymMatchAll, "[Symbol.matchAll]", walkText)
		rt.wrapSymbol(proto, goja.SymSplit, "[Symbol.split]", walkText)
		rt.wrapSymbol(proto, goja.SymReplace, "[Symbol.replace]", replaceText)
	}, "Symbol", "getOwnPropertySymbols", "Reflect", "globalThis")
}

// walkText and replaceText guard functions of regular expressions, whose text is
// their argument.
func walkText(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
	rt.walkable(call.Argument(0))
	return original(call)
}

func replaceText(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
	with, ok := call.Argument(1).(goja.String)
	if ok && !isNil(call.Argument(0)) {
		if n := replaced(rt.toString(call.Argument(0)), with.String()); n > maxString {
			rt.throwRange("a string of %d characters is too long", n)
		}
	}
	return original(call)
}

// replaced is the most that can come out of replacing in a text: a replacement
// at every place, each with all of the text for every pattern such as $'.
func replaced(text goja.String, replacement string) int64 {
	n := int64(text.Length())
	return n + (n+1)*(int64(len(replacement))+int64(strings.Count(replacement, "$"))*n)
}

// guardTypedArrays guards what all typed arrays share, once there are any.
func (rt *vmRuntime) guardTypedArrays(class *goja.Object) {
	if rt.global.typed {
		return
	}
	rt.global.typed = true
	proto := class.Get("prototype").(*goja.Object).Prototype()
	for _, name := range strings.Fields(`entries every filter find findIndex findLast findLastIndex forEach join keys map reduce
		reduceRight some sort toLocaleString toSorted values`) {
		rt.wrap(proto, name, func(rt *vmRuntime, original nativeFunc, call goja.FunctionCall) goja.Value {
			rt.timedArgument(call, 0)
			return walk(rt, original, call)
		})
	}
	must(proto.DefineDataPropertySymbol(goja.SymIterator, proto.Get("values"), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// wrapSymbol is mustWrap for a function under a symbol.
func (rt *vmRuntime) wrapSymbol(on *goja.Object, symbol *goja.Symbol, name string, f guardFunc) {
	builtin, ok := on.GetSymbol(symbol).(*goja.Object)
	if !ok {
		return
	}
	original, ok := builtin.Export().(nativeFunc)
	if !ok {
		return
	}
	guarded := rt.fn(name, int(builtin.Get("length").ToInteger()), func(call goja.FunctionCall) goja.Value {
		rt.checkTime()
		return f(rt, original, call)
	})
	must(on.DefineDataPropertySymbol(symbol, guarded, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// guardSpread checks what `{ ...x }` copies; the compiler puts it there. Without
// an argument it gives the name that checkRest needs.
func (rt *vmRuntime) guardSpread(call goja.FunctionCall) goja.Value {
	if len(call.Arguments) == 0 {
		return symRest
	}
	v := call.Argument(0)
	rt.walkable(v)
	return v
}

// symRest names what all values have for checkRest.
var symRest = goja.NewSymbol("rest")

// guardRest checks what `{ ...rest } = x` copies, wherever such a pattern stands.
func (rt *vmRuntime) guardRest() {
	check := rt.fn("rest", 0, func(call goja.FunctionCall) goja.Value {
		rt.walkable(call.This)
		if o, ok := call.This.(*goja.Object); ok {
			rt.countable(numbersOf(o))
		}
		return goja.Undefined()
	})
	must(rt.builtin("Object.prototype").DefineAccessorPropertySymbol(symRest, check, nil, goja.FLAG_FALSE, goja.FLAG_FALSE))
}

// numbersOf is the length of a typed array that stands behind an object of
// goja's, which does not know itself as one.
func numbersOf(o *goja.Object) (n int) {
	if t := o.ExportType(); t == nil || t.Kind() != reflect.Slice || t.Elem().Kind() == reflect.Interface {
		return 0
	}
	// It fails when the memory is gone; then there is nothing to walk either.
	_ = protect(func() error { n = reflect.ValueOf(o.Export()).Len(); return nil })
	return n
}
