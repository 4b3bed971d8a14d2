package jsmodule

import (
	"reflect"
	"slices"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// numbers are the names of variables that never hold anything but numbers, such
// as the i of most loops: x[i] asks for no name. Variables of one name count as
// one variable.
type numbers map[string]bool

// numbersIn looks at every place of the code that gives a variable a value.
func numbersIn(script []ast.Statement) numbers {
	f := numberFinder{declared: map[string]bool{}, values: map[string][]ast.Expression{}, others: map[string]bool{}}
	f.walk(reflect.ValueOf(script))
	if f.with {
		return nil
	}
	n := numbers{otherSymbol: usesSymbol(script)}
	for name := range f.declared {
		n[name] = !f.others[name]
	}
	for changed := true; changed; {
		changed = false
		for name, values := range f.values {
			for _, v := range values {
				if n[name] && !n.is(v) {
					n[name], changed = false, true
				}
			}
		}
	}
	return n
}

// otherSymbol stands, beside the variables, for code that could make another
// object of Symbol: it uses more of it than its members, or reaches globals.
const otherSymbol = "Symbol."

// isSymbol recognises `Symbol.iterator` and the other members of Symbol that
// cannot be changed.
func (n numbers) isSymbol(e ast.Expression) bool {
	if n == nil || n[otherSymbol] {
		return false
	}
	d, ok := e.(*ast.DotExpression)
	if !ok || !slices.Contains(symbols, d.Identifier.Name.String()) {
		return false
	}
	of, ok := d.Left.(*ast.Identifier)
	return ok && of.Name == "Symbol"
}

var symbols = []string{
	"asyncIterator", "hasInstance", "isConcatSpreadable", "iterator", "match", "matchAll", "replace", "search",
	"species", "split", "toPrimitive", "toStringTag", "unscopables",
}

func usesSymbol(script []ast.Statement) bool {
	others := 0
	inspect(reflect.ValueOf(script), func(node any) bool {
		switch n := node.(type) {
		case *ast.Identifier:
			if n.Name == "Symbol" || n.Name == "globalThis" {
				others++
			}
		case *ast.StringLiteral:
			if n.Value == "Symbol" {
				others++
			}
		case *ast.DotExpression:
			if of, ok := n.Left.(*ast.Identifier); ok && of.Name == "Symbol" {
				others--
			}
		}
		return true
	})
	return others != 0
}

// is says whether an expression can only be a number, or undefined.
func (n numbers) is(e ast.Expression) bool {
	switch e := e.(type) {
	case *ast.NumberLiteral:
		return true
	case *ast.Identifier:
		return n[e.Name.String()]
	case *ast.UnaryExpression:
		switch e.Operator {
		case token.PLUS, token.MINUS, token.BITWISE_NOT, token.INCREMENT, token.DECREMENT:
			return true
		}
	case *ast.BinaryExpression:
		return calculates(e.Operator) || e.Operator == token.PLUS && n.is(e.Left) && n.is(e.Right)
	case *ast.AssignExpression:
		return calculates(e.Operator) || e.Operator == token.ASSIGN && n.is(e.Right)
	case *ast.ConditionalExpression:
		return n.is(e.Consequent) && n.is(e.Alternate)
	}
	return false
}

// calculates recognises operators that give nothing but numbers.
func calculates(op token.Token) bool {
	switch op {
	case token.MINUS, token.MULTIPLY, token.SLASH, token.REMAINDER, token.EXPONENT,
		token.AND, token.OR, token.EXCLUSIVE_OR, token.SHIFT_LEFT, token.SHIFT_RIGHT, token.UNSIGNED_SHIFT_RIGHT:
		return true
	}
	return false
}

// numberFinder collects what variables are given.
type numberFinder struct {
	declared map[string]bool
	values   map[string][]ast.Expression
	others   map[string]bool // those that get values in other ways
	with     bool            // names may be those of properties
}

func (f *numberFinder) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		f.walk(v.Elem())
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		switch n := v.Interface().(type) {
		case *ast.Binding:
			if target, ok := n.Target.(*ast.Identifier); ok {
				f.declared[target.Name.String()] = true
				f.give(target, n.Initializer)
			}
		case *ast.AssignExpression:
			if target, ok := n.Left.(*ast.Identifier); ok && !calculates(n.Operator) {
				f.give(target, n.Right)
			}
		case *ast.ParameterList, *ast.ObjectPattern, *ast.ArrayPattern, *ast.ForIntoVar, *ast.ForDeclaration, *ast.ForIntoExpression:
			f.bar(v.Elem())
		case *ast.CatchStatement:
			f.bar(reflect.ValueOf(n.Parameter))
		case *ast.FunctionLiteral:
			f.bar(reflect.ValueOf(n.Name))
		case *ast.ClassLiteral:
			f.bar(reflect.ValueOf(n.Name))
		case *ast.WithStatement:
			f.with = true
		}
		f.walk(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			f.walk(v.Index(i))
		}
	case reflect.Struct:
		eachField(v, f.walk)
	}
}

func (f *numberFinder) give(target *ast.Identifier, value ast.Expression) {
	if name := target.Name.String(); value != nil {
		f.values[name] = append(f.values[name], value)
	}
}

// bar notes that all variables below get values in ways that are not followed.
func (f *numberFinder) bar(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			f.bar(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			f.bar(v.Index(i))
		}
	case reflect.Struct:
		if id, ok := v.Interface().(ast.Identifier); ok {
			f.others[id.Name.String()] = true
			return
		}
		eachField(v, f.bar)
	}
}

// eachField goes into a node of the tree. What a function declares stands in
// its body too.
func eachField(v reflect.Value, f func(reflect.Value)) {
	if v.Type().PkgPath() != astPackage {
		return
	}
	for i := range v.NumField() {
		if t := v.Type().Field(i); t.IsExported() && t.Name != "DeclarationList" {
			f(v.Field(i))
		}
	}
}
