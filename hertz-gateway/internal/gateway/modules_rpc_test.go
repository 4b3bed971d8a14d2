package gateway

import (
	"strings"
	"sync/atomic"
	"testing"
)

// TestBoundCall reads and edits the arguments of a call in a module.
func TestBoundCall(t *testing.T) {
	var calls atomic.Int64
	g := start(t, map[string]string{
		"greet.thrift": `
			struct Req { 1: string name (api.query = "name"), 2: i64 id (api.query = "id"), 3: optional i8 small }
			struct Greeting { 1: string text }
			service GreetSvc { Greeting greet(1: Req req) (api.get = "/greet") }`,
		"modules/edit.ts": `// @routes GreetSvc.greet
			export function requestModifier(ctx) {
				switch (ctx.queryParam("do")) {
				case "edit": ctx.rpc.request.name += " " + JSON.stringify(ctx.rpc); break;
				case "mend": try { ctx.rpc.request } catch (e) { ctx.request.query = { name: e.code, id: 1 } } break;
				case "late": ctx.rpc.request; ctx.request.query.set("name", "late"); break;
				case "wrong": ctx.rpc.request.small = 1000; break;
				case "read": ctx.locals.name = ctx.rpc.request.name;
				}
			}
			export function errorHandler(ctx, err) { console.log("failed as", err.name) }`,
	})
	g.serve("greet", 10, greeter(&calls))
	for _, test := range []struct {
		query  string
		status int
		body   string // what it holds
		fails  string // the error's name, as errorHandler sees it
	}{
		{"name=ann&do=read", 200, `{"text":"hello ann"}`, ""},
		{"name=ann&id=9007199254740993&do=edit", 200, `{\"service\":\"GreetSvc\",\"method\":\"greet\",\"request\":{\"name\":\"ann\",\"id\":9007199254740993}}`, ""},
		{"name=ann&id=x&do=read", 400, `"parameter":"query.id"`, "RequestError"},
		{"name=ann&id=x&do=mend", 200, `{"text":"hello invalid_request"}`, ""},
		{"name=ann&do=late", 500, `"code":"module_failed"`, "ModuleError"},
		{"name=ann&do=wrong", 500, `"code":"module_failed"`, "ModuleError"},
	} {
		before, logged := calls.Load(), len(g.logs.String())
		a := g.get("/greet?" + test.query)
		if a.status != test.status || !strings.Contains(a.body, test.body) || !strings.Contains(g.logs.String()[logged:], test.fails) {
			t.Errorf("%s: %d %s", test.query, a.status, a.body)
		}
		if called := calls.Load() > before; called != (test.status == 200) {
			t.Errorf("%s: the service was called: %v", test.query, called)
		}
	}
	if logs := g.logs.String(); !strings.Contains(logs, "/small") || !strings.Contains(logs, "edit.ts:6:") {
		t.Errorf("the log names neither field nor place:\n%s", logs)
	}
}
