package jsmodule_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"dgate/hertz-gateway/jsmodule"
)

func TestMain(m *testing.M) {
	// The clock of regexp2 stops by itself, a second after the last match.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

func TestOrderOfHooks(t *testing.T) {
	const module = `const name = "%s";
		export function requestModifier(ctx) { ctx.request.headers.append("x-order", name); ctx.locals.seen = (ctx.locals.seen ?? "") + name }
		export async function responseModifier(ctx, res) { await null; res.headers.append("x-order", name + ctx.locals.seen) }
		export function requestHandler() { return name }
		export function errorHandler() { return name }
		export function fetchUpstream() { return name }`
	c := chain(t, jsmodule.Config{}, fmt.Sprintf(module, "a"), fmt.Sprintf(module, "b"), `export function requestModifier(ctx) { ctx.request.headers.append("x-order", "c") }`)
	e := open(t, c)
	target, ok, err := e.FetchUpstream()
	if err != nil || !ok || target.Address != "b" {
		t.Fatal(target, ok, err)
	}
	e.mustRequest(t)
	if err := e.Response(); err != nil {
		t.Fatal(err)
	}
	if got := e.q.get("x-order"); got != "a|b|c" {
		t.Errorf("requestModifier: %s", got)
	}
	if got := e.r.get("x-order"); got != "bab|aab" {
		t.Errorf("responseModifier: %s", got)
	}
	if _, err := e.Handle(); err != nil || string(e.r.body) != "b" {
		t.Error(string(e.r.body), err)
	}
	if _, err := e.Fail(jsmodule.Failure{}); err != nil || string(e.r.body) != "b" {
		t.Error(string(e.r.body), err)
	}
}

func TestAnswerNow(t *testing.T) {
	tests := []struct {
		name, run string
		answered  bool
	}{
		{"a Response", `return new Response("no", { status: 403 })`, true},
		{"a promise of one", `return Promise.resolve(new Response("no", { status: 403 }))`, true},
		{"through ctx", `ctx.status(403).text("no")`, true},
		{"through ctx.response", `ctx.response.status(403).send("no")`, true},
		{"a status alone", `return ctx.status(403)`, false},
		{"an object", `return { a: 1 }`, false},
		{"a header", `return ctx.setHeader("a", "b")`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := chain(t, jsmodule.Config{}, "export function requestModifier(ctx) { "+test.run+" }",
				`export function requestModifier(ctx) { ctx.request.headers.set("x-second", "1") }`)
			e := open(t, c)
			answered, err := e.Request()
			if err != nil || answered != test.answered {
				t.Fatal(answered, err)
			}
			if answered != (e.q.get("x-second") == "") {
				t.Error("the second module ran, or did not")
			}
			if answered && (e.r.status != 403 || string(e.r.body) != "no") {
				t.Error(e.r.status, string(e.r.body))
			}
		})
	}
}

func TestNoHooksNoRuntime(t *testing.T) {
	c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Runtimes: 1}}, `export function requestModifier() {}`)
	// Without a later hook the runtime is back before the upstream is called:
	// a second session can have the only one.
	first := open(t, c).mustRequest(t)
	open(t, c).mustRequest(t)
	if err := first.Response(); err != nil {
		t.Fatal(err)
	}
	if handled, err := first.Handle(); handled || err != nil {
		t.Fatal(handled, err)
	}
}

// TestKeptObjectsThrow keeps everything of one request and uses it in the next.
func TestKeptObjectsThrow(t *testing.T) {
	c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Runtimes: 1}}, `
	let kept;
	export function requestModifier(ctx) {
		if (!kept) {
			const doc = ctx.request.json();
			kept = { ctx, request: ctx.request, response: ctx.response, headers: ctx.request.headers, query: ctx.request.query,
				doc, nested: doc.nested, list: doc.list, status: ctx.status, resHeaders: ctx.response.headers };
			return;
		}
		const uses = {
			id: () => kept.ctx.id, request: () => kept.ctx.request, path: () => kept.request.path, call: () => kept.request().path,
			method: () => { kept.request.method = "PUT" }, text: () => kept.request.text(), body: () => kept.request.body,
			header: () => kept.headers.get("x"), index: () => kept.headers["x"], set: () => { kept.headers.x = "1" }, has: () => "x" in kept.headers,
			keys: () => Object.keys(kept.headers), query: () => kept.query.get("x"), queryIndex: () => kept.query.x, queryAdd: () => kept.query.append("x", 1),
			doc: () => kept.doc.a, docSet: () => { kept.doc.a = 1 }, docKeys: () => Object.keys(kept.doc), docText: () => String(kept.doc),
			nested: () => kept.nested.x, list: () => kept.list.length, item: () => kept.list[0], json: () => JSON.stringify(kept.doc),
			status: () => kept.response.status(500), write: () => kept.ctx.json({}), bound: () => kept.status.call(kept.ctx, 500),
			waitUntil: () => kept.ctx.waitUntil(Promise.resolve()), locals: () => kept.ctx.locals, resHeaders: () => kept.resHeaders.set("a", "b"),
			params: () => kept.ctx.params, service: () => kept.ctx.service,
		};
		const alive = [];
		for (const [name, use] of Object.entries(uses)) {
			try { use(); alive.push(name) } catch (e) { if (!/ended/.test(e.message)) alive.push(name + ": " + e.message) }
		}
		ctx.request.headers.set("x-alive", alive.join(", "));
	}
	export function responseModifier() {}`)
	open(t, c, withBody(`{"a":1,"nested":{"x":1},"list":[1]}`)).mustRequest(t).Close()
	e := open(t, c).mustRequest(t)
	if got := e.q.get("x-alive"); got != "" {
		t.Fatal("still usable:", got)
	}
	if e.q.method != "GET" || e.r.status != 200 {
		t.Fatal("a kept object changed another request")
	}
}

// TestStateOfModules: locals and ctx end with the request, module scope stays
// with the runtime, and globals cannot be added to.
func TestStateOfModules(t *testing.T) {
	c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Runtimes: 1}}, `
	let calls = 0;
	export function requestModifier(ctx) {
		calls++;
		const seen = [calls, ctx.locals.x, ctx.get("x"), ctx.own, globalThis.leak, Object.prototype.leak, ctx.request.leak].join();
		ctx.locals.x = 1; ctx.set("x", 1); ctx.own = 1; ctx.request.leak = 1;
		for (const o of [globalThis, Object.prototype, Array.prototype, Promise, JSON, Math]) { try { o.leak = 1 } catch (e) {} }
		ctx.request.headers.set("x-seen", seen);
	}
	export function responseModifier() {}`)
	open(t, c).mustRequest(t).Close()
	if got := open(t, c).mustRequest(t).q.get("x-seen"); got != "2,,,,,," {
		t.Fatal(got)
	}
}

// TestPrototypesAreSealed adds to prototypes that are reached under a name which
// the code makes up.
func TestPrototypesAreSealed(t *testing.T) {
	c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Runtimes: 1}}, `
	const p = "__pro" + "to__";
	export function requestModifier(ctx) {
		const values = [[], 1, "", {}, () => {}, new Map(), Promise.resolve()];
		ctx.request.headers.set("x-seen", values.map((v) => v.leak).join(""));
		for (const v of values) { try { v[p].leak = "leak" } catch (e) {} }
		for (const v of values) if (v[p].leak) throw new Error("added to a prototype");
	}`)
	for range 2 {
		if e := open(t, c).mustRequest(t); e.q.get("x-seen") != "" {
			t.Fatal(e.q.get("x-seen"))
		}
	}
}

// TestFrozenBuiltins freezes what guards would be put on later.
func TestFrozenBuiltins(t *testing.T) {
	c := chain(t, jsmodule.Config{}, `
		for (const o of [Array, Array.prototype, Object, Object.prototype, String.prototype, Reflect, Promise, JSON]) Object.freeze(o);
		export function requestHandler() {
			const name = (s) => s + "";
			const twice = [1, 2][name("map")]((n) => 2 * n);
			return [twice[name("join")]("-"), "a"[name("padEnd")](2, "b"), Reflect[name("apply")](Math.max, null, twice), Object[name("keys")]({ k: 1 })].join();
		}`)
	e := open(t, c)
	if _, err := e.Handle(); err != nil || string(e.r.body) != "2-4,ab,4,k" {
		t.Errorf("%s, %v", e.r.body, err)
	}
}

func TestRuntimeIsReplacedAfterTimeout(t *testing.T) {
	c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Runtimes: 1}}, `
	let calls = 0;
	export function requestModifier(ctx) { calls++; if (ctx.request.method === "EVIL") for (;;); ctx.request.headers.set("x-calls", calls) }
	export function errorHandler(ctx, err) { return "handled " + err.code + " " + calls }`)
	open(t, c).mustRequest(t).Close()
	e := open(t, c, func(_ *jsmodule.Call, q *request, _ *response) { q.method = "EVIL" })
	if _, err := e.Request(); err == nil {
		t.Fatal("no error")
	}
	// The error handler of the same exchange runs, in a runtime that is new.
	handled, err := e.Fail(jsmodule.Failure{Code: "module_failed"})
	if err != nil || !handled || string(e.r.body) != "handled module_failed 0" {
		t.Fatal(handled, err, string(e.r.body))
	}
	e.Close()
	if got := open(t, c).mustRequest(t).q.get("x-calls"); got != "1" {
		t.Fatal(got)
	}
}

func TestNamespacesDoNotShare(t *testing.T) {
	h := newHost(t, jsmodule.Config{})
	p := build(t, "m", `let n = 0; export function requestModifier(ctx) { ctx.request.headers.set("x", ctx.namespace.name + ++n) }`)
	for _, namespace := range []string{"a", "b"} {
		c, err := h.NewChain(namespace, p)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := open(t, c).mustRequest(t).q.get("x"); got != namespace+"1" {
			t.Fatal(got)
		}
	}
}

func TestParallelUse(t *testing.T) {
	c := chain(t, jsmodule.Config{
		DefaultPermissions: []string{"rpc:*"},
		Caller:             callerFunc(func(_ context.Context, call jsmodule.RPC) ([]byte, error) { return call.Args, nil }),
		Limits:             jsmodule.Limits{Runtimes: 8, Idle: 4},
	}, `import rpc from "dgate/rpc"; import { asyncSleep } from "dgate";
	export async function requestModifier(ctx) {
		const [a] = await Promise.all([rpc.Echo.say({ id: ctx.id }), asyncSleep("100us")]);
		if (ctx.id.endsWith("7")) for (;;);
		ctx.request.headers.set("x-id", a.id);
	}
	export function responseModifier(ctx, res) { res.headers.set("x-id", ctx.request.headers.get("x-id")) }`)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				id := fmt.Sprintf("%d-%d", w, i)
				q, r := &request{method: "GET", path: "/"}, &response{status: 200}
				s := c.Begin(context.Background(), &jsmodule.Call{ID: id, Request: q, Response: r})
				_, err := s.Request()
				if strings.HasSuffix(id, "7") {
					var e *jsmodule.Error
					if !errors.As(err, &e) || e.Kind != jsmodule.KindBudget {
						t.Errorf("%s: %v", id, err)
					}
				} else if err != nil {
					t.Errorf("%s: %v", id, err)
				} else if err := s.Response(); err != nil || r.get("x-id") != id {
					t.Errorf("%s: got %q, %v", id, r.get("x-id"), err)
				}
				s.Close()
			}
		})
	}
	wg.Wait()
}

// TestLeaks runs many exchanges of every kind and compares goroutines and heap.
func TestLeaks(t *testing.T) {
	c := chain(t, jsmodule.Config{
		DefaultPermissions: []string{"rpc:*"},
		Caller:             callerFunc(func(_ context.Context, call jsmodule.RPC) ([]byte, error) { return call.Args, nil }),
	}, `import rpc from "dgate/rpc";
	export async function requestModifier(ctx) {
		const b = ctx.request.json(); b.title = "x".repeat(100);
		setTimeout(() => {}, 60000);
		if (ctx.request.query.get("n") === "0") await rpc.Echo.say(b);
		ctx.locals.big = new Array(1000).fill(ctx.id);
	}
	export function responseModifier(ctx, res) { res.headers.set("x-a", ctx.request.headers.get("user-agent")); ctx.waitUntil(Promise.resolve()) }`)
	round := func(n int) {
		for i := range n {
			q := &request{method: "POST", path: "/", query: fmt.Sprintf("n=%d", i%10), body: []byte(`{"id":1,"title":"old","list":[1,2,3]}`)}
			s := c.Begin(context.Background(), &jsmodule.Call{ID: "1", Request: q, Response: &response{status: 200}})
			if _, err := s.Request(); err != nil {
				t.Fatal(err)
			}
			if err := s.Response(); err != nil {
				t.Fatal(err)
			}
			s.Close()
		}
	}
	figures := func() (goroutines int, heap uint64) {
		for range 3 {
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc
	}
	round(500)
	goroutines, heap := figures()
	round(10000)
	waitFor(t, func() bool { return runtime.NumGoroutine() <= goroutines })
	if _, after := figures(); after > heap+1<<20 {
		t.Fatalf("the heap grew from %d to %d bytes", heap, after)
	}
}

func TestRPC(t *testing.T) {
	var calls atomic.Int32
	caller := callerFunc(func(ctx context.Context, call jsmodule.RPC) ([]byte, error) {
		calls.Add(1)
		switch call.Method {
		case "echo":
			return fmt.Appendf(nil, `{"service":%q,"args":%s,"namespace":%q,"module":%q,"request":%q,"tag":%q,"id":9223372036854775807}`,
				call.Service, call.Args, call.Namespace, call.Module, call.RequestID, call.Tag), nil
		case "slow":
			<-ctx.Done()
			return nil, ctx.Err()
		case "void":
			return nil, nil
		case "scalar":
			return []byte(` 7 `), nil
		case "broken":
			return []byte(`{"a":`), nil
		case "biz":
			return nil, fmt.Errorf("wrapped: %w", &jsmodule.CallError{Code: "no_such_book", Status: 404, Message: "no such book"})
		}
		return nil, errors.New("connection refused")
	})
	tests := []struct{ name, run, want string }{
		{"property", `return (await rpc.Book.echo({ a: [1, 2n] })).args`, `{"a":[1,2]}`},
		{"call", `const r = await call("Book", "echo", { a: 1 }, { tag: "canary" }); return [r.service, r.args.a, r.namespace, r.module, r.request, r.tag]`, `["Book",1,"default","m0","req-1","canary"]`},
		{"named import", `return (await Book.echo()).args`, `{}`},
		{"namespace import", `return (await all.Book.echo()).service`, `"Book"`},
		{"passed on, digits kept", `const { id, ...rest } = await rpc.Book.echo(); const r = await rpc.Book.echo(); delete r.args; return r`, `{"service":"Book","namespace":"default","module":"m0","request":"req-1","tag":"","id":9223372036854775807}`},
		{"parallel", `return (await Promise.all([1, 2, 3].map((n) => rpc.Book.echo({ n })))).map((r) => r.args.n)`, `[1,2,3]`},
		{"void", `return (await rpc.Book.void()) === undefined`, `true`},
		{"scalar", `return await rpc.Book.scalar()`, `7`},
		{"timeout", `try { await rpc.Book.slow({}, { timeout: 5 }) } catch (e) { return [e.name, e.code, e.status, e.service, e.method, e instanceof Error] }`, `["RpcError","timeout",504,"Book","slow",true]`},
		{"business error", `try { await rpc.Book.biz() } catch (e) { return [e.message, e.code, e.status] }`, `["no such book","no_such_book",404]`},
		{"other error", `try { await rpc.Book.nope() } catch (e) { return [e.message, e.code, e.status] }`, `["connection refused","call_failed",502]`},
		{"bad answer", `try { await rpc.Book.broken() } catch (e) { return [e.code, e.status] }`, `["bad_answer",502]`},
		{"not granted", `try { await rpc.Secret.echo() } catch (e) { return [e.code, e.message] }`, `["permission_denied","module m0 may not call Secret: it needs the permission rpc:Secret, in its own list (\"// @permissions rpc:Secret\" at the top of m0.ts) or in modules.defaultPermissions"]`},
		{"too many", `const l = []; for (let i = 0; i < 100; i++) l.push(rpc.Book.slow({}, { timeout: 5 }).catch((e) => e.code)); const r = await Promise.all(l); return [r.filter((c) => c === "timeout").length, r.filter((c) => c === "too_many_calls").length]`, `[64,36]`},
		{"rpc is no thenable", `return (await rpc) === rpc`, `true`},
		{"arguments of the request", `return (await rpc.Book.echo(ctx.request.json())).args`, `{"id":9223372036854775806}`},
	}
	cfg := jsmodule.Config{Caller: caller, DefaultPermissions: []string{"rpc:Book"}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := chain(t, cfg, `import rpc, { call, Book } from "dgate/rpc"; import * as all from "dgate/rpc";
				export async function requestHandler(ctx) { return Response.json(await (async () => { `+test.run+` })()) }`)
			e := open(t, c, withBody(`{"id":9223372036854775806}`))
			if _, err := e.Handle(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(e.r.body)); diff != "" {
				t.Error(diff)
			}
		})
	}

	t.Run("permissions of the module", func(t *testing.T) {
		before := calls.Load()
		p, err := jsmodule.Build(jsmodule.Source{Name: "m", Permissions: []string{}, Text: `import rpc from "dgate/rpc"; export const requestModifier = () => rpc.Book.echo()`}, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := newHost(t, cfg).NewChain("default", p)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = open(t, c).Request()
		if err == nil || !strings.Contains(err.Error(), "may not call Book") || calls.Load() != before {
			t.Fatal(err)
		}
	})
	t.Run("no caller", func(t *testing.T) {
		c := chain(t, jsmodule.Config{DefaultPermissions: []string{"rpc:*"}}, `import rpc from "dgate/rpc"; export const requestModifier = () => rpc.Book.echo()`)
		if _, err := open(t, c).Request(); err == nil || !strings.Contains(err.Error(), "makes no calls") {
			t.Fatal(err)
		}
	})
	t.Run("the deadline ends calls", func(t *testing.T) {
		c := chain(t, cfg, `import rpc from "dgate/rpc"; export const requestModifier = async () => { try { await rpc.Book.slow() } catch (e) {} }`)
		e := open(t, c, func(call *jsmodule.Call, _ *request, _ *response) {
			call.Deadline = time.Now().Add(20 * time.Millisecond)
		})
		started := time.Now()
		_, _ = e.Request()
		if took := time.Since(started); took > time.Second {
			t.Fatal(took)
		}
	})
}

// TestCallsRunInParallel has three calls wait for each other.
func TestCallsRunInParallel(t *testing.T) {
	var all sync.WaitGroup
	all.Add(3)
	c := chain(t, jsmodule.Config{DefaultPermissions: []string{"rpc:*"}, Caller: callerFunc(func(context.Context, jsmodule.RPC) ([]byte, error) {
		all.Done()
		all.Wait()
		return []byte("1"), nil
	})}, `import rpc from "dgate/rpc"; export const requestHandler = async () => Promise.all([rpc.A.x(), rpc.B.x(), rpc.C.x()])`)
	e := open(t, c)
	if _, err := e.Handle(); err != nil || string(e.r.body) != "[1,1,1]" {
		t.Fatal(string(e.r.body), err)
	}
}

// TestFailedHookLeavesNothing writes an answer, then throws.
func TestFailedHookLeavesNothing(t *testing.T) {
	c := chain(t, jsmodule.Config{}, `export function requestModifier(ctx) { ctx.request.setBody("half"); ctx.text("half"); throw new Error("x") }
		export function errorHandler(ctx, err) {}`)
	e := open(t, c)
	if _, err := e.Request(); err == nil {
		t.Fatal("no error")
	}
	if handled, err := e.Fail(jsmodule.Failure{}); handled || err != nil {
		t.Fatal(handled, err)
	}
	if e.r.bodySet != 0 || e.q.bodySet != 0 {
		t.Fatalf("written: %q, %q", e.q.body, e.r.body)
	}
}

// TestDocumentsStay reads documents after the body that they were read from has
// been replaced, and after it has changed hands.
func TestDocumentsStay(t *testing.T) {
	c := chain(t, jsmodule.Config{}, `
		let kept;
		export function requestModifier(ctx) {
			const first = ctx.request.json(), second = ctx.request.json({ bigint: true });
			ctx.request.writeJson({ of: "its own", deep: { n: 3 } });
			kept = [first, second, ctx.request.json()];
		}
		export function responseModifier(ctx, res) {
			const [first, second, own] = kept;
			res.json([first.deep.n, String(second.deep.n), own.deep.n]);
		}`)
	for range 2 {
		e := open(t, c, withBody(`{"of":"the client","deep":{"n":9007199254740993}}`)).mustRequest(t)
		for i := range e.q.body { // which is the message's
			e.q.body[i] = '#'
		}
		if err := e.Session.Response(); err != nil || string(e.r.body) != `[9007199254740992,"9007199254740993",3]` {
			t.Errorf("%s, %v", e.r.body, err)
		}
		e.Close()
	}
}

// TestFirstOfTwoCalls has one call answer only after the module went on with
// the other's answer.
func TestFirstOfTwoCalls(t *testing.T) {
	for _, order := range []string{"rpc.S.fast(), rpc.S.slow()", "rpc.S.slow(), rpc.S.fast()"} {
		answered := make(chan struct{})
		caller := callerFunc(func(ctx context.Context, call jsmodule.RPC) ([]byte, error) {
			switch call.Method {
			case "slow":
				select {
				case <-answered:
				case <-ctx.Done():
				}
				return []byte(`"slow"`), nil
			case "done":
				close(answered)
			}
			return []byte(`"` + call.Method + `"`), nil
		})
		c := chain(t, jsmodule.Config{Caller: caller, DefaultPermissions: []string{"rpc:*"}}, `import rpc from "dgate/rpc";
			export async function requestHandler() { const calls = [`+order+`]; const first = await Promise.race(calls); await rpc.S.done(); return [first, ...await Promise.all(calls)].join() }`)
		e := open(t, c)
		if _, err := e.Handle(); err != nil {
			t.Fatal(order, err)
		}
		if got := string(e.r.body); !strings.HasPrefix(got, "fast,") {
			t.Fatal(order, got)
		}
	}
}

// TestCallThatNobodyAwaits is made all the same.
func TestCallThatNobodyAwaits(t *testing.T) {
	called := make(chan string, 1)
	caller := callerFunc(func(_ context.Context, call jsmodule.RPC) ([]byte, error) {
		called <- call.Method
		return nil, nil
	})
	c := chain(t, jsmodule.Config{Caller: caller, DefaultPermissions: []string{"rpc:*"}}, `import rpc from "dgate/rpc";
		export function requestModifier() { rpc.S.f() } export function responseModifier() {}`)
	open(t, c).mustRequest(t)
	if got := <-called; got != "f" {
		t.Fatal(got)
	}
}

// TestAsyncHooks lets hooks be async, with and without something to await.
func TestAsyncHooks(t *testing.T) {
	for _, wait := range []string{"", "await null; "} {
		c := chain(t, jsmodule.Config{}, `export const requestModifier = async (ctx) => { `+wait+`ctx.request.headers.set("x-a", "1") }
			export async function requestHandler(ctx) { `+wait+`return Promise.resolve([1]) }
			export async function responseModifier(ctx) { `+wait+`
				throw new RangeError("no") }`)
		e := open(t, c).mustRequest(t)
		if _, err := e.Handle(); err != nil || string(e.r.body) != "[1]" || e.q.get("x-a") != "1" {
			t.Fatal(err, string(e.r.body), e.q.get("x-a"))
		}
		got := moduleError(t, e.Response())
		want := &jsmodule.Error{Module: "m0", Hook: "responseModifier", Kind: jsmodule.KindException, Name: "RangeError", Message: "no", File: "m0.ts", Line: 4, Column: 11}
		if got.Error() != want.Error() || got.Kind != want.Kind {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

// TestJobsRunInTheirCall leaves jobs behind in all ways there are. They run at
// the end of the hook, never in another request.
func TestJobsRunInTheirCall(t *testing.T) {
	for _, leave := range []string{
		`Promise.resolve().then(run)`,
		`(async () => { await null; run() })()`,
		`(async () => new Thenable())()`,
		`return new Thenable()`,
		`ctx.waitUntil(new Thenable())`,
		`queueMicrotask(run)`,
		`fetch("http://a.example/").constructor.resolve(new Thenable())`,
		`new (Object.getPrototypeOf(fetch("http://a.example/")).constructor)((resolve) => resolve(new Thenable()))`,
		`globalThis["Pro" + "mise"].resolve(new Thenable())`,
		`crypto.subtle.digest("SHA-256", new Uint8Array(1))["th" + "en"](run)`,
		`const { then } = crypto.subtle.digest("SHA-256", new Uint8Array(1)); Reflect.apply(then, crypto.subtle.digest("SHA-256", new Uint8Array(1)), [run])`,
	} {
		c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Runtimes: 1}}, `let ran = 0; function run() { ran++ }
			class Thenable { then(resolve) { run(); resolve() } }
			export function requestModifier(ctx) { `+leave+` }
			export function responseModifier(ctx, res) { res.headers.set("x-ran", String(ran)); ran = 0 }`)
		for range 2 {
			e := open(t, c).mustRequest(t)
			if err := e.Response(); err != nil || e.r.get("x-ran") != "1" {
				t.Fatal(leave, err, e.r.get("x-ran"))
			}
			e.Close()
		}
	}
}

// TestThisOfHooks: the object that a module exports is the this of its functions.
func TestThisOfHooks(t *testing.T) {
	for _, text := range []string{
		`export default { text: "mine", requestHandler() { return this.text } }`,
		`module.exports = { text: "mine", requestHandler() { return this.text } }`,
		`exports.text = "mine"; exports.requestHandler = function () { return this.text }`,
		`const all = { text: "mine", requestHandler() { return this.text } }; export default all; export const requestHandler = all.requestHandler`,
	} {
		e := open(t, chain(t, jsmodule.Config{}, text))
		if handled, err := e.Handle(); err != nil || !handled || string(e.r.body) != "mine" {
			t.Errorf("%s: %s, %v", text, e.r.body, err)
		}
	}
}

// TestSessionMemory uses the memory of a session again while what the first one
// has left behind goes on.
func TestSessionMemory(t *testing.T) {
	var log logBuffer
	c := chain(t, jsmodule.Config{Logger: log.logger(), Limits: jsmodule.Limits{Tail: time.Minute}}, `import { asyncSleep } from "dgate";
		export async function requestModifier(ctx) {
			const { path } = ctx.request;
			ctx.waitUntil((async () => {
				await asyncSleep("5ms");
				try { ctx.request.path } catch (e) { console.log(path, e.message) }
			})());
			ctx.request.headers.set("x-path", path);
		}`)
	var s jsmodule.Session
	for _, path := range []string{"/1", "/2", "/3"} {
		q := &request{path: path}
		c.BeginIn(context.Background(), &s, &jsmodule.Call{ID: path, Request: q, Response: &response{}})
		if _, err := s.Request(); err != nil || q.get("x-path") != path {
			t.Fatal(err, q.get("x-path"))
		}
		s.Close()
	}
	waitFor(t, func() bool { return strings.Count(log.String(), "request_id=") == 3 })
	for _, path := range []string{"/1", "/2", "/3"} {
		if !strings.Contains(log.String(), path+" this object belongs to a request that has ended") {
			t.Errorf("nothing came of %s in\n%s", path, log.String())
		}
	}
}
