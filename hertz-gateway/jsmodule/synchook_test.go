package jsmodule

import (
	"reflect"
	"slices"
	"testing"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/google/go-cmp/cmp"
)

func TestSyncHooks(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string // what stays async
	}{
		{"awaits nothing", `async function f(ctx) { ctx.x } __dgate_exports({ requestModifier: f })`, nil},
		{"arrow function", `var f = async (ctx) => ctx.x; __dgate_exports({ requestModifier: f })`, nil},
		{"function expression", `const f = async function (ctx) {}; __dgate_top({ requestModifier: typeof f === "function" ? f : void 0 })`, nil},
		{"awaits", `async function f(ctx) { if (ctx.x) { await ctx.y } } __dgate_exports({ f })`, []string{"f"}},
		{"awaits in an expression", `var f = async (ctx) => ({ a: [await ctx.x] }); __dgate_exports({ f })`, []string{"f"}},
		{"awaits in a function inside", `async function f(ctx) { const g = async () => { await 1 }; g() } __dgate_exports({ f })`, []string{"g"}},
		{"called by others too", `async function f(ctx) {} __dgate_exports({ f }); f().then()`, []string{"f"}},
		{"exported to others too", `async function f(ctx) {} __export(m, { f: () => f }); __dgate_exports({ f })`, []string{"f"}},
		{"calls itself", `async function f(ctx) { f() } __dgate_exports({ f })`, []string{"f"}},
		{"two of a name", `async function f(ctx) {} { let f = async () => {} } __dgate_exports({ f })`, []string{"f", "f"}},
		{"member of a name", `async function f(ctx) { ctx.f } __dgate_exports({ f })`, []string{"f"}},
		{"no hook", `async function f(ctx) {}`, []string{"f"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree, err := goja.Parse("m", test.text)
			if err != nil {
				t.Fatal(err)
			}
			syncHooks(tree.Body)
			var async []string
			inspect(reflect.ValueOf(tree.Body), func(node any) bool {
				switch n := node.(type) {
				case *ast.FunctionDeclaration:
					if n.Function.Async {
						async = append(async, n.Function.Name.Name.String())
					}
				case *ast.Binding:
					switch f := n.Initializer.(type) {
					case *ast.FunctionLiteral:
						if f.Async {
							async = append(async, n.Target.(*ast.Identifier).Name.String())
						}
					case *ast.ArrowFunctionLiteral:
						if f.Async {
							async = append(async, n.Target.(*ast.Identifier).Name.String())
						}
					}
				}
				return true
			})
			slices.Sort(async)
			if diff := cmp.Diff(test.want, async); diff != "" {
				t.Error(diff)
			}
		})
	}
}
