package jsmodule_test

import "testing"

// TestKeys computes names in all places where the language lets one, while they
// are looked at and afterwards.
func TestKeys(t *testing.T) {
	tests := [][2]string{
		{`[o["a" + ""], o[k()], o[["a"]], o[{ toString: () => "a" }], o[Object("a")]]`, `[1,1,1,1,1]`},
		{`const a = ["x", "y"]; const i = "1", f = 0.5, n = -1; a[n] = "n"; return [a[i], a[f] === undefined, a[n], a[1n], a[a.length - 1]]`, `["y",true,"n","y","y"]`},
		{`const p = { null: 1, undefined: 2, true: 3, NaN: 4 }; return [p[null], p[undefined], p[true], p[NaN], p[void 0]]`, `[1,2,3,4,2]`},
		{`const s = Symbol("s"), p = { [s]: 1 }; const it = Symbol.iterator; return [p[s], p[Object(s)], [7][it]().next().value]`, `[1,1,7]`},
		{`let n = 0; const key = { toString() { n++; return "a" } }; o[key]; o[key] = 5; delete o[key]; return [n, o.a === undefined]`, `[3,true]`},
		{`const said = []; const say = (x, v) => (said.push(x), v); say("o", o)[say("k", "a")] = say("v", 2); return [said.join(""), o.a]`, `["okv",2]`},
		{`const f = "f", p = { n: 3, f() { return this.n } }; return [p[f](), p[f]?.(), p?.[f](), p[f].call({ n: 4 }), new (class { constructor() { this.n = 5 } [f]() { return this.n } })()[f]()]`, `[3,3,3,4,5]`},
		{"const f = \"f\", p = { n: 3, f(s) { return s[0] + this.n } }; return p[f]`x`", `"x3"`},
		{`const c = "C", p = { C: class { constructor(x) { this.x = x } } }; return new p[c](7)`, `{"x":7}`},
		{`let u; const key = "a"; return [u?.[key], u?.[k()].b[key] === undefined]`, `[null,true]`},
		{`let u; return u[k()]`, `"TypeError: Cannot read property 'a' of undefined"`},
		{`const key = "a"; o[key] ??= 9; o[key] += 1; o[key]++; --o[key]; o[key] **= 3; const { [key]: x, ["b" + ""]: y = 6, ...rest } = o; return [x, y, rest]`, `[8,6,{"c":3}]`},
		{`let x, y; const key = "a"; ({ [key]: x, [k("c")]: o.z } = o); [o[key], y] = [8, 9]; for (o[key] of [1, 2]); for (o[key] in { q: 1 }); return [x, o.z, o.a, y]`, `[1,3,"q",9]`},
		{`const key = "m"; class A { m() { return 1 } static m() { return 2 } } class B extends A { m() { return super[key]() + 10 } static m() { return super[key]() + 20 } } return [new B().m(), B.m()]`, `[11,22]`},
		{`const x = { y: { z: "a" } }, y = "y", z = "z"; return [o[x[y][z]], o[x[y][z] + ""], o[((v) => v)("a")]]`, `[1,1,1]`},
		{`let i = 0; const a = [1, 2, 3]; return [a[i++], a[i++], a[i], a[++i] === undefined, a[i << 1] === undefined, a[-i + 4]]`, `[1,2,3,true,true,2]`},
		{`const key = await Promise.resolve("a"); return [o[await key], (function* () { yield o[yield "k"] })().next().value]`, `[1,"k"]`},
		{`const p = new Proxy({}, { get: (_, key) => key, has: () => true }); const key = "map"; return [p[key], p[k()], key in p]`, `["map","a",true]`},
		{`const name = "map"; return [1, 2][name]((x) => x * 2)[["jo", "in"].join("")]("")`, `"24"`},
		{"const key = `a`; return [o[`a`], o[`${key}`], `a` in o]", `[1,1,true]`},
	}
	for _, before := range []string{"", `for (const key of Array(6000).fill("q")) ({})[key];`} {
		var all [][2]string
		for _, test := range tests {
			body := test[0]
			if body[0] == '[' {
				body = "return " + body
			}
			all = append(all, [2]string{`const o = { a: 1, c: 3 }, k = (x = "a") => x; ` + before + body, test[1]})
		}
		values(t, "", all)
	}
}
