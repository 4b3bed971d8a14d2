package jsmodule

import (
	"reflect"
	"slices"
	"sync"

	"github.com/dop251/goja"
)

// timed gives a function for one of the language's loops to call. goja looks at
// the time between the instructions of JavaScript only, so others look at it
// before each call: texts.map(encodeURIComponent) has no instruction.
func (rt *vmRuntime) timed(v goja.Value) goja.Value {
	o, ok := v.(*goja.Object)
	if !ok || isScript(o) {
		return v
	}
	f, ok := direct(o)
	if !ok {
		return v
	}
	return rt.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		rt.checkTime()
		return f(call)
	})
}

// timedArgument is timed for an argument, if there is one.
func (rt *vmRuntime) timedArgument(call goja.FunctionCall, i int) {
	if i < len(call.Arguments) {
		call.Arguments[i] = rt.timed(call.Arguments[i])
	}
}

// isScript says whether a value is a function written in JavaScript.
func isScript(o *goja.Object) bool {
	if o.ExportType() != reflect.TypeFor[nativeFunc]() {
		return false
	}
	f, ok := o.Export().(nativeFunc)
	return ok && slices.Contains(scriptCalls(), reflect.ValueOf(f).Pointer())
}

// scriptCalls are the entries of goja's into JavaScript: what its functions are
// in Go.
var scriptCalls = sync.OnceValue(func() []uintptr {
	var entries []uintptr
	kinds := must1(goja.New().RunProgram(scriptKinds)).(*goja.Object)
	for _, key := range kinds.Keys() {
		if f, ok := kinds.Get(key).Export().(nativeFunc); ok {
			entries = append(entries, reflect.ValueOf(f).Pointer())
		}
	}
	return entries
})

var scriptKinds = goja.MustCompile(preludeName, `[() => 1, function () {}, ({ m() {} }).m, async () => 1, async function () {},
	({ async m() {} }).m, function* () {}, ({ *m() {} }).m]`, true)
