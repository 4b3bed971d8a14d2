package jsmodule_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"dgate/hertz-gateway/jsmodule"
)

// TestHostileScripts runs what never ends, or would take all memory. Each has
// to be stopped, and the chain has to serve the next request.
func TestHostileScripts(t *testing.T) {
	const nap = `import { asyncSleep } from "dgate";`
	tests := []struct {
		name, text string
		kind       jsmodule.Kind
	}{
		{"while", `while (true) {}`, jsmodule.KindBudget},
		{"for with try", `for (;;) { try { while (true) {} } catch (e) {} finally { continue } }`, jsmodule.KindBudget},
		{"recursion", `function f() { return f() + 1 } f()`, jsmodule.KindStack},
		{"recursion in catch", `function f() { try { f() } catch (e) { f() } } f()`, jsmodule.KindStack},
		{"recursion through toString", `const o = { toString() { return "" + o } }; "" + o`, jsmodule.KindStack},
		{"recursion through a getter", `const o = { get a() { return this.a } }; o.a`, jsmodule.KindStack},
		{"recursion through a proxy", `const p = new Proxy({}, { get(t, k) { return p[k] } }); p.a`, jsmodule.KindStack},
		{"regexp backtracking", `/^(?=(a+)+$)a/.test("a".repeat(50) + "!")`, jsmodule.KindBudget},
		{"regexp with back-reference", `/^(a+)+\1$/.test("a".repeat(40) + "!")`, jsmodule.KindBudget},
		{"regexp replace", `("a".repeat(40) + "!").replace(/(?=(a+)+$)a/g, "")`, jsmodule.KindBudget},
		{"sort comparator", `const a = Array.from({ length: 1e5 }, (_, i) => i); a.sort(() => { for (let i = 0; i < 1e3; i++); return -1 })`, jsmodule.KindBudget},
		{"sort of text", `const a = []; for (let i = 0; i < 3e4; i++) a.push("k" + i); for (;;) a.sort()`, jsmodule.KindBudget},
		{"endless getter", `({ get a() { while (true); } }).a`, jsmodule.KindBudget},
		{"endless toString", `"" + { toString() { while (true); } }`, jsmodule.KindBudget},
		{"endless valueOf", `+{ valueOf() { while (true); } }`, jsmodule.KindBudget},
		{"endless toJSON", `JSON.stringify({ toJSON() { while (true); } })`, jsmodule.KindBudget},
		{"endless message of a thrown error", `throw { get message() { while (true); } }`, jsmodule.KindBudget},
		{"endless toString of a thrown name", `throw { name: { toString() { while (true); } } }`, jsmodule.KindBudget},
		{"endless then", `return { then() { while (true); } }`, jsmodule.KindBudget},
		{"endless getter of then", `return { get then() { while (true); } }`, jsmodule.KindBudget},
		{"promise chain", `const f = () => Promise.resolve().then(f); return f()`, jsmodule.KindBudget},
		{"microtasks", `const f = () => queueMicrotask(f); f()`, jsmodule.KindBudget},
		{"async loop", `return (async () => { for (;;) await null })()`, jsmodule.KindBudget},
		{"generator", `function* g() { for (;;) yield 1 } for (const x of g());`, jsmodule.KindBudget},
		{"spread of a generator", `function* g() { for (;;) yield 1 } [...g()]`, jsmodule.KindBudget},
		{"Array.from of a generator", `function* g() { for (;;) yield 1 } Array.from(g())`, jsmodule.KindBudget},
		{"Map that grows while walked", `const m = new Map([[0, 0]]); for (const [k] of m) m.set(k + 1, 0)`, jsmodule.KindBudget},
		{"string doubling", `let s = "x"; for (;;) { s += s; if (s.length > 1e6) s = "x" }`, jsmodule.KindBudget},
		{"Promise.all of itself", `const f = async () => Promise.all([f(), f()]); return f()`, jsmodule.KindStack},
		{"Symbol.iterator", `const o = { [Symbol.iterator]() { return { next: () => ({ done: false }) } } }; new Set(o)`, jsmodule.KindBudget},
		{"never settles", `return new Promise(() => {})`, jsmodule.KindNeverSettles},
		{"awaits a dropped promise", `return (async () => { await new Promise(() => {}) })()`, jsmodule.KindNeverSettles},
		{"timer loop", `const f = (r) => setTimeout(() => f(r), 5); return new Promise(f)`, jsmodule.KindDeadline},
		{"async sleep", nap + `return asyncSleep(100)`, jsmodule.KindDeadline},
		{"sleep", `import { sleep } from "dgate"; try { sleep("1h") } catch (e) {} ctx.locals.after = 1`, jsmodule.KindDeadline},

		{"repeat", `"x".repeat(1e9)`, jsmodule.KindException},
		{"padEnd", `"x".padEnd(1e9)`, jsmodule.KindException},
		{"padStart", `"x".padStart(2 ** 30)`, jsmodule.KindException},
		{"join", `Array(1e4).fill("x".repeat(1e6)).join()`, jsmodule.KindException},
		{"join of one array in another", `let a = ["x".repeat(1e4).repeat(1700)]; for (let i = 0; i < 3; i++) a = [a, a]; String(a)`, jsmodule.KindException},
		{"String of nested arrays", `let a = []; for (let i = 0; i < 1e4; i++) a = [a]; String(a)`, jsmodule.KindException},
		{"concat", `"".concat(...Array(1000).fill("x".repeat(1e6)))`, jsmodule.KindException},
		{"replaceAll", `"a".repeat(4e3).replaceAll("a", "b".repeat(1e4))`, jsmodule.KindException},
		{"replace with $'", "'a'.repeat(1e5).replace(/a/g, \"$'\")", jsmodule.KindException},
		{"replace through a symbol", "/a/g[Symbol.replace]('a'.repeat(1e6), 'b'.repeat(1e4))", jsmodule.KindException},
		{"match through a symbol", "/a/g[Symbol.match]('a'.repeat(4e6))", jsmodule.KindException},
		{"match", `"a".repeat(4e6).match(/a/g)`, jsmodule.KindException},
		{"split", `"a".repeat(4e6).split("")`, jsmodule.KindException},
		{"split by a pattern", `"a".repeat(4e6).split(/(?:)/)`, jsmodule.KindException},
		{"normalize", `"a".repeat(4e6).normalize("NFD")`, jsmodule.KindException},
		{"spread of text", `[..."a".repeat(4e6)]`, jsmodule.KindException},
		{"Array.from text", `Array.from("a".repeat(4e6))`, jsmodule.KindException},
		{"Set of text", `new Set("a".repeat(4e6))`, jsmodule.KindException},
		{"keys of text", `Object.keys("a".repeat(4e6))`, jsmodule.KindException},
		{"text as an object", `({ ..."a".repeat(4e6) })`, jsmodule.KindException},
		{"rest of text", `const { length, ...rest } = "a".repeat(4e6)`, jsmodule.KindException},
		{"rest of text, assigned", `let rest; ({ ...rest } = "a".repeat(4e6))`, jsmodule.KindException},
		{"rest of text in a parameter", `(({ ...rest }) => rest)("a".repeat(4e6))`, jsmodule.KindException},
		{"rest of text in another pattern", `const [{ a: { ...rest } }] = [{ a: "a".repeat(4e6) }]`, jsmodule.KindException},
		{"rest of text in a loop", `for (const { ...rest } of ["a".repeat(4e6)]);`, jsmodule.KindException},
		{"rest of a typed array", `(({ a, ...rest }) => rest)(new Float64Array(1.5e6))`, jsmodule.KindException},
		{"map by a built-in", `Array(1e4).fill("x".repeat(1e6)).map(encodeURIComponent)`, jsmodule.KindBudget},
		{"map by a built-in that is bound", `Array(1e4).fill(3e6).map("".repeat.bind("ab"))`, jsmodule.KindBudget},
		{"map by a Proxy", `Array(1e4).fill("x".repeat(1e6)).map(new Proxy(encodeURIComponent, {}))`, jsmodule.KindBudget},
		{"sort by a built-in", `Array(1e4).fill(0).sort(encodeURIComponent.bind(null, "x".repeat(1e6)))`, jsmodule.KindBudget},
		{"Map.forEach by a built-in", `const m = new Map(); for (let i = 0; i < 1e3; i++) m.set(i, 0); for (;;) m.forEach(encodeURIComponent.bind(null, "x".repeat(1e5)))`, jsmodule.KindBudget},
		{"typed array by a built-in", `new Uint8Array(1e5).forEach(encodeURIComponent.bind(null, "x".repeat(1e6)))`, jsmodule.KindBudget},
		{"replace by a built-in", `"a".repeat(1e4).replace(/a/g, encodeURIComponent.bind(null, "x".repeat(1e6)))`, jsmodule.KindBudget},
		{"array that grows while Array.from walks it", `const a = [1]; Array.from(a, a.push.bind(a))`, jsmodule.KindBudget},
		{"assign of text", `Object.assign({}, "a".repeat(4e6))`, jsmodule.KindException},
		{"typed array join", `new Uint8Array(4e6).join()`, jsmodule.KindException},
		{"typed array as text", `String(new Uint8Array(4e6))`, jsmodule.KindException},
		{"typed array sort", `new Uint8Array(4e6).sort()`, jsmodule.KindException},
		{"typed array spread", `[...new Uint8Array(4e6)]`, jsmodule.KindException},
		{"typed array of the host", `import { sleep } from "dgate"; [...Buffer.alloc(4e6)]`, jsmodule.KindException},
		{"typed array keys", `Object.keys(new Uint8Array(4e6))`, jsmodule.KindException},
		{"typed array map", `new Float64Array(1.5e6).map(Math.abs)`, jsmodule.KindException},
		{"Promise.all", `return Promise.all(Array(7e4).fill(1))`, jsmodule.KindException},
		{"JSON text", `const t = "[" + "1,".repeat(4e6) + "1]"; for (;;) JSON.parse(t)`, jsmodule.KindBudget},
		{"thenable that resolves with itself", `const t = { then(r) { r(t) } }; return t`, jsmodule.KindBudget},
		{"setter", `const o = { set a(v) { this.a = v } }; o.a = 1`, jsmodule.KindStack},
		{"constructor", `class A { constructor() { new A() } } new A()`, jsmodule.KindStack},
		{"instanceof", `class A { static [Symbol.hasInstance]() { for (;;); } } ({}) instanceof A`, jsmodule.KindBudget},
		{"toPrimitive", `+{ [Symbol.toPrimitive]() { for (;;); } }`, jsmodule.KindBudget},
		{"species", `class A extends Array { static get [Symbol.species]() { for (;;); } } new A(1, 2).map((x) => x)`, jsmodule.KindBudget},
		{"return of an iterator", `for (const x of { [Symbol.iterator]() { return { next: () => ({}), return() { for (;;); } } } }) break`, jsmodule.KindBudget},
		{"finally", `try { for (;;); } finally { for (;;); }`, jsmodule.KindBudget},
		{"await in finally", `return (async () => { try { await null; for (;;); } finally { await null; for (;;); } })()`, jsmodule.KindBudget},
		{"chain of bound functions", `let f = () => 1; for (;;) { f = f.bind(); f() }`, jsmodule.KindBudget},
		{"chain of prototypes", `let o = {}; for (;;) { o = Object.create(o); o.x }`, jsmodule.KindBudget},
		{"template", "let s = 'x'; for (;;) s = `${s}${s}${s}${s}${s}${s}${s}${s}${s}`", jsmodule.KindBudget},
		{"array that grows", `const a = []; for (;;) a.push(1)`, jsmodule.KindBudget},
		{"object that grows", `const o = {}; for (let i = 0; ; i++) o["k" + i] = i`, jsmodule.KindBudget},
		{"log lines", `for (;;) console.log("x".repeat(1e4))`, jsmodule.KindBudget},
		{"headers", `for (;;) ctx.response.headers.append("x-a", "y")`, jsmodule.KindBudget},
		{"Array.fill", `Array(4294967295).fill(0)`, jsmodule.KindException},
		{"sparse array", `const a = []; a[4294967290] = 1; a.indexOf(2)`, jsmodule.KindException},
		{"sparse array-like", `Array.prototype.forEach.call({ length: 2 ** 53 - 1 }, () => {})`, jsmodule.KindException},
		{"spread of a sparse array", `const a = []; a.length = 4294967295; [...a]`, jsmodule.KindException},
		{"destructuring rest of a sparse array", `const a = []; a.length = 4294967295; const [x, ...r] = a`, jsmodule.KindException},
		{"Set of a sparse array", `const a = []; a.length = 4294967295; new Set(a)`, jsmodule.KindException},
		{"JSON of a sparse array", `const a = []; a.length = 4294967295; JSON.stringify(a)`, jsmodule.KindException},
		{"sort of a sparse array", `const a = []; a.length = 4294967295; a.sort()`, jsmodule.KindException},
		{"Array.from", `Array.from({ length: 1e9 })`, jsmodule.KindException},
		{"apply", `Math.max.apply(null, { length: 1e9 })`, jsmodule.KindException},
		{"Reflect.apply", `Reflect.apply(Math.max, null, { length: 1e9 })`, jsmodule.KindException},
		{"String.raw", `String.raw({ raw: { length: 1e9 } })`, jsmodule.KindException},
		{"flat of a cycle", `const a = [1]; a.push(a, a); a.flat(Infinity)`, jsmodule.KindException},
		{"ArrayBuffer", `new ArrayBuffer(1e12)`, jsmodule.KindException},
		{"Uint8Array", `new Uint8Array(1e11)`, jsmodule.KindException},
		{"Float64Array", `new Float64Array({ length: 1e10 })`, jsmodule.KindException},
		{"Uint8Array.from", `Uint8Array.from({ length: 1e10 })`, jsmodule.KindException},
		{"a prototype that goes round", `const h = new Headers(); Object.setPrototypeOf(h, Object.create(h)); h.x`, jsmodule.KindException},
		{"a prototype that goes round by Reflect", `const h = new URL("http://a"); Reflect.setPrototypeOf(h, Object.create(h)); h instanceof Map`, jsmodule.KindException},
		{"a prototype that goes round behind a Proxy", `const h = new Headers(); Object.setPrototypeOf(new Proxy(h, {}), Object.create(h)); h.x`, jsmodule.KindException},
		{"a prototype that goes round by __proto__", `const h = JSON.parse("{}"); const d = ctx.request.headers; d.__proto__ = Object.create(d); Object.prototype.__lookupSetter__("__proto__").call(d, Object.create(d)); d.x`, jsmodule.KindException},
		{"ArrayBuffer by text", `new ArrayBuffer("1e12")`, jsmodule.KindException},
		{"ArrayBuffer by an object", `new ArrayBuffer({ valueOf: () => 1e12 })`, jsmodule.KindException},
		{"the class under ArrayBuffer", `new (Object.getPrototypeOf(ArrayBuffer))(1e12)`, jsmodule.KindException},
		{"the class under Uint8Array", `new (Object.getPrototypeOf(Uint8Array))(1e12)`, jsmodule.KindException},
		{"join of text", `Array.prototype.join.call("x".repeat(1e5), "y".repeat(1e5))`, jsmodule.KindException},
		{"Buffer", `Buffer.alloc(1e12)`, jsmodule.KindException},
		{"BigInt shift", `1n << 99999999999n`, jsmodule.KindException},
		{"BigInt shift assigned", `let a = 1n; a <<= BigInt("99999999999")`, jsmodule.KindException},
		{"BigInt shift right by a negative", `1n >> -99999999999n`, jsmodule.KindException},
		{"BigInt power", `2n ** 99999999999n`, jsmodule.KindException},
		{"BigInt power assigned", `let a = 2n; a **= 99999999999n`, jsmodule.KindException},
		{"BigInt of text", `BigInt("9".repeat(1e6))`, jsmodule.KindException},
		{"BigInt.asUintN", `BigInt.asUintN(2 ** 40, -1n)`, jsmodule.KindException},
		{"BigInt products", `let a = 3n; for (;;) a *= a`, jsmodule.KindBudget},
		{"RegExp text", `new RegExp("(".repeat(1e6))`, jsmodule.KindException},
		{"match text", `"".match("(".repeat(1e6))`, jsmodule.KindException},
		{"JSON depth", `JSON.parse("[".repeat(1e6))`, jsmodule.KindException},
		{"JSON depth of objects", `JSON.parse('{"a":'.repeat(1e5))`, jsmodule.KindException},
		{"JSON.stringify depth", `let o = {}; for (let i = 0; i < 1e4; i++) o = { o }; JSON.stringify(o)`, jsmodule.KindException},
		{"JSON.stringify cycle", `const o = {}; o.o = o; JSON.stringify(o)`, jsmodule.KindException},
		{"structuredClone depth", `let o = {}; for (let i = 0; i < 1e4; i++) o = { o }; structuredClone(o)`, jsmodule.KindException},
		{"proxy of a proxy", `let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x`, jsmodule.KindException},
		{"eval", `eval("1")`, jsmodule.KindException},
		{"Function", `new Function("return 1")()`, jsmodule.KindException},
		{"Function through a constructor", `(() => {}).constructor("return 1")()`, jsmodule.KindException},
		{"AsyncFunction", `(async () => {}).constructor("return 1")()`, jsmodule.KindException},
		{"GeneratorFunction", `(function* () {}).constructor("yield 1")()`, jsmodule.KindException},
		{"a computed name", `Array(4294967295)["fi" + "ll"](0)`, jsmodule.KindException},
		{"a computed name of text", `const k = "pad" + "End"; "x"[k](1e9)`, jsmodule.KindException},
		{"a computed name behind a question mark", `const k = ["fi", "ll"].join(""); Array(4294967295)?.[k]?.(0)`, jsmodule.KindException},
		{"a computed name in a pattern", `const { ["rep" + "eat"]: f } = ""; f.call("x", 1e9)`, jsmodule.KindException},
		{"a computed name in an assigned pattern", `let f; ({ ["rep" + "eat"]: f } = ""); f.call("x", 1e9)`, jsmodule.KindException},
		{"a computed name of super", `const k = "fi" + "ll"; class A extends Array { f() { super[k](0) } } new A(4294967295).f()`, jsmodule.KindException},
		{"a name made of an object", `let n = 0; const k = { toString: () => n++ ? "fill" : "at" }; const a = Array(4294967295); a[k](0); a[k](0)`, jsmodule.KindException},
		{"a name out of a loop", `for (const k of Object.getOwnPropertyNames(Array.prototype)) if (k.length === 4 && k[0] === "f" && k[3] === "l") Array(4294967295)[k](0)`, jsmodule.KindException},
		{"a name in a variable that counts elsewhere", `for (let i = 0; i < 3; i++); const f = (i) => Array(4294967295)[i](0); f("fi" + "ll")`, jsmodule.KindException},
		{"a name that goes by Symbol", `const Symbol = { iterator: ["fi", "ll"].join("") }; [][Symbol.iterator].call({ length: 1e9 }, 0)`, jsmodule.KindException},
		{"a name that is put on Symbol", `const s = Symbol; s.x = ["fi", "ll"].join(""); [][Symbol.x].call({ length: 1e9 }, 0)`, jsmodule.KindException},
		{"a name on another global Symbol", `globalThis.Symbol = { iterator: ["fi", "ll"].join("") }; [][Symbol.iterator].call({ length: 1e9 }, 0)`, jsmodule.KindException},
		{"a name by Reflect", `Reflect.get([], "fi" + "ll").call({ length: 1e9 })`, jsmodule.KindException},
		{"a name by a descriptor", `Object.getOwnPropertyDescriptor(Array.prototype, "fi" + "ll").value.call({ length: 1e9 })`, jsmodule.KindException},
		{"a name by descriptors", `Object.getOwnPropertyDescriptors(Array.prototype)["fi" + "ll"].value.call({ length: 1e9 })`, jsmodule.KindException},
		{"a name by a descriptor by a computed name", `Object["getOwnProperty" + "Descriptor"](Array.prototype, "fi" + "ll").value.call({ length: 1e9 })`, jsmodule.KindException},
		{"a class by a computed name", `new globalThis["Uint8" + "Array"](1e11)`, jsmodule.KindException},
		{"a class of a typed array by a computed name", `new (new Uint8Array(1))["constr" + "uctor"](1e11)`, jsmodule.KindException},
		{"a static function by a computed name", `BigInt["asUint" + "N"](2 ** 40, -1n)`, jsmodule.KindException},
		{"all by a computed name", `return Promise["a" + "ll"]("a".repeat(4e6))`, jsmodule.KindException},
		{"Function through a computed name", `(() => {})["constr" + "uctor"]("return 1")()`, jsmodule.KindException},
		{"a prototype that goes round by a computed name", `const d = ctx.request.headers; d["__pro" + "to__"] = Object.create(d); d.x`, jsmodule.KindException},
		{"a computed name of what is frozen", `Object.freeze(Array.prototype); Object.freeze(Reflect); const k = "ap" + "ply"; [1]["ma" + "p"](Reflect[k].bind(null, Math.max)); Array(4294967295)["fi" + "ll"](0)`, jsmodule.KindException},
		{"a computed name after many", `const o = { a: 1, b: 2 }; for (let i = 0; i < 2e4; i++) o["ab"[i & 1]]; Array(4294967295)["fi" + "ll"](0)`, jsmodule.KindException},
		{"too many timers", `for (;;) setTimeout(() => {}, 1000)`, jsmodule.KindException},
	}
	// What throws must not be mistaken for what takes too long.
	patient := newHost(t, jsmodule.Config{Limits: jsmodule.Limits{Budget: 500 * time.Millisecond}})
	strict := newHost(t, jsmodule.Config{Limits: jsmodule.Limits{Budget: 50 * time.Millisecond}})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, wait := strict, 150*time.Millisecond
			if test.kind == jsmodule.KindException {
				h, wait = patient, 5*time.Second
			}
			text, imports := test.text, ""
			if i := strings.Index(text, `"dgate";`); i >= 0 {
				imports, text = text[:i+len(`"dgate";`)], text[i+len(`"dgate";`):]
			}
			c := chainOn(t, h, imports+`export function requestModifier(ctx) {
				if (ctx.request.method !== "EVIL") return;
				`+text+`
			}`)
			var err error
			for range attempts {
				e := open(t, c, func(call *jsmodule.Call, q *request, _ *response) {
					q.method = "EVIL"
					call.Deadline = time.Now().Add(wait)
				})
				_, err = e.Request()
				e.Close()
				if test.kind == jsmodule.KindBudget || !tooSlow(err) {
					break
				}
			}
			if err == nil {
				t.Fatal("the script ended without an error")
			}
			if got := moduleError(t, err); got.Kind != test.kind {
				t.Errorf("kind %q (%v), want %q", got.Kind, err, test.kind)
			}
			open(t, c).mustRequest(t)
		})
	}
}

// TestBudgetSumsUp takes many short runs that together exceed the budget.
func TestBudgetSumsUp(t *testing.T) {
	c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Budget: 30 * time.Millisecond}},
		`import { asyncSleep } from "dgate";
		export async function requestModifier() {
			for (;;) { const end = performance.now() + 3; while (performance.now() < end); await asyncSleep(0.001) }
		}`)
	_, err := open(t, c).Request()
	if got := moduleError(t, err); got.Kind != jsmodule.KindBudget {
		t.Fatalf("got %v, want the budget", err)
	}
}

// TestWaitingIsFree waits longer than the budget.
func TestWaitingIsFree(t *testing.T) {
	c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Budget: 20 * time.Millisecond}},
		`import { asyncSleep, sleep } from "dgate";
		export async function requestModifier(ctx) {
			await asyncSleep("40ms"); sleep("40ms"); ctx.request.headers.set("x-done", "1")
		}`)
	if e := open(t, c).mustRequest(t); e.q.get("x-done") != "1" {
		t.Fatal("the hook did not come to its end")
	}
}

func TestPlainLoopIsCutSoon(t *testing.T) {
	c := chain(t, jsmodule.Config{}, `export function requestModifier() { for (;;); }`)
	started := time.Now()
	_, err := open(t, c).Request()
	if moduleError(t, err).Kind != jsmodule.KindBudget {
		t.Fatal(err)
	}
	// The budget is 50 ms of CPU; the rest is what a busy machine takes.
	if took := time.Since(started); took < 45*time.Millisecond || took > time.Second {
		t.Fatalf("cut after %v", took)
	}
}

func TestHeapLimit(t *testing.T) {
	h := newHost(t, jsmodule.Config{Limits: jsmodule.Limits{Heap: 1, Budget: 500 * time.Millisecond}})
	c := chainOn(t, h, `export function requestModifier() { const a = []; for (;;) a.push({}) }`)
	runtime.GC() // so that there is a figure of live memory
	_, err := open(t, c).Request()
	if got := moduleError(t, err); got.Kind != jsmodule.KindMemory {
		t.Fatalf("got %v, want the memory limit", err)
	}
}

func TestLoadBudget(t *testing.T) {
	_, err := jsmodule.Build(jsmodule.Source{Name: "m", Text: "for (;;);"}, nil)
	if got := moduleError(t, err); got.Kind != jsmodule.KindBudget {
		t.Fatalf("got %v, want the budget", err)
	}
}

func TestLimitsAreChecked(t *testing.T) {
	for _, test := range []struct {
		name   string
		limits jsmodule.Limits
		want   string
	}{
		{"a budget beyond what regular expressions allow", jsmodule.Limits{Budget: time.Second}, "limit Budget is 1s, must be between 0 and 500ms"},
		{"negative", jsmodule.Limits{Runtimes: -1}, "limit Runtimes is -1, must not be negative"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := jsmodule.NewHost(jsmodule.Config{Limits: test.limits})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
		})
	}
}

// panickingRequest is a host whose own code fails.
type panickingRequest struct{ request }

func (*panickingRequest) Path() []byte { panic("a defect") }

func TestHostPanic(t *testing.T) {
	c := chain(t, jsmodule.Config{}, `export async function requestModifier(ctx) {
		try { await null; ctx.request.path } catch (e) { ctx.locals.caught = 1 }
	}`)
	e := open(t, c, func(call *jsmodule.Call, _ *request, _ *response) { call.Request = &panickingRequest{} })
	_, err := e.Request()
	got := moduleError(t, err)
	if got.Kind != jsmodule.KindPanic || !strings.Contains(got.Message, "a defect") || !strings.Contains(got.Stack, "Path") {
		t.Fatalf("got %+v", got)
	}
	e.Close()
	open(t, c).mustRequest(t)
}

func TestCallerPanic(t *testing.T) {
	c := chain(t, jsmodule.Config{DefaultPermissions: []string{"rpc:*"}, Caller: callerFunc(func(context.Context, jsmodule.RPC) ([]byte, error) {
		panic("a defect")
	})}, `import rpc from "dgate/rpc"; export async function requestModifier() { await rpc.A.b() }`)
	_, err := open(t, c).Request()
	if got := moduleError(t, err); got.Kind != jsmodule.KindPanic {
		t.Fatalf("got %v", err)
	}
}

func TestContextEndsWaiting(t *testing.T) {
	c := chain(t, jsmodule.Config{}, `import { asyncSleep } from "dgate"; export async function requestModifier() { await asyncSleep(60) }`)
	ctx, cancel := context.WithCancelCause(context.Background())
	s := c.Begin(ctx, &jsmodule.Call{Request: &request{}, Response: &response{}})
	defer s.Close()
	gone := errors.New("the client went away")
	time.AfterFunc(10*time.Millisecond, func() { cancel(gone) })
	_, err := s.Request()
	if got := moduleError(t, err); got.Kind != jsmodule.KindCanceled || !errors.Is(err, gone) {
		t.Fatalf("got %v", err)
	}
}

func TestBusyChain(t *testing.T) {
	c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Runtimes: 1}}, `export function requestModifier() {} export function responseModifier() {}`)
	first := open(t, c).mustRequest(t)
	second := open(t, c, func(call *jsmodule.Call, _ *request, _ *response) {
		call.Deadline = time.Now().Add(20 * time.Millisecond)
	})
	_, err := second.Request()
	if got := moduleError(t, err); got.Kind != jsmodule.KindBusy {
		t.Fatalf("got %v, want busy", err)
	}
	first.Close()
	open(t, c).mustRequest(t)
}

// TestRegexpIsNeverWrong gives a match as much time as a budget can be: it must
// not be told "no match" because the match was given up.
func TestRegexpIsNeverWrong(t *testing.T) {
	c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Budget: 500 * time.Millisecond}},
		`export function requestModifier(ctx) { ctx.locals.m = /^(?=(a+)+$)a/.test("a".repeat(50) + "!"); throw new Error("it said " + ctx.locals.m) }`)
	_, err := open(t, c).Request()
	if got := moduleError(t, err); got.Kind != jsmodule.KindBudget {
		t.Fatal(err)
	}
}

// TestLongRegexpInput needs a backtracking stack that regexp2 would not allow
// by itself; it would report no match.
func TestLongRegexpInput(t *testing.T) {
	c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{Budget: 500 * time.Millisecond}},
		`export function requestModifier(ctx) { ctx.request.headers.set("x-m", /^(?=a)(?:a|b)*c$/.test("ab".repeat(50000) + "c")) }`)
	if got := open(t, c).mustRequest(t).q.get("x-m"); got != "true" {
		t.Fatal(got)
	}
}

// TestGuardedOperators looks at what the compiler writes in place of templates,
// spreads and rests: it must mean the same.
func TestGuardedOperators(t *testing.T) {
	var long, want strings.Builder
	for i := range 30 {
		fmt.Fprintf(&long, "%d${f(%d)}", i, i)
		fmt.Fprintf(&want, "%d<%d>", i, i)
	}
	for _, test := range []struct{ text, want string }{
		{"const f = (i) => `<${i}>`; return `" + long.String() + "!`", want.String() + "!"},
		{"const seen = []; const f = (i) => { seen.push(i); return { toString: () => '' } }; `" + long.String() + "`; return seen.length + seen[29]", "59"},
		{"const tag = (parts, ...values) => parts.length + values.length; const f = (i) => i; return tag`" + long.String() + "`", "61"},
		{`const { a, ...rest } = { a: 1, b: 2, ...{ c: 3 }, ..."de" }; return rest`, `{"0":"d","1":"e","b":2,"c":3}`},
		{`let a, rest; ({ a, ...rest } = { a: 1, b: 2 }); return { ...rest, ...null, ...undefined, ...[7] }`, `{"0":7,"b":2}`},
		{`const f = ({ a, ...rest }, [{ b = 2, ...more }]) => [rest, more]; return f({ a: 1, c: 3, "__proto__": 1 }, [{ d: 4 }])`, `[{"c":3},{"d":4}]`},
		{
			`const f = ({ a, ...rest }) => rest, o = Object.create(null); o.b = 1; return [f("xy"), f([1]), f(5), f(o), f(new Uint8Array(2))]`,
			`[{"0":"x","1":"y"},{"0":1},{},{"b":1},{"0":0,"1":0}]`,
		},
		{
			`const f = ({ a, ...rest }) => rest; return [f(JSON.parse('{"a":1,"b":{"c":2}}')), f(new Proxy({ a: 1, b: 2 }, {})), Object.getOwnPropertySymbols(f({})).length]`,
			`[{"b":{"c":2}},{"b":2},0]`,
		},
		{
			`return [[1, 2].map(String), [3, 1].sort(Math.max), [1, 0].filter(Boolean), "a-b".replace(/-/, String), Array.from("12", Number), [2, 3].reduce(Math.max.bind(null, 9))]`,
			`[["1","2"],[3,1],[1],"a-b",[1,2],null]`,
		},
		{`Reflect.deleteProperty(globalThis, ["M", "ap"].join("")); const o = {}; for (let i = 0; i < 5001; i++) o["k" + i] = i; return Object.keys(o).length`, "5001"},
		{`return "a,b,c".split(",", 2).concat("x-y".split("-"), "".split(""), "ab".split(/(?:)/))`, `["a","b","x","y","a","b"]`},
		{`const u = new Uint8Array([3, 1, 2]); return [[...u].join(), u.join("-"), String(u.sort()), [...u.entries()].length]`, `["3,1,2","3-1-2","1,2,3",3]`},
		{`return "a-b-c".replace(/-/g, "+") + /-/g[Symbol.replace]("x-y", "$&$&") + "é".normalize("NFD").length`, `a+b+cx--y2`},
	} {
		if got := strings.Trim(eval(t, test.text), `"`); got != test.want {
			t.Errorf("%s\ngave %s\nwant %s", test.text, got, test.want)
		}
	}
}
