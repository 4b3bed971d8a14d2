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

// TestURL follows section 4 and 6 of the URL Standard.
func TestURL(t *testing.T) {
	values(t, `
		const href = (u, b) => { try { return new URL(u, b).href } catch (e) { return e.name } };
		const base = "http://example.org/foo/bar?q#f";
		const set = (u, k, v) => { const x = new URL(u); x[k] = v; return x.href };
	`, [][2]string{
		{
			`const u = new URL("https://User:pa%20ss@EXAMPLE.com:8080/a/../b/./c%7e?x=1 2#h i"); return ["href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"].map((k) => u[k])`,
			`["https://User:pa%20ss@example.com:8080/b/c%7e?x=1%202#h%20i","https://example.com:8080","https:","User","pa%20ss","example.com:8080","example.com","8080","/b/c%7e","?x=1%202","#h%20i"]`,
		},
		{
			`["//x/y", "/y", "y", "?y", "#y", "", "../../../y", "http:y", "https:y", "\\y\\z", "\t/y\n"].map((u) => href(u, base))`,
			`["http://x/y","http://example.org/y","http://example.org/foo/y","http://example.org/foo/bar?y","http://example.org/foo/bar?q#y","http://example.org/foo/bar?q","http://example.org/y","http://example.org/foo/y","https://y/","http://example.org/y/z","http://example.org/y"]`,
		},
		{
			`["http://1.2.3", "http://0x7f.1", "http://017700000001", "http://256", "http://1.2.3.256", "http://[::1]:80", "http://[1:2::0:0:3]", "http://[::1", "http://a b", "http://a%41", "http://ex%2fample", "http://münchen.de/ä", "http://xn--a"].map((u) => href(u))`,
			`["http://1.2.0.3/","http://127.0.0.1/","http://127.0.0.1/","http://0.0.1.0/","TypeError","http://[::1]/","http://[1:2::3]/","TypeError","TypeError","http://aa/","TypeError","http://xn--mnchen-3ya.de/%C3%A4","TypeError"]`,
		},
		{
			`["http://h:443", "https://h:443", "http://h:", "http://h:65536", "http://h:8x", "http://", "http:///h", "file:///C|/x", "mailto:a@b", "data:text/plain,hi there", "javascript:alert(1)", "foo://H/%zz", "x"].map((u) => href(u))`,
			`["http://h:443/","https://h/","http://h/","TypeError","TypeError","TypeError","http://h/","file:///C:/x","mailto:a@b","data:text/plain,hi there","javascript:alert(1)","foo://H/%zz","TypeError"]`,
		},
		{`["http://h", "ftp://h:21", "mailto:a", "file:///x", "foo://h", "blob:https://h:1/x"].map((u) => new URL(u).origin)`, `["http://h","ftp://h","null","null","null","https://h:1"]`},
		{
			`[set("http://a/b", "protocol", "https"), set("http://a/b", "protocol", "foo"), set("http://a/b", "host", "c:8"), set("http://a/b", "host", "x y"), set("http://a:9/b", "hostname", "c:8"), set("http://a:9/b", "port", ""), set("http://a/b", "port", "80"), set("http://a/b", "port", "8x"), set("http://a/b", "port", "99999")]`,
			`["https://a/b","http://a/b","http://c:8/b","http://a/b","http://a:9/b","http://a/b","http://a/b","http://a:8/b","http://a/b"]`,
		},
		{
			`[set("http://a/b", "pathname", "c?d#e/../f"), set("http://a/b", "search", "x y#"), set("http://a/b?x", "search", ""), set("http://a/b", "hash", "#x y"), set("http://a/b#x", "hash", ""), set("http://a/b", "username", "u:@"), set("http://u@a/b", "password", "p/"), set("mailto:x", "host", "y"), set("http://a/b", "href", "http://c")]`,
			`["http://a/f","http://a/b?x%20y%23","http://a/b","http://a/b#x%20y","http://a/b","http://u%3A%40@a/b","http://u:p%2F@a/b","mailto:x","http://c/"]`,
		},
		{
			`const u = new URL("http://a/?x=1&y=%20"), p = u.searchParams; p.append("z", "2 3"); const first = u.search; u.search = "?n=1"; return [first, p.get("n"), p.size, u.searchParams === p, (u.href = "http://b/?m=2", p.get("m")), (p.delete("m"), u.href)]`,
			`["?x=1&y=+&z=2+3","1",1,true,"2","http://b/"]`,
		},
		{`[URL.canParse("x"), URL.canParse("x", base), URL.canParse("x", undefined), URL.parse("x"), URL.parse("x", base).href, URL.canParse("http://a", "")]`, `[false,true,false,null,"http://example.org/foo/x",false]`},
		{`[String(new URL("http://a")), JSON.stringify({ u: new URL("http://a") }), Object.prototype.toString.call(new URL("http://a")), new URL("http://a") instanceof URL, new URL(new URL("http://a/b")).pathname]`, `["http://a/","{\"u\":\"http://a/\"}","[object URL]",true,"/b"]`},
		{`class U extends URL { get site() { return this.origin } } return new U("http://a/b").site`, `"http://a"`},
		{`new URL()`, `"TypeError: \"undefined\" is not a URL"`},
		{`new URL("/x", null)`, `"TypeError: \"/x\" is not a URL"`},
		{`new URL("http://a").href = "b"; return 1`, `"TypeError: \"b\" is not a URL"`},
		{`new URL("http://a/" + "x".repeat(1e6))`, `"TypeError: the URL is too long"`},
		{`["@".repeat(1e4), "a@".repeat(5e3), "a".repeat(1e4) + "@"].map((s) => href("http://" + s + "b"))`, `["TypeError","TypeError","TypeError"]`},
	})
}

// TestResponse follows section 5.5 of the Fetch Standard.
func TestResponse(t *testing.T) {
	values(t, ``, [][2]string{
		{`const r = new Response(); return [r.status, r.statusText, r.ok, r.type, r.url, r.redirected, r.body, r.bodyUsed, await r.text(), r.bodyUsed]`, `[200,"",true,"default","",false,null,false,"",false]`},
		{`const r = new Response("é", { status: 404, statusText: "Not Här", headers: [["a", "1"], ["a", "2"]] }); return [r.status, r.ok, r.statusText, [...r.headers], r.bodyUsed, await r.text(), r.bodyUsed]`, `[404,false,"Not Här",[["a","1, 2"],["content-type","text/plain;charset=UTF-8"]],false,"é",true]`},
		{`new Response("x", { headers: { "Content-Type": "a/b" } }).headers.get("content-type")`, `"a/b"`},
		{`[new Response(new URLSearchParams("a=1")), new Response(new Uint8Array(1)), new Response(new ArrayBuffer(1)), new Response(null)].map((r) => r.headers.get("content-type"))`, `["application/x-www-form-urlencoded;charset=UTF-8",null,null,null]`},
		{`const r = new Response("{\"id\":9007199254740993}"); return Response.json(await r.json()).text()`, `"{\"id\":9007199254740993}"`},
		{`new Response("\ufeffx").text().then((s) => s)`, `"x"`},
		{`new Response(new Uint8Array([0xff, 0x61])).text()`, `"�a"`},
		{`const r = new Response("ab"); const c = r.clone(); c.headers.set("x", "1"); return [[...await r.bytes()], new Uint8Array(await c.arrayBuffer()).length, r.headers.get("x")]`, `[[97,98],2,null]`},
		{`const r = new Response("x"); await r.text(); return r.json().catch((e) => e.name + ": " + e.message)`, `"TypeError: the body has been read already"`},
		{`const r = new Response("x"); const p = r.text(); return [p instanceof Promise, r.bodyUsed]`, `[true,true]`},
		{`const r = new Response("x"); await r.text(); return r.clone()`, `"TypeError: the body has been read already"`},
		{`return new Response("{").json().catch((e) => e.name)`, `"SyntaxError"`},
		{`const r = Response.json({ a: 1 }, { status: 201, headers: { x: "y" } }); return [r.status, r.headers.get("content-type"), r.headers.get("x"), await r.text()]`, `[201,"application/json","y","{\"a\":1}"]`},
		{`[302, undefined, 301, 303, 307, 308].map((s) => Response.redirect("http://a", s)).map((r) => [r.status, r.headers.get("location")].join())`, `["302,http://a/","302,http://a/","301,http://a/","303,http://a/","307,http://a/","308,http://a/"]`},
		{`const r = Response.error(); return [r.type, r.status, r.ok]`, `["error",0,false]`},
		{`[new Response("x", undefined).status, new Response("x", {}).status, String(new Response())]`, `[200,200,"[object Response]"]`},
		{`new Response("", { status: 199 })`, `"RangeError: 199 is not a status: 200 to 599"`},
		{`new Response("", { status: 600 })`, `"RangeError: 600 is not a status: 200 to 599"`},
		{`new Response("", { status: 204 })`, `"TypeError: a Response with status 204 has no body"`},
		{`new Response(null, { status: 304 }).status`, `304`},
		{`Response.json(1, { status: 204 })`, `"TypeError: a Response with status 204 has no body"`},
		{`Response.json(undefined)`, `"TypeError: Response.json: the value is not JSON"`},
		{`Response.redirect("http://a", 304)`, `"RangeError: 304 is not a redirect: 301, 302, 303, 307, 308"`},
		{`new Response("", { statusText: "a\nb" })`, `"TypeError: statusText holds a line break or another control character"`},
	})
}

// TestRequest follows section 5.4 of the Fetch Standard.
func TestRequest(t *testing.T) {
	values(t, `const u = "http://a/b"; const q = (init, input = u) => new Request(input, init);`, [][2]string{
		{
			`const r = q(); return ["method", "url", "redirect", "mode", "credentials", "cache", "integrity", "keepalive", "referrer", "referrerPolicy", "destination", "duplex", "body", "bodyUsed"].map((k) => r[k])`,
			`["GET","http://a/b","follow","cors","same-origin","default","",false,"about:client","","","half",null,false]`,
		},
		{`["get", "post", "delete", "put", "head", "options", "patch", "PaTcH", "foo"].map((method) => q({ method }).method)`, `["GET","POST","DELETE","PUT","HEAD","OPTIONS","patch","PaTcH","foo"]`},
		{`const r = q({ method: "POST", body: "x", headers: { b: "1" }, redirect: "manual", cache: "no-store" }); return [await r.text(), r.bodyUsed, [...r.headers], r.redirect, r.cache]`, `["x",true,[["b","1"],["content-type","text/plain;charset=UTF-8"]],"manual","no-store"]`},
		{`const r = q({ method: "POST", body: "x", headers: { b: "1" } }); const s = q({ headers: { c: "2" } }, r); return [r.bodyUsed, s.method, await s.text(), [...s.headers]]`, `[true,"POST","x",[["c","2"]]]`},
		{`const r = q({ method: "POST", body: "x" }); const c = r.clone(), s = q({ body: "y" }, r); return [r.bodyUsed, await c.text(), await s.text()]`, `[false,"x","y"]`},
		{`const c = new AbortController(), r = q({ signal: c.signal }); c.abort(); return [r.signal.aborted, q(undefined, r).signal.aborted, q().signal instanceof AbortSignal, q({ signal: null }, r).signal.aborted]`, `[true,true,true,false]`},
		{`q({}, new URL("http://a/c d#e")).url`, `"http://a/c%20d#e"`},
		{`String(q())`, `"[object Request]"`},
		{`q({ body: "x" })`, `"TypeError: a Request with method GET has no body"`},
		{`q({ method: "head", body: "x" })`, `"TypeError: a Request with method HEAD has no body"`},
		{`q({ method: "connect" })`, `"TypeError: the method connect is refused"`},
		{`q({ method: "a b" })`, `"TypeError: \"a b\" is not an HTTP method"`},
		{`q({}, "/relative")`, `"TypeError: \"/relative\" is not a URL"`},
		{`q({}, "http://u:p@a")`, `"TypeError: a URL with a password is refused; send an Authorization header"`},
		{`q({ redirect: "maybe" })`, `"TypeError: redirect is \"maybe\", which is none of follow, error, manual"`},
		{`q({ signal: {} })`, `"TypeError: signal must be an AbortSignal"`},
		{`q("x")`, `"TypeError: the options of a Request must be an object"`},
		{`const r = q({ method: "POST", body: "x" }); await r.text(); q({}, r); return 1`, `"TypeError: the body has been read already"`},
	})
}
