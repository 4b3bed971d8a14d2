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
		class = rt.builtin(name)
		rt.global.errors[name] = class
	}
	return class
}

// takeBuiltins takes what programs could replace before they do.
func (rt *vmRuntime) takeBuiltins() {
	rt.global.errors = map[string]goja.Value{}
	for _, name := range []string{"Error", "TypeError", "RangeError", "SyntaxError"} {
		if rt.reaches(name) {
			rt.errorClass(name)
		}
	}
	if rt.reaches("Promise") {
		rt.promises()
	}
	if rt.reaches("ArrayBuffer", "Uint8Array") {
		rt.buffers()
	}
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
var preludeProgram = goja.MustCompile(preludeName, preludeText, true)

// install prepares a new runtime: first the built-ins that the host itself
// uses, then the guards, then the host's own globals.
func (rt *vmRuntime) install() {
	rt.takeBuiltins()
	rt.installShelf()
	rt.installGuards()

	rt.classes.rt = rt
	rt.context.rt, rt.request.rt, rt.response.rt = rt, rt, rt
	rt.context.install()

	c := &rt.classes
	for _, lazy := range []struct {
		name  string
		class func() *class
	}{
		{"Headers", c.headersClass},
		{"URLSearchParams", c.queryClass},
		{"URL", c.urlClass},
		{"Response", c.responseClass},
		{"Request", c.requestClass},
		{"TextEncoder", c.encoderClass},
		{"TextDecoder", c.decoderClass},
	} {
		rt.lazyGlobal(lazy.name, func() goja.Value { return lazy.class().ctor })
	}
	rt.lazyGlobal("performance", rt.makePerformance)
	rt.lazyGlobal("crypto", rt.makeCrypto)
	rt.lazyGlobal("console", rt.makeConsole)
	for _, name := range webGlobals {
		rt.lazyGlobal(name, func() goja.Value { return rt.web(name) })
	}
	rt.lazyGlobal("Buffer", rt.makeBuffer)
	// Modules use one of their own; this is for who asks the global object.
	rt.lazyGlobal("fetch", func() goja.Value {
		return rt.fn("fetch", 2, func(c goja.FunctionCall) goja.Value { return rt.current.fetch(c.Argument(0), c.Argument(1)) })
	})
	rt.installBase64()
	rt.installTimers()
}

// seal keeps modules from adding to what they share with each other: a value
// that is left on a prototype in one request would show in the next. What is
// still on the shelf is sealed when it is taken from there.
func (rt *vmRuntime) seal() error {
	global := rt.vm.GlobalObject()
	rt.shelf.preventExtensions = callable(rt.builtin("Object").Get("preventExtensions"))
	if err := rt.shelf.seal(global); err != nil {
		return err
	}
	for _, v := range rt.shelf.made {
		if err := rt.shelf.seal(v); err != nil {
			return err
		}
	}
	// Prototypes can be had from any value, in these ways.
	all := rt.reaches("prototype", "__proto__", "getPrototypeOf", "constructor")
	for _, name := range []string{
		"Object", "Array", "String", "Number", "Boolean", "BigInt", "Promise", "RegExp", "Symbol", "Date", "Map", "Set", "Math",
		"Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "JSON", "Reflect",
	} {
		if all || rt.reaches(name) {
			if err := rt.shelf.seal(global.Get(name)); err != nil {
				return err
			}
		}
	}
	if !all {
		return nil
	}
	return rt.shelf.seal(rt.vm.ToValue(func(goja.FunctionCall) goja.Value { return nil }).(*goja.Object).Prototype())
}

// prelude gives a function of the prelude.
func (rt *vmRuntime) prelude(name string) goja.Value {
	if rt.global.parts == nil {
		rt.global.parts = rt.runScript(preludeProgram, rt.scriptHost()).(*goja.Object)
	}
	return rt.global.parts.Get(name)
}

// installTimers defines setTimeout, clearTimeout and queueMicrotask.
func (rt *vmRuntime) installTimers() {
	callback := func(call goja.FunctionCall, name string) (goja.Callable, []goja.Value) {
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
	rt.lazyFunction("setTimeout", 2, func(call goja.FunctionCall) goja.Value {
		f, args := callback(call, "setTimeout")
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
	})
	rt.lazyFunction("clearTimeout", 1, func(call goja.FunctionCall) goja.Value {
		if s := rt.session; s != nil && !isNil(call.Argument(0)) {
			s.loop.clear(call.Argument(0).ToInteger())
		}
		return goja.Undefined()
	})
	rt.lazyFunction("queueMicrotask", 1, func(call goja.FunctionCall) goja.Value {
		f, _ := callback(call, "queueMicrotask")
		done := must1(rt.resolved(goja.Undefined()))
		must1(rt.promises().then(done, rt.fn("", 0, func(goja.FunctionCall) goja.Value {
			return must1(f(goja.Undefined()))
		})))
		return goja.Undefined()
	})
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
