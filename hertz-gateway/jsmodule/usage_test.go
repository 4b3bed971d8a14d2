package jsmodule

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestCalls(t *testing.T) {
	for _, tt := range []struct {
		name, text  string
		permissions []string
		calls, not  []string // of BookSvc
	}{
		{
			name:  "typed client",
			text:  `import rpc from "dgate/rpc"; export async function requestHandler() { return rpc.BookSvc.query({}) }`,
			calls: []string{"query"}, not: []string{"add"},
		},
		{
			name:  "by name",
			text:  `import { call } from "dgate/rpc"; export const requestHandler = () => call('BookSvc', "query", {})`,
			calls: []string{"query"}, not: []string{"add"},
		},
		{
			name:  "a method whose name is computed",
			text:  `import { call } from "dgate/rpc"; export const requestHandler = (ctx) => call("BookSvc", ctx.id, {})`,
			calls: []string{"query", "add"},
		},
		{
			name:  "in brackets",
			text:  `import rpc from "dgate/rpc"; export const requestHandler = () => rpc["BookSvc"]['query']({})`,
			calls: []string{"query"}, not: []string{"add"},
		},
		{
			name:  "a service of its own",
			text:  `import { BookSvc } from "dgate/rpc"; export const requestHandler = () => BookSvc.query({})`,
			calls: []string{"query"}, not: []string{"add"},
		},
		{
			name:  "a service that is handed on",
			text:  `import rpc from "dgate/rpc"; const { query } = rpc.BookSvc; export const requestHandler = () => query({})`,
			calls: []string{"query", "add"},
		},
		{
			name: "in a comment",
			text: `import rpc from "dgate/rpc"; export const requestHandler = () => rpc.Other.x() // rpc.BookSvc.query()`,
			not:  []string{"query"},
		},
		{
			name: "of another thing of that name",
			text: `const BookSvc = { query() {} }; export const requestHandler = () => BookSvc.query()`,
			not:  []string{"query"},
		},
		{
			name:        "a permission and a computed name",
			text:        `import rpc from "dgate/rpc"; export const requestHandler = (ctx) => rpc[ctx.id].x()`,
			permissions: []string{"rpc:BookSvc"},
			calls:       []string{"query"},
		},
		{
			name: "a computed name without a permission",
			text: `import rpc from "dgate/rpc"; export const requestHandler = (ctx) => rpc[ctx.id].x()`,
			not:  []string{"query"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Build(Source{Name: "m", Text: tt.text, Permissions: tt.permissions}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range tt.calls {
				if !p.Calls("BookSvc", m) {
					t.Errorf("does not call %s", m)
				}
			}
			for _, m := range tt.not {
				if p.Calls("BookSvc", m) {
					t.Errorf("calls %s", m)
				}
			}
		})
	}
}

func TestSetUsage(t *testing.T) {
	set := LoadDir(fstest.MapFS{
		"lib.ts":  {Data: []byte(`import rpc from "dgate/rpc"; export const get = () => rpc.BookSvc.query({})`)},
		"page.ts": {Data: []byte("// @routes GET /page\nimport { get } from \"lib\"; export const requestHandler = () => get()")},
		"log.js":  {Data: []byte("// @routes BookSvc.query, GET /page\nexport function responseModifier() {}")},
	}, nil)
	if len(set.Problems) > 0 {
		t.Fatal(set.Problems)
	}
	if d := cmp.Diff([]string{"lib", "page"}, set.Callers("BookSvc", "query")); d != "" {
		t.Errorf("callers (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"log", "page"}, set.Attached(RouteKey{Verb: "GET", Path: "/page"})); d != "" {
		t.Errorf("attached (-want +got):\n%s", d)
	}
	var none *Set
	if none.Callers("BookSvc", "query") != nil || none.Attached(RouteKey{}) != nil {
		t.Error("no set has usage")
	}
}
