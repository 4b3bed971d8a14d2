package jsmodule_test

import "testing"

// TestURLSearchParams follows section 6 of the URL Standard.
func TestURLSearchParams(t *testing.T) {
	values(t, `const p = (init) => new URLSearchParams(init);`, [][2]string{
		{`["?a=b", "a=b", "a", "a=", "=b", "&a&&b=&", "a=b=c", "", "??a=1"].map((s) => p(s).toString())`, `["a=b","a=b","a=","a=","=b","a=&b=","a=b%3Dc","","%3Fa=1"]`},
		{`[...p("a+b=%20%2B%E4%BD%A0&x=%zz%e&y=%ff")]`, `[["a b"," +你"],["x","%zz%e"],["y","�"]]`},
		{`p({ "*-._~!'()": "é /€", b: undefined, c: null, d: 1 }).toString()`, `"*-._%7E%21%27%28%29=%C3%A9+%2F%E2%82%AC&b=undefined&c=null&d=1"`},
		{`[p(null), p(undefined), p(), p(5)].map(String)`, `["null=","","","5="]`},
		{`[p([["a", "b"], new Set(["c", "d"])]), p(new Map([["x", 1]])), p(p("z=1")), p((function* () { yield ["g", 2] })())].map(String)`, `["a=b&c=d","x=1","z=1","g=2"]`},
		{`const a = p("a=1"); const b = p(a); b.append("a", 2); return [String(a), String(b)]`, `["a=1","a=1&a=2"]`},
		{`const q = p("a=1&b=2&a=3"); return [q.get("a"), q.get("x"), q.getAll("a"), q.getAll("x"), q.has("b"), q.has("a", "3"), q.has("a", "2"), q.has("a", undefined), q.size]`, `["1",null,["1","3"],[],true,true,false,true,3]`},
		{`const q = p("a=1&b=2&a=3"); q.set("a", 4); q.set("c", 5); q.delete("b", "x"); return String(q)`, `"a=4&b=2&c=5"`},
		{`const q = p("a=1&a=2&a=3"); q.delete("a", 2); const one = String(q); q.delete("a"); return [one, String(q)]`, `["a=1&a=3",""]`},
		{`const q = p("z=1&ﬃ=2&🌈=3&a=4&z=0"); q.sort(); return [...q.keys()]`, `["a","z","z","🌈","ﬃ"]`},
		{`const q = p("a=1&b=2&c=3"), l = []; for (const [k] of q) { l.push(k); q.delete("b") } return l`, `["a","c"]`},
		{`const q = p("a=1&b=2"), l = []; q.forEach(function (v, k, all) { l.push(k + v, all === q, this.x) }, { x: 7 }); return [l, [...q.values()], [...q.entries()].length, q[Symbol.iterator] === q.entries]`, `[["a1",true,7,"b2",true,7],["1","2"],2,true]`},
		{`const i = p("a=1").keys(); return [i.next(), i.next(), i[Symbol.iterator]() === i, String(i), Object.prototype.toString.call(p())]`, `[{"value":"a","done":false},{"done":true},true,"[object URLSearchParams Iterator]","[object URLSearchParams]"]`},
		{`p("a=\ud800").get("a").charCodeAt(0)`, `65533`},
		{`p([["a"]])`, `"TypeError: URLSearchParams: a pair needs two parts"`},
		{`p([["a", "b", "c"]])`, `"TypeError: URLSearchParams: a pair has more than two parts"`},
		{`p([1])`, `"TypeError: URLSearchParams: a list must hold pairs"`},
		{`p().append("a")`, `"TypeError: append needs 2 arguments, got 1"`},
		{`p().get()`, `"TypeError: get needs 1 arguments, got 0"`},
		{`p().forEach()`, `"TypeError: forEach needs a function"`},
	})
}

// TestHeaders follows section 5.1 of the Fetch Standard.
func TestHeaders(t *testing.T) {
	values(t, `const h = (init) => new Headers(init);`, [][2]string{
		{`[...h({ "X-B": 1, a: " x\t ", "Set-Cookie": "p=1" })]`, `[["a","x"],["set-cookie","p=1"],["x-b","1"]]`},
		{`[...h([["a", "1"], ["A", "2"], ["set-cookie", "x"], ["Set-Cookie", "y"]])]`, `[["a","1, 2"],["set-cookie","x"],["set-cookie","y"]]`},
		{`const a = h({ x: "1" }), b = h(a); b.set("X", "2"); b.append("x", "3"); return [a.get("x"), b.get("x"), b.has("X"), b.get("y"), b.get("set-cookie")]`, `["1","2, 3",true,null,null]`},
		{`h(new Map([["a", "1"]])).get("a")`, `"1"`},
		{`const x = h({ "set-cookie": "a=1" }); x.append("set-cookie", "b=2"); return [x.getSetCookie(), x.get("Set-Cookie")]`, `[["a=1","b=2"],"a=1, b=2"]`},
		{`const x = h({ a: "1", b: "2" }), l = []; x.delete("A"); x.forEach((v, k) => l.push(k, v)); return [l, [...x.keys()], [...x.values()]]`, `[["b","2"],["b"],["2"]]`},
		{`h({ a: "é" }).get("a")`, `"é"`},
		{`[String(h()), String(h().keys())]`, `["[object Headers]","[object Headers Iterator]"]`},
		{`h({ "a b": "1" })`, `"TypeError: \"a b\" cannot be the name of a header"`},
		{`h().get("")`, `"TypeError: \"\" cannot be the name of a header"`},
		{`h().has("ä")`, `"TypeError: \"ä\" cannot be the name of a header"`},
		{`h({ a: "x\ny" })`, `"TypeError: header a: the value holds a line break or NUL"`},
		{`h({ a: "你" })`, `"TypeError: header a: the value holds characters beyond Latin-1"`},
		{`h().set("a")`, `"TypeError: set needs 2 arguments, got 1"`},
		{`h(null)`, `"TypeError: headers must be an object"`},
		{`h("a")`, `"TypeError: headers must be an object"`},
		{`h([["a"]])`, `"TypeError: Headers: a pair needs two parts"`},
	})
}
