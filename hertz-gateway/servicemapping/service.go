package servicemapping

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"dgate/hertz-gateway/servicemapping/internal/syntax"
	"dgate/hertz-gateway/servicemapping/internal/validate"
	"dgate/hertz-gateway/transcode"
)

// Limits on what the methods of one file may be compiled to.
const (
	maxMethodFields = 20_000    // fields that one method reaches
	maxMethodPaths  = 1 << 16   // fields on different paths of structs in structs; transcode has the same limit
	maxUnitFields   = 2_000_000 // both, of all methods of a file together
)

// compiledService is a service compiled by itself: before it is known which of
// its routes others claim, and whether its registry name is its own.
type compiledService struct {
	service  *Service
	def      *serviceDef
	claims   []claim
	findings []finding
}

// claim is a binding that wants its verb and path.
type claim struct {
	binding  *Binding
	key      string // verb and template, names of parameters left out
	column   int
	declared bool // by the service that the method was written in
	owner    *compiledService
}

// compileServices compiles the services of a unit.
func (l *loader) compileServices(u *unit) {
	if len(u.tree.Services) == 0 {
		return
	}
	sources, ok := u.sources()
	if !ok {
		p := problem{file: u.path, rule: ruleTooManyIncludes, message: fmt.Sprintf("this file includes more than %d others: its services are not served", maxIncludes)}
		u.lost = append(u.lost, finding{problem: p})
		return
	}
	budget := maxUnitFields
	for _, decl := range u.tree.Services {
		if def := u.services[decl.Name]; def.decl == decl {
			u.compiled = append(u.compiled, l.compileService(def, sources, &budget))
		}
	}
}

func (l *loader) compileService(def *serviceDef, sources *Sources, budget *int) *compiledService {
	u := def.unit
	line, _ := u.tree.Position(def.decl.Pos)
	s := &Service{
		Name: def.decl.Name, File: u.path, Line: line,
		Registry: def.registry, Timeout: def.timeout, Modules: def.modules,
		Sources: sources,
	}
	if s.Registry == "" {
		s.Registry = prefixOf(u.path)
	}
	c := &compiledService{service: s, def: def}
	s.Digest = digestOf(u, s, l.settings, nil)
	seen := map[string]bool{}
	for d := range l.lineage(c) {
		for _, f := range d.functions {
			if seen[f.decl.Name] {
				if d != def {
					c.report(f.unit.at(f.decl.Pos, Warning, ruleRedefinedMethod,
						"%s.%s is hidden in %s by a method of that name nearer to it", d.decl.Name, f.decl.Name, s.Name))
				}
				continue
			}
			l.compileMethod(c, d, f, budget)
		}
		for _, f := range d.functions {
			seen[f.decl.Name] = true
		}
	}
	return c
}

func (c *compiledService) report(p problem, routes ...string) {
	c.findings = append(c.findings, finding{problem: p, routes: routes})
}

// reporter gives plans a way to warn about a field, or about what stands at pos.
func (c *compiledService) reporter(u *unit, pos syntax.Pos) func(f *fieldRules, rule, message string) {
	return func(f *fieldRules, rule, message string) {
		p := u.at(pos, Warning, rule, "%s", message)
		if f != nil {
			p.file, p.line, p.column = f.file, f.line, f.column
		}
		c.report(p)
	}
}

// lineage yields a service and those that it extends, nearest first. Where the
// chain breaks is reported; what is nearer still serves.
func (l *loader) lineage(c *compiledService) func(yield func(*serviceDef) bool) {
	return func(yield func(*serviceDef) bool) {
		seen := map[*serviceDef]bool{}
		names := []string{}
		for d := c.def; ; {
			seen[d] = true
			names = append(names, d.decl.Name)
			if !yield(d) || d.decl.Extends == "" {
				return
			}
			pos := d.decl.ExtendsPos
			next, p := find(d.unit, d.decl.Extends, pos, func(u *unit) map[string]*serviceDef { return u.services })
			switch {
			case p != nil:
				c.report(*p)
				return
			case next == nil:
				c.report(*d.unit.unknown(pos, ruleUnknownService, "service", d.decl.Extends, serviceNames))
				return
			case next.problem != nil:
				c.report(*next.problem)
				return
			case seen[next]:
				c.report(d.unit.at(pos, Error, ruleExtendsCycle, "circular extends: %s", strings.Join(append(names, next.decl.Name), " → ")))
				return
			}
			d = next
		}
	}
}

func serviceNames(u *unit, yield func(string) bool) {
	for name := range u.services {
		if !yield(name) {
			return
		}
	}
}

// compileMethod adds a method to a service, or reports why not and what that costs.
func (l *loader) compileMethod(c *compiledService, d *serviceDef, f *functionDef, budget *int) {
	s := c.service
	cost := []string{s.Name + "." + f.decl.Name}
	for _, b := range f.bindings {
		cost = append(cost, b.route())
	}
	// A panic here would take down a gateway that only meant to reload.
	defer func() {
		if r := recover(); r != nil {
			c.report(f.unit.at(f.decl.Pos, Error, ruleInternal, "compiling %s failed: %v", f.decl.Name, r), cost...)
		}
	}()
	met, check, problems := l.checkMethod(f, budget)
	lost := false
	for _, p := range problems {
		if p.severity == Warning {
			c.report(p)
			continue
		}
		c.report(p, cost...)
		lost = true
	}
	if lost {
		return
	}
	m := &Method{
		Service: s, DeclaredIn: d.decl.Name,
		Name: f.decl.Name, File: f.unit.path, Line: f.line,
		Args: f.args, Result: f.result,
		Oneway: f.oneway, Void: f.void,
		Idempotent: f.idempotent, Timeout: cmp.Or(f.timeout, s.Timeout),
		Modules: slices.Concat(s.Modules, f.modules),
	}
	in := planInput{
		method: m, serializer: f.serializer, rules: met.rules, statuses: f.statuses,
		settings: l.settings, validator: check, report: c.reporter(f.unit, f.decl.Pos),
	}
	var err error
	if m.Generic, err = newPlan(in); err != nil {
		c.report(f.unit.at(f.decl.Pos, Error, ruleBadMethod, "%s", err.Error()), cost...)
		return
	}
	var claims []claim
	for _, b := range f.bindings {
		in.binding = &Binding{Method: m, Verb: b.verb, Path: b.path, Line: b.line}
		in.report = c.reporter(f.unit, b.pos)
		if in.binding.Plan, err = newPlan(in); err != nil {
			c.report(f.unit.at(b.pos, Error, ruleBadBinding, "%s", err.Error()), b.route())
			continue
		}
		m.Bindings = append(m.Bindings, in.binding)
		claims = append(claims, claim{
			binding: in.binding, key: b.key(), column: b.column, declared: d == c.def, owner: c,
		})
	}
	s.Methods = append(s.Methods, m)
	c.claims = append(c.claims, claims...)
}

// checkMethod finds out whether a method can be compiled: what is wrong with
// what it reaches, whether that is too much, and its validation.
func (l *loader) checkMethod(f *functionDef, budget *int) (reached, validator, []problem) {
	tooComplex := func() []problem {
		return []problem{f.unit.at(f.decl.Pos, Error, ruleTooComplex,
			"the types that %s reaches, or those of all methods of the file together, have too many fields", f.decl.Name)}
	}
	if *budget < 0 {
		return reached{}, nil, tooComplex()
	}
	met := l.reach(f.args, f.result)
	if failures := slices.Concat(f.failures, met.problems); len(failures) > 0 {
		return met, nil, failures
	}
	if *budget -= met.fields; met.fields > maxMethodFields || *budget < 0 {
		return met, nil, tooComplex()
	}
	paths := countPaths(min(*budget, maxMethodPaths)+1, f.args, f.result)
	if *budget -= paths; paths > maxMethodPaths || *budget < 0 {
		return met, nil, tooComplex()
	}
	if !met.checked {
		return met, nil, nil
	}
	check, failures := l.validator(f.args)
	return met, check, failures
}

// reached is what types lead to.
type reached struct {
	fields   int
	checked  bool // there are validation rules
	rules    ruleSet
	problems []problem
}

// reach walks over all that types lead to.
func (l *loader) reach(roots ...*transcode.Type) reached {
	const enough = 20 // problems that one method names
	r := reached{rules: ruleSet{}}
	seen := map[*transcode.Type]bool{}
	for stack := roots; len(stack) > 0 && r.fields <= maxMethodFields; {
		t := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if t == nil || seen[t] {
			continue
		}
		seen[t] = true
		for _, p := range l.broken[t] {
			if len(r.problems) < enough && !slices.Contains(r.problems, p) {
				r.problems = append(r.problems, p)
			}
		}
		stack = append(stack, t.Key, t.Elem)
		r.fields += len(t.Fields)
		r.checked = r.checked || len(l.asserts[t]) > 0
		for _, f := range t.Fields {
			stack = append(stack, f.Type)
			r.checked = r.checked || len(l.checks[f]) > 0
			if rules := l.rules[f]; rules != nil {
				r.rules[f] = rules
			}
		}
	}
	return r
}

// countPaths counts the fields on all paths of structs in structs, each path
// until it meets a struct again; it stops at limit.
func countPaths(limit int, roots ...*transcode.Type) int {
	n := 0
	on := map[*transcode.Type]bool{}
	var walk func(t *transcode.Type)
	walk = func(t *transcode.Type) {
		if on[t] {
			return
		}
		on[t] = true
		for _, f := range t.Fields {
			if n++; n >= limit {
				break
			}
			if isStruct(f.Type) {
				walk(f.Type)
			}
		}
		delete(on, t)
	}
	for _, t := range roots {
		walk(t)
	}
	return n
}

// validator compiles the rules of a method's arguments. A rule that is wrong
// takes its method with it: nobody wants a route without its validation.
func (l *loader) validator(args *transcode.Type) (validator, []problem) {
	program, faults := validate.Compile(args,
		func(f *transcode.Field) []validate.Annotation { return annotationsOf(l.checks[f]) },
		func(t *transcode.Type) []validate.Annotation { return annotationsOf(l.asserts[t]) })
	var problems []problem
	for _, f := range faults {
		checks := l.checks[f.Field]
		if f.Field == nil {
			checks = l.asserts[f.Type]
		}
		for _, c := range checks {
			if strings.EqualFold(c.Key, f.Key) {
				p := c.at
				p.message = f.Key + ": " + f.Message
				if f.Harmless {
					p.severity = Warning
				}
				problems = append(problems, p)
				break
			}
		}
	}
	if program == nil {
		return nil, problems
	}
	return program, problems
}

func annotationsOf(checks []check) []validate.Annotation {
	as := make([]validate.Annotation, len(checks))
	for i, c := range checks {
		as[i] = c.Annotation
	}
	return as
}

// digestOf covers what a service is compiled from and what becomes of it among
// the others.
func digestOf(u *unit, s *Service, settings Settings, lost []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%x %q %q %+v %q", u.digest, s.Name, s.Registry, settings, lost)
	return hex.EncodeToString(h.Sum(nil))
}
