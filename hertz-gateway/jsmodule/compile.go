package jsmodule

import (
	"errors"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
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
	syncHooks(tree.Body)
	wrapped := wrapperOf(tree.Body).Body
	own := ownCode(wrapped, sources)
	counts := numbersIn(own)
	guardOperators(reflect.ValueOf(tree.Body))
	guardKeys(reflect.ValueOf(own), counts)
	reached := reachOf(own, counts)
	if reached.names[keyName] {
		// In front, so that the host can end the checks.
		wrapped.List = append([]ast.Statement{endKeys()}, wrapped.List...)
		reached.names[keysName] = true
	}
	inspect(reflect.ValueOf(tree.Body), func(node any) bool {
		if p, ok := node.(*ast.ObjectPattern); ok && p.Rest != nil {
			p.Properties = append([]ast.Property{checkRest(p.LeftBrace)}, p.Properties...)
			reached.names[spreadName], reached.names[rest] = true, true
		}
		return true
	})
	code, err := goja.CompileAST(tree, false)
	return code, reached, err
}

// checkRest makes the property that a pattern with a rest looks at first,
// `[name()]: {} = 1`: what stands under it checks what the rest is taken of. See
// vmRuntime.guardRest.
func checkRest(at file.Idx) ast.Property {
	name := &ast.CallExpression{
		Callee:          &ast.Identifier{Name: unistring.String(spreadName), Idx: at},
		LeftParenthesis: at, RightParenthesis: at,
	}
	return &ast.PropertyKeyed{Key: name, Kind: ast.PropertyKindValue, Computed: true, Value: &ast.AssignExpression{
		Operator: token.ASSIGN,
		Left:     &ast.ObjectPattern{LeftBrace: at, RightBrace: at},
		Right:    &ast.NumberLiteral{Idx: at, Literal: "1", Value: int64(1)},
	}}
}

// guardOperators wraps what operators work on where no built-in function stands
// that could be replaced: the right operand of `<<`, `>>` and `**`, since with
// BigInts a short expression such as `1n << n` would otherwise take all memory,
// and what `{ ...x }` copies, since x may be a text of millions of characters.
func guardOperators(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if t, ok := v.Interface().(*ast.TemplateLiteral); ok && v.CanSet() && t.Tag == nil && len(t.Expressions) > maxTemplate {
			v.Set(reflect.ValueOf(splitTemplate(t)))
		}
		guardOperators(v.Elem())
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		switch n := v.Interface().(type) {
		case *ast.BinaryExpression:
			n.Right = guardOperand(n.Operator, n.Right)
		case *ast.AssignExpression:
			n.Right = guardOperand(n.Operator, n.Right)
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
		eachField(v, guardOperators)
	}
}

// endKeys hands the host a function after which keys are free.
func endKeys() ast.Statement {
	tree, err := goja.Parse(preludeName, keysName+"(() => { "+freeName+" = true })")
	if err != nil {
		panic(err)
	}
	return tree.Body[0]
}

// guardKeys has the keys of x[key] checked that may be names of built-ins, while
// keys are not free.
func guardKeys(v reflect.Value, counts numbers) {
	guard := func(key ast.Expression) ast.Expression {
		if _, ok := key.(*ast.StringLiteral); ok || counts.is(key) || counts.isSymbol(key) {
			return key
		}
		checked := guardCall(keyName, key)
		if !short(key) {
			return checked
		}
		free := &ast.Identifier{Name: unistring.String(freeName), Idx: key.Idx0()}
		return &ast.ConditionalExpression{Test: free, Consequent: key, Alternate: checked}
	}
	switch v.Kind() {
	case reflect.Interface:
		guardKeys(v.Elem(), counts)
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		guardKeys(v.Elem(), counts)
		switch n := v.Interface().(type) {
		case *ast.BracketExpression:
			n.Member = guard(n.Member)
		case *ast.ObjectPattern:
			for _, property := range n.Properties {
				if p, ok := property.(*ast.PropertyKeyed); ok && p.Computed {
					p.Key = guard(p.Key)
				}
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			guardKeys(v.Index(i), counts)
		}
	case reflect.Struct:
		eachField(v, func(field reflect.Value) { guardKeys(field, counts) })
	}
}

// short says whether an expression may well stand in the code twice.
func short(e ast.Expression) bool {
	switch e := e.(type) {
	case *ast.Identifier, *ast.StringLiteral, *ast.NumberLiteral, *ast.ThisExpression:
		return true
	case *ast.DotExpression:
		return short(e.Left)
	case *ast.BracketExpression:
		return short(e.Left) && short(e.Member)
	case *ast.BinaryExpression:
		return short(e.Left) && short(e.Right)
	case *ast.TemplateLiteral:
		return e.Tag == nil && !slices.ContainsFunc(e.Expressions, func(e ast.Expression) bool { return !short(e) })
	}
	return false
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

// guardCall puts a call of one of the host's functions around an expression.
func guardCall(name string, e ast.Expression) ast.Expression {
	return &ast.CallExpression{
		Callee:           &ast.Identifier{Name: unistring.String(name), Idx: e.Idx0()},
		LeftParenthesis:  e.Idx0(),
		ArgumentList:     []ast.Expression{e},
		RightParenthesis: e.Idx1(),
	}
}
