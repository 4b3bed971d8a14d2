package servicemapping

import (
	"maps"
	"math"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"dgate/hertz-gateway/servicemapping/internal/syntax"
	"dgate/hertz-gateway/transcode"
)

// Limits on what one file may be compiled to.
const (
	maxTypeDepth = 64   // containers in containers, typedefs undone
	maxTypeSize  = 1000 // types in one type, typedefs undone
	maxProblems  = 1000 // reported for one file
)

// unit is one file compiled. It is complete and immutable once its load has
// ended; later loads take it over while its digest is the same.
type unit struct {
	*document // path, text, hash, tree, digest; its include lines

	uses     []use
	types    map[string]*typeDef
	consts   map[string]*constDef
	services map[string]*serviceDef

	rules    ruleSet
	checks   map[*transcode.Field][]check // api.vd, vt.*
	asserts  map[*transcode.Type][]check  // vt.* of structs
	statuses map[*transcode.Type]int      // api.http_code of exceptions
	// broken holds what makes a struct-like type or enum unusable.
	broken   map[*transcode.Type][]problem
	problems []problem
	lost     []finding // routes that no method has got
	compiled []*compiledService

	// complete units may be in use by others: of them only the services of a
	// new one are still to be compiled.
	complete bool
}

// use is an include whose symbols the unit can name.
type use struct {
	prefix  string
	unit    *unit
	failure *problem
}

// typeDef is a name that stands for a type.
type typeDef struct {
	unit   *unit
	pos    syntax.Pos
	name   string
	typ    *transcode.Type // struct-likes and enums; typedefs once resolved
	extent extent          // of typ

	alias   *syntax.Typedef // typedefs only
	state   progress
	problem *problem // any use of the name costs
}

type constDef struct {
	unit    *unit
	decl    *syntax.Const
	problem *problem
}

// extent measures a written type with its typedefs undone.
type extent struct {
	depth int // containers in containers
	size  int // all types in it
}

// progress guards recursive resolution.
type progress uint8

const (
	untouched progress = iota
	underway
	finished
)

// report notes a problem of the unit.
func (u *unit) report(pos syntax.Pos, severity Severity, rule, format string, args ...any) problem {
	p := u.at(pos, severity, rule, format, args...)
	u.note(p)
	return p
}

// full tells that no more problems will be listed: hints are in vain.
func (u *unit) full() bool { return len(u.problems) > maxProblems }

func (u *unit) note(p problem) {
	switch n := len(u.problems); {
	case u.complete: // met again from another file; it was noted when the unit was made
	case n < maxProblems:
		u.problems = append(u.problems, p)
	case n == maxProblems:
		u.problems = append(u.problems, problem{
			file: u.path, rule: ruleTooManyProblems, severity: Warning,
			message: "there are more problems in this file than can be listed",
		})
	}
}

// breaks notes a problem that makes t unusable.
func (u *unit) breaks(t *transcode.Type, p problem) {
	if ps := u.broken[t]; len(ps) < maxProblems {
		u.broken[t] = append(ps, p)
	}
}

// compile makes a unit of every document that has a tree. What the previous
// mapping has compiled from the same texts is taken over.
func (l *loader) compile() {
	var fresh []*unit
	for _, d := range l.order {
		if d.tree == nil {
			continue
		}
		if last := l.previous.units[d.path]; last != nil && last.digest == d.digest && l.previous.settings == l.settings {
			d.unit = last
			continue
		}
		d.unit = declare(d)
		fresh = append(fresh, d.unit)
	}
	for _, u := range fresh {
		for _, inc := range u.includes {
			next := use{prefix: inc.prefix, failure: inc.failure}
			if inc.failure == nil {
				next.unit = inc.target.unit
			}
			u.uses = append(u.uses, next)
		}
	}
	for _, u := range fresh {
		l.resolveTypes(u)
	}
	for _, u := range fresh {
		l.resolveConsts(u)
	}
	for _, d := range l.order {
		if d.unit != nil {
			maps.Copy(l.statuses, d.unit.statuses)
		}
	}
	for _, u := range fresh {
		l.resolveFunctions(u)
	}
	for _, d := range l.order {
		if u := d.unit; u != nil {
			maps.Copy(l.rules, u.rules)
			maps.Copy(l.broken, u.broken)
			maps.Copy(l.checks, u.checks)
			maps.Copy(l.asserts, u.asserts)
		}
	}
	for _, u := range fresh {
		u.complete = true
	}
	l.compileAll(fresh)
}

// compileAll compiles the services of units, which need nothing of each other
// any more, side by side: plans are most of the work of a load. The first load
// takes all processors, a reload leaves half of them to the requests.
func (l *loader) compileAll(units []*unit) {
	processors := runtime.GOMAXPROCS(0)
	if len(l.previous.units) > 0 {
		processors = (processors + 1) / 2
	}
	next := make(chan *unit)
	var workers sync.WaitGroup
	for range min(processors, len(units)) {
		workers.Go(func() {
			for u := range next {
				l.compileServices(u)
			}
		})
	}
	for _, u := range units {
		next <- u
	}
	close(next)
	workers.Wait()
}

// declare enters every name of a document; struct-likes and enums get the
// descriptor that will be filled, so that types may be recursive.
func declare(d *document) *unit {
	u := &unit{
		document: d,
		types:    make(map[string]*typeDef, len(d.tree.Structs)+len(d.tree.Enums)+len(d.tree.Typedefs)),
		consts:   make(map[string]*constDef, len(d.tree.Consts)),
		services: make(map[string]*serviceDef, len(d.tree.Services)),
		rules:    ruleSet{},
		checks:   map[*transcode.Field][]check{},
		asserts:  map[*transcode.Type][]check{},
		statuses: map[*transcode.Type]int{},
		broken:   map[*transcode.Type][]problem{},
	}
	for _, s := range d.tree.Structs {
		kind := transcode.Struct
		switch s.Kind {
		case syntax.UnionBlock:
			kind = transcode.Union
		case syntax.ExceptionBlock:
			kind = transcode.Exception
		}
		u.define(&typeDef{pos: s.Pos, name: s.Name, typ: &transcode.Type{Kind: kind}})
	}
	for _, e := range d.tree.Enums {
		u.define(&typeDef{pos: e.Pos, name: e.Name, typ: &transcode.Type{Kind: transcode.Enum}})
	}
	for _, t := range d.tree.Typedefs {
		u.define(&typeDef{pos: t.Pos, name: t.Name, alias: t})
	}
	for _, c := range d.tree.Consts {
		if first := u.consts[c.Name]; first != nil {
			first.problem = u.again(first.decl.Pos, c.Pos, c.Name)
			continue
		}
		u.consts[c.Name] = &constDef{unit: u, decl: c}
	}
	return u
}

func (u *unit) define(d *typeDef) {
	d.unit = u
	if first := u.types[d.name]; first != nil {
		at, other := first.pos, d.pos
		if other < at {
			at, other = other, at
		}
		first.problem = u.again(at, other, d.name)
		return
	}
	if d.typ != nil {
		d.typ.Name = prefixOf(u.path) + "." + d.name
	}
	u.types[d.name] = d
}

// again reports a second definition of a name. Which of them is meant nobody
// knows, so every use costs.
func (u *unit) again(first, second syntax.Pos, name string) *problem {
	line, _ := u.tree.Position(first)
	p := u.report(second, Error, ruleDuplicateDefinition, "%s is defined in line %d already", name, line)
	return &p
}

// resolveTypes fills the descriptors of a unit. Defaults come later: they need
// the types of everything that they mention.
func (l *loader) resolveTypes(u *unit) {
	for _, e := range u.tree.Enums {
		l.resolveEnum(u, e)
	}
	for _, t := range u.tree.Typedefs {
		u.annotations(onTypedef, t.Annotations)
		if d := u.types[t.Name]; d.alias == t {
			l.resolveAlias(d)
		}
	}
	for _, s := range u.tree.Structs {
		d := u.types[s.Name]
		if d.pos != s.Pos {
			continue
		}
		u.structAnnotations(s, d.typ)
		d.typ.Fields = l.fields(u, d.typ, s.Fields, fieldsOf{on: onField, union: s.Kind == syntax.UnionBlock, naming: namingOf(s.Annotations)})
	}
}

func (l *loader) resolveEnum(u *unit, e *syntax.Enum) {
	d := u.types[e.Name]
	if d.pos != e.Pos {
		return
	}
	u.annotations(onEnum, e.Annotations)
	seen := make(map[string]bool, len(e.Values))
	next := int64(0)
	for _, v := range e.Values {
		u.annotations(onEnumValue, v.Annotations)
		if v.Number != "" {
			n, err := parseInt(v.Number)
			if err != nil {
				n = math.MaxInt64
			}
			next = n
		}
		switch {
		case next < math.MinInt32 || next > math.MaxInt32:
			u.breaks(d.typ, u.report(v.Pos, Error, ruleEnumRange, "the number of %s.%s does not fit in 32 bits", e.Name, v.Name))
			next = 0
		case seen[v.Name]:
			u.breaks(d.typ, u.report(v.Pos, Error, ruleDuplicateEnumName, "enum %s has the name %s already", e.Name, v.Name))
		}
		seen[v.Name] = true
		d.typ.Values = append(d.typ.Values, transcode.EnumValue{Name: v.Name, Number: int32(next)})
		next++
	}
}

// parseInt reads the integers of an IDL: decimal, 0x, 0o, and a leading zero
// for octal where it can be (as thriftgo does).
func parseInt(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		return strconv.ParseInt(text, 10, 64)
	}
	return n, nil
}

func (l *loader) resolveAlias(d *typeDef) {
	switch {
	case d.alias == nil || d.state == finished || d.problem != nil:
		return
	case d.state == underway:
		p := d.unit.report(d.pos, Error, ruleTypedefCycle, "typedef %s leads back to itself", d.name)
		d.problem = &p
		return
	}
	d.state = underway
	typ, size, p := l.resolveType(d.unit, d.alias.Type)
	if d.problem == nil {
		d.typ, d.extent, d.problem = typ, size, p
	}
	d.state = finished
}

// baseTypes are the words that name a type by themselves.
var baseTypes = map[string]*transcode.Type{
	"bool":   {Kind: transcode.Bool},
	"byte":   {Kind: transcode.I8},
	"i8":     {Kind: transcode.I8},
	"i16":    {Kind: transcode.I16},
	"i32":    {Kind: transcode.I32},
	"i64":    {Kind: transcode.I64},
	"double": {Kind: transcode.Double},
	"string": {Kind: transcode.String},
	"slist":  {Kind: transcode.String}, // of Apache Thrift's past
	"binary": {Kind: transcode.Binary},
}

var uuidType = &transcode.Type{Kind: transcode.UUID}

// resolveType finds the type that is written at t; nil with a problem.
func (l *loader) resolveType(u *unit, t *syntax.Type) (*transcode.Type, extent, *problem) {
	u.annotations(onType, t.Annotations)
	var kind transcode.Kind
	parts := 1
	switch t.Name {
	case "list":
		kind = transcode.List
	case "set":
		kind = transcode.Set
	case "map":
		kind, parts = transcode.Map, 2
	default:
		if len(t.Args) == 0 {
			return l.namedType(u, t)
		}
		message := strconv.Quote(t.Name+"<…>") + " is no Thrift type"
		if t.Name == "stream" || t.Name == "sink" {
			message += `; streaming methods are marked with streaming.mode = "server"`
		}
		p := u.report(t.Pos, Error, ruleUnknownType, "%s", message)
		return nil, extent{}, &p
	}
	if len(t.Args) != parts {
		p := u.report(t.Pos, Error, ruleBadContainer, "the number of types in the angle brackets of %s is %d, not %d", t.Name, parts, len(t.Args))
		return nil, extent{}, &p
	}
	typ := &transcode.Type{Kind: kind}
	var failure *problem
	whole := extent{size: 1}
	for i, arg := range t.Args {
		part, e, p := l.resolveType(u, arg)
		if p != nil {
			failure = p
			continue
		}
		whole.depth = max(whole.depth, e.depth+1)
		whole.size += e.size
		typ.Elem = part
		if kind == transcode.Map && i == 0 {
			typ.Key = part
		}
	}
	switch {
	case failure != nil:
	case whole.depth > maxTypeDepth || whole.size > maxTypeSize:
		p := u.report(t.Pos, Error, ruleTooDeep, "containers are nested too deep: at most %d in one another, and %d types together", maxTypeDepth, maxTypeSize)
		failure = &p
	}
	if failure != nil {
		return nil, extent{}, failure
	}
	return typ, whole, nil
}

func (l *loader) namedType(u *unit, t *syntax.Type) (*transcode.Type, extent, *problem) {
	scalar := extent{size: 1}
	if base := baseTypes[t.Name]; base != nil {
		return base, scalar, nil
	}
	d, p := u.findType(t.Name, t.Pos)
	switch {
	case p != nil:
		return nil, extent{}, p
	case d == nil && t.Name == "uuid":
		return uuidType, scalar, nil
	case d == nil:
		return nil, extent{}, u.unknown(t.Pos, ruleUnknownType, "type", t.Name, typeNames)
	}
	l.resolveAlias(d)
	switch {
	case d.problem != nil:
		return nil, extent{}, d.problem
	case d.alias == nil:
		return d.typ, scalar, nil
	}
	return d.typ, d.extent, nil
}

func typeNames(u *unit, yield func(string) bool) {
	for name := range u.types {
		if !yield(name) {
			return
		}
	}
	for name := range baseTypes {
		if !yield(name) {
			return
		}
	}
}

// find looks a name up in the unit and, when it is qualified, in the includes
// of that prefix. One that cannot be used is a problem; none at all is nil.
func find[T any](u *unit, name string, pos syntax.Pos, in func(*unit) map[string]*T) (*T, *problem) {
	if d := in(u)[name]; d != nil {
		return d, nil
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return nil, nil
	}
	prefix, local := name[:dot], name[dot+1:]
	var hit *T
	var from *unit
	var failure *problem
	for _, next := range u.uses {
		switch {
		case next.prefix != prefix:
		case next.unit == nil:
			failure = next.failure
		case in(next.unit)[local] == nil || next.unit == from:
		case hit != nil:
			p := u.report(pos, Error, ruleAmbiguousName, "%s may be that of %s or that of %s", name, from.path, next.unit.path)
			return nil, &p
		default:
			hit, from = in(next.unit)[local], next.unit
		}
	}
	if hit != nil {
		return hit, nil
	}
	return nil, failure
}

func (u *unit) findType(name string, pos syntax.Pos) (*typeDef, *problem) {
	return find(u, name, pos, func(u *unit) map[string]*typeDef { return u.types })
}

// unknown reports a name that nothing bears, with the nearest one that
// something does.
func (u *unit) unknown(pos syntax.Pos, rule, what, name string, words func(u *unit, yield func(string) bool)) *problem {
	prefix, local := "", name
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		prefix, local = name[:dot], name[dot+1:]
	}
	message := "unknown " + what + " " + strconv.Quote(name)
	if u.full() {
		p := u.at(pos, Error, rule, "%s", message)
		return &p
	}
	if prefix == "" {
		message += hint(name, func(yield func(string) bool) { words(u, yield) })
	} else {
		included := false
		var prefixes []string
		for _, next := range u.uses {
			prefixes = append(prefixes, next.prefix)
			if next.prefix != prefix || next.unit == nil {
				continue
			}
			included = true
			if best := nearest(local, func(yield func(string) bool) { words(next.unit, yield) }); best != "" {
				message += "; did you mean " + strconv.Quote(prefix+"."+best) + "?"
				break
			}
		}
		if !included {
			message += ": no include is called " + strconv.Quote(prefix) + hint(prefix, func(yield func(string) bool) {
				for _, p := range prefixes {
					if !yield(p) {
						return
					}
				}
			})
		}
	}
	p := u.report(pos, Error, rule, "%s", message)
	return &p
}
