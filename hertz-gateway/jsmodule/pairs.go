package jsmodule

import "github.com/dop251/goja"

// need throws when a function got fewer arguments than it must have.
func (rt *vmRuntime) need(call goja.FunctionCall, n int, name string) {
	if len(call.Arguments) < n {
		rt.throwType("%s needs %d arguments, got %d", name, n, len(call.Arguments))
	}
}

// eachPair reads what the web takes for a list of names and values: something
// iterable that gives pairs, or an object.
func (rt *vmRuntime) eachPair(o *goja.Object, class string, yield func(name string, value goja.Value)) {
	if isNil(o.GetSymbol(goja.SymIterator)) {
		for _, key := range o.Keys() {
			yield(key, o.Get(key))
		}
		return
	}
	rt.each(o, func(v goja.Value) {
		pair, ok := v.(*goja.Object)
		if !ok || isNil(pair.GetSymbol(goja.SymIterator)) {
			rt.throwType("%s: a list must hold pairs", class)
		}
		var parts []goja.Value
		rt.each(pair, func(v goja.Value) {
			if len(parts) == 2 {
				rt.throwType("%s: a pair has more than two parts", class)
			}
			parts = append(parts, v)
		})
		if len(parts) != 2 {
			rt.throwType("%s: a pair needs two parts", class)
		}
		yield(parts[0].String(), parts[1])
	})
}

// each walks something iterable; arrays by their length, which is bounded.
func (rt *vmRuntime) each(o *goja.Object, f func(goja.Value)) {
	if rt.isArray(o) {
		for _, v := range rt.list(o) {
			f(v)
		}
		return
	}
	rt.vm.ForOf(o, func(v goja.Value) bool {
		rt.checkTime()
		f(v)
		return true
	})
}

// pairSource gives the pair at an index, while there is one. The list may
// change while it is walked.
type pairSource func(i int) (headerLine, bool)

// pairIterator is the Go side of the iterators of Headers and URLSearchParams.
type pairIterator struct {
	opaque
	at   int
	next func(i int) (goja.Value, bool)
}

// pairIterators makes the class of iterators over a class of pairs.
func (rt *vmRuntime) pairIterators(of string) *class {
	iterators := rt.newClass(of+" Iterator", func([]goja.Value) goja.DynamicObject { return nil })
	rt.method(iterators.proto, "next", 0, func(call goja.FunctionCall) goja.Value {
		it := receiver[*pairIterator](rt, call, of+" Iterator")
		v, ok := it.next(it.at)
		it.at++
		if !ok {
			v = goja.Undefined()
		}
		result := rt.vm.NewObject()
		own(result, "value", v)
		own(result, "done", rt.vm.ToValue(!ok))
		return result
	})
	self := rt.fn("[Symbol.iterator]", 0, func(call goja.FunctionCall) goja.Value { return call.This })
	must(iterators.proto.DefineDataPropertySymbol(goja.SymIterator, self, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(iterators.proto.Delete("constructor"))
	return iterators
}

// pairMethods gives a class what lists of pairs have: iteration, forEach.
func (rt *vmRuntime) pairMethods(proto *goja.Object, name string, pairs func(goja.FunctionCall) pairSource) {
	var iterators *class
	method := func(method string, show func(headerLine) goja.Value) *goja.Object {
		return rt.method(proto, method, 0, func(call goja.FunctionCall) goja.Value {
			if iterators == nil {
				iterators = rt.pairIterators(name)
			}
			source := pairs(call)
			return iterators.instance(rt, &pairIterator{next: func(i int) (goja.Value, bool) {
				p, ok := source(i)
				if !ok {
					return nil, false
				}
				return show(p), true
			}})
		})
	}
	if rt.reaches("keys") {
		method("keys", func(p headerLine) goja.Value { return rt.newString(p.name) })
	}
	if rt.reaches("values") {
		method("values", func(p headerLine) goja.Value { return rt.newString(p.value) })
	}
	entries := method("entries", func(p headerLine) goja.Value { return rt.vm.NewArray(p.name, p.value) })
	must(proto.DefineDataPropertySymbol(goja.SymIterator, entries, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	if !rt.reaches("forEach") {
		return
	}
	rt.method(proto, "forEach", 1, func(call goja.FunctionCall) goja.Value {
		f, ok := goja.AssertFunction(call.Argument(0))
		if !ok {
			rt.throwType("forEach needs a function")
		}
		source := pairs(call)
		for i := 0; ; i++ {
			p, ok := source(i)
			if !ok {
				return goja.Undefined()
			}
			must1(f(call.Argument(1), rt.newString(p.value), rt.newString(p.name), call.This))
		}
	})
}
