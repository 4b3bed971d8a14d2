package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"dgate/hertz-gateway/internal/upstream/kitex/kitextest"
	"dgate/hertz-gateway/transcode"
)

// greetIDL answers with the name it was given.
const greetIDL = `
struct GreetReq { 1: string name (api.query = "name") }
struct Greeting { 1: string text }
service GreetSvc {
    Greeting greet(1: GreetReq req) (api.get = "/greet/:tone", dgate.modules = "named")
    Greeting plain(1: GreetReq req) (api.get = "/plain")
}
`

// greeter answers {text: "hello <name>"}, and counts.
func greeter(calls *atomic.Int64) kitextest.Handler {
	return func(_ context.Context, _ string, args []byte) ([]byte, error) {
		calls.Add(1)
		name := ""
		if i := strings.Index(string(args), "\x0b\x00\x01"); i >= 0 { // the string in field 1
			n := int(args[i+6])
			name = string(args[i+7 : i+7+n])
		}
		b := transcode.AppendFieldHeader(nil, transcode.Struct.WireType(), 0)
		b = transcode.AppendFieldHeader(b, transcode.String.WireType(), 1)
		b = transcode.AppendString(b, "hello "+name)
		return transcode.AppendStop(transcode.AppendStop(b)), nil
	}
}

func TestModules(t *testing.T) {
	var calls atomic.Int64
	g := start(t, map[string]string{
		"greet.thrift": greetIDL,
		// Attached by dgate.modules, so it runs first.
		"modules/named.js": `export function requestModifier(ctx) {
			if (ctx.queryParam("name") === "teapot") return new Response("short and stout", {status: 418});
			if (ctx.queryParam("name") === "loop") for (;;) {}
			if (ctx.queryParam("name") === "throw") throw new Error("secret detail");
		}`,
		"modules/edit.ts": `// @routes GET /greet/*
			interface Named { name: string }
			export async function requestModifier(ctx: any): Promise<void> {
				const n: Named = { name: ctx.queryParam("name") + "!" };
				ctx.request.query.set("name", n.name + ctx.pathParam("tone") + ctx.request.headers.get("X-Mark"));
			}
			export function responseModifier(ctx: any, res: any) {
				res.headers.set("X-Module", ctx.service() ? "edit" : "none");
				const body = res.json();
				body.text = body.text.toUpperCase();
				res.json(body);
			}`,
		"modules/broken.ts": "// @routes GET /plain\nexport function requestModifier( {",
	})
	g.serve("greet", 10, greeter(&calls))
	ask := func(path string) answer {
		req, err := http.NewRequest("GET", g.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Mark", "*")
		return g.do(req)
	}
	if a := ask("/greet/loud?name=ann"); a.status != 200 || a.body != `{"text":"HELLO ANN!LOUD*"}` || a.header.Get("X-Module") != "edit" {
		t.Errorf("edits: %d %v %s", a.status, a.header, a.body)
	}
	before := calls.Load()
	if a := ask("/greet/loud?name=teapot"); a.status != 418 || a.body != "short and stout" || calls.Load() != before {
		t.Errorf("answer of a module: %d %s, %d calls", a.status, a.body, calls.Load()-before)
	}
	for _, name := range []string{"loop", "throw"} {
		if a := ask("/greet/loud?name=" + name); a.status != 500 || !strings.Contains(a.body, `"code":"module_failed"`) || strings.Contains(a.body, "secret") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if logs := g.logs.String(); !strings.Contains(logs, "named.js:4:") || !strings.Contains(logs, "secret detail") {
		t.Error("the log names neither place nor reason")
	}
	if a := ask("/plain?name=bob"); a.status != 200 || a.body != `{"text":"hello bob"}` {
		t.Errorf("beside a broken module: %d %s", a.status, a.body)
	}
	found := false
	for _, m := range g.status().Modules {
		found = found || m.State == "broken" && strings.Contains(m.Error, "broken.ts:")
	}
	if !found {
		t.Errorf("the broken module is not reported: %+v", g.status().Modules)
	}
}

// TestHotModules edits a module while requests run.
func TestHotModules(t *testing.T) {
	var calls atomic.Int64
	g := start(t, map[string]string{"greet.thrift": strings.Replace(greetIDL, `, dgate.modules = "named"`, "", 1)})
	g.serve("greet", 10, greeter(&calls))
	file := filepath.Join(g.cfg.Modules, "mark.ts")
	stop := load(t, 4, g.url+"/plain?name=x")
	for i := range 20 {
		write(t, file, fmt.Sprintf("// @routes GreetSvc.plain\nexport const responseModifier = (ctx: any, res: any) => { res.headers.set('X-Version', '%d') }\n", i))
		await(t, "the new version runs", func() bool { return g.get("/plain?name=x").header.Get("X-Version") == fmt.Sprint(i) })
		if i%5 == 0 {
			write(t, file, "// @routes GreetSvc.plain\nexport const {")
			await(t, "the broken one is reported", func() bool {
				m := g.status().Modules
				return len(m) == 1 && m[0].State == "broken"
			})
			if v := g.get("/plain?name=x").header.Get("X-Version"); v != fmt.Sprint(i) {
				t.Errorf("the last good version does not run: %q", v)
			}
		}
	}
	if total, failed := stop(); failed > 0 {
		t.Errorf("%d of %d requests failed", failed, total)
	}
}

// TestAggregation is what a BFF is for: one answer out of several calls.
func TestAggregation(t *testing.T) {
	var calls atomic.Int64
	g := start(t, map[string]string{
		"greet.thrift": greetIDL,
		"modules/named.ts": `
			import rpc from "dgate/rpc";
			export async function requestModifier(ctx: any) {
				const [a, b] = await Promise.all([
					rpc.GreetSvc.plain({ name: "ann" }),
					rpc.call("GreetSvc", "plain", { name: "bob" }),
				]);
				const c = await rpc.call("Nobody", "plain", {}).catch((e: any) => e.code);
				return new Response(JSON.stringify([a.text, b.text, c]), { headers: { "content-type": "application/json" } });
			}`,
	}, func(c *Config) { c.ModulePermissions = []string{"rpc:*"} })
	g.serve("greet", 10, greeter(&calls))
	if a := g.get("/greet/x"); a.status != 200 || a.body != `["hello ann","hello bob","service_not_found"]` {
		t.Errorf("%d %s", a.status, a.body)
	}
	if calls.Load() != 2 {
		t.Errorf("%d calls", calls.Load())
	}
}

// TestModuleRoutes: a module that has a requestHandler answers on the paths it
// names, without any IDL.
func TestModuleRoutes(t *testing.T) {
	var calls atomic.Int64
	g := start(t, map[string]string{
		"greet.thrift":     greetIDL,
		"modules/named.js": "export const nothing = 1",
		"modules/page.ts": `// @routes GET /page/:who, /files/*, GET /plain
			import rpc from "dgate/rpc";
			export async function requestHandler(ctx: any) {
				if (ctx.request.path.startsWith("/files/")) return ctx.request.method + " " + ctx.pathParam("*");
				const { text } = await rpc.GreetSvc.plain({ name: ctx.pathParam("who") });
				return { title: text };
			}
			export const responseModifier = (ctx: any, res: any) => { res.headers.set("X-Page", "yes") }`,
	}, func(c *Config) { c.ModulePermissions = []string{"rpc:*"} })
	g.serve("greet", 10, greeter(&calls))
	if a := g.get("/page/ann"); a.status != 200 || a.body != `{"title":"hello ann"}` || a.header.Get("X-Page") != "yes" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if a := g.post("/files/a/b.txt", "", ""); a.status != 200 || a.body != "POST a/b.txt" {
		t.Errorf("%d %s", a.status, a.body)
	}
	// The path of the IDL stays the IDL's, and the module is told so; what it
	// modifies it modifies there too.
	if a := g.get("/plain?name=x"); a.status != 200 || a.body != `{"text":"hello x"}` || a.header.Get("X-Page") != "yes" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	told := false
	for _, d := range g.status().Diagnostics {
		told = told || strings.Contains(d.Message, "the path belongs to GreetSvc.plain")
	}
	if !told {
		t.Errorf("diagnostics: %+v", g.status().Diagnostics)
	}
	write(t, filepath.Join(g.cfg.Modules, "page.ts"), "// @routes GET /other\nexport const requestHandler = () => 'moved'")
	await(t, "the route has moved", func() bool { return g.get("/other").body == "moved" })
	if a := g.get("/page/ann"); a.status != 404 {
		t.Errorf("the old route is still there: %d", a.status)
	}
}

func TestChooseUpstream(t *testing.T) {
	g := start(t, map[string]string{
		"who.thrift": whoIDL,
		"modules/choose.ts": `// @routes WhoSvc.who
			export function fetchUpstream(ctx: any) {
				const to = ctx.request.headers.get("X-To");
				return to === null ? undefined : to.startsWith("user-") ? { hashKey: to } : to;
			}`,
	})
	one := g.serve("who", 10, named("one"))
	g.serve("who", 10, named("two"))
	ask := func(to string) answer {
		req, err := http.NewRequest("GET", g.url+"/who", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-To", to)
		return g.do(req)
	}
	sticky := ask("user-7").body
	for range 20 {
		if a := ask(one.Addr); a.body != `{"name":"one"}` {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if a := ask("user-7"); a.body != sticky {
			t.Fatalf("%s, then %s", sticky, a.body)
		}
	}
	if a := ask("10.9.8.7:1"); a.status != 503 || !strings.Contains(a.body, `"code":"no_instance"`) {
		t.Errorf("an address that is not registered: %d %s", a.status, a.body)
	}
}

// TestStateLasts stops a gateway and starts another on its data.
func TestStateLasts(t *testing.T) {
	data := t.TempDir()
	files := map[string]string{"modules/count.ts": `// @routes GET /count
		import { addCollection, addDocument, getDocument } from "dgate/state";
		export async function requestHandler(ctx: any) {
			await addCollection({ name: "counters", schema: { type: "integer" } });
			const before = await getDocument("n", "counters");
			return String((await addDocument({ id: "n", collection: "counters", data: (before?.data ?? 0) + 1 })).data);
		}`}
	for _, want := range []string{"1", "2"} {
		g := start(t, files, func(c *Config) {
			c.Data, c.EtcdEndpoints, c.EtcdListen, c.EtcdPrefix = data, nil, "127.0.0.1:0", ""
		})
		if a := g.get("/count"); a.status != 200 || a.body != want {
			t.Errorf("%d %s, want %s", a.status, a.body, want)
		}
		g.stop()
	}
}

// TestStateIsShared counts on two gateways of one cluster.
func TestStateIsShared(t *testing.T) {
	files := map[string]string{"modules/count.ts": `// @routes GET /count
		import { addCollection, addDocument, getCollection, getDocument } from "dgate/state";
		export async function requestHandler(ctx: any) {
			await getCollection("counters").catch(() => addCollection({ name: "counters", schema: { type: "integer" } }));
			const before = await getDocument("n", "counters");
			return String((await addDocument({ id: "n", collection: "counters", revision: 0, ...before, data: (before?.data ?? 0) + 1 })).data);
		}`}
	one := start(t, files)
	two := start(t, files, func(c *Config) { c.RegistryPrefix, c.EtcdPrefix = one.cfg.RegistryPrefix, one.cfg.EtcdPrefix })
	if a := one.get("/count"); a.status != 200 || a.body != "1" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	await(t, "the collection is there", func() bool { return two.get("/count").status == 200 })
	if a := one.get("/count"); a.status != 200 || a.body != "3" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestModulesFetch has a module make one answer of two HTTP services.
func TestModulesFetch(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"%s":9223372036854775807}`, r.URL.Path[1:])
	}))
	t.Cleanup(web.Close)
	module := `import { fetch } from "dgate/http";
		export async function requestHandler() {
			const [a, b] = await Promise.all(["a", "b"].map((n) => fetch("URL/" + n).then((r) => r.json())));
			return { a, b };
		}`
	module = strings.Replace(module, "URL", web.URL, 1)
	g := start(t, map[string]string{
		"modules/named.ts":  "// @routes /named\n// @permissions http:127.0.0.1\n" + module,
		"modules/public.ts": "// @routes /public\n// @permissions http:*\n" + module,
	})
	if a := g.get("/named"); a.status != 200 || a.body != `{"a":{"a":9223372036854775807},"b":{"b":9223372036854775807}}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := g.get("/public"); a.status != 500 || !strings.Contains(g.logs.String(), "is on a private network") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A module may keep what a path parameter was: the text must not change with
// the next request on the connection.
func TestPathParametersAreCopies(t *testing.T) {
	g := start(t, map[string]string{"modules/keep.ts": `// @routes GET /keep/:a
		import { getCache, setCache } from "dgate/storage";
		export function requestHandler(ctx: any) {
			setCache(ctx.pathParam("a"), ctx.pathParams().a);
			return getCache(ctx.queryParam("of")) ?? "forgotten";
		}`})
	g.get("/keep/aaaaaaaa?of=none")
	for range 20 {
		g.get("/keep/zzzzzzzz?of=none")
	}
	if a := g.get("/keep/yyyyyyyy?of=aaaaaaaa"); a.body != "aaaaaaaa" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
