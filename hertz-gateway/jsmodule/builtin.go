package jsmodule

import (
	"strings"
	"time"

	"github.com/dop251/goja"
)

// builtin is a module that the host gives to `import`.
type builtin struct {
	name string
	make func(*moduleInstance) goja.Value
}

// builtins are all there are.
func builtins() []builtin {
	return []builtin{
		{"dgate", (*moduleInstance).makeDGate},
		{"dgate/crypto", (*moduleInstance).makeCryptoModule},
		{"dgate/http", (*moduleInstance).makeHTTP},
		{"dgate/jwt", (*moduleInstance).makeJWT},
		{"dgate/metrics", (*moduleInstance).makeMetrics},
		{"dgate/rpc", (*moduleInstance).makeRPC},
		{"dgate/secrets", (*moduleInstance).makeSecrets},
		{"dgate/state", (*moduleInstance).makeState},
		{"dgate/storage", (*moduleInstance).makeStorage},
		{"dgate/test", (*moduleInstance).makeTest},
	}
}

func builtinModules() []string {
	var names []string
	for _, b := range builtins() {
		names = append(names, b.name)
	}
	return names
}

// maxSleep is the longest duration that sleep understands; the deadline comes
// long before.
const maxSleep = time.Hour

// makeDGate makes `import … from "dgate"`.
func (m *moduleInstance) makeDGate() goja.Value {
	rt := m.rt
	o := rt.vm.NewObject()
	rt.method(o, "sleep", 1, func(call goja.FunctionCall) goja.Value {
		d := rt.duration(call.Argument(0), "sleep")
		if err := rt.live().sleep(d); err != nil {
			rt.abort(err)
		}
		return goja.Undefined()
	})
	rt.method(o, "asyncSleep", 1, func(call goja.FunctionCall) goja.Value {
		d := rt.duration(call.Argument(0), "asyncSleep")
		p, resolve, _ := rt.vm.NewPromise()
		if rt.live().after(d, func() error { return resolve(goja.Undefined()) }) == 0 {
			rt.throwRange("too many timers and calls are under way")
		}
		return rt.vm.ToValue(p)
	})
	rt.method(o, "fail", 1, func(call goja.FunctionCall) goja.Value {
		panic(rt.newJSError(rt.errorClass("Error"), str(call.Argument(0))))
	})
	own(o, "retry", rt.prelude("retry"))
	own(o, "version", rt.newString(rt.host.cfg.Version))
	// DGate gives its parts here too: `import { crypto } from "dgate"`.
	for _, b := range builtins() {
		if part, ok := strings.CutPrefix(b.name, "dgate/"); ok && part != "test" {
			rt.accessor(o, part, func(goja.FunctionCall) goja.Value {
				return m.require(goja.FunctionCall{Arguments: []goja.Value{rt.newString(b.name)}})
			}, nil)
		}
	}
	return o
}

// duration reads what DGate's sleep takes: seconds, or text such as "150ms".
func (rt *vmRuntime) duration(v goja.Value, name string) time.Duration {
	if goja.IsNumber(v) {
		seconds := v.ToFloat()
		if seconds != seconds || seconds < 0 {
			seconds = 0
		}
		return time.Duration(min(seconds, maxSleep.Seconds()) * float64(time.Second))
	}
	if s, ok := v.(goja.String); ok {
		d, err := time.ParseDuration(s.String())
		if err != nil {
			rt.throwType("%s: %q is not a duration such as \"150ms\" or \"2s\"", name, s)
		}
		return min(max(d, 0), maxSleep)
	}
	rt.throwType("%s needs seconds as a number, or text such as \"150ms\"", name)
	return 0
}
