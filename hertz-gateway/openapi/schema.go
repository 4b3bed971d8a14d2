package openapi

import (
	"encoding/json"
	"strconv"
	"strings"

	"dgate/hertz-gateway/transcode"
)

// integerPattern is an integer as text.
const integerPattern = "^-?[0-9]+$"

// schema is the JSON Schema (2020-12) of a value.
func (m *model) schema(v *value) *object {
	switch v.typ.Kind {
	case transcode.Bool:
		return obj("type", "boolean")
	case transcode.I8:
		return m.integer(v, "int8")
	case transcode.I16:
		return m.integer(v, "int16")
	case transcode.I32:
		return m.integer(v, "int32")
	case transcode.I64:
		return m.integer(v, "int64")
	case transcode.Double:
		switch {
		case v.stringly:
			return obj("type", "string")
		case m.settings.SpecialFloats && v.side == answer:
			return obj("type", texts([]string{"number", "string"}), "format", "double")
		}
		return obj("type", "number", "format", "double")
	case transcode.String:
		return obj("type", "string")
	case transcode.Binary:
		return obj("type", "string", "contentEncoding", "base64")
	case transcode.UUID:
		return obj("type", "string", "format", "uuid")
	case transcode.List:
		return obj("type", "array", "items", m.schema(v.elem))
	case transcode.Set:
		return obj("type", "array", "uniqueItems", true, "items", m.schema(v.elem))
	case transcode.Map:
		o := obj("type", "object")
		if names := m.keySchema(v.key); names != nil {
			o.set("propertyNames", names)
		}
		o.set("additionalProperties", m.schema(v.elem))
		return o
	case transcode.Enum:
		if v.stringly {
			return obj("type", "string", "pattern", integerPattern)
		}
	}
	v.shape.class.named = true
	return reference("schemas", v.shape.class.name)
}

func reference(kind, name string) *object {
	return obj("$ref", "#/components/"+kind+"/"+name)
}

// integer is the schema of an integer. Requests may spell an i64 as a string.
func (m *model) integer(v *value, format string) *object {
	lax := m.settings.LaxNumbers || v.typ.Kind == transcode.I64
	switch {
	case v.stringly || v.side == answer && m.settings.Int64AsString && v.typ.Kind == transcode.I64:
		return obj("type", "string", "format", format, "pattern", integerPattern)
	case v.side != answer && lax:
		return obj("type", texts([]string{"integer", "string"}), "format", format, "pattern", integerPattern)
	}
	return obj("type", "integer", "format", format)
}

// keySchema says what the names of a map may be; nil: anything.
func (m *model) keySchema(key *value) *object {
	switch key.typ.Kind {
	case transcode.I8, transcode.I16, transcode.I32, transcode.I64:
		return obj("pattern", integerPattern)
	case transcode.Enum:
		return obj("enum", enumKeys(key.typ))
	case transcode.Bool:
		return obj("enum", texts([]string{"true", "false"}))
	case transcode.UUID:
		return obj("format", "uuid")
	case transcode.Struct, transcode.Union, transcode.Exception, transcode.List, transcode.Set, transcode.Map:
		return obj("contentMediaType", "application/json", "contentSchema", m.schema(key))
	}
	return nil
}

// enumKeys are the texts that stand for an enum as the key of a map.
func enumKeys(t *transcode.Type) []any {
	numbers, names := enumValues(t)
	out := make([]any, 0, len(numbers)+len(names))
	for _, n := range numbers {
		out = append(out, strconv.Itoa(n.(int)))
	}
	return append(out, names...)
}

// enumValues are the numbers of an enum, each once, with its first name.
func enumValues(t *transcode.Type) (numbers, names []any) {
	seen := make(map[int32]bool, len(t.Values))
	for _, v := range t.Values {
		if !seen[v.Number] {
			seen[v.Number] = true
			numbers = append(numbers, int(v.Number))
			names = append(names, v.Name)
		}
	}
	return numbers, names
}

// component is the schema of a class, to which others refer.
func (m *model) component(c *class) *object {
	sh := c.first
	doc := m.notes.Type(sh.typ)
	switch sh.typ.Kind {
	case transcode.Enum:
		return m.enumComponent(sh.typ, doc)
	case transcode.Union:
		return m.unionComponent(sh, doc)
	}
	o := obj("type", "object")
	o.setText("description", doc)
	m.setMembers(o, sh.members)
	return o
}

func (m *model) setMembers(o *object, members []*member) {
	var required []any
	properties := &object{}
	for _, mem := range members {
		properties.set(mem.name, m.property(mem))
		if mem.required {
			required = append(required, mem.name)
		}
	}
	if len(members) > 0 {
		o.set("properties", properties)
	}
	if len(required) > 0 {
		o.set("required", required)
	}
}

// property is the schema of a member, with what the IDL says of the field.
func (m *model) property(mem *member) *object {
	o := m.schema(mem.value)
	if mem.null {
		o = obj("anyOf", []any{o, obj("type", "null")})
	}
	if mem.value.side == request {
		m.constrain(o, mem.value, mem.field)
	}
	o.setText("description", m.notes.Field(mem.field))
	if def := defaultOf(mem.field); def != nil {
		o.set("default", def)
	}
	return o
}

func (m *model) unionComponent(sh *shape, doc string) *object {
	o := obj("type", "object")
	o.setText("description", doc)
	var choices []any
	for _, mem := range sh.members {
		choices = append(choices, obj(
			"title", mem.name,
			"properties", obj(mem.name, m.property(mem)),
			"required", []any{mem.name},
		))
	}
	if len(choices) > 0 {
		o.set("oneOf", choices)
	}
	return o
}

func (m *model) enumComponent(t *transcode.Type, doc string) *object {
	numbers, names := enumValues(t)
	if m.settings.EnumNames {
		o := obj("type", "string")
		o.setText("description", doc)
		o.set("enum", names)
		return o
	}
	o := obj("type", "integer")
	lines := []string{}
	if doc != "" {
		lines = append(lines, doc)
	}
	if len(names) > 0 {
		lines = append(lines, "Requests may also give the name of a value.")
	}
	o.setText("description", strings.Join(lines, "\n\n"))
	o.set("format", "int32")
	if len(numbers) > 0 {
		o.set("enum", numbers)
		o.set("x-enum-varnames", names)
	}
	return o
}

// defaultOf is the default value of a field in JSON; nil: it has none.
func defaultOf(f *transcode.Field) json.RawMessage {
	if f.Default == nil {
		return nil
	}
	// A struct of that field alone: the field's own settings count.
	alone := *f
	alone.Hidden = false
	codec, err := transcode.Compile(&transcode.Type{Kind: transcode.Struct, Fields: []*transcode.Field{&alone}}, transcode.Options{})
	if err != nil {
		return nil
	}
	wire := transcode.AppendFieldHeader(nil, f.Type.Kind.WireType(), f.ID)
	wire = transcode.AppendStop(append(wire, f.Default...))
	text, err := codec.AppendJSON(nil, wire)
	if err != nil {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil
	}
	return members[f.JSON]
}
