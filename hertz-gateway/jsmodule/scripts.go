package jsmodule

import (
	_ "embed" // for web.js
	"math"
	"time"

	"github.com/dop251/goja"
)

//go:embed web.js
var webText string

// webGlobals are the globals that web.js makes.
var webGlobals = []string{"DOMException", "Event", "EventTarget", "AbortController", "AbortSignal", "structuredClone"}

var webScript = hostScriptOf(webText)

// maxListeners bounds the listeners of an EventTarget, and the signals that
// follow another.
const maxListeners = 256

// hostScript is a part of the host that is written in JavaScript, so that it can
// be interrupted, with what it reaches: it works on the values of programs, with
// built-ins that those may not name.
type hostScript struct {
	code *goja.Program
	*reach
}

func hostScriptOf(text string) *hostScript {
	tree, err := goja.Parse(preludeName, text)
	if err != nil {
		panic(err)
	}
	code, err := goja.CompileAST(tree, true)
	if err != nil {
		panic(err)
	}
	return &hostScript{code, reachOf(tree.Body, numbersIn(tree.Body))}
}

// runScript runs a script of the host, and gives what its function makes of host.
func (rt *vmRuntime) runScript(script *hostScript, host *goja.Object) goja.Value {
	for name := range script.names {
		rt.defend(name)
	}
	if script.iterates {
		rt.defend(iteration)
	}
	return must1(callable(must1(rt.vm.RunProgram(script.code)))(goja.Undefined(), host))
}

// scriptHost has what every script of the host needs.
func (rt *vmRuntime) scriptHost() *goja.Object {
	host := rt.vm.NewObject()
	rt.method(host, "rangeError", 1, func(call goja.FunctionCall) goja.Value {
		rt.throwRange("%s", call.Argument(0))
		return nil
	})
	own(host, "maxArray", rt.vm.ToValue(maxArray))
	return host
}

// web gives a part of web.js.
func (rt *vmRuntime) web(name string) goja.Value {
	if rt.global.webParts == nil {
		rt.global.webParts = rt.makeWeb()
	}
	return rt.global.webParts.Get(name)
}

// makeWeb runs web.js.
func (rt *vmRuntime) makeWeb() *goja.Object {
	host := rt.scriptHost()
	own(host, "maxListeners", rt.vm.ToValue(maxListeners))
	rt.method(host, "now", 0, func(goja.FunctionCall) goja.Value {
		return rt.vm.ToValue(float64(rt.host.elapsed()) / float64(time.Millisecond))
	})
	rt.method(host, "epoch", 0, func(goja.FunctionCall) goja.Value { return rt.vm.ToValue(rt.epoch) })
	rt.method(host, "report", 1, func(call goja.FunctionCall) goja.Value {
		must(rt.report("a listener", func() error { return rejection(call.Argument(0)) }))
		return goja.Undefined()
	})
	rt.method(host, "setTimeout", 2, func(call goja.FunctionCall) goja.Value {
		f, _ := goja.AssertFunction(call.Argument(0))
		delay := time.Duration(integer(call.Argument(1), 0, math.MaxInt32)) * time.Millisecond
		if rt.live().after(delay, func() error { _, err := f(goja.Undefined()); return err }) == 0 {
			rt.throwRange("too many timers and calls are under way")
		}
		return goja.Undefined()
	})
	rt.method(host, "detach", 1, func(call goja.FunctionCall) goja.Value {
		if o, ok := call.Argument(0).(*goja.Object); ok {
			if buffer, ok := dynamic[goja.ArrayBuffer](o); ok {
				buffer.Detach()
			}
		}
		return goja.Undefined()
	})
	return rt.runScript(webScript, host).(*goja.Object)
}

// throwDOM throws a DOMException of that name into the running script.
func (rt *vmRuntime) throwDOM(name, message string) {
	panic(must1(rt.vm.New(rt.web("DOMException"), rt.newString(message), rt.newString(name))))
}
