package jsmodule

import (
	"testing"
)

// TestReach looks at what a program is taken to reach: too little would leave
// a built-in without its guard.
func TestReach(t *testing.T) {
	tests := []struct {
		name, text string
		names      []string
		computed   bool
		imports    bool
	}{
		{name: "dot", text: `x => x.fill(1)`, names: []string{"fill"}},
		{name: "optional", text: `x => x?.fill?.(1)`, names: []string{"fill"}},
		{name: "brackets", text: `x => x["fill"](1)`, names: []string{"fill"}},
		{name: "destructuring", text: `({ fill }) => fill`, names: []string{"fill"}},
		{name: "destructuring under another name", text: `({ fill: f }) => f`, names: []string{"fill"}},
		{name: "destructuring of a text", text: `({ "fill": f }) => f`, names: []string{"fill"}},
		{name: "super", text: `class extends Array { f() { return super.fill(1) } }`, names: []string{"fill", "Array"}},
		{name: "global", text: `() => new Uint8Array(1)`, names: []string{"Uint8Array"}},
		{name: "numbers and symbols", text: `x => x[0] + x[Symbol.iterator]`, names: []string{"Symbol"}},
		{name: "key of a variable", text: `(x, k) => x[k]`, computed: true},
		{name: "sum of texts", text: `(x, k) => x["fi" + k]`, computed: true},
		{name: "template", text: "x => x[`fill`]", computed: true},
		{name: "computed destructuring", text: `(x, k) => { const { [k]: f } = x; return f }`, computed: true},
		{name: "a symbol that is none", text: `(x, mine) => x[mine.iterator]`, computed: true},
		{name: "Reflect", text: `(x, k) => Reflect.get(x, k)`, computed: true},
		{name: "descriptors", text: `x => Object.values(Object.getOwnPropertyDescriptors(x))`, computed: true},
		{name: "globalThis", text: `() => globalThis`, computed: true},
		{name: "helper of the bundler", text: `() => __copyProps`, imports: true, computed: true},
		{name: "in a default", text: `(a = [].fill(1)) => a`, names: []string{"fill"}},
		{name: "in a template", text: "a => `${a.fill(1)}`", names: []string{"fill"}},
		{name: "in a class field", text: `class { a = [].fill(1); static b = [].concat(1) }`, names: []string{"fill", "concat"}},
		{name: "in a generator", text: `function* () { yield [].fill(1) }`, names: []string{"fill"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := "export const requestHandler = " + test.text
			if test.imports {
				text += `; import all from "dgate"; all.sleep` // which needs helpers
			}
			p, err := Build(Source{Name: "m", File: "m.js", Text: text}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if p.reach.computed != test.computed {
				t.Errorf("computed is %v", p.reach.computed)
			}
			for _, name := range test.names {
				if !p.reach.names[name] {
					t.Errorf("%s is not reached", name)
				}
			}
			if p.reach.names["padStart"] {
				t.Error("padStart is reached, and nobody names it")
			}
		})
	}
}

// TestCallables looks at what of ctx a program is taken to call: where it is
// none, ctx.request() would fail.
func TestCallables(t *testing.T) {
	for _, test := range []struct {
		text         string
		value, alone bool
	}{
		{text: `ctx.request.path`},
		{text: `ctx.request?.headers.get("a")`},
		{text: `ctx.request.headers["a"]`},
		{text: `ctx.request["path"]`},
		{text: `ctx.request()`, alone: true},
		{text: `const r = ctx.request(); r.path`, alone: true},
		{text: `ctx?.request().path`, alone: true},
		{text: `ctx.request().path = ctx.request.host`, value: true},
		{text: `ctx.request().path; f(ctx.request)`, value: true},
		{text: `ctx.request()().path`, value: true},
		{text: `ctx.request?.()`, value: true},
		{text: `ctx["request"]()`, value: true},
		{text: `(({ request }) => request())(ctx)`, value: true},
		{text: `(({ request: r }) => r())(ctx)`, value: true},
		{text: `const f = ctx.request; f()`, value: true},
		{text: `const k = "req" + ctx.id; ctx[k]()`, value: true},
		{text: `[ctx.request].map((f) => f())`, value: true},
	} {
		p, err := Build(Source{Name: "m", File: "m.js", Text: "export function requestModifier(ctx) { " + test.text + " }"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		rt := &vmRuntime{plan: planOf([]*Program{p})}
		if rt.callsValue("request") != test.value || rt.onlyCalls("request") != test.alone {
			t.Errorf("%s: its value is called: %v; it is only called: %v", test.text, rt.callsValue("request"), rt.onlyCalls("request"))
		}
		if rt.callsValue("response") != p.reach.computed {
			t.Errorf("%s: it calls what it does not name", test.text)
		}
	}
}
