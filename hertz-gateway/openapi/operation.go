package openapi

import (
	"slices"
	"strings"

	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// operation is one verb of one binding.
type operation struct {
	binding  *servicemapping.Binding
	verb     string
	template pathTemplate
	note     servicemapping.MethodNote
	way      *servicemapping.Description

	parameters []*parameter
	body       *value // of JSON and forms; nil: no members
	files      []fileField
	success    *value // nil: no JSON
	outside    []outsideField
	exceptions []*value
}

// parameter is a parameter of the document.
type parameter struct {
	servicemapping.Parameter
	value *value // nil: a parameter of the path that no field reads
	path  pathParam
}

// fileField is a field that a file of a multipart form fills.
type fileField struct {
	name     string
	field    *transcode.Field
	required bool
}

// outsideField is a field of the answer that leaves the JSON.
type outsideField struct {
	place servicemapping.Place
	field *transcode.Field
	value *value
}

// newOperation registers the shapes of an operation.
func (g *generator) newOperation(b *servicemapping.Binding, verb string, t pathTemplate) *operation {
	op := &operation{
		binding: b, verb: verb, template: t,
		note: g.notes.Method(b.Method),
		way:  b.Plan.Describe(verb),
	}
	if len(op.note.Tags) == 0 {
		op.note.Tags = []string{b.Method.Service.Name}
	}
	places := presences(op.way.Places)
	if body := op.way.Body; body != nil {
		if body.Members {
			op.body = g.model.valueOf(body.Declared, body.Type, false, request, places)
		}
		op.addFiles(body.Declared, body.Type, nil)
	}
	g.addParameters(op, places)
	if a := op.way.Success; a != nil {
		left := placing{}
		for f := range a.Places {
			left[f] = elsewhere
		}
		if !a.Raw {
			op.success = g.model.valueOf(a.Declared, a.Type, false, answer, left)
		}
		g.addOutside(op, a.Declared, a.Type, a.Places, nil)
	}
	for _, e := range op.way.Exceptions {
		left := placing{}
		if e.StatusField != nil {
			left[e.StatusField] = elsewhere
		}
		op.exceptions = append(op.exceptions, g.model.valueOf(e.Declared, e.Type, false, answer, left))
	}
	return op
}

// presences says which fields are members of the body.
func presences(places map[*transcode.Field][]servicemapping.Place) placing {
	out := make(placing, len(places))
	for f, ps := range places {
		out[f] = elsewhere
		for _, p := range ps {
			if p.In == servicemapping.InBody || p.In == servicemapping.InForm {
				out[f] = one
			}
		}
	}
	return out
}

// addFiles finds the fields that files of a form fill, in the order of the IDL.
func (op *operation) addFiles(declared, view *transcode.Type, path []*transcode.Type) {
	if !isStruct(view) || slices.Contains(path, view) {
		return
	}
	path = append(path, view)
	for i, f := range view.Fields {
		places := op.way.Places[f]
		for _, pl := range places {
			if pl.In == servicemapping.InFile {
				op.files = append(op.files, fileField{pl.Name, declared.Fields[i], len(path) == 1 && len(places) == 1 && f.Requiredness == transcode.Required})
			}
		}
		if !f.Hidden {
			op.addFiles(declared.Fields[i].Type, f.Type, path)
		}
	}
}

// addParameters lists the parameters: those of the path first, since each of
// them has to be there.
func (g *generator) addParameters(op *operation, places placing) {
	fields := map[string]servicemapping.Parameter{}
	for _, p := range op.way.Parameters {
		if p.In == servicemapping.InPath {
			fields[p.Name] = p
		}
	}
	for _, part := range op.template.params {
		p := &parameter{path: part}
		p.In, p.Name = servicemapping.InPath, part.name
		if known, ok := fields[part.route]; ok {
			p.Parameter = known
			p.Name = part.name
			p.value = g.model.valueOf(known.Declared.Type, known.Field.Type, known.Field.Stringly, request, places)
		}
		p.Required = true
		op.parameters = append(op.parameters, p)
	}
	for _, known := range op.way.Parameters {
		if known.In == servicemapping.InPath {
			continue
		}
		op.parameters = append(op.parameters, &parameter{
			Parameter: known,
			value:     g.model.valueOf(known.Declared.Type, known.Field.Type, known.Field.Stringly, request, places),
		})
	}
}

// ignoredHeader tells headers that OpenAPI forbids to describe as parameters.
func ignoredHeader(p servicemapping.Place) bool {
	return p.In == servicemapping.InHeader && (p.Name == "Accept" || p.Name == "Content-Type" || p.Name == "Authorization")
}

// addOutside finds the fields of the answer that leave the JSON, in the order
// of the IDL.
func (g *generator) addOutside(op *operation, declared, view *transcode.Type, places map[*transcode.Field]servicemapping.Place, path []*transcode.Type) {
	if len(places) == 0 || !isStruct(view) || slices.Contains(path, view) {
		return
	}
	path = append(path, view)
	for i, f := range view.Fields {
		if f.Hidden {
			continue
		}
		from := declared.Fields[i]
		if pl, ok := places[f]; ok {
			op.outside = append(op.outside, outsideField{pl, from, g.model.valueOf(from.Type, f.Type, f.Stringly, answer, nil)})
			continue
		}
		g.addOutside(op, from.Type, f.Type, places, path)
	}
}

// operation writes an Operation Object.
func (g *generator) operation(op *operation, used map[string]bool) *object {
	method := op.binding.Method
	o := obj("operationId", g.operationID(op))
	o.set("tags", texts(op.note.Tags))
	summary, rest, _ := strings.Cut(op.note.Doc, "\n")
	o.setText("summary", summary)
	rest = strings.TrimSpace(rest)
	var list []any
	for _, p := range op.parameters {
		if ignoredHeader(p.Place) {
			rest = strings.TrimSpace(rest + "\n\nReads the header " + p.Name + ".")
		} else {
			list = append(list, g.parameter(p))
		}
	}
	o.setText("description", rest)
	if len(op.note.Servers) > 0 {
		o.set("servers", servers(op.note.Servers))
	}
	if len(list) > 0 {
		o.set("parameters", list)
	}
	if body := g.requestBody(op); body != nil {
		o.set("requestBody", body)
	}
	o.set("responses", g.responses(op, used))
	o.set("x-dgate-rpc", obj("service", method.Service.Name, "method", method.Name))
	g.annotate(o, op)
	if id, ok := o.get("operationId").(string); ok {
		o.set("operationId", g.ids.take(id))
	}
	return o
}

// operationID is the name of the method for its first operation; the verb
// tells further ones apart, then a number does.
func (g *generator) operationID(op *operation) string {
	id := op.binding.Method.Service.Name + "_" + op.binding.Method.Name
	if g.ids[id] {
		id += "_" + strings.ToLower(op.verb)
	}
	return id
}

// parameter writes a Parameter Object.
func (g *generator) parameter(p *parameter) *object {
	o := obj("name", p.Name, "in", string(p.In))
	var lines []string
	if p.Declared != nil {
		if doc := g.notes.Field(p.Declared); doc != "" {
			lines = append(lines, doc)
		}
	}
	if p.path.rest {
		lines = append(lines, "The rest of the path: it may hold slashes.")
	}
	o.setText("description", strings.Join(lines, "\n\n"))
	if p.Required {
		o.set("required", true)
	}
	if p.value == nil {
		schema := obj("type", "string")
		p.path.constrain(schema)
		o.set("schema", schema)
		return o
	}
	schema := g.model.textSchema(p.value)
	if p.value.typ.Kind == transcode.String {
		p.path.constrain(schema)
	}
	g.model.constrain(schema, p.value, p.Declared)
	if def := defaultOf(p.Field); def != nil {
		schema.set("default", def)
	}
	style, explode, ok := styleOf(p)
	if !ok {
		o.set("content", obj(jsonType, obj("schema", schema)))
		return o
	}
	if style != "" {
		o.set("style", style)
		o.set("explode", explode)
	}
	o.set("schema", schema)
	return o
}

// constrain adds the regular expression of a parameter, which matches all of it.
func (p pathParam) constrain(schema *object) {
	if p.pattern != "" && !goOnly.MatchString(p.pattern) {
		schema.set("pattern", "^(?:"+p.pattern+")$")
	}
}

// textSchema is the schema of a value that is text: there an i64 has no other
// spelling.
func (m *model) textSchema(v *value) *object {
	switch v.typ.Kind {
	case transcode.I64, transcode.I8, transcode.I16, transcode.I32:
		if !v.stringly {
			text := *v
			text.side = answer
			lax := *m
			lax.settings.Int64AsString = false
			return lax.integer(&text, map[transcode.Kind]string{
				transcode.I8: "int8", transcode.I16: "int16", transcode.I32: "int32", transcode.I64: "int64",
			}[v.typ.Kind])
		}
	case transcode.List, transcode.Set:
		o := obj("type", "array", "items", m.textSchema(v.elem))
		if v.typ.Kind == transcode.Set {
			o.set("uniqueItems", true)
		}
		return o
	}
	return m.schema(v)
}

// styleOf is how a parameter that is no plain value is spelled; empty: as
// OpenAPI has it anyway. ok is false where only JSON will do.
func styleOf(p *parameter) (style string, explode, ok bool) {
	t := p.value.typ
	switch t.Kind {
	case transcode.List, transcode.Set:
		switch {
		case isContainer(t.Elem):
			return "", false, false
		case p.In == servicemapping.InQuery:
			return "form", true, true // k=1&k=2
		case p.Split != "" && p.Split != ",", !splits(t.Elem) && p.Split == "":
			return "", false, false
		case p.In == servicemapping.InCookie:
			return "form", false, true // k=1,2
		}
		return "simple", false, true // 1,2
	case transcode.Map, transcode.Struct, transcode.Union, transcode.Exception:
		if p.In == servicemapping.InQuery {
			return "deepObject", true, true // k[a]=1&k[b]=2
		}
		return "", false, false
	}
	return "", false, true
}

// splits tells the elements of which a list may be written with commas.
func splits(t *transcode.Type) bool {
	switch t.Kind {
	case transcode.String, transcode.Binary, transcode.UUID:
		return false
	}
	return true
}

func isContainer(t *transcode.Type) bool { return t.Kind >= transcode.Struct }
