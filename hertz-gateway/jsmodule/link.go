package jsmodule

import (
	"reflect"
	"slices"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/unistring"
)

// linkBuiltins takes the bundler's way to import a built-in module,
// `__toESM(require("dgate/rpc"))`, for one of the host, and leaves out the
// helpers that nothing else needs: to run them takes as long as to make a
// runtime.
func linkBuiltins(body *ast.BlockStatement) {
	inspect(reflect.ValueOf(body.List), func(node any) bool {
		if call, ok := node.(*ast.CallExpression); ok && calls(call, "__toESM") {
			if inner, ok := call.ArgumentList[0].(*ast.CallExpression); ok && calls(inner, "require") {
				call.Callee = &ast.Identifier{Name: unistring.String(importName), Idx: call.Idx0()}
				call.ArgumentList = inner.ArgumentList
			}
		}
		return true
	})
	for before := 0; before != len(body.List); {
		before = len(body.List)
		uses := map[string]int{}
		inspect(reflect.ValueOf(body.List), func(node any) bool {
			if id, ok := node.(*ast.Identifier); ok {
				uses[id.Name.String()]++
			}
			return true
		})
		body.List = slices.DeleteFunc(body.List, func(s ast.Statement) bool {
			name, ok := helperOf(s)
			return ok && uses[name] == 1
		})
	}
}

// calls recognises a call of a function by its name, with arguments.
func calls(call *ast.CallExpression, name string) bool {
	callee, ok := call.Callee.(*ast.Identifier)
	return ok && callee.Name.String() == name && len(call.ArgumentList) > 0
}

// importBuiltin gives a built-in module as `import` sees it.
func (m *moduleInstance) importBuiltin(call goja.FunctionCall) goja.Value {
	of, ok := m.require(call).(*goja.Object)
	if !ok {
		return goja.Undefined()
	}
	return m.rt.vm.NewDynamicObject(&imported{of})
}

// imported is a built-in module with what it has as named exports and itself as
// the default one.
type imported struct{ of *goja.Object }

// Get implements goja.DynamicObject.
func (i *imported) Get(key string) goja.Value {
	if key == "default" {
		return i.of
	}
	return i.of.Get(key)
}

// Set implements goja.DynamicObject.
func (*imported) Set(string, goja.Value) bool { return false }

// Has implements goja.DynamicObject.
func (i *imported) Has(key string) bool { return i.Get(key) != nil }

// Delete implements goja.DynamicObject.
func (*imported) Delete(string) bool { return false }

// Keys implements goja.DynamicObject.
func (i *imported) Keys() []string { return append([]string{"default"}, i.of.GetOwnPropertyNames()...) }
