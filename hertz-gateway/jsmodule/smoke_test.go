package jsmodule_test

import (
	"context"
	"testing"

	"dgate/hertz-gateway/jsmodule"
)

func TestSmoke(t *testing.T) {
	p, err := jsmodule.Build(jsmodule.Source{Name: "m", File: "m.ts", Text: `
import { version } from "dgate";
export async function requestModifier(ctx: any): Promise<void> {
  ctx.request.headers.set("x-a", ctx.request.method + version);
  const b = ctx.request.json();
  b.title = "x";
  await null;
}
export function responseModifier(ctx, res) { res.headers["x-b"] = "1"; }
`}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := jsmodule.NewHost(jsmodule.Config{Version: "9"})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	c, err := h.NewChain("default", p)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	q := &request{method: "POST", path: "/a", body: []byte(`{ "id": 9007199254740993, "title": "old", "n": [1,2]}`)}
	r := &response{status: 200}
	s := c.Begin(context.Background(), &jsmodule.Call{ID: "1", Request: q, Response: r})
	defer s.Close()
	if _, err := s.Request(); err != nil {
		t.Fatal(err)
	}
	if err := s.Response(); err != nil {
		t.Fatal(err)
	}
	t.Log(q.list, r.list, string(q.body))
}
