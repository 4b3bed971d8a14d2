package jsmodule

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// reach is what the code of a program can lay hands on. A runtime gets only
// the functions that its programs can reach: making all of them takes longer
// than most hooks run. Text cannot become code at run time, so the names that
// stand in the code are all that it can ask for, unless it computes them.
type reach struct {
	names map[string]bool
	// computed is set when the code reads properties under names that it
	// makes up at run time, or in other ways that cannot be followed.
	computed bool
	// iterates is set when it has syntax that walks a value in one go: [...x].
	iterates bool
	// regexps is set when it has regular expressions in slashes.
	regexps bool
	// async is set when it has async functions.
	async bool
	// How the code uses the members of ctx that can be called: by themselves, to
	// get at their members, or called on the spot.
	values, based, called map[string]bool

	numbers numbers
}

// callables are the members of ctx that are functions as well, which return
// themselves. Where no program can call them, or programs do nothing else, they
// are plain objects, which are made in a tenth of the time.
var callables = []string{"request", "response", "upstream", "route", "service", "namespace"}

// reflective are names that lead to properties without naming them.
var reflective = []string{"Reflect", "getOwnPropertyDescriptor", "getOwnPropertyDescriptors", "globalThis"}

// helpers are the functions that esbuild may put in front of a bundle. They
// are ours to trust, as long as no module knows them by name.
var helpers = []string{
	"__create", "__defProp", "__getOwnPropDesc", "__getOwnPropNames", "__getProtoOf", "__hasOwnProp",
	"__commonJS", "__esm", "__export", "__copyProps", "__reExport", "__toESM", "__toCommonJS",
}

// reachOf reads the code of a bundle, which is one function. sources are the
// texts that went into it.
func reachOf(script []ast.Statement, n numbers) *reach {
	r := newReach()
	r.numbers = n
	r.walk(reflect.ValueOf(script))
	r.numbers = nil
	return r
}

func newReach() *reach {
	return &reach{names: map[string]bool{}, values: map[string]bool{}, based: map[string]bool{}, called: map[string]bool{}}
}

// unite gives what several programs reach together.
func unite(programs []*Program) *reach {
	if len(programs) == 1 {
		return programs[0].reach
	}
	all := newReach()
	for _, p := range programs {
		maps.Copy(all.names, p.reach.names)
		maps.Copy(all.values, p.reach.values)
		maps.Copy(all.based, p.reach.based)
		maps.Copy(all.called, p.reach.called)
		all.computed = all.computed || p.reach.computed
		all.iterates = all.iterates || p.reach.iterates
		all.async = all.async || p.reach.async
		all.regexps = all.regexps || p.reach.regexps
	}
	return all
}

// ownCode leaves out the helpers of the bundler.
func ownCode(body *ast.BlockStatement, sources []string) []ast.Statement {
	if slices.ContainsFunc(helpers, func(name string) bool {
		return slices.ContainsFunc(sources, func(text string) bool { return strings.Contains(text, name) })
	}) {
		return body.List
	}
	linkBuiltins(body)
	var code []ast.Statement
	for _, statement := range body.List {
		if _, ok := helperOf(statement); !ok {
			code = append(code, statement)
		}
	}
	return code
}

// wrapperOf gives the function around a bundle.
func wrapperOf(script []ast.Statement) *ast.FunctionLiteral {
	if len(script) == 1 {
		if e, ok := script[0].(*ast.ExpressionStatement); ok {
			if f, ok := e.Expression.(*ast.FunctionLiteral); ok {
				return f
			}
		}
	}
	return &ast.FunctionLiteral{Body: &ast.BlockStatement{List: script}}
}

// helperOf recognises `var __copyProps = …`.
func helperOf(s ast.Statement) (name string, ok bool) {
	v, ok := s.(*ast.VariableStatement)
	if !ok || len(v.List) != 1 {
		return "", false
	}
	target, ok := v.List[0].Target.(*ast.Identifier)
	if !ok || !slices.Contains(helpers, target.Name.String()) {
		return "", false
	}
	return target.Name.String(), true
}

func (r *reach) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		switch n := v.Interface().(type) {
		case *ast.BracketExpression:
			r.key(n.Member)
			if r.member(n.Left) {
				r.walk(reflect.ValueOf(n.Member))
				return
			}
		case *ast.DotExpression:
			if r.member(n.Left) {
				r.name(n.Identifier.Name.String())
				return
			}
		case *ast.BinaryExpression:
			if n.Operator == token.IN {
				r.key(n.Left)
			}
		case *ast.FunctionLiteral:
			r.async = r.async || n.Async
		case *ast.ArrowFunctionLiteral:
			r.async = r.async || n.Async
		case *ast.RegExpLiteral:
			r.regexps = true
		case *ast.ArrayPattern:
			r.iterates = true
		case *ast.YieldExpression:
			r.iterates = r.iterates || n.Delegate
		case *ast.ArrayLiteral:
			r.spread(n.Value)
		case *ast.CallExpression:
			r.spread(n.ArgumentList)
			if name := callableMember(n.Callee); name != "" && len(n.ArgumentList) == 0 {
				r.names[name], r.called[name] = true, true
				r.walk(reflect.ValueOf(n.Callee.(*ast.DotExpression).Left))
				return
			}
			if again, ok := n.Callee.(*ast.CallExpression); ok { // ctx.request()()
				if name := callableMember(again.Callee); name != "" {
					r.values[name] = true
				}
			}
		case *ast.NewExpression:
			r.spread(n.ArgumentList)
		case *ast.StringLiteral:
			r.name(n.Value.String())
		case *ast.PropertyKeyed:
			if n.Computed {
				r.key(n.Key)
			}
		case *ast.MethodDefinition:
			// Definitions read nothing, and every class has a constructor.
			r.walk(reflect.ValueOf(n.Body))
			if n.Computed {
				r.walk(reflect.ValueOf(n.Key))
			}
			return
		case *ast.WithStatement:
			r.computed = true
		}
		r.walk(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			r.walk(v.Index(i))
		}
	case reflect.Struct:
		if n, ok := v.Interface().(ast.Identifier); ok {
			r.name(n.Name.String())
			return
		}
		eachField(v, r.walk)
	}
}

func (r *reach) spread(items []ast.Expression) {
	for _, item := range items {
		if _, ok := item.(*ast.SpreadElement); ok {
			r.iterates = true
		}
	}
}

// member notes what stands before a dot: `ctx.request` in `ctx.request.path`,
// which is not used by itself. It returns false when it is something else.
func (r *reach) member(left ast.Expression) bool {
	if o, ok := left.(*ast.Optional); ok {
		left = o.Expression
	}
	name := callableMember(left)
	if name == "" {
		return false
	}
	r.names[name], r.based[name] = true, true
	r.walk(reflect.ValueOf(left.(*ast.DotExpression).Left))
	return true
}

// callableMember gives the name of `ctx.request` and the like, or nothing.
func callableMember(e ast.Expression) string {
	if d, ok := e.(*ast.DotExpression); ok && slices.Contains(callables, d.Identifier.Name.String()) {
		return d.Identifier.Name.String()
	}
	return ""
}

func (r *reach) name(name string) {
	r.names[name] = true
	if slices.Contains(callables, name) {
		r.values[name] = true
	}
	if slices.Contains(reflective, name) {
		r.computed = true
	}
}

// key notes a key in brackets. Those of Symbol are followed by name.
func (r *reach) key(key ast.Expression) {
	if k, ok := key.(*ast.StringLiteral); ok {
		r.name(k.Value.String())
	} else if !r.numbers.is(key) && !r.numbers.isSymbol(key) {
		r.computed = true
	}
}

// reaches says whether a program of the runtime can lay hands on one of the
// names.
func (rt *vmRuntime) reaches(names ...string) bool {
	r := rt.plan.reach
	return r.computed || slices.ContainsFunc(names, func(name string) bool { return r.names[name] })
}

// usesRegexps says whether a program can use regular expressions.
func (rt *vmRuntime) usesRegexps() bool {
	return rt.plan.regexps || rt.reaches("RegExp", "match", "matchAll", "search")
}

// callsValue says whether a program may call the value of a member of ctx.
func (rt *vmRuntime) callsValue(name string) bool {
	r := rt.plan.reach
	return r.computed || r.values[name] || r.called[name] && r.based[name]
}

// onlyCalls says whether programs do nothing with a member of ctx but call it.
func (rt *vmRuntime) onlyCalls(name string) bool {
	return !rt.callsValue(name) && rt.plan.called[name]
}
