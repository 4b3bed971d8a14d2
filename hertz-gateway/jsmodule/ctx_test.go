package jsmodule_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/jsmodule"
)

// TestRequestEdits runs statements in requestModifier and looks at the request
// that comes out.
func TestRequestEdits(t *testing.T) {
	tests := []struct {
		name, run string
		body      string
		want      func(*request) string
		expect    string
	}{
		{"method", `ctx.request.method = "PUT"`, "", func(q *request) string { return q.method }, "PUT"},
		{"method through the function", `ctx.request().method = "PUT"`, "", func(q *request) string { return q.method }, "PUT"},
		{"path", `ctx.request.path = ctx.request.path.replace("/book/", "/api/")`, "", func(q *request) string { return q.path }, "/api/query"},
		{"header set", `ctx.request.headers.set("X-A", "1")`, "", func(q *request) string { return q.get("x-a") }, "1"},
		{"header by index", `ctx.request.headers["x-a"] = 2`, "", func(q *request) string { return q.get("x-a") }, "2"},
		{"header by property", `ctx.request.headers.Authorization = "Bearer x"`, "", func(q *request) string { return q.get("authorization") }, "Bearer x"},
		{"header list", `ctx.request.headers["x-a"] = ["1", "2"]`, "", func(q *request) string { return q.get("x-a") }, "1|2"},
		{"header append", `ctx.request.headers.append("x-a", "1"); ctx.request.headers.append("x-a", "2")`, "", func(q *request) string { return q.get("x-a") }, "1|2"},
		{"header delete", `ctx.request.headers.delete("user-agent")`, "", func(q *request) string { return q.get("user-agent") }, ""},
		{"header delete by operator", `delete ctx.request.headers["User-Agent"]`, "", func(q *request) string { return q.get("user-agent") }, ""},
		{"header set to undefined", `ctx.request.headers["user-agent"] = undefined`, "", func(q *request) string { return q.get("user-agent") }, ""},
		{"query set keeps the others' spelling", `ctx.request.query.set("num", "8")`, "", func(q *request) string { return q.query }, "num=8&tag=a&tag=b%20c"},
		{"query by index", `ctx.request.query.num = 9`, "", func(q *request) string { return q.query }, "num=9&tag=a&tag=b%20c"},
		{"query append", `ctx.request.query.append("x", "ü&")`, "", func(q *request) string { return q.query }, "num=7&tag=a&tag=b%20c&x=%C3%BC%26"},
		{"query add", `ctx.query().add("x", 1)`, "", func(q *request) string { return q.query }, "num=7&tag=a&tag=b%20c&x=1"},
		{"query del", `ctx.request.query.del("tag")`, "", func(q *request) string { return q.query }, "num=7"},
		{"query delete of a value", `ctx.request.query.delete("tag", "a")`, "", func(q *request) string { return q.query }, "num=7&tag=b%20c"},
		{"query set of a repeated name", `ctx.request.query.set("tag", "z")`, "", func(q *request) string { return q.query }, "num=7&tag=z"},
		{"query sort", `ctx.request.query.set("a", "1"); ctx.request.query.sort()`, "", func(q *request) string { return q.query }, "a=1&num=7&tag=a&tag=b%20c"},
		{"query replaced", `ctx.request.query = { a: 1, b: "x y" }`, "", func(q *request) string { return q.query }, "a=1&b=x+y"},
		{"query replaced by text", `ctx.request.query = "?a=1"`, "", func(q *request) string { return q.query }, "a=1"},
		{"body text", `ctx.request.setBody("hello")`, "", bodyOf, "hello"},
		{"body bytes", `ctx.request.setBody(new Uint8Array([104, 105]))`, "", bodyOf, "hi"},
		{"body part of a buffer", `ctx.request.writeBody(new TextEncoder().encode("xhix").subarray(1, 3))`, "", bodyOf, "hi"},
		{"body DataView", `ctx.request.body = new DataView(new TextEncoder().encode("hi").buffer)`, "", bodyOf, "hi"},
		{"body object", `ctx.request.body = { b: 1, a: [true, null, "x"] }`, "", bodyOf, `{"b":1,"a":[true,null,"x"]}`},
		{"body form", `ctx.request.setBody(new URLSearchParams({ a: "1 2" }))`, "", bodyOf, "a=1+2"},
		{"body from text", `ctx.request.setBody(ctx.request.text().toUpperCase())`, "abc", bodyOf, "ABC"},
		{"body removed", `ctx.request.setBody(null)`, "abc", bodyOf, ""},
		{"json field", `ctx.request.json().title = "x"`, `{ "id": 9007199254740993, "title": "old" }`, bodyOf, `{ "id": 9007199254740993, "title": "x" }`},
		{"json written back", `const b = ctx.request.json(); b.title = "x"; ctx.request.writeJson(b)`, `{"id":9007199254740993,"title":"old"}`, bodyOf, `{"id":9007199254740993,"title":"x"}`},
		{"json awaited", `const b = await ctx.request.json(); b.n = 1`, `{"n":0}`, bodyOf, `{"n":1}`},
		{"readJson", `ctx.request.readJson().n++`, `{"n":0}`, bodyOf, `{"n":1}`},
		{"body as a document", `ctx.request.body.n = 1.5`, `{"n":0}`, bodyOf, `{"n":1.5}`},
		{"body replaced, document kept", `const b = ctx.request.json(); ctx.request.setBody("{}"); b.n = 2; ctx.request.setBody(JSON.stringify(b))`, `{"m":12345,"n":0}`, bodyOf, `{"m":12345,"n":2}`},
		{"bigints when asked", `const b = ctx.request.json({ bigint: true }); b.id += 1n`, `{"id":9007199254740993}`, bodyOf, `{"id":9007199254740994}`},
		{"writeJson with a BigInt", `ctx.request.writeJson({ id: 9223372036854775807n })`, "", bodyOf, `{"id":9223372036854775807}`},
		{"body parsed as text", `ctx.request.setBody(JSON.stringify({ n: JSON.parse(ctx.request.body).n + 1 }))`, `{"n":1}`, bodyOf, `{"n":2}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := chain(t, jsmodule.Config{}, "export async function requestModifier(ctx) { "+test.run+" }")
			e := open(t, c, func(_ *jsmodule.Call, q *request, _ *response) { q.body = []byte(test.body) }).mustRequest(t)
			if diff := cmp.Diff(test.expect, test.want(e.q)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func bodyOf(q *request) string { return string(q.body) }

// TestCtxValues evaluates what ctx shows. The handler answers with JSON.
func TestCtxValues(t *testing.T) {
	tests := []struct{ name, expression, want string }{
		{"id", `ctx.id`, `"req-1"`},
		{"deadline", `ctx.deadline > Date.now()`, `true`},
		{"namespace", "[ctx.namespace.name, ctx.namespace().name, `${ctx.namespace}`]", `["default","default","default"]`},
		{"route", "[ctx.route.name, ctx.route().paths, `${ctx.route}`, ctx.route]", `["book",["/book/query"],"book",{"name":"book","methods":["GET"],"paths":["/book/query"]}]`},
		{"service", "[ctx.service.name, ctx.service().method, 'x' + ctx.service]", `["BookSvc","queryBook","xBookSvc"]`},
		{"params", `ctx.params`, `{"id":"42","name":"Zoë"}`},
		{"pathParam", `[ctx.pathParam("id"), ctx.pathParam("none"), ctx.pathParams().name]`, `["42",null,"Zoë"]`},
		{"queryParam", `[ctx.queryParam("num"), ctx.queryParam("none")]`, `["7",null]`},
		{"get and set", `(ctx.set("a", 1), [ctx.get("a"), ctx.get("b") === undefined])`, `[1,true]`},
		{"locals", `(ctx.locals.a = 1, ctx.locals)`, `{"a":1}`},
		{"upstream before the answer", `ctx.upstream`, `null`},
		{"members that are only called", `[ctx.request().path, ctx.request() === ctx.request(), ctx.route().name, ctx.service().method, ctx.namespace().name, ctx.response().statusCode, ctx.upstream()]`, `["/book/query",true,"book","queryBook","default",200,null]`},
		{"one ctx.request", `[ctx.request === ctx.request(), ctx.request() === ctx.request()()]`, `[true,true]`},

		{"method", `ctx.request.method`, `"GET"`},
		{"path", `ctx.request.path`, `"/book/query"`},
		{"url", `ctx.request.url`, `"http://shop.example/book/query?num=7&tag=a&tag=b%20c"`},
		{"url is a URL", `new URL(ctx.request.url).searchParams.get("num")`, `"7"`},
		{"host", `ctx.request.host`, `"shop.example"`},
		{"ip", `[ctx.request.ip, ctx.request.remoteAddress, ctx.request.proto]`, `["203.0.113.9","192.0.2.7","HTTP/1.1"]`},
		{"headers", `ctx.request.headers`, `{"cookie":"sid=abc; theme=dark","user-agent":"test/1"}`},
		{"headers indexed", `[ctx.request.headers["User-Agent"], ctx.request.headers["none"] === undefined, "cookie" in ctx.request.headers]`, `["test/1",true,true]`},
		{"headers get", `[ctx.request.headers.get("USER-AGENT"), ctx.request.headers.get("none"), ctx.request.headers.has("cookie")]`, `["test/1",null,true]`},
		{"headers iterated", `[...ctx.request.headers].map(([n]) => n)`, `["cookie","user-agent"]`},
		{"headers keys", `[Object.keys(ctx.request.headers), [...ctx.request.headers.keys()]]`, `[["cookie","user-agent"],["cookie","user-agent"]]`},
		{"headers forEach", `{ const l = []; ctx.request.headers.forEach((v, n) => l.push(n + "=" + v)); return l.length }`, `2`},
		{"query", `ctx.request.query`, `{"num":"7","tag":"a"}`},
		{"query getAll", `[ctx.request.query.getAll("tag"), ctx.request.query.size, ctx.request.query.has("x")]`, `[["a","b c"],3,false]`},
		{"query indexed", `[ctx.request.query.num, ctx.request.query["none"] === undefined, ctx.request.query.encode()]`, `["7",true,"num=7&tag=a&tag=b%20c"]`},
		{"query iterated", `[...ctx.request.query]`, `[["num","7"],["tag","a"],["tag","b c"]]`},
		{"cookies", `ctx.request.cookies`, `{"sid":"abc","theme":"dark"}`},
		{"getCookie", `[ctx.response.getCookie("sid"), ctx.response.getCookie("x"), ctx.response.getCookies().length]`, `[{"name":"sid","value":"abc"},null,2]`},
		{"empty body", `[ctx.request.text(), ctx.request.body, ctx.request.bytes().length]`, `["","",0]`},
		{"request as JSON", `{ const { body, ...r } = JSON.parse(JSON.stringify(ctx.request)); return r }`, `{"method":"GET","url":"http://shop.example/book/query?num=7&tag=a&tag=b%20c","path":"/book/query","host":"shop.example","query":{"num":"7","tag":"a"},"headers":{"cookie":"sid=abc; theme=dark","user-agent":"test/1"}}`},
		{"response", `[ctx.response.statusCode, ctx.response().ok, ctx.response.statusText]`, `[200,true,"OK"]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			expression := test.expression
			if !strings.HasPrefix(expression, "{ const") {
				expression = "{ return " + expression + " }"
			}
			c := chain(t, jsmodule.Config{}, "export async function requestHandler(ctx) { const value = await (async () => "+expression+")(); return Response.json(value) }")
			e := open(t, c)
			if _, err := e.Handle(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(e.r.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAnswers runs statements in requestHandler and looks at the answer.
func TestAnswers(t *testing.T) {
	tests := []struct {
		name, run string
		status    int
		header    string // "Name: value"
		body      string
	}{
		{"Response", `return new Response("hi", { status: 201, headers: { "X-A": "1" } })`, 201, "X-A: 1", "hi"},
		{"Response of text has a type", `return new Response("hi")`, 200, "Content-Type: text/plain;charset=UTF-8", "hi"},
		{"Response.json", `return Response.json({ b: 1, a: 2n })`, 200, "Content-Type: application/json", `{"b":1,"a":2}`},
		{"Response.redirect", `return Response.redirect("/x", 303)`, 303, "Location: /x", ""},
		{"Response with two cookies", `const r = new Response(null); r.headers.append("Set-Cookie", "a=1"); r.headers.append("Set-Cookie", "b=2"); return r`, 200, "Set-Cookie: a=1|b=2", ""},
		{"object", `return { z: 1, a: [1, 2] }`, 200, "Content-Type: application/json", `{"z":1,"a":[1,2]}`},
		{"string", `return "hi"`, 200, "Content-Type: text/plain; charset=utf-8", "hi"},
		{"promise", `return Promise.resolve({ a: 1 })`, 200, "", `{"a":1}`},
		{"promise of a promise", `return (async () => Promise.resolve({ a: 1 }))()`, 200, "", `{"a":1}`},
		{"thenable", `return { then(ok) { ok("later") } }`, 200, "", "later"},
		{"json", `ctx.json({ a: 1 })`, 200, "Content-Type: application/json", `{"a":1}`},
		{"status json", `ctx.status(404).json({ a: 1 })`, 404, "", `{"a":1}`},
		{"setStatus", `ctx.setStatus(202); ctx.text("x")`, 202, "", "x"},
		{"text", `ctx.text("é")`, 200, "Content-Type: text/plain; charset=utf-8", "é"},
		{"write", `ctx.setHeader("Content-Type", "text/html"); ctx.write("<p>"); ctx.write("x"); ctx.write("</p>")`, 200, "Content-Type: text/html", "<p>x</p>"},
		{"redirect", `ctx.redirect("/x")`, 302, "Location: /x", ""},
		{"redirect with a status", `ctx.redirect("/x", 301)`, 301, "Location: /x", ""},
		{"response.redirect", `ctx.response.redirect("/x")`, 307, "Location: /x", ""},
		{"response.redirectPermanent", `ctx.response().redirectPermanent("/x")`, 301, "Location: /x", ""},
		{"response.location", `ctx.response.status(201).location("/x").end()`, 201, "Location: /x", ""},
		{"response.send", `ctx.response.send({ a: 1 })`, 200, "Content-Type: application/json", `{"a":1}`},
		{"response.end with text", `ctx.response.end("x")`, 200, "", "x"},
		{"response headers", `ctx.response.headers["X-A"] = "1"; ctx.response.end()`, 200, "X-A: 1", ""},
		{"response.statusCode", `ctx.response.statusCode = 418; ctx.response.end()`, 418, "", ""},
		{"cookie", `ctx.response.cookie("a", "1", { path: "/", maxAge: 60, httpOnly: true, secure: true, sameSite: "lax" }).end()`, 200, "Set-Cookie: a=1; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax", ""},
		{"cookie that expires", `ctx.response.cookie("a", "1", { expires: new Date(0) }).end()`, 200, "Set-Cookie: a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", ""},
		{"cookie removed", `ctx.response.cookie("a", "", { maxAge: 0 }).end()`, 200, "Set-Cookie: a=; Max-Age=0", ""},
		{"bytes", `return new Response(new Uint8Array([0, 255]))`, 200, "", "\x00\xff"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := open(t, chain(t, jsmodule.Config{}, "export function requestHandler(ctx) { "+test.run+" }"))
			handled, err := e.Handle()
			if err != nil || !handled {
				t.Fatal(handled, err)
			}
			if e.r.status != test.status {
				t.Errorf("status %d, want %d", e.r.status, test.status)
			}
			if name, want, ok := strings.Cut(test.header, ": "); ok && e.r.get(name) != want {
				t.Errorf("%s is %q, want %q", name, e.r.get(name), want)
			}
			if diff := cmp.Diff(test.body, string(e.r.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestResponseEdits runs statements in responseModifier on an answer of JSON.
func TestResponseEdits(t *testing.T) {
	const answer = `{"ID":9223372036854775807,"Title":"Go","Tags":["a","b"]}`
	tests := []struct {
		name, run string
		status    int
		body      string
		header    string
	}{
		{"nothing", ``, 200, answer, "X-Up: 1"},
		{"header", `res.headers["X-Served-By"] = "dgate"`, 200, answer, "X-Served-By: dgate"},
		{"header through ctx", `ctx.setHeader("X-Served-By", "dgate")`, 200, answer, "X-Served-By: dgate"},
		{"upstream is the response", `if (ctx.upstream !== res || ctx.upstream().statusCode !== 200) throw 1`, 200, answer, ""},
		{"status", `res.status(203)`, 203, answer, ""},
		{"field", `res.json().Title = "TS"`, 200, `{"ID":9223372036854775807,"Title":"TS","Tags":["a","b"]}`, ""},
		{"field through readJson", `const b = res.readJson(); b.Tags.push("c"); res.writeJson(b)`, 200, `{"ID":9223372036854775807,"Title":"Go","Tags":["a","b","c"]}`, ""},
		{"field removed", `delete ctx.upstream.body.Tags`, 200, `{"ID":9223372036854775807,"Title":"Go"}`, ""},
		{"field added", `res.body.new = { x: 1 }`, 200, `{"ID":9223372036854775807,"Title":"Go","Tags":["a","b"],"new":{"x":1}}`, ""},
		{"text", `res.text(res.text().length + " bytes")`, 200, "56 bytes", ""},
		{"body", `res.writeBody("x")`, 200, "x", ""},
		{"Response replaces all", `return new Response("gone", { status: 410, headers: { "X-A": "1" } })`, 410, "gone", "X-Up: "},
		{"write appends", `res.write("!")`, 200, answer + "!", ""},
		{"returned ctx is no answer", `return ctx.setHeader("X-A", "1")`, 200, answer, "X-A: 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := open(t, chain(t, jsmodule.Config{}, "export function responseModifier(ctx, res) { "+test.run+" }"),
				func(_ *jsmodule.Call, _ *request, r *response) {
					r.body = []byte(answer)
					_ = r.SetHeader("Content-Type", "application/json")
					_ = r.SetHeader("X-Up", "1")
				})
			if err := e.Response(); err != nil {
				t.Fatal(err)
			}
			if e.r.status != test.status {
				t.Errorf("status %d, want %d", e.r.status, test.status)
			}
			if diff := cmp.Diff(test.body, string(e.r.body)); diff != "" {
				t.Error(diff)
			}
			if name, want, ok := strings.Cut(test.header, ": "); ok && e.r.get(name) != want {
				t.Errorf("%s is %q, want %q", name, e.r.get(name), want)
			}
		})
	}
}

// TestUntouchedBodies makes sure that modules which leave a body alone do not
// cause it to be written.
func TestUntouchedBodies(t *testing.T) {
	c := chain(t, jsmodule.Config{}, `export function requestModifier(ctx) {
		const b = ctx.request.json(); b.a; b.nested.x; Object.keys(b); JSON.stringify(b); ctx.request.text(); ctx.request.body
	} export function responseModifier() {}`)
	e := open(t, c, withBody(`{"a":1,"nested":{"x":[1,2]}}`)).mustRequest(t)
	if err := e.Response(); err != nil {
		t.Fatal(err)
	}
	if e.q.bodySet != 0 || e.r.bodySet != 0 {
		t.Fatalf("bodies were written %d and %d times", e.q.bodySet, e.r.bodySet)
	}
}

// TestRefusals are things that must throw in the module.
func TestRefusals(t *testing.T) {
	tests := []struct{ name, run, want string }{
		{"header with a line break", `ctx.request.headers.set("x-a", "1\r\nx-b: 2")`, "line break"},
		{"header name", `ctx.request.headers["x a"] = "1"`, "cannot be the name of a header"},
		{"method", `ctx.request.method = "GET /"`, "not an HTTP method"},
		{"path with a query", `ctx.request.path = "/a?b"`, "is not a path"},
		{"path with a space", `ctx.request.path = "/a b"`, "is not a path"},
		{"relative path", `ctx.request.path = "a"`, "is not a path"},
		{"query with a space", `ctx.request.query = "a= b"`, "is not a query"},
		{"status", `ctx.status(99)`, "is not a status"},
		{"informational status", `ctx.response.statusCode = 101`, "is not a status"},
		{"redirect status", `ctx.redirect("/", 200)`, "is not a redirect"},
		{"cookie name", `ctx.response.cookie("a b", "1")`, "cookie"},
		{"cookie sameSite", `ctx.response.cookie("a", "1", { sameSite: "x" })`, "not lax, strict or none"},
		{"malformed JSON", `ctx.request.setBody('{"a":}'); ctx.request.json()`, "JSON: not a value at byte 5"},
		{"empty JSON", `ctx.request.json()`, "the body is empty"},
		{"read-only property", `"use strict"; ctx.request.host = "x"`, "Cannot assign to read only property"},
		{"method of another object", `ctx.request.headers.get.call({}, "a")`, "called on something else"},
		{"ctx of another object", `Object.create(ctx).status(200)`, "not the ctx of this request"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := open(t, chain(t, jsmodule.Config{}, "export function requestModifier(ctx) { "+test.run+" }")).Request()
			got := moduleError(t, err)
			if got.Kind != jsmodule.KindException || !strings.Contains(got.Message, test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestUnreadableBody(t *testing.T) {
	c := chain(t, jsmodule.Config{}, `export function requestModifier(ctx) { try { ctx.request.text() } catch (e) { throw new Error("caught: " + e.message) } }`)
	_, err := open(t, c, func(_ *jsmodule.Call, q *request, _ *response) { q.bodyErr = errors.New("it is a stream") }).Request()
	if got := moduleError(t, err); got.Message != "caught: the body cannot be read: it is a stream" {
		t.Fatal(got)
	}
}

// TestHostileHeaders makes sure that a client's headers and query names cannot
// take a module's functions away.
func TestHostileHeaders(t *testing.T) {
	c := chain(t, jsmodule.Config{}, `export function requestModifier(ctx) {
		const { headers, query } = ctx.request;
		headers.set("x-a", [headers.get("get"), query.get("get"), query.get("toString")].join());
		if (typeof headers.get !== "function" || typeof query.has !== "function" || query["__proto__"] === "evil") throw 1;
		if (ctx.request.cookies.__proto__ !== "c") throw 2;
	}`)
	e := open(t, c, func(_ *jsmodule.Call, q *request, _ *response) {
		_ = q.SetHeader("get", "h")
		_ = q.SetHeader("then", "h")
		_ = q.SetHeader("Cookie", "__proto__=c")
		q.query = "get=q&toString=s&__proto__=evil&has=1&then=2"
	}).mustRequest(t)
	if got := e.q.get("x-a"); got != "h,q,s" {
		t.Fatal(got)
	}
}

func TestFetchUpstream(t *testing.T) {
	tests := []struct {
		name, value string
		want        jsmodule.Target
		ok          bool
	}{
		{"nothing", `undefined`, jsmodule.Target{}, false},
		{"address", `"10.0.0.1:80"`, jsmodule.Target{Address: "10.0.0.1:80"}, true},
		{"URL", `new URL("http://a.example/x")`, jsmodule.Target{Address: "http://a.example/x"}, true},
		{"tag", `({ tag: "canary" })`, jsmodule.Target{Tag: "canary"}, true},
		{"hash key", `Promise.resolve({ hashKey: ctx.request.query.num })`, jsmodule.Target{HashKey: "7"}, true},
	}
	for _, name := range []string{"fetchUpstream", "fetchUpstreamUrl"} {
		for _, test := range tests {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				c := chain(t, jsmodule.Config{}, "export function "+name+"(ctx) { return "+test.value+" }")
				got, ok, err := open(t, c).FetchUpstream()
				if err != nil || ok != test.ok || got != test.want {
					t.Fatal(got, ok, err)
				}
			})
		}
	}
	_, _, err := open(t, chain(t, jsmodule.Config{}, `export function fetchUpstream() { return 7 }`)).FetchUpstream()
	if err == nil || !strings.Contains(err.Error(), "must return an address") {
		t.Fatal(err)
	}
}

func TestErrorHandler(t *testing.T) {
	c := chain(t, jsmodule.Config{}, `export function errorHandler(ctx, err) {
		if (err.code === "pass") return;
		return Response.json({ name: err.name, message: err.message, code: err.code, status: err.status,
			service: err.service, method: err.method, isError: err instanceof Error }, { status: 503 });
	}`)
	e := open(t, c)
	handled, err := e.Fail(jsmodule.Failure{Name: "UpstreamError", Message: "m", Code: "timeout", Status: 504, Service: "S", Method: "f"})
	if err != nil || !handled {
		t.Fatal(handled, err)
	}
	want := `{"name":"UpstreamError","message":"m","code":"timeout","status":504,"service":"S","method":"f","isError":true}`
	if e.r.status != 503 || string(e.r.body) != want {
		t.Fatal(e.r.status, string(e.r.body))
	}
	if handled, err := open(t, c).Fail(jsmodule.Failure{Code: "pass"}); handled || err != nil {
		t.Fatal(handled, err)
	}
}

func TestWaitUntil(t *testing.T) {
	var log logBuffer
	h, err := jsmodule.NewHost(jsmodule.Config{Logger: log.logger(), Limits: jsmodule.Limits{Tail: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	c := chainOn(t, h, `import { asyncSleep } from "dgate"; export function requestModifier(ctx) {
		const path = ctx.request.path;
		ctx.waitUntil((async () => {
			await asyncSleep("5ms"); console.log("after", path);
			try { ctx.request.path } catch (e) { console.log(e.message) }
		})());
	}`)
	open(t, c).mustRequest(t).Close()
	waitFor(t, func() bool { return strings.Contains(log.String(), "has ended") })
	h.Close()
	if got := log.String(); !strings.Contains(got, "after /book/query") {
		t.Fatal(got)
	}
}

// waitFor polls a condition that other goroutines bring about.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("gave up waiting")
		}
	}
}

func TestConsole(t *testing.T) {
	var log logBuffer
	c := chain(t, jsmodule.Config{Logger: log.logger()}, `export async function requestModifier(ctx) {
		console.log("a", 1, { b: [2n] }, null, undefined, ctx.request.query);
		console.warn(new TypeError("oops"));
		console.debug("x".repeat(20000));
		console.assert(1 > 2, "sum");
		Promise.reject(new Error("unheard"));
		for (let i = 0; i < 1000; i++) console.info("line");
	}`)
	open(t, c).mustRequest(t)
	got := log.String()
	for _, want := range []string{
		`level=INFO msg="a 1 {\"b\":[2]} null undefined {\"num\":\"7\",\"tag\":\"a\"}" module=m0 route=book request_id=req-1`,
		`level=WARN msg="TypeError: oops\nrequestModifier m0.ts:3:`,
		`msg="assertion failed sum"`, `nobody listened`, `unheard`, "further lines of this request are dropped",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if n := strings.Count(got, "\n"); n > 300 {
		t.Errorf("%d lines were written", n)
	}
	if t.Failed() {
		t.Log(got[:min(len(got), 3000)])
	}
}

func TestDGateModule(t *testing.T) {
	c := chain(t, jsmodule.Config{Version: "1.2.3"}, `import * as dgate from "dgate"; import { retry, fail, version, sleep } from "dgate";
	export async function requestHandler(ctx) {
		let calls = 0;
		sleep(0.001);
		await dgate.asyncSleep("1ms");
		return [version,
			retry(5, (i) => { calls++; return i === 2 && "third" }), calls,
			retry(2, () => 0),
			await retry(3, async (i) => { if (i < 2) throw 1; return i }),
			(() => { try { fail("no") } catch (e) { return e.message } })(),
			(() => { try { retry(2, () => fail("twice")) } catch (e) { return e.message } })(),
		];
	}`)
	e := open(t, c)
	if _, err := e.Handle(); err != nil {
		t.Fatal(err)
	}
	if got := string(e.r.body); got != `["1.2.3","third",3,0,2,"no","twice"]` {
		t.Fatal(got)
	}
}

func TestGlobals(t *testing.T) {
	tests := []struct{ name, run, want string }{
		{"base64", `return [btoa("hé"), atob(" aOk= "), atob("YQ")]`, `["aOk=","hé","a"]`},
		{"encoder", `const e = new TextEncoder(); return [e.encoding, [...e.encode("é€")], e.encode("a") instanceof Uint8Array]`, `["utf-8",[195,169,226,130,172],true]`},
		{"decoder", `return [new TextDecoder().decode(new Uint8Array([239, 187, 191, 104, 195, 169])), new TextDecoder("utf-8").decode(new Uint8Array([255]).buffer)]`, `["hé","�"]`},
		{"fatal decoder", `try { new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([255])) } catch (e) { return e.name }`, `"TypeError"`},
		{
			"URL", `const u = new URL("../c?d=1#e", "HTTPS://user:pw@Example.com:443/a/b/"); return [u.href, u.protocol, u.host, u.pathname, u.search, u.hash, u.origin, u.username, u.port]`,
			`["https://user:pw@example.com/a/c?d=1#e","https:","example.com","/a/c","?d=1","#e","https://example.com","user",""]`,
		},
		{
			"URL edits", `const u = new URL("http://a.example:8080/x"); u.pathname = "/y z"; u.port = ""; u.searchParams.append("q", "1"); u.hash = "h"; return [String(u), JSON.stringify(u), u.search]`,
			`["http://a.example/y%20z?q=1#h","\"http://a.example/y%20z?q=1#h\"","?q=1"]`,
		},
		{"URL.canParse", `return [URL.canParse("x"), URL.canParse("http://a"), URL.parse("::"), URL.parse("http://a").href]`, `[false,true,null,"http://a/"]`},
		{"bad URL", `try { new URL("nope") } catch (e) { return [e.name, e.message] }`, `["TypeError","\"nope\" is not a URL"]`},
		{
			"URLSearchParams", `const p = new URLSearchParams("?a=1&b=2&a=3"); p.delete("b"); p.append("c", "x y"); return [p.toString(), p.getAll("a"), p.a, new URLSearchParams([["k", "v"]]).toString(), new URLSearchParams(p).size, p instanceof URLSearchParams]`,
			`["a=1&a=3&c=x+y",["1","3"],"1","k=v",3,true]`,
		},
		{
			"Headers", `const h = new Headers({ "X-A": "1", b: ["2", "3"] }); h.append("x-a", "2"); return [h.get("X-a"), h.b, [...h], h.has("c"), h instanceof Headers, h.getSetCookie()]`,
			`["1, 2","2, 3",[["b","2, 3"],["x-a","1, 2"]],false,true,[]]`,
		},
		{"Headers of pairs", `return [...new Headers([["a", "1"], ["a", "2"]])]`, `[["a","1, 2"]]`},
		{
			"Response", `const r = new Response('{"a":1}', { status: 404, statusText: "No" }); return [r.status, r.ok, r.statusText, await r.clone().json(), await r.clone().text(), r.headers.get("content-type")]`,
			`[404,false,"No",{"a":1},"{\"a\":1}","text/plain;charset=UTF-8"]`,
		},
		{
			"Request", `const r = new Request("http://a.example/x", { method: "POST", headers: { a: "1" }, body: "b" }); const s = new Request(r); return [r.method, r.url, s.headers.get("a"), await s.text()]`,
			`["POST","http://a.example/x","1","b"]`,
		},
		{
			"structuredClone", `const o = { d: new Date(0), m: new Map([[1, { a: 1 }]]), s: new Set([1]), b: new Uint8Array([1, 2]), r: /x/g, u: undefined }; o.self = o; const c = structuredClone(o); return [c.self === c, c !== o, c.d.getTime(), c.m.get(1).a, [...c.s], [...c.b], String(c.r), "u" in c]`,
			`[true,true,0,1,[1],[1,2],"/x/g",true]`,
		},
		{"structuredClone of a function", `try { structuredClone(() => {}) } catch (e) { return e.name }`, `"DataCloneError"`},
		{"timers", `const l = []; clearTimeout(setTimeout(() => l.push("no"), 1)); setTimeout((x) => l.push(x), 2, "b"); setTimeout(() => l.push("a"), 1); await new Promise((r) => setTimeout(r, 4)); queueMicrotask(() => l.push("c")); await null; return l`, `["a","b","c"]`},
		{"performance", `const t = performance.now(); return performance.now() >= t && typeof performance.timeOrigin`, `"number"`},
		{"crypto", `const a = crypto.getRandomValues(new Uint8Array(16)), u = crypto.randomUUID(); return [a.some((x) => x), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(u), u !== crypto.randomUUID()]`, `[true,true,true]`},
		{"getRandomValues of a part", `const b = new Uint8Array(64); crypto.getRandomValues(b.subarray(32)); return [b.subarray(0, 32).some((x) => x), b.subarray(32).some((x) => x)]`, `[false,true]`},
		{"what is not there", `return [typeof process, typeof require, typeof eval, typeof Function, typeof globalThis.require]`, `["undefined","function","undefined","undefined","undefined"]`},
		{
			"classes extend built-ins", `class E extends Error { constructor(m) { super(m); this.name = "E" } } class H extends Headers { x() { return this.get("a") } } class A extends Array {} class U extends Uint8Array {} const e = new E("m"); return [e.name, String(e), new H({ a: "1" }).x(), new A(1, 2).length, new U(2).length, e instanceof Error]`,
			`["E","E: m","1",2,2,true]`,
		},
		{"classes with fields named get", `class C { get = 1; static set = 2; #p = 3; p() { return this.#p } } return [new C().get, C.set, new C().p()]`, `[1,2,3]`},
		{
			"arrays", `return [[1, [2, [3]]].flat(), [1, 2].flatMap((x) => [x, x]), [3, 1, 2].sort(), ["b", undefined, "a"].sort(), [10, 9].sort(), [3, 1].toSorted((a, b) => a - b), [1, [2, 3]].join("-"), String([1, null, [2]]), Array.from("ab"), [..."ab"], Array.isArray([])]`,
			`[[1,2,[3]],[1,1,2,2],[1,2,3],["a","b",null],[10,9],[1,3],"1-2,3","1,,2",["a","b"],["a","b"],true]`,
		},
		{
			"regular expressions", `return ["a1b2".replace(/[0-9]/g, "<$&>"), "a-b".replaceAll("-", "$$"), /(?<y>\d+)/.exec("in 2026").groups.y, "a,b".split(/,/), new RegExp("B", "i").test("abc"), /x/ instanceof RegExp, [..."aXbX".matchAll(/X/g)].length, "x".repeat(3)]`,
			`["a<1>b<2>","a$b","2026",["a","b"],true,true,2,"xxx"]`,
		},
		{
			"few places in much text", `const t = "x".repeat(1e5) + "a"; return [t.replace(/a/g, "b".repeat(1e3)).length, t.replaceAll("a", "b".repeat(1e3)).length]`,
			`[101000,101000]`,
		},
		{
			"BigInt", `return [String(2n ** 64n), String(1n << 70n), (5n >> 1n).toString(), BigInt("12") === 12n, 2 ** 10, 1 << 4, String(BigInt.asIntN(8, 255n))]`,
			`["18446744073709551616","1180591620717411303424","2",true,1024,16,"-1"]`,
		},
		{"async syntax", `async function* g() { yield 1; yield 2 } const l = []; for await (const x of g()) l.push(x); return [l, await Promise.allSettled([Promise.reject(new Error("x"))]).then((r) => r[0].reason.message)]`, `[[1,2],"x"]`},
		{"apply", `return [Math.max.apply(null, [1, 3, 2]), Reflect.apply(Math.min, null, [2, 1]), Reflect.construct(Date, [0]).getTime()]`, `[3,1,0]`},
		{"Proxy", `const p = new Proxy({ a: 1 }, { get: (t, k) => t[k] ?? "none" }); return [p.a, p.b]`, `[1,"none"]`},
		{"typed arrays", `const f = Float64Array.of(1, 2); return [f.length, new Uint16Array([1, 2]).buffer.byteLength, new Uint8Array(f).join(), Uint8Array.from([3]).at(0), f.constructor === Float64Array, f instanceof Float64Array]`, `[2,4,"1,2",3,true,true]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, eval(t, test.run)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestJSONGlobal compares JSON.parse and JSON.stringify with what the standard
// says.
func TestJSONGlobal(t *testing.T) {
	tests := []struct{ name, run, want string }{
		{"round trip", `return JSON.parse('{"b":1,"a":[1.5,-0,1e3,"\\u00e9\\ud83d\\ude00\\n",true,false,null],"":{}}')`, `{"b":1,"a":[1.5,0,1000,"é😀\n",true,false,null],"":{}}`},
		{"__proto__ is a name", `const o = JSON.parse('{"__proto__":{"x":1}}'); return [Object.keys(o), o.x === undefined, Object.getPrototypeOf(o) === Object.prototype]`, `[["__proto__"],true,true]`},
		{"the last of two", `return JSON.parse('{"a":1,"a":2}').a`, `2`},
		{"integer-like names first", `return Object.keys(JSON.parse('{"b":1,"2":1,"1":1}'))`, `["1","2","b"]`},
		{"-0", `return Object.is(JSON.parse("-0"), -0)`, `true`},
		{"large numbers", `return [JSON.parse("9007199254740993"), JSON.parse("1e400") === Infinity]`, `[9007199254740992,true]`},
		{"reviver", `return JSON.parse('{"a":1,"b":[1,2],"c":3}', (k, v) => k === "c" ? undefined : typeof v === "number" ? v + 1 : v)`, `{"a":2,"b":[2,3]}`},
		{"indent", `return JSON.stringify({ a: [1, {}], b: [] }, null, 2)`, `"{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}"`},
		{"replacer", `return JSON.stringify({ a: 1, b: "x" }, (k, v) => typeof v === "number" ? v + 1 : v)`, `"{\"a\":2,\"b\":\"x\"}"`},
		{"list of names", `return JSON.stringify({ a: 1, b: { a: 2, c: 3 } }, ["b", "a"])`, `"{\"b\":{\"a\":2},\"a\":1}"`},
		{"what is left out", `return [JSON.stringify({ a: undefined, b() {}, c: Symbol() }), JSON.stringify([undefined, () => 1]), JSON.stringify(undefined) === undefined]`, `["{}","[null,null]",true]`},
		{"toJSON", `return [JSON.stringify(new Date(0)), JSON.stringify({ toJSON: (k) => "k" + k }), JSON.stringify({ a: { toJSON: (k) => "k" + k } })]`, `["\"1970-01-01T00:00:00.000Z\"","\"k\"","{\"a\":\"ka\"}"]`},
		{"boxed", `return JSON.stringify([new Number(1), new String("s"), new Boolean(false)])`, `"[1,\"s\",false]"`},
		{"numbers", `return JSON.stringify([NaN, Infinity, -0, 1e21, 0.1, 123456789012])`, `"[null,null,0,1e+21,0.1,123456789012]"`},
		{"half surrogates", `return JSON.stringify("a\ud800b\u2028")`, `"\"a\\ud800b` + "\u2028" + `\""`},
		{"BigInt", `try { JSON.stringify({ a: 1n }) } catch (e) { return e.name }`, `"TypeError"`},
		{"a getter that throws", `try { JSON.stringify({ get a() { throw new RangeError("x") } }) } catch (e) { return e.name }`, `"RangeError"`},
		{"bad texts", `return ["", "{", "[1,]", "{\"a\":1,}", "01", "1.", "+1", "tru", "'a'", "\"\t\"", "\"\\x\"", "1 2", "[1 2]", "\ufeff1", "nul", "-", "1e", "{a:1}", "[", "\"\\u12\""].filter((s) => { try { JSON.parse(s); return true } catch (e) { return e.name !== "SyntaxError" } })`, `[]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, eval(t, test.run)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if !json.Valid([]byte(tests[0].want)) {
		t.Error("the test's own JSON is broken")
	}
}
