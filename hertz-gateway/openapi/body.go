package openapi

import (
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

const (
	jsonType      = "application/json"
	formType      = "application/x-www-form-urlencoded"
	multipartType = "multipart/form-data"
	thriftType    = "application/x-thrift"
)

// requestBody writes a Request Body Object; nil: no body is needed.
func (g *generator) requestBody(op *operation) *object {
	b := op.way.Body
	if b == nil {
		return nil
	}
	content := &object{}
	var members []*member
	if op.body != nil {
		members = op.body.shape.members
		content.set(jsonType, obj("schema", g.model.schema(op.body)))
		if b.Form {
			content.set(formType, g.form(members, nil, false))
		}
	}
	if b.Files {
		content.set(multipartType, g.form(members, op.files, true))
	}
	if b.Thrift {
		content.set(thriftType, obj("schema", obj("description", "The request in Thrift binary.")))
	}
	if b.Raw != nil {
		schema := &object{}
		if b.Raw.Type.Kind == transcode.String {
			schema.set("type", "string")
		}
		content.set("*/*", obj("schema", schema))
	}
	o := &object{}
	if bodyRequired(op, members) {
		o.set("required", true)
	}
	o.set("content", content)
	return o
}

// bodyRequired tells whether the IDL wants something that is only in the body.
func bodyRequired(op *operation, members []*member) bool {
	for _, m := range members {
		if m.required {
			return true
		}
	}
	for _, f := range op.files {
		if f.required {
			return true
		}
	}
	raw := op.way.Body.Raw
	return raw != nil && raw.Requiredness == transcode.Required && len(op.way.Places[raw]) == 1
}

// form writes the Media Type Object of a form. In a multipart one bytes may
// come as a file, else they are base64.
func (g *generator) form(members []*member, files []fileField, multipart bool) *object {
	schema := obj("type", "object")
	if multipart {
		plain := make([]*member, 0, len(members))
		for _, m := range members {
			if holdsBytes(m.field.Type) {
				files = append(files, fileField{m.name, m.field, m.required})
			} else {
				plain = append(plain, m)
			}
		}
		members = plain
	}
	g.model.setMembers(schema, members)
	required, _ := schema.get("required").([]any)
	for _, f := range files {
		file := obj("type", "string", "contentMediaType", "application/octet-stream")
		if f.field.Type.Elem != nil {
			file = obj("type", "array", "items", file)
		}
		file.setText("description", g.notes.Field(f.field))
		schema.object("properties").set(f.name, file)
		if f.required {
			required = append(required, f.name)
		}
	}
	if len(required) > 0 {
		schema.set("required", required)
	}
	o := obj("schema", schema)
	for _, m := range members {
		if isContainer(m.field.Type) && m.value.elem == nil || m.field.Type.Kind == transcode.Map {
			o.object("encoding").set(m.name, obj("style", "deepObject", "explode", true))
		}
	}
	return o
}

// holdsBytes tells the types that files of a form may fill.
func holdsBytes(t *transcode.Type) bool {
	return t.Kind == transcode.Binary || t.Kind != transcode.Map && t.Elem != nil && t.Elem.Kind == transcode.Binary
}

// header writes a Header Object of a field that an answer has in a header.
func (g *generator) header(f outsideField) *object {
	o := &object{}
	o.setText("description", g.notes.Field(f.field))
	schema := g.model.textSchema(f.value)
	if t := f.field.Type; isContainer(t) && (t.Kind != transcode.List && t.Kind != transcode.Set || isContainer(t.Elem)) {
		o.set("content", obj(jsonType, obj("schema", schema)))
		return o
	}
	o.set("schema", schema)
	return o
}

// headers writes the headers of an answer; nil: there are none.
func (g *generator) headers(op *operation) *object {
	o := &object{}
	cookies := ""
	for _, f := range op.outside {
		switch {
		case f.place.In == servicemapping.InCookie:
			if cookies != "" {
				cookies += ", "
			}
			cookies += f.place.Name
		case f.place.In == servicemapping.InHeader && f.place.Name != "Content-Type":
			o.set(f.place.Name, g.header(f))
		}
	}
	if cookies != "" {
		o.set("Set-Cookie", obj("description", "Sets "+cookies+".", "schema", obj("type", "string")))
	}
	if len(o.members) == 0 {
		return nil
	}
	return o
}
