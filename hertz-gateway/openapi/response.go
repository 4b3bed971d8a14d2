package openapi

import (
	"slices"
	"strconv"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// responses writes the Responses Object: the answer, the declared exceptions
// by status, the problems that any call may end with.
func (g *generator) responses(op *operation, used map[string]bool) *object {
	out := &object{}
	status, success := g.success(op)
	out.set(status, success)
	byStatus := map[int][]any{}
	statuses := []int{}
	names := map[int][]string{}
	var dynamic []any // exceptions that say their status themselves
	for i, e := range op.way.Exceptions {
		if byStatus[e.Status] == nil {
			statuses = append(statuses, e.Status)
		}
		schema := g.exception(e, op.exceptions[i])
		byStatus[e.Status] = append(byStatus[e.Status], schema)
		names[e.Status] = append(names[e.Status], e.Name)
		if e.StatusField != nil {
			dynamic = append(dynamic, schema)
		}
	}
	for _, p := range problems {
		if p.body && op.way.Body == nil {
			continue
		}
		if byStatus[p.status] == nil {
			statuses = append(statuses, p.status)
		}
	}
	slices.Sort(statuses)
	for _, status := range slices.Compact(statuses) {
		common := problemOf(status)
		if len(byStatus[status]) == 0 {
			used[common.name] = true
			out.set(strconv.Itoa(status), reference("responses", common.name))
			continue
		}
		schemas, text := byStatus[status], strings.Join(names[status], ", ")
		if common != nil {
			schemas = append(schemas, reference("schemas", "Problem"))
			text += ". " + common.description
		}
		out.set(strconv.Itoa(status), obj("description", text, "content", problemContent(schemas)))
	}
	g.setDefault(out, op, success, dynamic)
	return out
}

// setDefault writes the response of statuses that the service chooses.
func (g *generator) setDefault(out *object, op *operation, success *object, dynamic []any) {
	content := &object{}
	for _, f := range op.outside {
		if f.place.In == servicemapping.InStatus {
			if c, ok := success.get("content").(*object); ok {
				content.members = append(content.members, c.members...)
			}
			out.set("default", obj("description", "A status that the service chooses."))
			break
		}
	}
	if len(dynamic) > 0 {
		out.set("default", obj("description", "A status that the service chooses."))
		content.members = append(content.members, problemContent(dynamic).members...)
	}
	if o, ok := out.get("default").(*object); ok && len(content.members) > 0 {
		o.set("content", content)
	}
}

// success writes the response of a call that went well.
func (g *generator) success(op *operation) (status string, o *object) {
	switch {
	case op.binding.Method.Oneway:
		return "202", obj("description", "The call has been sent.")
	case op.way.Success == nil:
		return "204", obj("description", "Done.")
	}
	o = obj("description", "The answer.")
	if headers := g.headers(op); headers != nil {
		o.set("headers", headers)
	}
	if op.way.Success.Raw {
		schema := &object{}
		for _, f := range op.outside {
			if f.place.In == servicemapping.InRawBody && f.field.Type.Kind == transcode.String {
				schema.set("type", "string")
			}
		}
		o.set("content", obj("*/*", obj("schema", schema)))
	} else {
		o.set("content", obj(jsonType, obj("schema", g.model.schema(op.success))))
	}
	return "200", o
}

// exception writes the schema of the problem document of a declared exception.
func (g *generator) exception(e servicemapping.DeclaredException, v *value) *object {
	return obj("allOf", []any{
		reference("schemas", "Problem"),
		obj(
			"type", "object",
			"properties", obj("code", obj("const", e.Name), "exception", g.model.schema(v)),
			"required", texts([]string{"code", "exception"}),
		),
	})
}

func problemContent(schemas []any) *object {
	schema := schemas[0]
	if len(schemas) > 1 {
		schema = obj("anyOf", schemas)
	}
	return obj(api.ProblemMediaType, obj("schema", schema))
}

// problem is a response that operations share.
type problem struct {
	name        string
	status      int
	description string
	body        bool // only where there is a body
	retryAfter  bool
}

// problems are those that any call may end with, by status.
var problems = []problem{
	{name: "InvalidRequest", status: 400, description: "The request cannot be read, or breaks a rule; errors lists all of them."},
	{name: "NotFound", status: 404, description: "There is nothing at this path."},
	{name: "TooLarge", status: 413, description: "The body is too large.", body: true},
	{name: "UnsupportedMediaType", status: 415, description: "The body is of a type that is not read here.", body: true},
	{name: "UpstreamFailed", status: 502, description: "The service failed, or its answer cannot be read."},
	{name: "Unavailable", status: 503, description: "No instance of the service can be called now.", retryAfter: true},
	{name: "Timeout", status: 504, description: "The service did not answer in time."},
}

// problemOf is the shared response with that status; nil: there is none.
func problemOf(status int) *problem {
	for i := range problems {
		if problems[i].status == status {
			return &problems[i]
		}
	}
	return nil
}

func (p *problem) response() *object {
	o := obj("description", p.description)
	if p.retryAfter {
		o.set("headers", obj("Retry-After", obj("description", "Seconds to wait.", "schema", obj("type", "integer"))))
	}
	o.set("content", problemContent([]any{reference("schemas", "Problem")}))
	return o
}

// problemSchema is the schema of api.Problem.
func problemSchema() *object {
	text := func() *object { return obj("type", "string") }
	return obj(
		"type", "object",
		"description", "An error (RFC 9457).",
		"properties", obj(
			"type", obj("type", "string", "format", "uri-reference"),
			"title", text(),
			"status", obj("type", "integer"),
			"detail", text(),
			"instance", obj("type", "string", "description", "The path that was asked for."),
			"code", obj("type", "string", "description", "What kind of error it is; of a declared exception its name."),
			"request_id", text(),
			"errors", obj("type", "array", "items", obj(
				"type", "object",
				"properties", obj(
					"pointer", obj("type", "string", "description", "A JSON pointer into the body.", "format", "json-pointer"),
					"parameter", obj("type", "string", "description", "A value outside of the body, with its place."),
					"code", text(),
					"detail", text(),
				),
				"required", texts([]string{"code", "detail"}),
			)),
			"upstream", obj(
				"type", "object",
				"properties", obj("service", text(), "method", text()),
				"required", texts([]string{"service", "method"}),
			),
			"exception", obj("type", "object", "description", "The fields of a declared exception."),
			"business", obj(
				"type", "object",
				"properties", obj(
					"code", obj("type", "integer", "format", "int32"),
					"extra", obj("type", "object", "additionalProperties", text()),
				),
				"required", []any{"code"},
			),
		),
		"required", texts([]string{"type", "title", "status", "code"}),
	)
}
