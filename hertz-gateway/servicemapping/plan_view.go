package servicemapping

import "dgate/hertz-gateway/transcode"

// View is how a plan sees a request: the types with the member names of this
// request, and where it looks for each field.
type View struct {
	// Type is what the body is read into: the struct that is the only argument
	// (Single), or all arguments keyed by name. Its members have the names of
	// this request. Declared is the type of the IDL; field by field they are
	// the same.
	Type, Declared *transcode.Type
	Single         bool
	// Serializer is api.serializer: "json", "form", "thrift" or "".
	Serializer string

	plan *Plan
}

// View gives the way in which a request with that verb is read.
func (p *Plan) View(verb string) *View {
	if other := p.verbs[verb]; other != nil {
		return other.View(verb)
	}
	v := &View{Type: p.root, Declared: p.method.Args, Single: p.direct, Serializer: p.in.serializer, plan: p}
	if p.direct {
		v.Declared = p.method.Args.Fields[0].Type
	}
	return v
}

// Places are where a field of Type, or of a struct in it, is looked for, in
// that order. ok is false for one that is a member of the struct around it and
// nothing else.
func (v *View) Places(f *transcode.Field) (places []Place, ok bool) {
	p := v.plan
	if p.in.binding == nil {
		return nil, false
	}
	var from []place
	if i, slotted := p.byField[f]; slotted {
		from = p.slots[i].places
	} else {
		r := p.rulesOf(f)
		if r == nil || len(explicitRequest(r)) == 0 && !r.noBodyStruct {
			return nil, false
		}
		from = p.named(f, r)
	}
	for _, pl := range from {
		places = append(places, Place{placeNames[pl.kind], pl.name})
	}
	return places, true
}

// Split is what a single text value of a list is cut at (dgate.split).
func (v *View) Split(f *transcode.Field) string {
	if r := v.plan.rulesOf(f); r != nil {
		return r.split
	}
	return ""
}

// Explicit tells whether annotations say where a field is looked for.
func (v *View) Explicit(f *transcode.Field) bool {
	r := v.plan.rulesOf(f)
	return r != nil && (len(explicitRequest(r)) > 0 || r.noBodyStruct)
}
