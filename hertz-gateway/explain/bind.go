package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

const (
	// maxRaw bounds the raw value that is shown, in bytes.
	maxRaw = 200
	// maxFields bounds the fields that are told.
	maxFields = 500
)

// binder tells how one request is bound.
type binder struct {
	req    *request
	view   *servicemapping.View
	trace  *servicemapping.Trace
	query  url.Values
	form   url.Values
	body   json.RawMessage // the JSON object, or nil
	errors []api.FieldError
	out    []api.ExplainedField
}

func bind(r *Route, req *request) *api.ExplainedBinding {
	b := &binder{req: req, view: r.Plan.View(req.verb), trace: r.Plan.Trace(req), query: pairs(string(req.query))}
	out := &api.ExplainedBinding{Body: string(b.trace.Body)}
	switch b.trace.Body {
	case servicemapping.BodyJSON:
		b.body = req.body
	case servicemapping.BodyFields:
		b.form = pairs(string(req.body))
	}
	out.Status, b.errors = refusal(b.trace.Err)
	out.Errors = b.errors
	out.Args = argsJSON(r.Method.Args, b.trace.Args)
	value := out.Args
	if b.view.Single {
		value = membersOf(out.Args)[r.Method.Args.Fields[0].JSON]
	}
	b.structs(b.view.Type, b.view.Declared, "", "", b.body, value, nil)
	if out.Fields = b.out; b.out == nil {
		out.Fields = []api.ExplainedField{}
	}
	return out
}

// pairs reads a query leniently: what cannot be decoded is told by the trace.
func pairs(raw string) url.Values {
	v, _ := url.ParseQuery(raw) // it keeps what it can read
	return v
}

// refusal is what the client gets for an error of a plan.
func refusal(err error) (status int, all []api.FieldError) {
	var invalid *transcode.InvalidError
	var media *servicemapping.UnsupportedMediaTypeError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &invalid):
		for _, v := range invalid.Violations {
			all = append(all, api.FieldError{Pointer: v.Pointer, Parameter: v.Parameter, Code: v.Code, Detail: v.Detail})
		}
		return http.StatusBadRequest, all
	case errors.As(err, &media):
		return http.StatusUnsupportedMediaType, []api.FieldError{{
			Parameter: "header.Content-Type", Code: string(api.UnsupportedMediaType), Detail: fmt.Sprintf("a body of type %q is not read", media.ContentType),
		}}
	}
	return http.StatusBadRequest, []api.FieldError{{Code: string(api.MalformedRequest), Detail: err.Error()}}
}

// argsJSON is the argument struct as JSON: what is on the wire, but what is
// hidden.
func argsJSON(args *transcode.Type, wire []byte) json.RawMessage {
	if wire == nil {
		return nil
	}
	codec, err := transcode.Compile(sparse(args, map[*transcode.Type]*transcode.Type{}), transcode.Options{SpecialFloats: true})
	if err != nil {
		return nil
	}
	text, err := codec.AppendJSON(nil, wire)
	if err != nil {
		return nil
	}
	return text
}

// sparse copies a type so that absent fields stay absent.
func sparse(t *transcode.Type, done map[*transcode.Type]*transcode.Type) *transcode.Type {
	if t == nil || done[t] != nil {
		return done[t]
	}
	out := *t
	done[t] = &out
	out.Key, out.Elem = sparse(t.Key, done), sparse(t.Elem, done)
	out.Fields = make([]*transcode.Field, len(t.Fields))
	for i, f := range t.Fields {
		g := *f
		g.Type, g.Requiredness, g.Default = sparse(f.Type, done), transcode.Optional, nil
		out.Fields[i] = &g
	}
	return &out
}

// membersOf are the members of a JSON object; none when it is something else.
func membersOf(object json.RawMessage) map[string]json.RawMessage {
	var members map[string]json.RawMessage
	if len(object) > 0 && json.Unmarshal(object, &members) != nil {
		return nil
	}
	return members
}

// structs tells the fields of a struct. body is its part of the JSON body,
// value its part of the argument.
func (b *binder) structs(t, declared *transcode.Type, path, pointer string, body, value json.RawMessage, around []*transcode.Type) {
	around = append(around, t)
	members, values := membersOf(body), membersOf(value)
	for i, f := range t.Fields {
		d := declared.Fields[i]
		if f.Hidden || len(b.out) >= maxFields {
			continue
		}
		at := pointer + "/" + escape(f.JSON)
		name := strings.TrimPrefix(path+"."+d.Name, ".")
		member, given := members[f.JSON], values[d.JSON]
		if b.opened(f, around) {
			b.structs(f.Type, d.Type, name, at, member, given, around)
			continue
		}
		b.field(f, d, name, at, member, given)
	}
}

// opened tells whether a struct is told field by field: one of them has a place
// of its own.
func (b *binder) opened(f *transcode.Field, around []*transcode.Type) bool {
	t := f.Type
	if t.Kind != transcode.Struct && t.Kind != transcode.Union || slices.Contains(around, t) {
		return false
	}
	around = append(slices.Clone(around), t)
	return slices.ContainsFunc(t.Fields, func(g *transcode.Field) bool {
		return !g.Hidden && (b.view.Explicit(g) || b.opened(g, around))
	})
}

func (b *binder) field(f, d *transcode.Field, name, pointer string, member, given json.RawMessage) {
	row := api.ExplainedField{Field: name, Type: d.Type.String(), From: "absent", Value: given, Places: []string{}}
	places, ok := b.view.Places(f)
	if !ok {
		places = []servicemapping.Place{{In: servicemapping.InBody, Name: f.JSON}}
	}
	for _, p := range places {
		row.Places = append(row.Places, placeText(p))
	}
	from, found := b.trace.From[f]
	if !found {
		from, found = b.look(places, member)
	}
	switch {
	case found:
		row.From = placeText(from)
		raw, text := b.raw(from, member)
		row.Raw = cut(raw)
		row.Conversion = conversion(from, text, d.Type, b.view.Split(f))
	case d.Default != nil:
		row.From = "default"
	}
	row.Problem = b.problem(pointer, places)
	b.out = append(b.out, row)
}

// look finds the first place that has something, where the trace does not say.
func (b *binder) look(places []servicemapping.Place, member json.RawMessage) (servicemapping.Place, bool) {
	for _, p := range places {
		if p.In == servicemapping.InBody || p.In == servicemapping.InForm {
			if b.body != nil && member != nil && string(member) != "null" {
				return servicemapping.Place{In: servicemapping.InBody, Name: p.Name}, true
			}
			if b.body != nil {
				continue
			}
		}
		if _, values := b.raw(p, nil); len(values) > 0 {
			return p, true
		}
	}
	return servicemapping.Place{}, false
}

// raw is what stands at a place, on one line and value by value.
func (b *binder) raw(p servicemapping.Place, member json.RawMessage) (line string, values []string) {
	switch p.In {
	case servicemapping.InPath:
		if v, ok := b.req.params.Get(p.Name); ok {
			values = []string{v}
		}
	case servicemapping.InQuery:
		return named(b.query, p.Name)
	case servicemapping.InForm, servicemapping.InFile:
		if b.body != nil {
			return string(member), nil
		}
		return named(b.form, p.Name)
	case servicemapping.InBody:
		return string(member), nil
	case servicemapping.InHeader:
		values = b.req.headers.Values(p.Name)
	case servicemapping.InCookie:
		if c, err := (&http.Request{Header: b.req.headers}).Cookie(p.Name); err == nil {
			values = []string{c.Value}
		}
	case servicemapping.InRawBody:
		if len(b.req.body) > 0 {
			values = []string{string(b.req.body)}
		}
	case servicemapping.InRawURI:
		values = []string{b.req.target}
	}
	return strings.Join(values, ", "), values
}

// named are the values of a name, with those below it: k, k[a], k.a.
func named(all url.Values, name string) (line string, values []string) {
	if v := all[name]; len(v) > 0 {
		return strings.Join(v, ", "), v
	}
	var parts []string
	for k, vs := range all {
		if strings.HasPrefix(k, name+"[") || strings.HasPrefix(k, name+".") {
			for _, v := range vs {
				parts = append(parts, k+"="+v)
				values = append(values, v)
			}
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "&"), values
}

// problem is what is wrong at a pointer into the body, or at one of the places.
func (b *binder) problem(pointer string, places []servicemapping.Place) string {
	var all []string
	for _, e := range b.errors {
		at := e.Parameter == "" && (e.Pointer == pointer || strings.HasPrefix(e.Pointer, pointer+"/"))
		for _, p := range places {
			name := string(p.In) + "." + p.Name
			at = at || e.Parameter == name || strings.HasPrefix(e.Parameter, name+"[") || strings.HasPrefix(e.Parameter, name+".")
		}
		if at {
			all = append(all, e.Detail)
		}
	}
	return strings.Join(all, "; ")
}

// conversion tells what is made of the values of a place.
func conversion(from servicemapping.Place, values []string, t *transcode.Type, split string) string {
	switch from.In {
	case servicemapping.InBody:
		if t.Kind == transcode.Binary {
			return "base64 in JSON to binary"
		}
		return "JSON to " + t.String()
	case servicemapping.InRawBody, servicemapping.InRawURI, servicemapping.InFile:
		return "the bytes as they are"
	}
	if len(values) == 0 {
		return "JSON to " + t.String()
	}
	switch t.Kind {
	case transcode.String:
		return "the text as it is"
	case transcode.Binary:
		return "base64 to binary"
	case transcode.Enum:
		return "a name or number of " + t.String()
	case transcode.List, transcode.Set:
		switch {
		case len(values) > 1:
			return fmt.Sprintf("%d values to %s", len(values), t)
		case strings.HasPrefix(values[0], "["):
			return "JSON to " + t.String()
		case split != "":
			return fmt.Sprintf("split at %q to %s", split, t)
		}
		return "text to " + t.String()
	case transcode.Map, transcode.Struct, transcode.Union:
		if len(values) == 1 && strings.HasPrefix(values[0], "{") {
			return "JSON to " + t.String()
		}
		return "names to " + t.String()
	}
	return "text to " + t.String()
}

func placeText(p servicemapping.Place) string {
	switch p.In {
	case servicemapping.InRawBody:
		return "the whole body"
	case servicemapping.InRawURI:
		return "the request target"
	case servicemapping.InStatus:
		return "the status"
	}
	return fmt.Sprintf("%s %q", p.In, p.Name)
}

// cut bounds a text that is shown.
func cut(s string) string {
	if len(s) > maxRaw {
		s = strings.ToValidUTF8(s[:maxRaw], "") + "…"
	}
	if !utf8.ValidString(s) {
		return fmt.Sprintf("%q", s)
	}
	return s
}

func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// response tells how the result of a route's method becomes an answer.
func response(r *Route, verb string) *api.ExplainedResponse {
	d := r.Plan.Describe(verb)
	out := &api.ExplainedResponse{Status: "200", Body: "JSON of " + successText(d)}
	switch {
	case r.Origin == OriginGeneric && d.Success == nil:
		out.Body = "null"
	case r.Method.Oneway:
		out.Status, out.Body = "202", "none"
	case d.Success == nil:
		out.Status, out.Body = "204", "none"
	}
	if a := d.Success; a != nil {
		for _, f := range placed(a) {
			p := a.Places[f.field]
			out.Fields = append(out.Fields, api.ExplainedPlace{Field: f.path, To: placeText(p)})
			switch p.In {
			case servicemapping.InStatus:
				out.Status = "that of " + f.path + ", else 200"
			case servicemapping.InRawBody:
				out.Body = "the bytes of " + f.path
			}
		}
	}
	for _, e := range d.Exceptions {
		x := api.ExplainedException{Name: e.Name, Status: e.Status}
		if e.StatusField != nil {
			x.StatusField = e.StatusField.Name
		}
		out.Exceptions = append(out.Exceptions, x)
	}
	return out
}

func successText(d *servicemapping.Description) string {
	if d.Success == nil {
		return ""
	}
	return d.Success.Declared.String()
}

type placedField struct {
	field *transcode.Field
	path  string
}

// placed are the fields of an answer that leave its body, in the order of the IDL.
func placed(a *servicemapping.Answer) []placedField {
	var out []placedField
	var walk func(t, declared *transcode.Type, path string, around []*transcode.Type)
	walk = func(t, declared *transcode.Type, path string, around []*transcode.Type) {
		if slices.Contains(around, t) {
			return
		}
		around = append(around, t)
		for i, f := range t.Fields {
			name := strings.TrimPrefix(path+"."+declared.Fields[i].Name, ".")
			if _, ok := a.Places[f]; ok {
				out = append(out, placedField{f, name})
			} else {
				walk(f.Type, declared.Fields[i].Type, name, around)
			}
		}
	}
	walk(a.Type, a.Declared, "", nil)
	return out
}
