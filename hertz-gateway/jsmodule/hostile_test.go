package jsmodule_test

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"dgate/hertz-gateway/jsmodule"
)

// oddModule calls every function that a module can find with odd arguments:
// either all of them on the function whose index the query names, or those that
// the bytes of the body choose, then also those of the language. The answer is how
// many functions of the host there are.
const oddModule = `
import dgate from "dgate";
import cryptoModule from "dgate/crypto";
import jwt from "dgate/jwt";
import rpc from "dgate/rpc";
import secrets from "dgate/secrets";
import state from "dgate/state";

const roots = [dgate, cryptoModule, jwt, rpc, secrets, state, Headers, URLSearchParams, URL, Response, Request, fetch, TextEncoder,
	TextDecoder, performance, crypto, crypto.subtle, console, DOMException, Event, EventTarget, AbortController, AbortSignal,
	structuredClone, Buffer, atob, btoa, setTimeout, clearTimeout, queueMicrotask, JSON, new Headers(), new URLSearchParams("a=1"), new URL("http://a"), new Response("x"), new Request("http://a"), new TextEncoder(),
	new TextDecoder(), new AbortController(), new AbortController().signal, Buffer.from("abc"), new Headers().keys(),
	cryptoModule.createHash("md5"), cryptoModule.createHmac("md5", "k"), cryptoModule.createSign("md5"), cryptoModule.createVerify("md5")];
const language = [Array, Object, String, Number, BigInt, Symbol, Promise, RegExp, Date, Map, Set, WeakMap, Reflect, Proxy, Math, Error,
	ArrayBuffer, DataView, Uint8Array, Float64Array, BigInt64Array, Uint8ClampedArray, parseInt, encodeURIComponent, decodeURIComponent, "", 1, 1n, [], /x/];

// Sleeping takes the time of the test, and nothing else.
const skipped = new Set([dgate.sleep]);

const seen = new Set([Object.prototype, Object.getPrototypeOf(find), Array.prototype, Uint8Array.prototype]);

function find(roots) {
	const found = [];
	const queue = [...roots];
	for (let i = 0; i < queue.length && found.length < 2000; i++) {
		const v = queue[i];
		if (v === null || v === undefined || seen.has(v)) continue;
		seen.add(v);
		if (typeof v === "function" && !skipped.has(v)) found.push(v);
		if (typeof v !== "function" && typeof v !== "object") { queue.push(Object.getPrototypeOf(v)); continue; }
		queue.push(Object.getPrototypeOf(v));
		for (const key of Reflect.ownKeys(v)) {
			const d = Object.getOwnPropertyDescriptor(v, key);
			if (d) queue.push(d.get, d.set, typeof d.value === "function" || typeof d.value === "object" ? d.value : undefined);
		}
	}
	return found;
}

function odd(ctx) {
	const boom = () => { throw new Error("boom") };
	const gone = new ArrayBuffer(8);
	structuredClone(gone, { transfer: [gone] });
	const handler = { get: boom, has: boom, ownKeys: boom, getPrototypeOf: boom, set: boom };
	class Long extends Uint8Array { get length() { return 1e9 } get byteLength() { return 1e12 } }
	const sparse = []; sparse.length = 4294967295;
	return [undefined, null, true, NaN, -0, -1, 1, 7.5, 1e12, 2 ** 53, Infinity, 1n << 64n, "", "a", "sha256", "hex", "base64", "x".repeat(2e4), "\ud800\u0000",
		"http://a:1@b/?c#d", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", Symbol("s"), {}, { toString: boom }, { valueOf: boom },
		{ get length() { return boom() } }, { length: 1e12 }, { length: -1 }, { then: boom }, { toJSON: boom }, { secret: "x" }, { key: "k", padding: 6, saltLength: 1e12 },
		{ kty: "RSA", n: "AQAB", e: "AQAB", d: "AQAB", p: "AQ", q: "AQ" }, { keys: [{}, 1, null] }, { name: "HMAC", hash: "SHA-1" }, { name: "ECDSA", namedCurve: "P-256", hash: { name: {} } },
		{ stream: true, fatal: true, signal: {}, once: boom, headers: [[]], status: 1e9, method: {}, body: {} }, { algorithms: [{}], audience: {}, clockTolerance: -1e300, expiresIn: "1e9d" },
		new Proxy({}, handler), new Proxy(function () {}, {}), new Proxy([], {}), boom, async () => boom(), class {}, function* () { for (;;) yield ["a", "b"] },
		{ [Symbol.iterator]: () => ({ next: () => ({ done: false, value: ["a", "b"] }) }) }, { [Symbol.toPrimitive]: boom },
		[], [[]], [["a", "b"]], sparse, ["sign"], [NaN, {}, "x"], new Uint8Array(8), new Uint8Array(0).buffer, gone, new Long(2), new DataView(new ArrayBuffer(3), 1),
		new Float64Array(3), Buffer.from("abc"), new Map([[1, 2]]), new Set(["ab"]), new Date(NaN), /x/g, Object.create(null), JSON.parse('{"a":[1]}'), Promise.resolve(1),
		ctx, ctx.request, ctx.response, ctx.request.headers, ctx.request.query, new Headers(), new URLSearchParams("a=1"), new URL("http://a"), new Response("x"),
		new Request("http://a"), new AbortController(), AbortSignal.abort(), new Event("x"), cryptoModule.createHash("md5"), cryptoModule.createVerify("sha256"), new TextDecoder(), globalThis];
}

const ours = find(roots).length;
seen.clear();
const functions = [...find(roots), ...find(language)];

function call(f, how, self, args, pool) {
	let result;
	try {
		result = how === 0 ? Reflect.apply(f, self, args) : how === 1 ? Reflect.construct(f, args) : args.length ? self[args[0]] : self.x;
	} catch (e) {
		try { String(e) } catch {}
		return;
	}
	if (result instanceof Promise) result.catch(() => {});
	if (pool && pool.length < 300) pool.push(result);
}

export function requestHandler(ctx) {
	const pool = odd(ctx);
	const index = ctx.queryParam("i");
	if (index !== null) {
		const f = functions[index];
		for (const v of pool) {
			call(f, 0, undefined, [v]);
			call(f, 0, v, []);
			call(f, 1, undefined, [v]);
			call(f, 0, undefined, ["a", v, v]);
			call(f, 1, undefined, ["a", v]);
			call(f, 0, v, [v, v, v]);
		}
		return String(ours);
	}
	const body = ctx.request.bytes();
	for (let i = 0; i + 4 < body.length; i += 5) {
		const f = functions[(body[i] * 256 + body[i + 1]) % functions.length];
		const pick = (b) => pool[b % pool.length];
		call(f, body[i + 2] % 3, pick(body[i + 2]), [pick(body[i + 3]), pick(body[i + 4]), pick(body[i + 3] ^ body[i + 4])].slice(0, body[i + 2] % 4), pool);
	}
	return String(ours);
}
`

// oddChain loads oddModule with everything that a host can give.
func oddChain(t testing.TB) *jsmodule.Chain {
	return chain(t, jsmodule.Config{
		Secrets: secretMap{}, DefaultPermissions: []string{"rpc:*", "secret:*", "http:*"},
		Limits: jsmodule.Limits{Budget: 300 * time.Millisecond, Wait: 500 * time.Millisecond, Load: 500 * time.Millisecond},
	}, oddModule)
}

// inGoja says whether it is goja that panicked: some of the language's built-in
// functions do, on a this of another kind.
func inGoja(stack string) bool {
	frames := strings.Split(stack[strings.LastIndex(stack, "\npanic(")+1:], "\n")
	return len(frames) > 2 && strings.HasPrefix(frames[2], "github.com/dop251/goja.")
}

// oddCall runs one exchange. Exceptions, interrupts and the end of waiting are
// what the host is there for; a panic in it is a defect.
func oddCall(t testing.TB, c *jsmodule.Chain, query string, body []byte) string {
	t.Helper()
	e := open(t, c, func(call *jsmodule.Call, q *request, _ *response) {
		call.Deadline = time.Now().Add(500 * time.Millisecond)
		q.method, q.query, q.body = "POST", query, body
	})
	defer e.Close()
	_, err := e.Handle()
	var known *jsmodule.Error
	if err != nil && (!errors.As(err, &known) || known.Kind == jsmodule.KindPanic && !inGoja(known.Stack)) {
		t.Errorf("%s: %v\n%s", query, err, known.Stack)
	}
	return string(e.r.body)
}

// TestOddArguments calls every function with every odd argument.
func TestOddArguments(t *testing.T) {
	c := oddChain(t)
	n, err := strconv.Atoi(oddCall(t, c, "", nil))
	if err != nil || n < 200 {
		t.Fatalf("%d functions were found: %v", n, err)
	}
	for i := range n {
		oddCall(t, c, "i="+strconv.Itoa(i), nil)
	}
}

func FuzzHostFunctions(f *testing.F) {
	for i := range 40 {
		seed := []byte{}
		for j := range 20 {
			seed = binary.BigEndian.AppendUint32(seed, uint32(i*2654435761+j*40503))
			seed = append(seed, byte(i*j))
		}
		f.Add(seed)
	}
	c := oddChain(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) < 1000 {
			oddCall(t, c, "", body)
		}
	})
}
