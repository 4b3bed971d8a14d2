package jsmodule_test

import "testing"

// TestAbort follows the points of the DOM Standard, section 3.
func TestAbort(t *testing.T) {
	values(t, "", [][2]string{
		{`const c = new AbortController(); const before = c.signal.aborted; c.abort(); return [before, c.signal.aborted, c.signal.reason.name, c.signal.reason instanceof DOMException, c.signal === c.signal]`, `[false,true,"AbortError",true,true]`},
		{`const c = new AbortController(); c.abort("why"); c.abort("again"); return c.signal.reason`, `"why"`},
		{`const c = new AbortController(), l = []; c.signal.addEventListener("abort", function (e) { l.push(e.type, e.target === c.signal, this === c.signal, e.currentTarget === this) }); c.signal.onabort = (e) => l.push("on"); c.abort(); c.abort(); return l`, `["abort",true,true,true,"on"]`},
		{`const c = new AbortController(), l = []; const f = () => l.push(1); c.signal.addEventListener("abort", f); c.signal.addEventListener("abort", f); c.signal.removeEventListener("abort", f); c.signal.onabort = f; c.signal.onabort = null; c.abort(); return l`, `[]`},
		{`const s = AbortSignal.abort(new Error("x")); try { s.throwIfAborted() } catch (e) { return e === s.reason && e.message }`, `"x"`},
		{`new AbortController().signal.throwIfAborted()`, `null`},
		{`const s = AbortSignal.timeout(1); await new Promise((r) => (s.onabort = r)); return [s.reason.name, s.reason.code]`, `["TimeoutError",23]`},
		{`const a = new AbortController(), b = new AbortController(); const any = AbortSignal.any([a.signal, b.signal]), l = []; any.onabort = () => l.push(any.reason); b.abort("b"); a.abort("a"); return [any.aborted, any.reason, l]`, `[true,"b",["b"]]`},
		{`const a = new AbortController(); const two = AbortSignal.any([AbortSignal.any([a.signal])]); const l = []; a.signal.onabort = () => l.push(two.aborted); a.abort(); return [two.aborted, l]`, `[true,[true]]`},
		{`[AbortSignal.any([]).aborted, AbortSignal.any([AbortSignal.abort("x"), AbortSignal.abort("y")]).reason]`, `[false,"x"]`},
		{`const e = new EventTarget(), l = []; e.addEventListener("x", { handleEvent(ev) { l.push(ev.type) } }, { once: true }); const go = () => e.dispatchEvent(new Event("x")); go(); go(); return l`, `["x"]`},
		{`const e = new EventTarget(), l = []; e.addEventListener("x", (ev) => { ev.stopImmediatePropagation(); ev.preventDefault(); l.push(1) }); e.addEventListener("x", () => l.push(2)); return [e.dispatchEvent(new Event("x", { cancelable: true })), l]`, `[false,[1]]`},
		{`const e = new EventTarget(), c = new AbortController(), l = []; e.addEventListener("x", () => l.push(1), { signal: c.signal }); c.abort(); e.dispatchEvent(new Event("x")); return l`, `[]`},
		{`const e = new EventTarget(), l = []; e.addEventListener("x", () => { throw new Error("logged") }); e.addEventListener("x", () => l.push(2)); e.dispatchEvent(new Event("x")); return l`, `[2]`},
		{`[String(new AbortController()), String(new AbortController().signal), String(new Event("x")), String(new DOMException("m", "n"))]`, `["[object AbortController]","[object AbortSignal]","[object Event]","n: m"]`},
		{`[new DOMException().name, new DOMException("m", "SyntaxError").code, new DOMException() instanceof Error]`, `["Error",12,true]`},
		{`new AbortSignal()`, `"TypeError: an AbortSignal is made by an AbortController"`},
		{`AbortSignal.any([{}])`, `"TypeError: any needs AbortSignals"`},
		{`AbortSignal.timeout(-1)`, `"TypeError: timeout needs milliseconds"`},
		{`const c = new AbortController(); for (;;) c.signal.addEventListener("abort", () => {}); return 1`, `"RangeError: more than 256 listeners"`},
		{`const c = new AbortController(); for (;;) AbortSignal.any([c.signal]); return 1`, `"RangeError: more than 256 signals follow one"`},
	})
}

// TestStructuredClone follows section 2.7 of the HTML Standard.
func TestStructuredClone(t *testing.T) {
	values(t, "", [][2]string{
		{`const b = new ArrayBuffer(4), o = { a: new Uint8Array(b, 1, 2), b: new DataView(b) }; const c = structuredClone(o); c.a[0] = 7; return [c.a.buffer === c.b.buffer, c.a.byteOffset, c.b.getUint8(1), o.a[0]]`, `[true,1,7,0]`},
		{`const a = [1, , 3]; const c = structuredClone(a); return [1 in c, c.length]`, `[false,3]`},
		{`const e = new TypeError("m", { cause: [1] }), c = structuredClone(e); return [c instanceof TypeError, c.name, c.message, c.cause]`, `[true,"TypeError","m",[1]]`},
		{`class E extends Error {} const e = new E("m"); e.name = "Custom"; return structuredClone(e).name`, `"Error"`},
		{`class P { constructor() { this.x = 1 } get y() { return 2 } } const c = structuredClone(new P()); return [c, c instanceof P]`, `[{"x":1},false]`},
		{`[structuredClone(undefined) === undefined, structuredClone(1n) === 1n, Object.is(structuredClone(-0), -0), structuredClone(Object(1n)) == 1n, structuredClone(new Boolean(false)).valueOf()]`, `[true,true,true,true,false]`},
		{`const b = new ArrayBuffer(8); const c = structuredClone({ b }, { transfer: [b] }); return [c.b.byteLength, b.byteLength]`, `[8,0]`},
		{`const m = new Map(); m.set(m, m); const c = structuredClone(m); return c.get(c) === c`, `true`},
		{`const c = structuredClone(new DOMException("m", "AbortError")); return [c.name, c.code]`, `["AbortError",20]`},
		{`Object.keys(structuredClone(JSON.parse('{"__proto__":1}')))`, `["__proto__"]`},
		{`structuredClone(Symbol("x"))`, `"DataCloneError: a symbol cannot be cloned"`},
		{`structuredClone({ f() {} })`, `"DataCloneError: a function cannot be cloned"`},
		{`structuredClone(Promise.resolve())`, `"DataCloneError: an object of class Promise cannot be cloned"`},
		{`structuredClone(1, { transfer: [{}] })`, `"DataCloneError: what is no ArrayBuffer cannot be cloned"`},
		{`structuredClone()`, `"TypeError: structuredClone needs a value"`},
	})
}

// TestEncoding follows the Encoding Standard and HTML's atob and btoa.
func TestEncoding(t *testing.T) {
	values(t, `
		const bytes = (...b) => new Uint8Array(b);
		const decode = (label, options, ...b) => new TextDecoder(label, options).decode(bytes(...b));
	`, [][2]string{
		{`[atob(""), atob("YQ=="), atob(" Y\nQ "), atob("YWI"), atob("YWJj")]`, `["","a","a","ab","abc"]`},
		{`return ["=", "Y", "YQ=", "YQ===", "Y=Q=", "Y-_w", "YWJjZ", "é"].map((s) => { try { return atob(s) } catch (e) { return e.name + e.code } })`, `["InvalidCharacterError5","InvalidCharacterError5","InvalidCharacterError5","InvalidCharacterError5","InvalidCharacterError5","InvalidCharacterError5","InvalidCharacterError5","InvalidCharacterError5"]`},
		{`[btoa("\xff\x00"), btoa(null), btoa(1)]`, `["/wA=","bnVsbA==","MQ=="]`},
		{`btoa("€")`, `"InvalidCharacterError: btoa: the text holds characters beyond Latin-1"`},
		{`[...new TextEncoder().encode("\ud800x")]`, `[239,191,189,120]`},
		{`[new TextEncoder().encode().length, new TextEncoder().encode(undefined).length, new TextEncoder().encode(null).length]`, `[0,0,4]`},
		{`const d = new Uint8Array(4); const r = new TextEncoder().encodeInto("é😀", d); return [r, [...d]]`, `[{"read":1,"written":2},[195,169,0,0]]`},
		{`const d = new Uint8Array(8); return new TextEncoder().encodeInto("é😀x", d)`, `{"read":4,"written":7}`},
		{`decode("utf-8", {}, 0xf0, 0x9f, 0x98) + decode("utf-8", {}, 0xed, 0xa0, 0x80) + decode("utf-8", {}, 0xc0, 0x80) + decode("utf-8", {}, 0xe2, 0x82, 0x41)`, `"�������A"`},
		{`[decode("utf8", {}, 0xef, 0xbb, 0xbf, 0x61), decode("utf8", { ignoreBOM: true }, 0xef, 0xbb, 0xbf, 0x61).charCodeAt(0)]`, `["a",65279]`},
		{`const d = new TextDecoder(); return [d.decode(bytes(0xe2, 0x82), { stream: true }), d.decode(bytes(0xac), { stream: true }), d.decode(bytes(0xe2)), d.decode(bytes(0x61))]`, `["","€","�","a"]`},
		{`const d = new TextDecoder(); return [d.decode(bytes(0xef, 0xbb), { stream: true }), d.decode(bytes(0xbf, 0x61), { stream: true }), d.decode(bytes(0xef, 0xbb, 0xbf)).length]`, `["","a",1]`},
		{`new TextDecoder().decode() + new TextDecoder().decode(undefined)`, `""`},
		{`decode("utf-16le", {}, 0xff, 0xfe, 0x3d, 0xd8, 0x00, 0xde, 0x41) + decode("UTF-16BE", {}, 0xd8, 0x3d, 0xde, 0x00)`, `"😀�😀"`},
		{`const d = new TextDecoder("utf-16"); return [d.encoding, d.decode(bytes(0x3d), { stream: true }) + d.decode(bytes(0xd8, 0x00), { stream: true }) + d.decode(bytes(0xde))]`, `["utf-16le","😀"]`},
		{`decode("latin1", {}, 0xe9, 0x80, 0x81) + new TextDecoder("ascii").encoding`, "\"é€\u0081windows-1252\""},
		{`[new TextDecoder(" UTF8\n").encoding, new TextDecoder("unicode-1-1-utf-8").fatal]`, `["utf-8",false]`},
		{`new TextDecoder("klingon")`, `"RangeError: TextDecoder: \"klingon\" is not supported: utf-8, utf-16le, utf-16be, windows-1252"`},
		{`decode("utf-8", { fatal: true }, 0xff)`, `"TypeError: the bytes are not utf-8"`},
		{`decode("utf-16le", { fatal: true }, 0x00, 0xd8)`, `"TypeError: the bytes are not utf-16le"`},
		{`new TextDecoder().decode("x")`, `"TypeError: decode needs an ArrayBuffer or a view of one"`},
	})
}
