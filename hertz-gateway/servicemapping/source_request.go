package servicemapping

import (
	"bytes"
	"slices"
	"strings"

	"dgate/hertz-gateway/transcode"
)

// appendRequest binds the whole request.
func (b *binder) appendRequest(dst []byte) ([]byte, error) {
	out, _, err := b.bind(dst)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// bind appends the argument struct. With an error it is complete if only the
// validation has refused it.
func (b *binder) bind(dst []byte) (out []byte, complete bool, err error) {
	start := len(dst)
	if err := b.readBody(); err != nil {
		return dst, false, err
	}
	out, err = b.appendArgs(dst)
	var bad []transcode.Violation
	if err != nil {
		if bad, err = gather(nil, err); err != nil {
			return dst, false, err
		}
	}
	bad = append(bad, b.extra...)
	complete = len(bad) == 0
	if v := b.plan.in.validator; v != nil && complete {
		bad = b.translate(v.Check(out[start:]))
	}
	if len(bad) > 0 {
		if b.enveloped {
			inEnvelope(bad)
		}
		return out, complete, &transcode.InvalidError{Violations: bad}
	}
	return out, true, nil
}

func (b *binder) appendArgs(dst []byte) ([]byte, error) {
	p := b.plan
	if !p.direct {
		return b.appendRoot(dst)
	}
	dst = transcode.AppendFieldHeader(dst, transcode.WireStruct, p.method.Args.Fields[0].ID)
	dst, err := b.appendRoot(dst)
	if err != nil {
		return dst, err
	}
	return transcode.AppendStop(dst), nil
}

func (b *binder) appendRoot(dst []byte) ([]byte, error) {
	switch b.kind {
	case bodyJSON:
		return b.plan.request.AppendThriftWith(dst, b.body, b)
	case bodyThrift:
		return b.appendThrift(dst)
	}
	return b.plan.request.AppendThriftWith(dst, nil, b)
}

// readBody decides how the body is read and splits forms.
func (b *binder) readBody() error {
	p := b.plan
	generic := p.in.binding == nil
	if !p.body || !generic && len(p.method.Args.Fields) == 0 {
		return nil
	}
	body, err := b.req.Body()
	if err != nil {
		return err
	}
	b.body = body
	if generic {
		return b.openGeneric()
	}
	if len(body) == 0 || !p.names {
		return nil
	}
	contentType := b.req.ContentType()
	kind, boundary, ok := mediaKind(contentType, p.in.serializer)
	switch {
	case !ok && p.raw:
		return nil
	case !ok:
		return &UnsupportedMediaTypeError{ContentType: string(contentType)}
	}
	b.kind = kind
	if kind != bodyForm {
		return nil
	}
	if boundary == nil {
		b.form.parse(body)
	} else if detail := b.form.parseMultipart(body, boundary); detail != "" {
		return &transcode.InvalidError{Violations: []transcode.Violation{{Code: codeForm, Detail: detail}}}
	}
	b.complain(&b.form, inForm)
	if p.in.settings.RejectUnknown {
		b.refuseUnknown()
	}
	return nil
}

// refuseUnknown reports the fields of a form that nothing reads.
func (b *binder) refuseUnknown() {
	const enough = 32
	for i := range b.form.pairs {
		name := b.form.pairs[i].name
		if b.plan.formNames[string(name)] || b.plan.formNames[string(rootOf(name))] {
			continue
		}
		b.extra = append(b.extra, violation(origin{inForm, string(name)}, transcode.CodeUnknown, "unknown field"))
		if len(b.extra) >= enough {
			return
		}
	}
}

// openGeneric reads the body of the generic route, which is JSON whatever its
// Content-Type says, or the older envelope around it.
func (b *binder) openGeneric() error {
	b.kind = bodyJSON
	if !b.plan.ownsEnvelope {
		request, ok, err := openEnvelope(b.body)
		if err != nil {
			return err
		}
		if ok {
			b.body, b.enveloped = request, true
		}
	}
	if len(bytes.TrimSpace(b.body)) == 0 && len(b.plan.method.Args.Fields) > 0 {
		v := transcode.Violation{Code: transcode.CodeRequired, Detail: "the body is empty: a JSON object is expected"}
		if b.enveloped {
			v.Pointer = "/" + envelopeMember
		}
		return &transcode.InvalidError{Violations: []transcode.Violation{v}}
	}
	return nil
}

// translate turns what the validator found, in pointers from the argument
// struct, into what the client sent.
func (b *binder) translate(found []transcode.Violation) []transcode.Violation {
	if len(found) == 0 {
		return nil
	}
	out := slices.Clone(found)
	for i := range out {
		v := &out[i]
		pointer := v.Pointer
		if b.plan.direct {
			_, pointer = cutPointer(pointer)
		}
		v.Pointer, v.Parameter = b.locate(pointer)
	}
	return out
}

// locate finds where the value at a pointer came from: a parameter if it came
// from outside the body, else the pointer in the names of the JSON body.
func (b *binder) locate(pointer string) (inBody, parameter string) {
	p := b.plan
	idl, t := p.method.Args, p.root
	if p.direct {
		idl = idl.Fields[0].Type
	}
	var at strings.Builder
	rest := pointer
	for rest != "" && idl != nil && isStruct(idl) {
		name, below := cutPointer(rest)
		i := slices.IndexFunc(idl.Fields, func(f *transcode.Field) bool { return f.JSON == name })
		if i < 0 {
			break
		}
		f := t.Fields[i]
		if n, ok := p.byField[f]; ok {
			if from, known := b.origin(n); known {
				return "", from.String() + suffix(below)
			}
		}
		at.WriteString("/" + escapePointer(f.JSON))
		idl, t, rest = idl.Fields[i].Type, f.Type, below
	}
	return at.String() + rest, ""
}

// origin is where the value of a slot came from, or would have come from.
// known is false for members of a JSON body.
func (b *binder) origin(n int) (at origin, known bool) {
	s := &b.plan.slots[n]
	i := int(b.from[n]) - 1
	if i < 0 {
		// Nothing was found: the place that is looked at first, or the body
		// when its member had the value.
		if len(s.places) == 0 || s.body == 0 && b.kind != bodyForm || s.body < len(s.places) && b.kind == bodyJSON {
			return origin{}, false
		}
		i = 0
	}
	at = origin(s.places[i])
	if at.kind == inBody {
		at.kind = inForm
	}
	return at, true
}
