package servicemapping

import (
	"net/http"
	"slices"

	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/transcode"
)

// In names a place of an HTTP message.
type In string

// The places. InBody is a member of a JSON body, InForm a field of a form or a
// member of a JSON body, InFile a file of a multipart form.
const (
	InPath    In = "path"
	InQuery   In = "query"
	InHeader  In = "header"
	InCookie  In = "cookie"
	InForm    In = "form"
	InBody    In = "body"
	InFile    In = "file"
	InRawBody In = "raw_body"
	InRawURI  In = "raw_uri"
	InStatus  In = "status"
)

var placeNames = [...]In{
	inPath: InPath, inQuery: InQuery, inHeader: InHeader, inCookie: InCookie, inForm: InForm, inBody: InBody,
	inFile: InFile, inRawBody: InRawBody, inRawURI: InRawURI, inHTTPCode: InStatus,
	inName: InBody, // a member of a struct that is spelled as names
}

// Place is where a field is found in a request, or goes to in an answer.
type Place struct {
	In   In
	Name string
}

// Description tells a reader which way a request and its answer take through a
// plan. Of a field without annotations it has the place that comes first, not
// the one that is looked at when that is empty.
type Description struct {
	Parameters []Parameter // in the order of the IDL, each place once
	Body       *Body       // nil: none is needed
	// Places of those fields of the request, on ways of structs in structs from
	// its root, that are not just members of the struct around them. Without
	// InBody or InForm among them the field is no member at all.
	Places map[*transcode.Field][]Place
	// Success is the answer's value; nil for methods without one.
	Success *Answer
	// Exceptions are those declared, in the order of the IDL.
	Exceptions []DeclaredException
}

// Parameter is a field found outside of the body.
type Parameter struct {
	Place
	// Field has the member names of this request; Declared is the one of the IDL.
	Field, Declared *transcode.Field
	// Required: the IDL wants the field, and it can be nowhere else.
	Required bool
	// Split cuts a single value of a list (dgate.split); empty: see the type.
	Split string
}

// Body is the body of a request.
type Body struct {
	// Type is what the body is read into: the struct that is the only argument,
	// or all arguments keyed by name. Its members may have other names than
	// those of Declared, the type of the IDL; field by field they are the same.
	Type, Declared *transcode.Type
	// Members: it may be a JSON object. Form: it is meant to be a form too, a
	// multipart one if Files. Thrift: api.serializer says so.
	Members, Form, Files, Thrift bool
	// Raw is the field that takes the whole body as it is, or nil.
	Raw *transcode.Field
}

// Answer is the value that a method returns.
type Answer struct {
	// Type has the member names of the answer; Declared is the type of the IDL.
	Type, Declared *transcode.Type
	// Places of the fields that leave the JSON, each in one.
	Places map[*transcode.Field]Place
	// Raw: the body is a field with its own media type, not JSON.
	Raw bool
}

// DeclaredException is an exception that a method may answer with.
type DeclaredException struct {
	Name           string
	Type, Declared *transcode.Type
	// Status is the one that the IDL says, else 422. StatusField may say
	// another; it is no member of the JSON. Nil: there is none.
	Status      int
	StatusField *transcode.Field
}

// Describe tells what a request with that verb needs and what is answered.
func (p *Plan) Describe(verb string) *Description {
	if other := p.verbs[verb]; other != nil {
		return other.Describe(verb)
	}
	d := &describer{plan: p, out: &Description{Places: map[*transcode.Field][]Place{}}, body: &Body{
		Type: p.root, Declared: p.method.Args,
	}}
	if p.direct {
		d.body.Declared = p.method.Args.Fields[0].Type
	}
	d.request(verb)
	d.answer()
	return d.out
}

// describer collects a Description.
type describer struct {
	plan     *Plan
	bodyless bool
	path     []string // parameters of the path
	out      *Description
	body     *Body
}

func (d *describer) request(verb string) {
	p := d.plan
	switch {
	case p.in.binding == nil:
		d.body.Members = len(p.root.Fields) > 0
	default:
		d.bodyless = verb == http.MethodGet || verb == http.MethodHead || verb == http.MethodOptions
		if t, err := router.Parse(p.in.binding.Path); err == nil {
			d.path = t.Params()
		}
		for i, f := range p.root.Fields {
			if at, ok := p.byField[f]; ok {
				s := &p.slots[at]
				d.out.Parameters = append(d.out.Parameters, d.field(f, d.body.Declared.Fields[i], d.leading(f, s), s.split, true, []*transcode.Type{p.root})...)
			}
		}
		d.unique()
	}
	b := d.body
	b.Form = b.Form || b.Members && p.in.serializer == "form"
	b.Thrift = b.Members && p.in.serializer == "thrift"
	if b.Members || b.Form || b.Raw != nil {
		d.out.Body = b
	}
}

// leading are the places of a slot without those that annotations don't say
// and that only count when others are empty.
func (d *describer) leading(f *transcode.Field, s *slot) []place {
	r := d.plan.rulesOf(f)
	if r == nil || len(explicitRequest(r)) == 0 && !r.noBodyStruct {
		return s.places[:min(1, len(s.places))]
	}
	return s.places
}

// field describes one field and those below it that have places of their own.
// around tells that the struct around it is sure to be there.
func (d *describer) field(f, declared *transcode.Field, places []place, split string, around bool, path []*transcode.Type) []Parameter {
	places = slices.DeleteFunc(slices.Clone(places), func(pl place) bool {
		return pl.kind == inPath && !slices.Contains(d.path, pl.name) // of another route of the method
	})
	required := around && f.Requiredness == transcode.Required
	below, emptied := d.below(f, declared, places, required, path)
	if emptied {
		places = nil
	}
	var out []Parameter
	known := make([]Place, len(places))
	for i, pl := range places {
		known[i] = Place{placeNames[pl.kind], pl.name}
		switch pl.kind {
		case inPath, inQuery, inHeader, inCookie:
			out = append(out, Parameter{Place: known[i], Field: f, Declared: declared, Required: required && len(places) == 1, Split: split})
		case inBody:
			d.body.Members = true
		case inForm:
			d.body.Members, d.body.Form = true, true
			d.body.Files = d.body.Files || holdsBytes(f.Type)
		case inFile:
			d.body.Form, d.body.Files = true, true
		case inRawBody:
			d.body.Raw = f
		}
	}
	if len(known) != 1 || !isMember(known[0]) {
		d.out.Places[f] = known
	}
	return append(out, below...)
}

// holdsBytes tells the types that files of a form may fill.
func holdsBytes(t *transcode.Type) bool {
	return t.Kind == transcode.Binary || isList(t) && t.Elem.Kind == transcode.Binary
}

func isMember(pl Place) bool { return pl.In == InBody || pl.In == InForm }

// below describes what a struct holds. emptied: every field of it is elsewhere.
func (d *describer) below(f, declared *transcode.Field, places []place, required bool, path []*transcode.Type) (out []Parameter, emptied bool) {
	t := f.Type
	if !isStruct(t) || slices.Contains(path, t) {
		return nil, false
	}
	path = append(path, t)
	inBody := slices.ContainsFunc(places, func(pl place) bool { return pl.kind == inBody || pl.kind == inForm })
	members, elsewhere := 0, 0
	for i, g := range t.Fields {
		if g.Hidden {
			continue
		}
		from := declared.Type.Fields[i]
		r := d.plan.rulesOf(g)
		if r == nil || len(explicitRequest(r)) == 0 && !r.noBodyStruct {
			more, empty := d.below(g, from, places, required && g.Requiredness == transcode.Required, path)
			out = append(out, more...)
			if empty {
				d.out.Places[g] = nil
				elsewhere++
			} else {
				members++
			}
			continue
		}
		var own []place
		if at, ok := d.plan.byField[g]; ok && inBody {
			own = d.plan.slots[at].places
		} else {
			own = d.spelled(g, r)
		}
		out = append(out, d.field(g, from, own, r.split, required, path)...)
		if known, outside := d.out.Places[g]; outside && !slices.ContainsFunc(known, isMember) {
			elsewhere++
		} else {
			members++
		}
	}
	return out, members == 0 && elsewhere > 0
}

// spelled are the places of a field in a struct that is spelled as names, k.a=1:
// a member of a body is one of those.
func (d *describer) spelled(f *transcode.Field, r *fieldRules) []place {
	out := d.plan.named(f, r)
	for i, pl := range out {
		if pl.kind == inForm || pl.kind == inBody {
			out[i] = place{inName, f.JSON}
		}
	}
	return out
}

// unique drops parameters that two fields have in common.
func (d *describer) unique() {
	seen := make(map[Place]bool, len(d.out.Parameters))
	d.out.Parameters = slices.DeleteFunc(d.out.Parameters, func(p Parameter) bool {
		again := seen[p.Place]
		seen[p.Place] = true
		return again
	})
}

func (d *describer) answer() {
	p := d.plan
	for i := range p.response.fields {
		f := &p.response.fields[i]
		if f.id == 0 {
			a := &Answer{Type: f.view, Declared: f.typ, Places: map[*transcode.Field]Place{}, Raw: p.response.raw}
			for _, s := range p.response.slots {
				a.Places[s.field] = Place{placeNames[s.kind], s.name}
			}
			d.out.Success = a
			continue
		}
		e := DeclaredException{Name: f.name(), Type: f.view, Declared: f.typ, Status: statusOrDefault(f.status), StatusField: f.code}
		d.out.Exceptions = append(d.out.Exceptions, e)
	}
}
