package gateway

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestRequiredModules takes requests to routes whose modules do not compile.
func TestRequiredModules(t *testing.T) {
	var calls atomic.Int64
	g := start(t, map[string]string{
		"greet.thrift":    strings.Replace(greetIDL, `dgate.modules = "named"`, `dgate.modules = "auth"`, 1),
		"modules/auth.ts": "// @required\nexport function requestModifier( {",
		"modules/own.ts":  "// @routes GET /own\n// @required\nexport function requestHandler( {",
		// Calls of modules run no modules, so they do not need them either.
		"modules/call.ts": `// @routes GET /call
			// @permissions rpc:GreetSvc
			import rpc from "dgate/rpc";
			export const requestHandler = () => rpc.GreetSvc.greet({ name: "ann" });`,
		"modules/decor.ts": "// @routes GET /plain\nexport function responseModifier( {",
	})
	g.serve("greet", 10, greeter(&calls))
	for _, path := range []string{"/greet/loud?name=ann", "/own"} {
		a := g.get(path)
		if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `"code":"module_failed"`) || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s %v", path, a.status, a.body, a.header)
		}
	}
	if a := g.get("/plain?name=ann"); a.status != 200 {
		t.Errorf("a module that only decorates: %d %s", a.status, a.body)
	}
	if a := g.get("/call"); a.status != 200 || a.body != `{"text":"hello ann"}` {
		t.Errorf("a call of a module: %d %s", a.status, a.body)
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("%d calls", n)
	}
	write(t, filepath.Join(g.cfg.Modules, "auth.ts"), "// @required\nexport function requestModifier(ctx) { ctx.request.query.set('name', 'you') }")
	await(t, "the module works", func() bool { return g.get("/greet/loud?name=ann").body == `{"text":"hello you"}` })
	write(t, filepath.Join(g.cfg.Modules, "auth.ts"), "// @required\nexport function requestModifier( {")
	await(t, "the break is reported", func() bool {
		for _, m := range g.status().Modules {
			if m.Name == "auth" && m.State == "broken" {
				return true
			}
		}
		return false
	})
	if a := g.get("/greet/loud?name=ann"); a.body != `{"text":"hello you"}` {
		t.Errorf("the last good version does not go on: %d %s", a.status, a.body)
	}
}
