package gateway

import (
	"fmt"
	"strings"
	"testing"
)

// A watch-only gateway refuses every write and serves what others write; who
// asks for ?wait=true waits for it too.
func TestWatchOnlyGateway(t *testing.T) {
	idl := map[string]string{"who.thrift": whoIDL}
	var prefix string
	w := start(t, idl, func(c *Config) { prefix = c.EtcdPrefix })
	r := start(t, idl, func(c *Config) { c.EtcdPrefix, c.WatchOnly = prefix, true })
	w.applied("POST", "/api/v1/apply", `{"resources":[{"kind":"collection","name":"c","visibility":"public"},{"kind":"namespace","name":"shop"}]}`)

	const route = `{"paths":["/mine"],"modules":["m"]}`
	for i := range 20 {
		module := fmt.Sprintf(`{"payloadRaw":"export function requestHandler() { return 'v%d' }"}`, i)
		w.applied("PUT", "/api/v1/module/m", module)
		if i == 0 {
			w.applied("PUT", "/api/v1/route/mine", route)
		}
		if got, want := r.get("/mine").body, fmt.Sprint("v", i); got != want {
			t.Fatalf("after wait=true it serves %q, want %q", got, want)
		}
	}
	if got := len(r.status().Gateways); got != 2 {
		t.Errorf("%d gateways in its status", got)
	}
	before := r.status().Revision
	for _, tt := range []struct{ verb, path, body string }{
		{"PUT", "/api/v1/route/mine", `{"paths":["/x"],"modules":["m"]}`},
		{"PUT", "/api/v1/route/mine", route}, // would change nothing
		{"PUT", "/api/v1/route/bad", `{"paths":["/x"],"modules":["nothing"]}`},
		{"PATCH", "/api/v1/route/mine", `{"tags":["x"]}`},
		{"DELETE", "/api/v1/route/mine", ``},
		{"DELETE", "/api/v1/route/nothing", ``},
		{"PUT", "/api/v1/route", `{"name":"r2","paths":["/x"],"modules":["m"]}`},
		{"DELETE", "/api/v1/route", `{"name":"mine"}`},
		{"PUT", "/api/v1/secret/s", `{"data":"x"}`},
		{"DELETE", "/api/v1/namespace/shop?cascade=true", ``},
		{"POST", "/api/v1/apply", `{"resources":[{"kind":"namespace","name":"x"}]}`},
		{"POST", "/api/v1/apply?prune=true", `{"resources":[]}`},
		{"POST", "/api/v1/rollback", fmt.Sprintf(`{"revision":%d}`, before)},
		{"PUT", "/api/v1/document/a?collection=c", `1`},
		{"PUT", "/api/v1/document", `{"id":"a","collection":"c","data":1}`},
		{"DELETE", "/api/v1/document/a?collection=c", ``},
	} {
		if a := r.admin(tt.verb, tt.path, tt.body); a.status != 403 || !strings.Contains(a.body, "watch-only") {
			t.Errorf("%s %s: %d %s", tt.verb, tt.path, a.status, a.body)
		}
	}
	// What writes nothing is done.
	for _, tt := range []struct{ verb, path, body string }{
		{"PUT", "/api/v1/route/r2?dry_run=true", `{"paths":["/x"],"modules":["m"]}`},
		{"POST", "/api/v1/validate", `{"resources":[{"kind":"namespace","name":"x"}]}`},
		{"GET", "/api/v1/export", ``},
		{"GET", "/api/v1/history", ``},
	} {
		if a := r.admin(tt.verb, tt.path, tt.body); a.status != 200 {
			t.Errorf("%s %s: %d %s", tt.verb, tt.path, a.status, a.body)
		}
	}
	if got := w.status().Revision; got != before {
		t.Errorf("revision %d, was %d", got, before)
	}
}
