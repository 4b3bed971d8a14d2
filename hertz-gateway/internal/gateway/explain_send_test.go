package gateway

import (
	"encoding/json"
	"strings"
	"testing"

	"dgate/hertz-gateway/api"
)

// A request that explain sends is served like any other, and followed.
func TestExplainSends(t *testing.T) {
	g := start(t, map[string]string{
		"who.thrift":    whoIDL,
		"modules/to.js": "// @routes GET /who\nexport function fetchUpstream(ctx) { return { hashKey: 'k' } }",
	})
	g.serve("who", 10, named("x"))
	ask := func(body string) (e api.Explanation) {
		t.Helper()
		a := g.admin("POST", "/api/v1/explain", body)
		if err := json.Unmarshal([]byte(a.body), &e); err != nil || a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		return e
	}
	stages := func(x *api.ExplainedExchange) string {
		var names []string
		for _, s := range x.Stages {
			names = append(names, s.Name)
		}
		return strings.Join(names, ", ")
	}
	sent := ask(`{"url":"/who","send":true}`).Sent
	if sent == nil || sent.Status != 200 || sent.Body != `{"name":"x"}` || sent.Instance == "" || sent.Why != "a module chose hash key k" {
		t.Fatalf("%+v", sent)
	}
	if got := stages(sent); got != "match, hooks before the call, bind, call, answer, hooks after the call" {
		t.Errorf("stages %s", got)
	}
	if sent := ask(`{"url":"/nowhere","send":true}`).Sent; sent == nil || sent.Status != 404 || len(sent.Stages) != 0 {
		t.Errorf("%+v", sent)
	}
	if e := ask(`{"url":"/who"}`); e.Sent != nil {
		t.Error("sent without being asked to")
	}
}

// Who may only read may not have requests sent.
func TestExplainSendsForEditors(t *testing.T) {
	creds, tokens := credentials(t)
	g := start(t, map[string]string{"who.thrift": whoIDL}, func(c *Config) { c.AdminAuth = creds })
	for who, want := range map[string]int{"viewer": 403, "editor": 200} {
		if a := g.admin("POST", "/api/v1/explain", `{"url":"/who","send":true}`, "Authorization: Bearer "+tokens[who]); a.status != want {
			t.Errorf("%s: %d %s", who, a.status, a.body)
		}
	}
}
