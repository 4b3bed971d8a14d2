//go:build unix

package jsmodule_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dop251/goja"

	"dgate/hertz-gateway/jsmodule"
)

// jsonOf makes a JSON object of about size bytes whose title stands in the
// middle.
func jsonOf(size int) string {
	var b strings.Builder
	half := func(from string) {
		for i := 0; b.Len() < size/2 || from == "b" && b.Len() < size; i++ {
			fmt.Fprintf(&b, `"%s%d":{"id":%d,"name":"a name of some length","tags":["x","y"]},`, from, i, i)
		}
	}
	b.WriteString("{")
	half("a")
	b.WriteString(`"title":"old",`)
	half("b")
	b.WriteString(`"end":true}`)
	return b.String()
}

// cpu measures the processor time of an operation, as far as the process can:
// on a busy machine the clock says little.
func cpu(b *testing.B) func() {
	b.ReportAllocs()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	return func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") }
}

// served is a request whose header is read as that of a server is: out of
// memory that is there already.
type served struct {
	request
	agent []byte
}

func (r *served) Header(name string, yield func([]byte) bool) {
	if strings.EqualFold(name, "User-Agent") {
		yield(r.agent)
		return
	}
	r.request.Header(name, yield)
}

// BenchmarkHooks runs hooks over messages in memory.
func BenchmarkHooks(b *testing.B) {
	const header = `ctx.request.headers.set("x-b", ctx.request.headers.get("user-agent"))`
	for _, bench := range []struct {
		name, text, body string
		response         bool
	}{
		{name: "noop", text: `export function requestModifier(ctx) {}`},
		{name: "header", text: `export function requestModifier(ctx) { ` + header + ` }`},
		{name: "header-called", text: `export function requestModifier(ctx) { ` + strings.ReplaceAll(header, "request", "request()") + ` }`},
		{name: "header-mixed", text: `export function requestModifier(ctx) { ctx.request(); ` + header + ` }`},
		{name: "header-async", text: `export async function requestModifier(ctx) { ` + header + ` }`},
		{name: "header-await", text: `export async function requestModifier(ctx) { await null; ` + header + ` }`},
		{name: "header-both", response: true, text: `export function requestModifier(ctx) { ctx.request.headers.set("x-a", "1") }
			export function responseModifier(ctx, res) { res.headers.set("x-served-by", "dgate") }`},
		{name: "header-isolated", text: "// @isolation request\nexport function requestModifier(ctx) { " + header + " }"},
		{name: "json-1KB", body: jsonOf(1 << 10), text: `export function requestModifier(ctx) { ctx.request.json().title = "new" }`},
		{name: "json-20KB", body: jsonOf(20 << 10), text: `export function requestModifier(ctx) { ctx.request.json().title = "new" }`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c := chain(b, jsmodule.Config{}, bench.text)
			q := &served{
				request: request{method: "POST", path: "/book/query", lines: lines{[][2]string{{"Content-Type", "application/json"}}}},
				agent:   []byte("test/1"),
			}
			r := &response{status: 200}
			body := []byte(bench.body)
			call := &jsmodule.Call{ID: "1", Request: q, Response: r, Deadline: time.Now().Add(time.Hour)}
			ctx := context.Background()
			var s jsmodule.Session // whose memory the gateway reuses too
			defer cpu(b)()
			for b.Loop() {
				q.body = body
				c.BeginIn(ctx, &s, call)
				if _, err := s.Request(); err != nil {
					b.Fatal(err)
				}
				if bench.response {
					if err := s.Response(); err != nil {
						b.Fatal(err)
					}
				}
				s.Close()
			}
		})
	}
}

// constant is a dynamic object, every member of which is the same value.
type constant struct{ value goja.Value }

func (c constant) Get(string) goja.Value       { return c.value }
func (c constant) Set(string, goja.Value) bool { return true }
func (constant) Has(string) bool               { return true }
func (constant) Delete(string) bool            { return true }
func (constant) Keys() []string                { return nil }

// BenchmarkGoja is the floor: what goja alone takes for what hooks are made of.
// Each function is called as the host calls one, but in call, which goes
// through goja.Callable.
func BenchmarkGoja(b *testing.B) {
	run := func(vm *goja.Runtime, text string) goja.Value {
		v, err := vm.RunProgram(goja.MustCompile("m", text, true))
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
	for _, bench := range []struct {
		name, text string
		again      int // how often it does what it is about
	}{
		{name: "function", text: `(function (x) {})`},
		{name: "member", text: `(function (x) { x.a; x.a; x.a; x.a; x.a; x.a; x.a; x.a })`, again: 8},
		{name: "native", text: `(function (x) { f(); f(); f(); f(); f(); f(); f(); f() })`, again: 8},
		{name: "async", text: `(async function (x) {})`},
		{name: "await", text: `(async function (x) { await null })`},
		{name: "await-promise", text: `(async function (x) { await p })`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			vm := goja.New()
			nothing := func(goja.FunctionCall) goja.Value { return goja.Undefined() }
			if err := errors.Join(vm.Set("f", nothing), vm.Set("p", run(vm, "Promise.resolve(1)"))); err != nil {
				b.Fatal(err)
			}
			f := run(vm, bench.text).Export().(func(goja.FunctionCall) goja.Value)
			drain, _ := goja.AssertFunction(vm.ToValue(nothing))
			args := []goja.Value{vm.NewDynamicObject(constant{goja.Undefined()})}
			call := func() { f(goja.FunctionCall{This: goja.Undefined(), Arguments: args}) }
			defer cpu(b)()
			for b.Loop() {
				if err := vm.Try(call); err != nil {
					b.Fatal(err)
				}
				if bench.name[0] == 'a' { // it leaves jobs
					if _, err := drain(goja.Undefined()); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(max(1, bench.again)), "ns/each")
		})
	}
	for _, bench := range []struct {
		name string
		f    func(vm *goja.Runtime)
	}{
		{"object", func(vm *goja.Runtime) { vm.NewDynamicObject(constant{}) }},
		{"promise", func(vm *goja.Runtime) { vm.NewPromise() }},
		{"string", func(vm *goja.Runtime) { vm.ToValue("a value of more than 16 bytes") }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			vm := goja.New()
			defer cpu(b)()
			for b.Loop() {
				bench.f(vm)
			}
		})
	}
	b.Run("call", func(b *testing.B) {
		f, _ := goja.AssertFunction(run(goja.New(), "(function (x) {})"))
		defer cpu(b)()
		for b.Loop() {
			if _, err := f(goja.Undefined()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("runtime", func(b *testing.B) {
		program := goja.MustCompile("m", `(function (x) {})`, true)
		defer cpu(b)()
		for b.Loop() {
			if _, err := goja.New().RunProgram(program); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCalls runs handlers that call services, which answer at once.
func BenchmarkCalls(b *testing.B) {
	answer := []byte(`{"ID":"7","Title":"Go"}`)
	caller := callerFunc(func(context.Context, jsmodule.RPC) ([]byte, error) { return answer, nil })
	for _, bench := range []struct{ name, text string }{
		{"one", `export const requestHandler = async () => await rpc.BookSvc.queryBook({ Num: 7 })`},
		{"three", `export const requestHandler = async () => ({ books: await Promise.all([7, 8, 9].map((Num) => rpc.BookSvc.queryBook({ Num }))) })`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c := chain(b, jsmodule.Config{Caller: caller, DefaultPermissions: []string{"rpc:*"}}, `import rpc from "dgate/rpc"; `+bench.text)
			q := &request{method: "GET", path: "/books"}
			call := &jsmodule.Call{ID: "1", Request: q, Response: &response{}, Deadline: time.Now().Add(time.Hour)}
			ctx := context.Background()
			var s jsmodule.Session
			defer cpu(b)()
			for b.Loop() {
				c.BeginIn(ctx, &s, call)
				if _, err := s.Handle(); err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	defer cpu(b)()
	for b.Loop() {
		build(b, "m", `export function requestModifier(ctx: any): void { ctx.request.headers.set("a", "b") }`)
	}
}

// BenchmarkNewRuntime makes the runtime of a small module, of one whose code
// computes names, so that it gets all guards, and of one with an import.
func BenchmarkNewRuntime(b *testing.B) {
	for _, bench := range []struct{ name, text string }{
		{"small", `export function requestModifier(ctx) {}`},
		{"computed", `export function requestModifier(ctx) { ctx[ctx.x] }`},
		{"import", `import rpc from "dgate/rpc"; export function requestHandler(ctx) { return rpc.S.m() }`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			h := newHost(b, jsmodule.Config{})
			p := build(b, "m", bench.text)
			defer cpu(b)()
			for b.Loop() {
				c, err := h.NewChain("default", p)
				if err != nil {
					b.Fatal(err)
				}
				c.Close()
			}
		})
	}
}
