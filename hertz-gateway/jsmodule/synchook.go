package jsmodule

import (
	"reflect"

	"github.com/dop251/goja/ast"
)

// syncHooks takes the `async` off hooks that await nothing and that only the
// host calls. It awaits what they return in any case, and a promise that is
// settled before anybody sees it costs more than what most hooks do.
func syncHooks(script []ast.Statement) {
	h := hookUses{uses: map[string]int{}, exported: map[string]bool{}, functions: map[string]ast.Expression{}}
	inspect(reflect.ValueOf(script), h.visit)
	for name := range h.exported {
		if h.uses[name] > 1 { // beside its declaration
			continue
		}
		switch f := h.functions[name].(type) {
		case *ast.FunctionLiteral:
			if !f.Generator && !awaits(f.ParameterList, f.Body) {
				f.Async = false
			}
		case *ast.ArrowFunctionLiteral:
			if !awaits(f.ParameterList, f.Body) {
				f.Async = false
			}
		}
	}
}

// hookUses is what a bundle does with its functions.
type hookUses struct {
	// uses counts the places of a name, but for those where functions are
	// handed to the host, which are exported.
	uses     map[string]int
	exported map[string]bool
	// functions are those that are declared by a name.
	functions map[string]ast.Expression
}

func (h *hookUses) visit(node any) bool {
	switch n := node.(type) {
	case *ast.Identifier:
		h.uses[n.Name.String()]++
	case *ast.CallExpression:
		if callee, ok := n.Callee.(*ast.Identifier); ok && (callee.Name == topName || callee.Name == exportsName) {
			inspect(reflect.ValueOf(n.ArgumentList), func(node any) bool {
				if n, ok := node.(*ast.Identifier); ok {
					h.exported[n.Name.String()] = true
				}
				return true
			})
			return false
		}
	case *ast.FunctionDeclaration:
		if name := n.Function.Name; name != nil {
			h.functions[name.Name.String()] = n.Function
		}
	case *ast.Binding:
		if name, ok := n.Target.(*ast.Identifier); ok && n.Initializer != nil {
			h.functions[name.Name.String()] = n.Initializer
		}
	}
	return true
}

// awaits says whether a function awaits something, functions inside it left
// aside.
func awaits(parts ...any) (found bool) {
	for _, part := range parts {
		inspect(reflect.ValueOf(part), func(node any) bool {
			switch node.(type) {
			case *ast.AwaitExpression:
				found = true
			case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
				return false
			}
			return !found
		})
	}
	return found
}

// inspect calls visit for the nodes of a tree, parents first, and leaves out
// what is under those for which it is false.
func inspect(v reflect.Value, visit func(node any) bool) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() || v.Kind() == reflect.Pointer && v.Type() != reflect.TypeFor[*ast.Identifier]() && !visit(v.Interface()) {
			return
		}
		inspect(v.Elem(), visit)
	case reflect.Slice:
		for i := range v.Len() {
			inspect(v.Index(i), visit)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[ast.Identifier]() {
			visit(v.Addr().Interface())
			return
		}
		eachField(v, func(field reflect.Value) { inspect(field, visit) })
	}
}
