package jsmodule

import (
	_ "embed" // for prelude.js
	"math"
	"time"

	"github.com/dop251/goja"
)

// globals are the built-ins that the host itself uses, taken when they are first
// used.
type globals struct {
	builtins []standard // see builtin
	errors   map[string]goja.Value
	promise  *promiseClass
	buffer   *bufferClasses
	typed    bool         // see guardTypedArrays
	parts    *goja.Object // the prelude's functions
	webParts *goja.Object // what web.js makes
}

// promiseClass is Promise.
type promiseClass struct {
	class         *goja.Object
	resolve, then goja.Callable
}

// resolved gives a promise for v, as Promise.resolve does.
func (rt *vmRuntime) resolved(v goja.Value) (goja.Value, error) {
	p := rt.promises()
	return p.resolve(p.class, v)
}

func (rt *vmRuntime) promises() *promiseClass {
	if rt.global.promise == nil {
		class := rt.builtin("Promise")
		rt.global.promise = &promiseClass{
			class: class, resolve: callable(class.Get("resolve")),
			then: callable(class.Get("prototype").(*goja.Object).Get("then")),
		}
	}
	return rt.global.promise
}

// bufferClasses are what the host needs of the typed arrays.
type bufferClasses struct {
	uint8Array goja.Value
	isView     goja.Callable
}

func (rt *vmRuntime) buffers() *bufferClasses {
	if rt.global.buffer == nil {
		rt.guardTypedArrays(rt.builtin("Uint8Array"))
		rt.global.buffer = &bufferClasses{
			uint8Array: rt.builtin("Uint8Array"),
			isView:     callable(rt.builtin("ArrayBuffer").Get("isView")),
		}
	}
	return rt.global.buffer
}

// errorClass gives Error, TypeError and so on.
func (rt *vmRuntime) errorClass(name string) goja.Value {
	class, ok := rt.global.errors[name]
	if !ok {
		if class = rt.builtin(name); rt.global.errors == nil {
			rt.global.errors = map[string]goja.Value{}
		}
		rt.global.errors[name] = class
	}
	return class
}

// takeBuiltins takes what programs could replace before they do.
func (p *platform) takeBuiltins() {
	for _, name := range []string{"Error", "TypeError", "RangeError", "SyntaxError"} {
		p.before(func(rt *vmRuntime) { rt.errorClass(name) }, name, "globalThis")
	}
	p.before(func(rt *vmRuntime) { rt.promises() }, "Promise", "globalThis")
	p.before(func(rt *vmRuntime) { rt.buffers() }, "ArrayBuffer", "Uint8Array", "constructor", "globalThis")
}

// callable is a built-in function.
func callable(v goja.Value) goja.Callable {
	f, ok := goja.AssertFunction(v)
	if !ok {
		panic("jsmodule: a built-in is missing")
	}
	return f
}

//go:embed prelude.js
var preludeText string

// preludeName is the file name of the prelude; its frames are left out of
// stacks.
const preludeName = "dgate:prelude"

// preludeProgram is the part of the host that is written in JavaScript, so that it
// can be interrupted.
var preludeProgram = hostScriptOf(preludeText)

// install prepares a new runtime: first what its programs need before they run,
// then the host's own globals.
func (rt *vmRuntime) install() {
	for _, i := range rt.plan.start {
		rt.plan.defences[i](rt)
	}
	if rt.plan.names[rest] {
		rt.guardRest()
	}
	rt.installShelf()
	rt.classes.rt = rt
	rt.context.rt, rt.request.rt, rt.response.rt = rt, rt, rt
	rt.context.install()
}

// hostGlobals are the globals of the host, by their names.
func hostGlobals() map[string]func(*vmRuntime) goja.Value {
	globals := map[string]func(*vmRuntime) goja.Value{
		"Headers":         func(rt *vmRuntime) goja.Value { return rt.classes.headersClass().ctor },
		"URLSearchParams": func(rt *vmRuntime) goja.Value { return rt.classes.queryClass().ctor },
		"URL":             func(rt *vmRuntime) goja.Value { return rt.classes.urlClass().ctor },
		"Response":        func(rt *vmRuntime) goja.Value { return rt.classes.responseClass().ctor },
		"Request":         func(rt *vmRuntime) goja.Value { return rt.classes.requestClass().ctor },
		"TextEncoder":     func(rt *vmRuntime) goja.Value { return rt.classes.encoderClass().ctor },
		"TextDecoder":     func(rt *vmRuntime) goja.Value { return rt.classes.decoderClass().ctor },
		"performance":     (*vmRuntime).makePerformance,
		"crypto":          (*vmRuntime).makeCrypto,
		"console":         (*vmRuntime).makeConsole,
		"Buffer":          (*vmRuntime).makeBuffer,
	}
	for _, name := range webGlobals {
		globals[name] = func(rt *vmRuntime) goja.Value { return rt.web(name) }
	}
	for _, f := range []struct {
		name   string
		length int
		call   func(*vmRuntime, goja.FunctionCall) goja.Value
	}{
		// Modules use one of their own; this is for who asks the global object.
		{"fetch", 2, func(rt *vmRuntime, c goja.FunctionCall) goja.Value {
			return rt.current.fetch(c.Argument(0), c.Argument(1))
		}},
		{"atob", 1, (*vmRuntime).atob},
		{"btoa", 1, (*vmRuntime).btoa},
		{"setTimeout", 2, (*vmRuntime).setTimeout},
		{"clearTimeout", 1, (*vmRuntime).clearTimeout},
		{"queueMicrotask", 1, (*vmRuntime).queueMicrotask},
	} {
		globals[f.name] = func(rt *vmRuntime) goja.Value {
			return rt.fn(f.name, f.length, func(c goja.FunctionCall) goja.Value { return f.call(rt, c) })
		}
	}
	return globals
}

// sealBuiltins seals the prototypes that programs can add to. They can be had
// from any value, in some ways.
func (p *platform) sealBuiltins() {
	ways := []string{"prototype", "__proto__", "__lookupGetter__", "getPrototypeOf", "constructor"}
	for _, name := range []string{
		"Object", "Array", "String", "Number", "Boolean", "BigInt", "Promise", "RegExp", "Symbol", "Date", "Map", "Set", "Math",
		"Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "JSON", "Reflect",
	} {
		p.before(func(rt *vmRuntime) {
			rt.toSeal(func() goja.Value { return rt.vm.GlobalObject().Get(name) })
		}, append(ways, name)...)
	}
	p.before(func(rt *vmRuntime) {
		rt.toSeal(func() goja.Value { return rt.functionPrototype() })
	}, ways...)
}

// toSeal seals a value once the programs have been loaded.
func (rt *vmRuntime) toSeal(get func() goja.Value) {
	if rt.shelf.preventExtensions == nil {
		rt.sealLater = append(rt.sealLater, get)
		return
	}
	must(rt.shelf.seal(get()))
}

// seal keeps modules from adding to what they share with each other: a value
// that is left on a prototype in one request would show in the next. What is
// still on the shelf is sealed when it is taken from there.
func (rt *vmRuntime) seal() error {
	rt.shelf.preventExtensions = callable(rt.builtin("Object").Get("preventExtensions"))
	if err := rt.shelf.seal(rt.vm.GlobalObject()); err != nil {
		return err
	}
	for _, v := range rt.shelf.made {
		if err := rt.shelf.seal(v); err != nil {
			return err
		}
	}
	for _, get := range rt.sealLater {
		if err := rt.shelf.seal(get()); err != nil {
			return err
		}
	}
	rt.sealLater = nil
	return nil
}

// prelude gives a function of the prelude.
func (rt *vmRuntime) prelude(name string) goja.Value {
	if rt.global.parts == nil {
		rt.global.parts = rt.runScript(preludeProgram, rt.scriptHost()).(*goja.Object)
	}
	return rt.global.parts.Get(name)
}

// callback reads the arguments of what calls a function later.
func (rt *vmRuntime) callback(call goja.FunctionCall, name string) (goja.Callable, []goja.Value) {
	f, ok := goja.AssertFunction(call.Argument(0))
	if !ok {
		rt.throwType("%s needs a function", name)
	}
	var args []goja.Value
	if len(call.Arguments) > 2 {
		args = append(args, call.Arguments[2:]...)
	}
	return f, args
}

func (rt *vmRuntime) setTimeout(call goja.FunctionCall) goja.Value {
	f, args := rt.callback(call, "setTimeout")
	delay := time.Duration(integer(call.Argument(1), 0, math.MaxInt32)) * time.Millisecond
	id := rt.live().after(delay, func() error {
		return rt.report("setTimeout", func() error {
			_, err := f(goja.Undefined(), args...)
			return err
		})
	})
	if id == 0 {
		rt.throwRange("too many timers and calls are under way")
	}
	return rt.vm.ToValue(id)
}

func (rt *vmRuntime) clearTimeout(call goja.FunctionCall) goja.Value {
	if s := rt.session; s != nil && !isNil(call.Argument(0)) {
		s.loop.clear(call.Argument(0).ToInteger())
	}
	return goja.Undefined()
}

func (rt *vmRuntime) queueMicrotask(call goja.FunctionCall) goja.Value {
	f, _ := rt.callback(call, "queueMicrotask")
	done := must1(rt.resolved(goja.Undefined()))
	must1(rt.promises().then(done, rt.fn("", 0, func(goja.FunctionCall) goja.Value {
		return must1(f(goja.Undefined()))
	})))
	return goja.Undefined()
}

// report runs a callback that nobody awaits: its exceptions are logged.
func (rt *vmRuntime) report(what string, f func() error) error {
	err := rt.guarded(f)
	if err == nil || unfit(err) {
		return err
	}
	rt.log().Error(what+": a callback threw", "error", newError(rt.current, hookCount, err, disarmed))
	return nil
}

func (rt *vmRuntime) makePerformance() goja.Value {
	o := rt.vm.NewObject()
	rt.method(o, "now", 0, func(goja.FunctionCall) goja.Value {
		return rt.vm.ToValue(float64(rt.host.elapsed()) / float64(time.Millisecond))
	})
	own(o, "timeOrigin", rt.vm.ToValue(rt.host.now().Add(-rt.host.elapsed()).UnixMilli()))
	return o
}
