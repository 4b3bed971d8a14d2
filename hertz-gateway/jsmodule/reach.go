package jsmodule

import (
	"reflect"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
)

// reach is what the code of a program can lay hands on. A runtime gets only
// the guards that its programs can reach: making all of them takes longer than
// most hooks run. Text cannot become code at run time, so the names that stand
// in the code are all that it can ask for, unless it computes them.
type reach struct {
	names map[string]bool
	// computed is set when the code reads properties under names that it
	// makes up at run time, or in other ways that cannot be followed.
	computed bool
}

// reflective are names that lead to properties without naming them.
var reflective = []string{"Reflect", "getOwnPropertyDescriptor", "getOwnPropertyDescriptors", "globalThis"}

// scripted are the globals that the host makes in JavaScript, which reaches
// whatever it likes.
var scripted = append([]string{"Buffer"}, webGlobals...)

// helpers are the functions that esbuild may put in front of a bundle. They
// are ours to trust, as long as no module knows them by name.
var helpers = []string{
	"__create", "__defProp", "__getOwnPropDesc", "__getOwnPropNames", "__getProtoOf", "__hasOwnProp",
	"__commonJS", "__esm", "__export", "__copyProps", "__reExport", "__toESM", "__toCommonJS",
}

// reachOf reads the code of a bundle, which is one function. sources are the
// texts that went into it.
func reachOf(script []ast.Statement, sources []string) *reach {
	r := &reach{names: map[string]bool{}}
	trusted := !slices.ContainsFunc(helpers, func(name string) bool {
		return slices.ContainsFunc(sources, func(text string) bool { return strings.Contains(text, name) })
	})
	for _, statement := range bodyOf(script) {
		if trusted && isHelper(statement) {
			continue
		}
		r.walk(reflect.ValueOf(statement))
	}
	return r
}

// bodyOf gives the statements of the function around a bundle.
func bodyOf(script []ast.Statement) []ast.Statement {
	if len(script) == 1 {
		if e, ok := script[0].(*ast.ExpressionStatement); ok {
			if f, ok := e.Expression.(*ast.FunctionLiteral); ok {
				return f.Body.List
			}
		}
	}
	return script
}

// isHelper recognises `var __copyProps = …`.
func isHelper(s ast.Statement) bool {
	v, ok := s.(*ast.VariableStatement)
	if !ok || len(v.List) != 1 {
		return false
	}
	name, ok := v.List[0].Target.(*ast.Identifier)
	return ok && slices.Contains(helpers, name.Name.String())
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
		case *ast.PropertyKeyed:
			if n.Computed {
				r.key(n.Key)
			} else {
				r.mention(n.Key)
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
		if v.Type().PkgPath() != astPackage {
			return
		}
		if n, ok := v.Interface().(ast.Identifier); ok {
			r.name(n.Name.String())
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "DeclarationList" {
				r.walk(v.Field(i))
			}
		}
	}
}

func (r *reach) name(name string) {
	r.names[name] = true
	if slices.Contains(reflective, name) || slices.Contains(scripted, name) {
		r.computed = true
	}
}

// mention notes a key that stands in the code.
func (r *reach) mention(key ast.Expression) {
	if s, ok := key.(*ast.StringLiteral); ok {
		r.name(s.Value.String())
	}
}

// key notes a key in brackets. Those of Symbol are followed by name.
func (r *reach) key(key ast.Expression) {
	switch k := key.(type) {
	case *ast.StringLiteral:
		r.name(k.Value.String())
	case *ast.NumberLiteral:
	case *ast.DotExpression:
		if of, ok := k.Left.(*ast.Identifier); !ok || of.Name != "Symbol" {
			r.computed = true
		}
	default:
		r.computed = true
	}
}

// reaches says whether a program of the runtime can lay hands on one of the
// names.
func (rt *vmRuntime) reaches(names ...string) bool {
	return slices.ContainsFunc(rt.programs, func(p *Program) bool {
		return p.reach.computed || slices.ContainsFunc(names, func(name string) bool { return p.reach.names[name] })
	})
}
