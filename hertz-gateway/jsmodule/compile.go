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
	guardBigInts(reflect.ValueOf(tree.Body))
	reached := reachOf(tree.Body, sources)
	code, err := goja.CompileAST(tree, false)
	return code, reached, err
}

// guardBigInts wraps the right operand of `<<`, `>>` and `**`: with BigInts a
// short expression such as `1n << n` would otherwise take all memory, and no
// built-in function stands there that could be replaced.
func guardBigInts(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		switch n := v.Interface().(type) {
		case *ast.BinaryExpression:
			n.Right = guardOperand(n.Operator, n.Right)
		case *ast.AssignExpression:
			n.Right = guardOperand(n.Operator, n.Right)
		}
		guardBigInts(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			guardBigInts(v.Index(i))
		}
	case reflect.Struct:
		if v.Type().PkgPath() != astPackage {
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "DeclarationList" {
				guardBigInts(v.Field(i))
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
	return &ast.CallExpression{
		Callee:           &ast.Identifier{Name: unistring.String(guard), Idx: right.Idx0()},
		LeftParenthesis:  right.Idx0(),
		ArgumentList:     []ast.Expression{right},
		RightParenthesis: right.Idx1(),
	}
}
