package jsmodule_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/jsmodule"
)

func TestExportForms(t *testing.T) {
	tests := []struct{ name, file, text string }{
		{"ES export", "m.ts", `export function requestModifier(ctx: any): void { ctx.request.headers.set("x", "1") }`},
		{"ES const", "m.ts", `export const requestModifier = async (ctx: { request: any }) => { ctx.request.headers.set("x", "1") }`},
		{"list of exports", "m.js", `function f(ctx) { ctx.request.headers.set("x", "1") } export { f as requestModifier }`},
		{"default object", "m.ts", `export default { value: "1", requestModifier(ctx: any) { ctx.request.headers.set("x", this.value) } }`},
		{"default class instance", "m.ts", `class M { #v = "1"; requestModifier(ctx) { ctx.request.headers.set("x", this.#v) } } export default new M()`},
		{"default function", "m.js", `export default function requestModifier(ctx) { ctx.request.headers.set("x", "1") }`},
		{"CommonJS exports", "m.js", `exports.requestModifier = (ctx) => { ctx.request.headers.set("x", "1") }`},
		{"CommonJS module", "m.js", `module.exports = { requestModifier(ctx) { ctx.request.headers.set("x", "1") } }`},
		{"plain function", "m.js", "function requestModifier(ctx) { ctx.request.headers.set('x', '1') } // last"},
		{"plain async function in TypeScript", "m.ts", `interface C { request: any } async function requestModifier(ctx: C) { ctx.request.headers.set("x", "1") }`},
		{"plain const", "m.js", `const requestModifier = (ctx) => { ctx.request.headers.set("x", "1") }`},
		{"plain function with an import", "m.ts", `import { version } from "dgate"; function requestModifier(ctx) { ctx.request.headers.set("x", "1" + version) }`},
		{"enum and namespace", "m.ts", `enum E { A = "1" } namespace N { export const v = E.A } export function requestModifier(ctx) { ctx.request.headers.set("x", N.v) }`},
		{"types only", "m.ts", `import type { Ctx } from "dgate"; export const requestModifier = (ctx: Ctx): void => { ctx!.request.headers.set("x", "1" as string satisfies string) }`},
		{"without an ending", "", `export function requestModifier(ctx: any) { ctx.request.headers.set("x", "1") }`},
	}
	h := newHost(t, jsmodule.Config{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := jsmodule.Build(jsmodule.Source{Name: "m", File: test.file, Text: test.text}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]jsmodule.Hook{jsmodule.RequestModifier}, p.Hooks()); diff != "" {
				t.Fatal(diff)
			}
			c, err := h.NewChain("default", p)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if got := open(t, c).mustRequest(t).q.get("x"); got != "1" {
				t.Fatalf("the header is %q", got)
			}
		})
	}
}

// TestExportsComeBeforePlainFunctions has plain functions beside exports: they
// are hooks too, as in DGate, but of two with one name the exported one counts.
func TestExportsComeBeforePlainFunctions(t *testing.T) {
	p := build(t, "m", `function errorHandler() { return "plain" }
		function requestHandler() { return "plain" }
		export { exported as requestHandler };
		function exported() { return "exported" }`)
	c, err := newHost(t, jsmodule.Config{}).NewChain("default", p)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	e := open(t, c)
	if _, err := e.Handle(); err != nil || string(e.r.body) != "exported" {
		t.Errorf("requestHandler answered %s, %v", e.r.body, err)
	}
	e = open(t, c)
	if _, err := e.Fail(jsmodule.Failure{}); err != nil || string(e.r.body) != "plain" {
		t.Errorf("errorHandler answered %s, %v", e.r.body, err)
	}
}

func TestBuildErrors(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"syntax", "export function f() {\n  return 1 +;\n}", []string{`m.ts:2:13: module m: Unexpected ";"`}},
		{"all errors", "let a = 1;\nlet a = 2;\nconst b = 1;\nb = 2;\nlet b = 3", []string{`m.ts:2:5:`, `m.ts:5:5:`}},
		{"unknown import", `import x from "lodash"; x()`, []string{`m.ts:1:15: module m: there is no module "lodash" in this namespace, and the built-in ones are dgate, dgate/`, ", dgate/rpc"}},
		{"import of a file", `import fs from "node:fs"; fs.x()`, []string{`there is no module "node:fs"`}},
		{"import of itself", `import { f } from "./m"; f()`, []string{`module "m" imports itself`}},
		{"missing export", `import { nope } from "other"; nope()`, []string{`m.ts:1:10: module m: No matching export in "other.ts" for import "nope"`}},
		{"top-level await", `await 1; export {}`, []string{`m.ts:1:1: module m: Top-level await is not available`}},
		{"unterminated", "const s = `abc", []string{`m.ts:`, "Unterminated string literal"}},
		{"throws while loading", "const a = 1;\nfunction f() {\n  throw new RangeError('no')\n}\nf();", []string{`m.ts:3:9: module m: RangeError: no`}},
		{"error in an imported module", `import "broken"`, []string{`broken.ts:2:1`}},
		{"ctx at load", `import { sleep } from "dgate"; sleep(1)`, []string{"only while a request is being served"}},
	}
	others := map[string]jsmodule.Source{
		"other":  {Name: "other", File: "other.ts", Text: "export const one = 1"},
		"broken": {Name: "broken", File: "broken.ts", Text: "\n}"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := jsmodule.Build(jsmodule.Source{Name: "m", File: "m.ts", Text: test.text}, func(name string) (jsmodule.Source, bool) {
				s, ok := others[name]
				return s, ok
			})
			if err == nil {
				t.Fatal("it was built")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got\n%v\nwant %s", err, want)
				}
			}
			var all jsmodule.Errors
			if !errors.As(err, &all) || len(all) < 1 || all[0].File == "" {
				t.Errorf("%T has no positions", err)
			}
		})
	}
}

func TestImports(t *testing.T) {
	sources := map[string]string{
		"a": `import { one } from "b"; import two from "./c.ts"; export const sum = () => one + two`,
		"b": `export const one = 1`,
		"c": `export default 2`,
	}
	resolve := func(name string) (jsmodule.Source, bool) {
		text, ok := sources[name]
		return jsmodule.Source{Name: name, File: name + ".ts", Text: text}, ok
	}
	src := jsmodule.Source{Name: "m", File: "m.ts", Text: `import { sum } from "a"; export function requestModifier(ctx) { ctx.request.headers.set("x", sum()) }`}
	p, err := jsmodule.Build(src, resolve)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, p.Imports()); diff != "" {
		t.Error(diff)
	}
	c, err := newHost(t, jsmodule.Config{}).NewChain("default", p)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := open(t, c).mustRequest(t).q.get("x"); got != "3" {
		t.Fatal(got)
	}

	again, err := jsmodule.Build(src, resolve)
	if err != nil || again.Digest() != p.Digest() {
		t.Fatal("the digest of one text changed", err)
	}
	sources["c"] = `export default 3`
	changed, err := jsmodule.Build(src, resolve)
	if err != nil || changed.Digest() == p.Digest() {
		t.Fatal("the digest does not cover imports", err)
	}
	src.Permissions = []string{}
	granted, err := jsmodule.Build(src, resolve)
	if err != nil || granted.Digest() == changed.Digest() {
		t.Fatal("the digest does not cover permissions", err)
	}
}

// TestErrorPositions makes sure that exceptions carry positions of TypeScript,
// from every way of throwing.
func TestErrorPositions(t *testing.T) {
	const head = "interface Long {\n  a: string;\n  b: number;\n}\n\ntype X = Long | null;\n" // 6 lines
	tests := []struct {
		name, text    string
		line          int
		class, stack  string
		message, file string
	}{
		{name: "throw", text: "export function requestModifier(ctx: any) {\n  const x: X = null;\n  throw new TypeError('no');\n}", line: 9, class: "TypeError", message: "no"},
		{name: "null", text: "export function requestModifier(ctx: any) {\n  const x: X = null;\n  return x.a.b;\n}", line: 9, class: "TypeError", message: "Cannot read property 'a' of undefined"},
		{name: "async", text: "async function inner(): Promise<void> {\n  await null;\n  throw new RangeError('late');\n}\nexport async function requestModifier(ctx: any) {\n  await inner();\n}", line: 9, class: "RangeError", message: "late"},
		{name: "nested", text: "function deep(): never {\n  throw new Error('deep');\n}\nexport function requestModifier() {\n  deep();\n}", line: 8, class: "Error", message: "deep", stack: "deep m.ts:8:9\nrequestModifier m.ts:11:8"},
		{name: "a string", text: "export function requestModifier() {\n  throw 'text';\n}", line: 8, message: "text"},
		{name: "nothing", text: "export function requestModifier() {\n  throw undefined;\n}", line: 8, message: "undefined"},
		{name: "an object", text: "export function requestModifier() {\n  throw { a: 1 };\n}", line: 8, message: "an object of class Object was thrown"},
		{name: "a class of its own", text: "class E extends Error { name = 'Mine' }\nexport function requestModifier() {\n  throw new E('x');\n}", line: 9, class: "Mine", message: "x"},
		{name: "a host function", text: "export function requestModifier(ctx: any) {\n\n  ctx.status(1);\n}", line: 9, class: "RangeError", message: "1 is not a status: 200 to 599"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := jsmodule.Build(jsmodule.Source{Name: "m", File: "m.ts", Text: head + test.text}, nil)
			if err != nil {
				t.Fatal(err)
			}
			c, err := newHost(t, jsmodule.Config{}).NewChain("default", p)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, err = open(t, c).Request()
			got := moduleError(t, err)
			if got.File != "m.ts" || got.Line != test.line || got.Name != test.class || got.Message != test.message ||
				got.Hook != "requestModifier" || got.Module != "m" {
				t.Errorf("got %+v", got)
			}
			if test.stack != "" && got.Stack != test.stack {
				t.Errorf("stack\n%s\nwant\n%s", got.Stack, test.stack)
			}
		})
	}
}

// TestSourceMapsStayInMemory names a file in a source map comment: it must not
// be opened.
func TestSourceMapsStayInMemory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "m.map")
	if err := os.WriteFile(file, []byte(`{"version":3,"sources":["leaked.ts"],"mappings":"AAAA"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := jsmodule.Build(jsmodule.Source{Name: "m", File: "m.js", Text: "throw new Error('x')\n//# sourceMappingURL=" + file}, nil)
	if err == nil || strings.Contains(err.Error(), "leaked") || !strings.Contains(err.Error(), "m.js:1:7") {
		t.Fatal(err)
	}
}

func FuzzBuild(f *testing.F) {
	f.Add(`export function requestModifier(ctx) { ctx.request.headers.set("a", 1n << 2n) }`)
	f.Add("function requestModifier(){}//# sourceMappingURL=x")
	f.Add("class { get = 1 }")
	f.Add("`")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := jsmodule.Build(jsmodule.Source{Name: "m", File: "m.ts", Text: text}, nil)
		var e *jsmodule.Error
		if errors.As(err, &e) && e.Kind == jsmodule.KindPanic {
			t.Fatal(err)
		}
	})
}
