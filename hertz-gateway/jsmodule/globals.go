package jsmodule

import (
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"math"
	"time"

	"github.com/dop251/goja"
)

// globals are built-ins taken before any module could replace them.
type globals struct {
	promise                                        *goja.Object
	promiseResolve                                 goja.Callable
	promiseThen                                    goja.Callable
	errorClass, typeError, rangeError, syntaxError goja.Value
	uint8Array                                     goja.Value
	isView                                         goja.Callable
	arrayValues                                    goja.Callable
	arrayProto                                     *goja.Object
	retry                                          goja.Value
}

//go:embed prelude.js
var preludeText string

// preludeName is the file name of the prelude; its frames are left out of
// stacks.
const preludeName = "dgate:prelude"

// prelude is the part of the host that is written in JavaScript, so that it
// can be interrupted.
var prelude = goja.MustCompile(preludeName, preludeText, true)

// install prepares a new runtime: first the built-ins that the host itself
// uses, then the guards, then the host's own globals.
func (rt *vmRuntime) install() {
	vm, g := rt.vm, &rt.global
	global := vm.GlobalObject()
	object := func(name string) *goja.Object { return global.Get(name).(*goja.Object) }
	callable := func(v goja.Value) goja.Callable {
		f, ok := goja.AssertFunction(v)
		if !ok {
			panic("jsmodule: a built-in is missing")
		}
		return f
	}
	g.promise = object("Promise")
	g.promiseResolve = callable(g.promise.Get("resolve"))
	g.promiseThen = callable(g.promise.Get("prototype").(*goja.Object).Get("then"))
	g.errorClass, g.typeError = object("Error"), object("TypeError")
	g.rangeError, g.syntaxError = object("RangeError"), object("SyntaxError")
	g.isView = callable(object("ArrayBuffer").Get("isView"))
	g.arrayProto = object("Array").Get("prototype").(*goja.Object)
	g.arrayValues = callable(g.arrayProto.Get("values"))
	g.uint8Array = object("Uint8Array")

	rt.installGuards()
	rt.installPrelude()

	rt.classes.rt = rt
	rt.classes.named = rt.installNamed()
	rt.classes.doc, rt.classes.docArray = rt.installDoc()
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
	rt.installBase64(global)
	rt.installTimers(global)
}

// seal keeps modules from adding to what they share with each other: a value
// that is left on a prototype in one request would show in the next.
func (rt *vmRuntime) seal() error {
	global := rt.vm.GlobalObject()
	object := global.Get("Object").(*goja.Object)
	prevent, ok := goja.AssertFunction(object.Get("preventExtensions"))
	if !ok {
		return nil
	}
	sealed := []goja.Value{global, global.Get("JSON"), global.Get("Math"), global.Get("Reflect")}
	for _, name := range []string{
		"Object", "Function", "Array", "String", "Number", "Boolean", "Symbol", "BigInt", "Promise", "RegExp",
		"Date", "Map", "Set", "Error", "TypeError", "RangeError", "SyntaxError",
	} {
		if o, ok := global.Get(name).(*goja.Object); ok {
			sealed = append(sealed, o, o.Get("prototype"))
		}
	}
	for _, v := range sealed {
		if _, err := prevent(goja.Undefined(), v); err != nil {
			return err
		}
	}
	return nil
}

func (rt *vmRuntime) installPrelude() {
	f, _ := goja.AssertFunction(must1(rt.vm.RunProgram(prelude)))
	host := rt.vm.NewObject()
	rt.method(host, "rangeError", 1, func(call goja.FunctionCall) goja.Value {
		rt.throwRange("%s", call.Argument(0))
		return nil
	})
	own(host, "maxArray", rt.vm.ToValue(maxArray))
	parts := must1(f(goja.Undefined(), host)).(*goja.Object)
	rt.global.retry = parts.Get("retry")
	define := func(on *goja.Object, name string) {
		must(on.DefineDataProperty(name, parts.Get(name), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	define(rt.vm.GlobalObject(), "structuredClone")
	define(rt.global.arrayProto, "flat")
	define(rt.global.arrayProto, "flatMap")
}

// installTimers defines setTimeout, clearTimeout and queueMicrotask.
func (rt *vmRuntime) installTimers(global *goja.Object) {
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
	rt.method(global, "setTimeout", 2, func(call goja.FunctionCall) goja.Value {
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
	rt.method(global, "clearTimeout", 1, func(call goja.FunctionCall) goja.Value {
		if s := rt.session; s != nil && !isNil(call.Argument(0)) {
			s.loop.clear(call.Argument(0).ToInteger())
		}
		return goja.Undefined()
	})
	rt.method(global, "queueMicrotask", 1, func(call goja.FunctionCall) goja.Value {
		f, _ := callback(call, "queueMicrotask")
		done := must1(rt.global.promiseResolve(rt.global.promise, goja.Undefined()))
		must1(rt.global.promiseThen(done, rt.fn("", 0, func(goja.FunctionCall) goja.Value {
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
		return rt.vm.ToValue(float64(now()) / float64(time.Millisecond))
	})
	own(o, "timeOrigin", rt.vm.ToValue(clockStart.UnixMilli()))
	return o
}

// maxRandom is the most that getRandomValues fills at once, as on the web.
const maxRandom = 65536

func (rt *vmRuntime) makeCrypto() goja.Value {
	o := rt.vm.NewObject()
	rt.method(o, "randomUUID", 0, func(goja.FunctionCall) goja.Value {
		return rt.newString(randomUUID())
	})
	rt.method(o, "getRandomValues", 1, func(call goja.FunctionCall) goja.Value {
		view, ok := call.Argument(0).(*goja.Object)
		if !ok || !rt.isView(view) {
			rt.throwType("getRandomValues needs a typed array")
		}
		data, ok := rt.viewed(view)
		if !ok {
			rt.throwType("getRandomValues needs a typed array")
		}
		if len(data) > maxRandom {
			rt.throwRange("getRandomValues fills at most %d bytes", maxRandom)
		}
		_, err := rand.Read(data)
		must(err)
		return view
	})
	return o
}

// randomUUID is version 4 of RFC 9562.
func randomUUID() string {
	var id [16]byte
	_, err := rand.Read(id[:])
	must(err)
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	s := hex.EncodeToString(id[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
