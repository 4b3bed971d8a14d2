package jsmodule

import (
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

const (
	// matchTimeout ends one match of a backtracking regular expression. goja
	// then reports "no match", so every CPU budget is shorter (maxBudget):
	// by the time of such an answer the runtime has been interrupted, and the
	// answer is never seen.
	matchTimeout = 600 * time.Millisecond
	matchClock   = 20 * time.Millisecond
	maxBudget    = 500 * time.Millisecond
)

// boundMatching sets the limits of the regular expression engine under goja,
// which are process-wide and read when an expression is compiled.
var boundMatching = sync.OnceFunc(func() {
	regexp2.SetTimeoutCheckPeriod(matchClock)
	regexp2.DefaultMatchTimeout = matchTimeout
	// A full backtracking stack would be reported as "no match" as well. Its
	// size is bounded by the time.
	regexp2.DefaultOptimizationOptions.MaxBacktrackingStackSize = -1
})

var errNoSourceMap = errors.New("source maps are inline only")

// compileScript compiles generated code, the bundle of sources. Source maps are
// taken from the text only, never from a file.
func compileScript(name, text string, sources []string) (*goja.Program, *reach, error) {
	boundMatching()
	tree, err := goja.Parse(name, text, parser.WithSourceMapLoader(func(string) ([]byte, error) {
		return nil, errNoSourceMap
	}))
	if err != nil {
		return nil, nil, err
	}
	guardOperators(reflect.ValueOf(tree.Body))
	reached := reachOf(tree.Body, sources)
	code, err := goja.CompileAST(tree, false)
	return code, reached, err
}

// guardOperators wraps what operators work on where no built-in function stands
// that could be replaced: the right operand of `<<`, `>>` and `**`, since with
// BigInts a short expression such as `1n << n` would otherwise take all memory,
// and what `{ ...x }` copies, since x may be a text of millions of characters.
func guardOperators(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		if t, ok := v.Interface().(*ast.TemplateLiteral); ok && v.CanSet() && t.Tag == nil && len(t.Expressions) > maxTemplate {
			v.Set(reflect.ValueOf(splitTemplate(t)))
		}
		switch n := v.Interface().(type) {
		case *ast.BinaryExpression:
			n.Right = guardOperand(n.Operator, n.Right)
		case *ast.AssignExpression:
			n.Right = guardOperand(n.Operator, n.Right)
			if takesRest(n.Left) {
				n.Right = guardCall(spreadName, n.Right)
			}
		case *ast.Binding:
			if n.Initializer != nil && takesRest(n.Target) {
				n.Initializer = guardCall(spreadName, n.Initializer)
			}
		case *ast.ObjectLiteral:
			for _, property := range n.Value {
				if spread, ok := property.(*ast.SpreadElement); ok {
					spread.Expression = guardCall(spreadName, spread.Expression)
				}
			}
		}
		guardOperators(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			guardOperators(v.Index(i))
		}
	case reflect.Struct:
		if v.Type().PkgPath() != astPackage {
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "DeclarationList" {
				guardOperators(v.Field(i))
			}
		}
	}
}

var astPackage = reflect.TypeFor[ast.Program]().PkgPath()

func guardOperand(op token.Token, right ast.Expression) ast.Expression {
	guard := shiftName
	switch op {
	case token.SHIFT_LEFT, token.SHIFT_RIGHT:
	case token.EXPONENT:
		guard = exponentName
	default:
		return right
	}
	if n, ok := right.(*ast.NumberLiteral); ok {
		switch n.Value.(type) {
		case int64, float64:
			return right
		}
	}
	return guardCall(guard, right)
}

// maxTemplate is how many values a template may join in one step. A text that
// stands a thousand times in one would take all memory before anybody looks.
const maxTemplate = 4

// splitTemplate makes a sum of short templates of a long one.
func splitTemplate(t *ast.TemplateLiteral) ast.Expression {
	var sum ast.Expression
	for elements, values := t.Elements, t.Expressions; ; {
		n := min(maxTemplate, len(values))
		part := &ast.TemplateLiteral{OpenQuote: t.OpenQuote, CloseQuote: t.CloseQuote, Expressions: values[:n:n]}
		part.Elements = append(part.Elements, elements[:n]...)
		elements, values = elements[n:], values[n:]
		if len(values) > 0 {
			part.Elements = append(part.Elements, &ast.TemplateElement{Idx: t.OpenQuote, Valid: true})
		} else {
			part.Elements = append(part.Elements, elements[0])
		}
		if sum == nil {
			sum = part
		} else {
			sum = &ast.BinaryExpression{Operator: token.PLUS, Left: sum, Right: part}
		}
		if len(values) == 0 {
			return sum
		}
	}
}

// takesRest recognises `{ ...rest }` on the left side.
func takesRest(target any) bool {
	p, ok := target.(*ast.ObjectPattern)
	return ok && p.Rest != nil
}

// guardCall puts a call of one of the host's functions around an expression.
func guardCall(name string, e ast.Expression) ast.Expression {
	return &ast.CallExpression{
		Callee:           &ast.Identifier{Name: unistring.String(name), Idx: e.Idx0()},
		LeftParenthesis:  e.Idx0(),
		ArgumentList:     []ast.Expression{e},
		RightParenthesis: e.Idx1(),
	}
}
