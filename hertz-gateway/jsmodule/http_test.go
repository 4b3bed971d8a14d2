package jsmodule_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/jsmodule"
)

// fetcherFunc is a jsmodule.Fetcher.
type fetcherFunc func(context.Context, jsmodule.Fetch) (jsmodule.Fetched, error)

func (f fetcherFunc) Fetch(ctx context.Context, r jsmodule.Fetch) (jsmodule.Fetched, error) {
	return f(ctx, r)
}

// stubWeb answers by host.
func stubWeb(ctx context.Context, f jsmodule.Fetch) (jsmodule.Fetched, error) {
	u, err := url.Parse(f.URL)
	if err != nil {
		return jsmodule.Fetched{}, err
	}
	switch u.Host {
	case "echo.example":
		return jsmodule.Fetched{
			Status: 201, URL: f.URL, Headers: [][2]string{{"Content-Type", "application/json"}, {"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}},
			Body: fmt.Appendf(nil, `{"method":%q,"url":%q,"headers":%q,"body":%q,"redirect":%q,"module":%q,"id":9223372036854775807}`, f.Method, f.URL, fmt.Sprint(f.Headers), f.Body, f.Redirect, f.Module),
		}, nil
	case "hang.example":
		<-ctx.Done()
		return jsmodule.Fetched{}, ctx.Err()
	case "moved.example":
		return jsmodule.Fetched{Status: 204, URL: "http://other.example/", Redirected: true}, nil
	case "text.example":
		return jsmodule.Fetched{Status: 404, Body: []byte("no")}, nil
	}
	return jsmodule.Fetched{}, errors.New("no such host")
}

func TestFetch(t *testing.T) {
	const caught = ` catch (e) { return [e.name, e.code, e.status, e.message, e instanceof TypeError] }`
	for _, tt := range []struct{ name, run, want string }{
		{
			"get", `const r = await fetch("http://echo.example/a?b=c#d"); const b = await r.json(); return [r.status, r.ok, r.statusText, r.url, r.redirected, b.method, b.url, b.body, b.redirect, b.module]`,
			`[201,true,"Created","http://echo.example/a?b=c",false,"GET","http://echo.example/a?b=c","","follow","m"]`,
		},
		{"post", `const r = await fetch("http://echo.example", { method: "post", body: JSON.stringify({ a: 1 }), headers: { "X-A": "1", Host: "evil", "Content-Length": "3" } });
			const b = await r.json(); return [b.method, b.body, b.headers]`, `["POST","{\"a\":1}","[[X-A 1] [Content-Type text/plain;charset=UTF-8]]"]`},
		{"passed on", `const b = await fetch("http://echo.example").then((r) => r.json()); for (const k of Object.keys(b)) if (k !== "id") delete b[k]; return b`, `{"id":9223372036854775807}`},
		{"promises", `return fetch("http://text.example").then((r) => r.text().then((s) => [s, r.ok, r.bodyUsed]))`, `["no",false,true]`},
		{"no JSON", `return await fetch("http://text.example").then((r) => r.json().catch((e) => e.name))`, `"SyntaxError"`},
		{"empty JSON", `const r = await fetch("http://moved.example"); return [r.redirected, r.url, r.body, await r.json().catch((e) => e.message)]`, `[true,"http://other.example/",null,"JSON: the body is empty"]`},
		{"headers", `const r = await fetch("http://echo.example"); return [r.headers.get("content-type"), r.headers.getSetCookie()]`, `["application/json",["a=1","b=2"]]`},
		{"clone", `const r = await fetch("http://text.example"); return [await r.clone().text(), await r.text()]`, `["no","no"]`},
		{"a Request", `const q = new Request("http://echo.example/x", { method: "PUT", body: "b", headers: { a: "1" } }); const b = await (await fetch(q)).json(); return [b.method, b.url, b.body]`, `["PUT","http://echo.example/x","b"]`},
		{"a Request, changed", `const q = new Request("http://echo.example/x", { method: "PUT", body: "b" }); return (await (await fetch(q, { method: "PATCH" })).json()).method`, `"PATCH"`},
		{"a URL", `return (await (await fetch(new URL("/y", "http://echo.example"))).json()).url`, `"http://echo.example/y"`},
		{"redirect", `return (await (await fetch("http://echo.example", { redirect: "manual" })).json()).redirect`, `"manual"`},
		{"from dgate/http", `return (await http.fetch("http://text.example")).status`, `404`},
		{"globalThis", `return [typeof fetch, (await globalThis.fetch("http://text.example")).status, (await globalThis["fet" + "ch"]("http://text.example")).status]`, `["function",404,404]`},
		{"the headers of the request", `return (await (await fetch("http://echo.example", { headers: ctx.request.headers })).json()).headers`, `"[[cookie sid=abc; theme=dark] [user-agent test/1]]"`},
		{"not granted", `try { await fetch("http://secret.example:81/?token=x") }` + caught, `["TypeError","permission_denied",403,"module m may not fetch from secret.example:81: it needs the permission http:secret.example:81, in its own list (\"// @permissions http:secret.example:81\" at the top of m) or in modules.defaultPermissions",true]`},
		{"network error", `try { await fetch("http://down.example") }` + caught, `["TypeError","call_failed",502,"no such host",true]`},
		{"other schemes", `try { await fetch("file:///etc/passwd") }` + caught, `["TypeError",null,null,"fetch: file: is neither http nor https",true]`},
		{"credentials", `return await fetch("http://u:p@echo.example").catch((e) => e.message)`, `"a URL with a password is refused; send an Authorization header"`},
		{"no URL", `return await fetch("/relative").catch((e) => e.message)`, `"\"/relative\" is not a URL"`},
		{"method", `return await fetch("http://echo.example", { method: "TRACE" }).catch((e) => e.message)`, `"the method TRACE is refused"`},
		{"timeout", `try { await fetch("http://hang.example", { timeout: 5 }) }` + caught, `["TypeError","timeout",504,"the call timed out",true]`},
		{"abort", `const c = new AbortController(); setTimeout(() => c.abort(), 5); try { await fetch("http://hang.example", { signal: c.signal }) } catch (e) { return [e.name, e === c.signal.reason] }`, `["AbortError",true]`},
		{"aborted before", `return await fetch("http://hang.example", { signal: AbortSignal.abort("why") }).catch((e) => e)`, `"why"`},
		{"signal of a Request", `const q = new Request("http://hang.example", { signal: AbortSignal.timeout(5) }); return await fetch(q).catch((e) => e.name)`, `"TimeoutError"`},
		{"no signal", `return await fetch("http://hang.example", { signal: {} }).catch((e) => e.message)`, `"signal must be an AbortSignal"`},
		{"too many", `const l = []; for (let i = 0; i < 60; i++) l.push(fetch("http://text.example").then((r) => r.status, (e) => e.code)); return (await Promise.all(l)).filter((c) => c === "too_many_calls").length`, `10`},
		{"as the answer", `return { nested: await (await fetch("http://text.example")).text() }`, `{"nested":"no"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := jsmodule.Build(jsmodule.Source{
				Name: "m", Permissions: []string{"http:echo.example", "http:hang.example", "http:moved.example", "http:text.example", "http:down.example"},
				Text: `import * as http from "dgate/http";
				export async function requestHandler(ctx) { return Response.json(await (async () => { ` + tt.run + ` })()) }`,
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			c, err := newHost(t, jsmodule.Config{Fetcher: fetcherFunc(stubWeb)}).NewChain("default", p)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			x := open(t, c)
			if _, err := x.Handle(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(x.r.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What was fetched can be the answer as it is.
func TestFetchedIsTheAnswer(t *testing.T) {
	x := open(t, chain(t, jsmodule.Config{Fetcher: fetcherFunc(stubWeb), DefaultPermissions: []string{"http:*"}}, `export const requestHandler = () => fetch("http://text.example")`))
	if _, err := x.Handle(); err != nil || x.r.status != 404 || string(x.r.body) != "no" {
		t.Errorf("%d %s %v", x.r.status, x.r.body, err)
	}
}

// Each module has its own fetch, also in what goes on while another module runs.
func TestFetchKnowsItsModule(t *testing.T) {
	var (
		mu   sync.Mutex
		seen = map[string]string{}
	)
	all := fetcherFunc(func(_ context.Context, f jsmodule.Fetch) (jsmodule.Fetched, error) {
		mu.Lock()
		defer mu.Unlock()
		seen[f.URL] = f.Module
		return jsmodule.Fetched{Status: 200}, nil
	})
	c := chain(t, jsmodule.Config{Fetcher: all, DefaultPermissions: []string{"http:*"}},
		`export function requestModifier(ctx) { ctx.locals.chain = fetch("http://one.example/").then(() => fetch("http://two.example/")) }`,
		`export async function requestModifier(ctx) { await ctx.locals.chain; await fetch("http://three.example/") }`)
	open(t, c).mustRequest(t)
	want := map[string]string{"http://one.example/": "m0", "http://two.example/": "m0", "http://three.example/": "m1"}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
}

func TestNoFetcher(t *testing.T) {
	x := open(t, chain(t, jsmodule.Config{DefaultPermissions: []string{"http:*"}}, `export const requestHandler = () => fetch("http://text.example").catch((e) => e.code)`))
	if _, err := x.Handle(); err != nil || string(x.r.body) != "unavailable" {
		t.Errorf("%s %v", x.r.body, err)
	}
}

func TestHTTPGranted(t *testing.T) {
	for _, tt := range []struct {
		name, grant, url string
		ok, named        bool
	}{
		{"all", "*", "https://a.example/", true, false},
		{"all on a port", "*:443", "https://a.example/", true, false},
		{"all on another port", "*:443", "http://a.example/", false, false},
		{"exact", "a.example", "http://a.example:8080/x", true, true},
		{"case and dot", "A.example", "http://a.EXAMPLE./", true, true},
		{"exact is not below", "a.example", "http://b.a.example/", false, false},
		{"nor what ends alike", "a.example", "http://ba.example/", false, false},
		{"below", "*.a.example", "http://c.b.a.example/", true, false},
		{"below is not itself", "*.a.example", "http://a.example/", false, false},
		{"below with port", "*.a.example:81", "http://b.a.example:81/", true, false},
		{"port", "a.example:81", "http://a.example:81/", true, true},
		{"default port", "a.example:443", "https://a.example/", true, true},
		{"another port", "a.example:81", "http://a.example:82/", false, false},
		{"address", "10.0.0.1", "http://10.0.0.1/", true, true},
		{"IPv6", "[::1]:80", "http://[::1]/", true, true},
		{"other scheme", "*", "ftp://a.example/", false, false},
		{"credentials do not count", "a.example", "http://a.example@b.example/", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := jsmodule.CheckPermission("http:" + tt.grant); err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			if ok, named := jsmodule.HTTPGranted([]string{tt.grant}, u); ok != tt.ok || named != tt.named {
				t.Errorf("got %v, %v", ok, named)
			}
		})
	}
	for _, grant := range []string{"a.*", "**", "a.example:0", "a.example:x", "[a]", "a@b", "*.", "::1"} {
		if jsmodule.CheckPermission("http:"+grant) == nil {
			t.Errorf("http:%s is accepted", grant)
		}
	}
}

// A fetch that nobody waits for ends with its exchange.
func TestFetchEndsWithItsExchange(t *testing.T) {
	ended := make(chan error, 1)
	hangs := fetcherFunc(func(ctx context.Context, _ jsmodule.Fetch) (jsmodule.Fetched, error) {
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return jsmodule.Fetched{}, ctx.Err()
	})
	x := open(t, chain(t, jsmodule.Config{Fetcher: hangs, DefaultPermissions: []string{"http:*"}}, `export const requestHandler = () => { fetch("http://a.example"); return "ok" }`))
	if _, err := x.Handle(); err != nil || string(x.r.body) != "ok" {
		t.Fatalf("%s %v", x.r.body, err)
	}
	x.Close()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
