package openapi

import (
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// pathsType declares the routes for clients of HTTP. A file of a form has the
// type unknown: it is a Blob in a browser.
func (t *declarations) pathsType() {
	t.comment("The routes by verb and path, with the names of path parameters in braces.")
	t.open("export interface paths")
	known := allocator{}
	for _, op := range t.routes {
		key := op.binding.Verb + " " + op.template.text
		if known[key] {
			continue // the mapping serves the first one, or OpenAPI cannot tell them apart
		}
		known[key] = true
		t.route(key, op)
	}
	t.done("")
	t.line("")
	t.line("export type Route = keyof paths;")
	t.comment("What a call needs: parameters by their places, and a body as JSON or as a form.")
	t.line(`export type RouteRequest<R extends Route> = paths[R]["request"];`)
	t.line(`export type RouteResponse<R extends Route> = paths[R]["response"];`)
	t.comment("A function that makes the request with fetch, and gives its answer.")
	t.line("export type Client = <R extends Route>(route: R, request: RouteRequest<R>) => Promise<RouteResponse<R>>;")
}

func (t *declarations) route(key string, op *operation) {
	t.comment(op.note.Doc)
	t.open("%s:", quote(key))
	t.open("request:")
	for _, in := range []servicemapping.In{servicemapping.InPath, servicemapping.InQuery, servicemapping.InHeader, servicemapping.InCookie} {
		t.parameters(op, in)
	}
	t.body(op)
	t.done(";")
	t.line("response: %s;", t.response(op))
	t.done(";")
}

// parameters declares those of one place.
func (t *declarations) parameters(op *operation, in servicemapping.In) {
	var list []*parameter
	mark := "?"
	for _, p := range op.parameters {
		if p.In == in {
			list = append(list, p)
			if p.Required {
				mark = ""
			}
		}
	}
	if len(list) == 0 {
		return
	}
	t.open("%s%s:", in, mark)
	for _, p := range list {
		typ, mark := "string", "?"
		if p.value != nil {
			typ = t.typ(p.value)
			t.comment(t.fieldDoc(p.Declared))
		}
		if p.Required {
			mark = ""
		}
		t.line("%s%s: %s;", property(p.Name), mark, typ)
	}
	t.done(";")
}

// body declares the ways to send a body. Of several one is enough.
func (t *declarations) body(op *operation) {
	b := op.way.Body
	if b == nil {
		return
	}
	mark := "?"
	ways := 0
	for _, way := range []bool{op.body != nil, b.Form || b.Files, b.Raw != nil} {
		if way {
			ways++
		}
	}
	var members []*member
	if op.body != nil {
		members = op.body.shape.members
	}
	if ways == 1 && bodyRequired(op, members) {
		mark = ""
	}
	if op.body != nil {
		t.line("body%s: %s;", mark, t.typ(op.body))
	}
	if b.Form || b.Files {
		t.form(members, op.files, mark)
	}
	if b.Raw != nil {
		t.line("raw%s: string | Uint8Array;", mark)
	}
}

// form declares the fields of a form.
func (t *declarations) form(members []*member, files []fileField, mark string) {
	t.open("form%s:", mark)
	for _, m := range members {
		if holdsBytes(m.field.Type) {
			files = append(files, fileField{m.name, m.field, m.required})
			continue
		}
		t.members([]*member{m})
	}
	for _, f := range files {
		mark := "?"
		if f.required {
			mark = ""
		}
		t.comment(t.fieldDoc(f.field))
		typ := "unknown"
		if f.field.Type.Elem != nil {
			typ = "unknown[]"
		}
		t.line("%s%s: %s;", property(f.name), mark, typ)
	}
	t.done(";")
}

// response is the type of the body of the answer; undefined: there is none.
func (t *declarations) response(op *operation) string {
	switch {
	case op.binding.Method.Oneway || op.way.Success == nil:
		return "undefined"
	case op.way.Success.Raw:
		for _, f := range op.outside {
			if f.place.In == servicemapping.InRawBody && f.field.Type.Kind == transcode.String {
				return "string"
			}
		}
		return "Uint8Array"
	}
	return t.typ(op.success)
}
