package servicemapping

import (
	"strings"
	"time"

	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping/internal/syntax"
	"dgate/hertz-gateway/transcode"
)

// functionDef is one method as declared: services that extend its service
// share it.
type functionDef struct {
	unit *unit
	decl *syntax.Function
	line int

	args, result *transcode.Type
	statuses     exceptionStatus
	oneway, void bool
	idempotent   bool
	timeout      time.Duration
	modules      []string
	serializer   string
	bindings     []bindingDef
	// failures make the method unusable.
	failures []problem
}

// bindingDef is a verb annotation of a method.
type bindingDef struct {
	verb         string
	template     router.Template
	path         string
	pos          syntax.Pos
	line, column int
}

// route names a binding in diagnostics.
func (b bindingDef) route() string { return b.verb + " " + b.path }

// key is the same for bindings that match the same requests.
func (b bindingDef) key() string { return b.verb + " " + b.template.Key() }

// serviceDef is one service block.
type serviceDef struct {
	unit      *unit
	decl      *syntax.Service
	functions []*functionDef
	registry  string // dgate.service
	timeout   time.Duration
	modules   []string
	problem   *problem // its name cannot be used
}

// resolveFunctions compiles what is written in a unit's service blocks.
func (l *loader) resolveFunctions(u *unit) {
	for _, decl := range u.tree.Services {
		if first := u.services[decl.Name]; first != nil {
			first.problem = u.again(first.decl.Pos, decl.Pos, decl.Name)
			continue
		}
		s := &serviceDef{unit: u, decl: decl}
		u.services[decl.Name] = s
		u.serviceAnnotations(s)
		first := make(map[string]*functionDef, len(decl.Functions))
		for _, f := range decl.Functions {
			def := l.function(u, s, f)
			s.functions = append(s.functions, def)
			other := first[f.Name]
			if other == nil {
				first[f.Name] = def
				continue
			}
			p := u.report(f.Pos, Error, ruleDuplicateMethod, "%s has a method %s already, in line %d: neither can be called", decl.Name, f.Name, other.line)
			def.failures = append(def.failures, p)
			other.failures = append(other.failures, p)
		}
	}
}

func (u *unit) serviceAnnotations(s *serviceDef) {
	u.annotations(onService, s.decl.Annotations)
	for _, a := range s.decl.Annotations {
		switch keyOf(a) {
		case "dgate.service":
			if s.registry = strings.TrimSpace(a.Value); s.registry == "" {
				u.report(a.Pos, Warning, ruleBadValue, "%s wants the name of the service in the registry", a.Key)
			}
		case "dgate.timeout":
			s.timeout = u.duration(a)
		case "dgate.modules":
			s.modules = append(s.modules, u.list(a)...)
		}
	}
}

// duration reads dgate.timeout; what is none counts as not said.
func (u *unit) duration(a syntax.Annotation) time.Duration {
	d, err := time.ParseDuration(strings.TrimSpace(a.Value))
	if err != nil || d <= 0 {
		u.report(a.Pos, Warning, ruleBadDuration, `%s wants a positive duration such as "1.5s", not %q: it is ignored`, a.Key, a.Value)
		return 0
	}
	return d
}

// list reads names between commas.
func (u *unit) list(a syntax.Annotation) []string {
	var names []string
	for part := range strings.SplitSeq(a.Value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			names = append(names, part)
		}
	}
	if len(names) == 0 {
		u.report(a.Pos, Warning, ruleBadValue, "%s names nothing", a.Key)
	}
	return names
}

// function compiles arguments, result and annotations of one method.
func (l *loader) function(u *unit, s *serviceDef, decl *syntax.Function) *functionDef {
	def := &functionDef{
		unit: u, decl: decl,
		oneway: decl.Oneway, void: decl.Result == nil || decl.Oneway,
		statuses: exceptionStatus{},
	}
	def.line, _ = u.tree.Position(decl.Pos)
	l.functionAnnotations(def)

	name := prefixOf(u.path) + "." + s.decl.Name + "." + decl.Name
	def.args = &transcode.Type{Kind: transcode.Struct, Name: name + "_args"}
	def.args.Fields = l.fields(u, def.args, decl.Args, fieldsOf{on: onField})
	for _, f := range def.args.Fields {
		l.resolveDefault(f)
	}

	def.result = &transcode.Type{Kind: transcode.Struct, Name: name + "_result"}
	if decl.Oneway && (decl.Result != nil || len(decl.Throws) > 0) {
		u.report(decl.Pos, Warning, ruleOnewayResult, "a oneway method has no result and throws nothing: what is declared is ignored")
		return def
	}
	throws := l.fields(u, def.result, decl.Throws, fieldsOf{on: onThrows})
	if decl.Result != nil {
		typ, _, p := l.resolveType(u, decl.Result)
		if p != nil {
			u.breaks(def.result, *p)
		}
		def.result.Fields = append(def.result.Fields, &transcode.Field{
			Name: "success", JSON: "success", Type: typ, Requiredness: transcode.Optional,
		})
	}
	for i, f := range throws {
		l.throws(u, def, f, decl.Throws[i])
	}
	def.result.Fields = append(def.result.Fields, throws...)
	return def
}

// throws checks one entry of a throws list and finds its status.
func (l *loader) throws(u *unit, def *functionDef, f *transcode.Field, decl *syntax.Field) {
	if f.Type == nil {
		return // reported by its name
	}
	switch {
	case f.ID == 0:
		u.breaks(def.result, u.report(decl.Pos, Error, ruleFieldID, "the id 0 is that of the result"))
	case f.Type.Kind < transcode.Struct || f.Type.Kind > transcode.Exception:
		u.breaks(def.result, u.report(decl.Type.Pos, Error, ruleNotAnException, "%s is no exception", typeName(f.Type)))
		return
	case f.Type.Kind != transcode.Exception:
		u.report(decl.Type.Pos, Warning, ruleNotAnException, "%s is no exception, but is thrown", f.Type.Name)
	}
	for _, a := range decl.Annotations {
		if keyOf(a) != "api.http_code" {
			continue
		}
		if status, ok := u.status(a); ok {
			def.statuses[f] = status
		}
	}
	if status := l.statuses[f.Type]; status != 0 && def.statuses[f] == 0 {
		def.statuses[f] = status
	}
}

// verbs are the annotations that make a route.
var verbs = map[string]string{
	"api.get":     "GET",
	"api.post":    "POST",
	"api.put":     "PUT",
	"api.delete":  "DELETE",
	"api.patch":   "PATCH",
	"api.head":    "HEAD",
	"api.options": "OPTIONS",
	"api.any":     router.Any,
}

func (l *loader) functionAnnotations(def *functionDef) {
	u := def.unit
	u.annotations(onMethod, def.decl.Annotations)
	taken := map[string]bool{}
	for _, a := range def.decl.Annotations {
		key := keyOf(a)
		if verb := verbs[key]; verb != "" {
			l.binding(def, verb, a, taken)
			continue
		}
		switch key {
		case "api.serializer":
			switch v := strings.ToLower(strings.TrimSpace(a.Value)); v {
			case "json", "form", "thrift":
				def.serializer = v
			default:
				u.report(a.Pos, Warning, ruleBadValue, "%s wants json, form or thrift, not %q: it is ignored", a.Key, a.Value)
			}
		case "streaming.mode":
			if mode := strings.TrimSpace(a.Value); !strings.EqualFold(mode, "unary") {
				p := u.report(a.Pos, Error, ruleStreaming, "streaming methods are not served yet (%s = %q)", a.Key, mode)
				def.failures = append(def.failures, p)
			}
		case "dgate.idempotent":
			switch v := strings.ToLower(strings.TrimSpace(a.Value)); v {
			case "true", "false":
				def.idempotent = v == "true"
			default:
				u.report(a.Pos, Warning, ruleBadValue, "%s wants true or false, not %q: it is ignored", a.Key, a.Value)
			}
		case "dgate.timeout":
			def.timeout = u.duration(a)
		case "dgate.modules":
			def.modules = append(def.modules, u.list(a)...)
		}
	}
}

// binding reads one verb annotation. One that is wrong costs only itself.
func (l *loader) binding(def *functionDef, verb string, a syntax.Annotation, taken map[string]bool) {
	u := def.unit
	b := bindingDef{verb: verb, path: router.Normalize(strings.TrimSpace(a.Value)), pos: a.Pos}
	b.line, b.column = u.tree.Position(a.Pos)
	t, err := router.Parse(b.path)
	if err != nil {
		p := u.report(a.Pos, Error, ruleBadPath, "%s", err.Error())
		u.lost = append(u.lost, finding{problem: p, routes: []string{b.route()}})
		return
	}
	b.template = t
	if taken[b.key()] {
		u.report(a.Pos, Warning, ruleDuplicateRoute, "%s stands on this method already", b.route())
		return
	}
	taken[b.key()] = true
	def.bindings = append(def.bindings, b)
}
