package openapi

import (
	"fmt"
	"strings"

	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/servicemapping"
)

// Info is what a document says of itself.
type Info struct {
	Title   string   // "API" if empty
	Version string   // "0" if empty
	Servers []string // URLs; none: "/", where the document comes from
}

// Warning is something that the document or the declarations leave out.
type Warning struct {
	File    string // as in servicemapping.Diagnostic
	Line    int    // 1-based
	Message string
}

func (w Warning) String() string { return fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.Message) }

// verbs in the order of the OpenAPI specification.
var verbs = []string{"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH"}

// Generate writes the OpenAPI 3.1 document of the routes of a mapping, as
// indented JSON: an operation for each verb of each binding, in the order of
// the IDLs. The same mapping gives the same bytes.
func Generate(m *servicemapping.Mapping, info Info) ([]byte, []Warning) {
	notes := m.Notes()
	g := &generator{
		mapping: m, notes: notes, model: newModel(m, notes),
		paths: map[string]*pathItem{}, ids: allocator{},
	}
	g.model.constraints = true
	g.collect()
	g.model.classify()
	g.model.nameClasses(allocator{"Problem": true})
	return encode(g.document(info)), g.warnings
}

// generator makes one document.
type generator struct {
	mapping  *servicemapping.Mapping
	notes    *servicemapping.Notes
	model    *model
	paths    map[string]*pathItem // by pathTemplate.key
	order    []*pathItem
	ids      allocator
	warnings []Warning
}

// pathItem is one path of the document.
type pathItem struct {
	template   pathTemplate
	operations map[string]*operation // by verb
}

func (g *generator) warn(file string, line int, format string, args ...any) {
	g.warnings = append(g.warnings, Warning{file, line, fmt.Sprintf(format, args...)})
}

// collect finds the operations. On one path an exact verb goes before ANY.
func (g *generator) collect() {
	for _, wild := range []bool{false, true} {
		for b := range g.mapping.Bindings() {
			if wild != (b.Verb == router.Any) {
				g.place(b) // keeps the order of paths
				continue
			}
			item, template := g.place(b)
			if item == nil {
				continue
			}
			if !wild {
				g.add(item, template, b, b.Verb)
				continue
			}
			for _, verb := range verbs {
				if other := item.operations[verb]; other == nil || other.template.route != template.route {
					g.add(item, template, b, verb)
				}
			}
		}
	}
}

// place finds the path of a binding in the document, or adds it.
func (g *generator) place(b *servicemapping.Binding) (*pathItem, pathTemplate) {
	t, err := newPathTemplate(b.Path)
	if err != nil {
		return nil, t // the mapping has only paths that can be read
	}
	item := g.paths[t.key]
	if item == nil {
		item = &pathItem{template: t, operations: map[string]*operation{}}
		g.paths[t.key] = item
		g.order = append(g.order, item)
	}
	t.rename(item.template)
	return item, t
}

// add adds an operation. OpenAPI cannot tell /a/:id from /a/*rest or
// /a/{id:[0-9]+}: the first one stays.
func (g *generator) add(item *pathItem, t pathTemplate, b *servicemapping.Binding, verb string) {
	if other := item.operations[verb]; other != nil {
		g.warn(b.Method.File, b.Line, "%s %s of %s is left out: OpenAPI cannot tell it from %s of %s",
			verb, b.Path, methodName(b.Method), other.binding.Path, methodName(other.binding.Method))
		return
	}
	item.operations[verb] = g.newOperation(b, verb, t)
}

func methodName(m *servicemapping.Method) string { return m.Service.Name + "." + m.Name }

func (g *generator) document(info Info) *object {
	if info.Title == "" {
		info.Title = "API"
	}
	if info.Version == "" {
		info.Version = "0"
	}
	if len(info.Servers) == 0 {
		info.Servers = []string{"/"}
	}
	paths := &object{}
	used := map[string]bool{}
	tags := &tagList{notes: g.notes, seen: map[string]bool{}}
	for _, item := range g.order {
		o := &object{}
		for _, verb := range verbs {
			if op := item.operations[verb]; op != nil {
				o.set(strings.ToLower(verb), g.operation(op, used))
				tags.add(op)
			}
		}
		if len(o.members) > 0 {
			paths.set(item.template.text, o)
		}
	}
	doc := obj(
		"openapi", "3.1.0",
		"jsonSchemaDialect", "https://spec.openapis.org/oas/3.1/dialect/base",
		"info", obj("title", info.Title, "version", info.Version),
		"servers", servers(info.Servers),
	)
	if len(tags.list) > 0 {
		doc.set("tags", tags.list)
	}
	doc.set("paths", paths)
	all := make([]*object, len(g.model.classes))
	for i, c := range g.model.classes {
		all[i] = g.model.component(c)
	}
	schemas := &object{}
	for i, c := range g.model.classes {
		if c.named { // not an enum that is only the key of a map
			schemas.set(c.name, all[i])
		}
	}
	schemas.set("Problem", problemSchema())
	components := obj("schemas", schemas)
	if len(used) > 0 {
		responses := &object{}
		for _, r := range problems {
			if used[r.name] {
				responses.set(r.name, r.response())
			}
		}
		components.set("responses", responses)
	}
	doc.set("components", components)
	return doc
}

// tagList are the tags of a document in the order of their first use. A tag
// that is the name of a service has its comment.
type tagList struct {
	notes *servicemapping.Notes
	seen  map[string]bool
	list  []any
}

func (l *tagList) add(op *operation) {
	for _, tag := range op.note.Tags {
		if l.seen[tag] {
			continue
		}
		l.seen[tag] = true
		o := obj("name", tag)
		if tag == op.binding.Method.Service.Name {
			o.setText("description", l.notes.Service(op.binding.Method.Service))
		}
		l.list = append(l.list, o)
	}
}

// servers are Server Objects. A host without a scheme is one of HTTP.
func servers(urls []string) []any {
	var out []any
	for _, u := range urls {
		if !strings.Contains(u, "://") && !strings.HasPrefix(u, "/") {
			u = "http://" + u
		}
		out = append(out, obj("url", u))
	}
	return out
}

// annotate merges openapi.operation.
func (g *generator) annotate(o *object, op *operation) {
	b := op.binding
	for _, text := range op.note.Operations {
		from, err := parseOperation(text)
		if err != nil {
			g.warn(b.Method.File, b.Line, "openapi.operation of %s cannot be read: %s", methodName(b.Method), err)
			continue
		}
		if err := mergeOperation(o, from); err != nil {
			g.warn(b.Method.File, b.Line, "openapi.operation of %s: %s", methodName(b.Method), oneLine(err))
		}
	}
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
