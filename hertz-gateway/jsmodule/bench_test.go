package jsmodule_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"dgate/hertz-gateway/jsmodule"
)

// jsonOf makes a JSON object of about size bytes whose title stands in the
// middle.
func jsonOf(size int) string {
	var b strings.Builder
	half := func(from string) {
		for i := 0; b.Len() < size/2 || from == "b" && b.Len() < size; i++ {
			fmt.Fprintf(&b, `"%s%d":{"id":%d,"name":"a name of some length","tags":["x","y"]},`, from, i, i)
		}
	}
	b.WriteString("{")
	half("a")
	b.WriteString(`"title":"old",`)
	half("b")
	b.WriteString(`"end":true}`)
	return b.String()
}

func BenchmarkHooks(b *testing.B) {
	for _, bench := range []struct {
		name, text, body string
		response         bool
	}{
		{name: "noop", text: `export function requestModifier(ctx) {}`},
		{name: "header", text: `export function requestModifier(ctx) {
			ctx.request.headers.set("x-b", ctx.request.headers.get("user-agent")) }`},
		{name: "header-async", text: `export async function requestModifier(ctx) {
			await null; ctx.request.headers.set("x-b", ctx.request.headers.get("user-agent")) }`},
		{name: "header-both", response: true, text: `export function requestModifier(ctx) { ctx.request.headers.set("x-a", "1") }
			export function responseModifier(ctx, res) { res.headers.set("x-served-by", "dgate") }`},
		{name: "json-1KB", body: jsonOf(1 << 10), text: `export function requestModifier(ctx) { ctx.request.json().title = "new" }`},
		{name: "json-20KB", body: jsonOf(20 << 10), text: `export function requestModifier(ctx) { ctx.request.json().title = "new" }`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c := chain(b, jsmodule.Config{}, bench.text)
			q := &request{method: "POST", path: "/book/query", lines: lines{[][2]string{{"User-Agent", "test/1"}, {"Content-Type", "application/json"}}}}
			r := &response{status: 200}
			body := []byte(bench.body)
			call := &jsmodule.Call{ID: "1", Request: q, Response: r}
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				q.body = append(q.body[:0], body...)
				s := c.Begin(ctx, call)
				if _, err := s.Request(); err != nil {
					b.Fatal(err)
				}
				if bench.response {
					if err := s.Response(); err != nil {
						b.Fatal(err)
					}
				}
				s.Close()
			}
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		build(b, "m", `export function requestModifier(ctx: any): void { ctx.request.headers.set("a", "b") }`)
	}
}

func BenchmarkNewRuntime(b *testing.B) {
	h := newHost(b, jsmodule.Config{})
	p := build(b, "m", `export function requestModifier(ctx) {}`)
	b.ReportAllocs()
	for b.Loop() {
		c, err := h.NewChain("default", p)
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}
