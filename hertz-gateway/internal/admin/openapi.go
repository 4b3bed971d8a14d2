package admin

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"dgate/hertz-gateway/api"
)

// document makes the OpenAPI 3.1 document of the admin API from the table of
// endpoints and the Go types of what they read and answer.
func (h *Handler) describe() map[string]any {
	s := &schemas{defined: map[string]any{}}
	problem := s.of(reflect.TypeFor[api.Problem]())
	paths := map[string]any{}
	for i := range h.endpoints {
		e := &h.endpoints[i]
		item, ok := paths[e.path].(map[string]any)
		if !ok {
			item = map[string]any{}
			paths[e.path] = item
		}
		item[strings.ToLower(e.verb)] = s.operation(e, problem)
	}
	return map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "DGate admin API", "version": api.Version(),
			"description": "Each operation says in x-dgate-role what its caller has to be.",
		},
		"paths": paths,
		"components": map[string]any{
			"schemas": s.defined,
			"securitySchemes": map[string]any{
				"token": map[string]any{"type": "http", "scheme": "bearer"},
				"login": map[string]any{"type": "http", "scheme": "basic"},
			},
		},
		"security": []any{map[string]any{}, map[string]any{"token": []any{}}, map[string]any{"login": []any{}}},
	}
}

func (s *schemas) operation(e *endpoint, problem any) map[string]any {
	var parameters []any
	for part := range strings.SplitSeq(e.path, "/") {
		if strings.HasPrefix(part, "{") {
			parameters = append(parameters, map[string]any{
				"name": strings.Trim(part, "{}"), "in": "path", "required": true, "schema": map[string]any{"type": "string"},
			})
		}
	}
	for _, p := range e.query {
		parameters = append(parameters, map[string]any{
			"name": p.name, "in": "query", "description": p.help, "schema": map[string]any{"type": "string"},
		})
	}
	done := map[string]any{"description": "Done."}
	if e.out != nil {
		done["content"] = map[string]any{"application/json": map[string]any{"schema": s.of(reflect.TypeOf(e.out))}}
	}
	op := map[string]any{
		"summary": e.summary, "operationId": operationID(e), "x-dgate-role": e.role.String(),
		"responses": map[string]any{
			"2XX":     done,
			"default": map[string]any{"description": "Refused or failed.", "content": map[string]any{api.ProblemMediaType: map[string]any{"schema": problem}}},
		},
	}
	if parameters != nil {
		op["parameters"] = parameters
	}
	if e.in != nil {
		op["requestBody"] = map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": s.of(reflect.TypeOf(e.in))}}}
	}
	return op
}

// operationID is verb and path in words: "getRouteName".
func operationID(e *endpoint) string {
	id := strings.ToLower(e.verb)
	for part := range strings.FieldsFuncSeq(strings.TrimPrefix(e.path, "/api/v1"), func(r rune) bool { return strings.ContainsRune("/{}.", r) }) {
		id += strings.ToUpper(part[:1]) + part[1:]
	}
	return id
}

// schemas are JSON Schemas by the name of their Go type.
type schemas struct{ defined map[string]any }

// Types that write their own JSON.
var (
	timeType     = reflect.TypeFor[time.Time]()
	rawType      = reflect.TypeFor[json.RawMessage]()
	durationType = reflect.TypeFor[api.Duration]()
)

func (s *schemas) of(t reflect.Type) any {
	switch t {
	case timeType:
		return map[string]any{"type": "string", "format": "date-time"}
	case rawType:
		return true
	case durationType:
		return map[string]any{"type": []any{"string", "integer"}, "description": "1.5s, or nanoseconds"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.object(t)
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	}
	return map[string]any{"type": "integer"}
}

// object defines the schema of a struct once and refers to it.
func (s *schemas) object(t reflect.Type) any {
	ref := map[string]any{"$ref": "#/components/schemas/" + t.Name()}
	if _, ok := s.defined[t.Name()]; ok {
		return ref
	}
	s.defined[t.Name()] = true // a struct may hold itself
	properties, required := map[string]any{}, []any{}
	s.fields(t, properties, &required)
	s.defined[t.Name()] = map[string]any{"type": "object", "properties": properties, "required": required}
	return ref
}

func (s *schemas) fields(t reflect.Type, properties map[string]any, required *[]any) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			s.fields(f.Type, properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		properties[name] = s.of(f.Type)
		if options == "" {
			*required = append(*required, name)
		}
	}
}

func openAPI(_ context.Context, x *exchange) *api.Problem {
	return x.write(200, x.describe())
}
