package servicemapping

import (
	"strconv"
	"unicode/utf8"

	"dgate/hertz-gateway/transcode"
)

const (
	// maxThriftDepth bounds the nesting of a Thrift body, as that of JSON.
	maxThriftDepth = 64
	// maxThriftGrowth bounds what defaults may add to a Thrift body.
	maxThriftGrowth = 1 << 20
)

// appendThrift reads a body that is the root struct in Thrift binary. It is
// copied value by value under the rules that JSON members obey: required and
// defaulted fields, enums, UTF-8, sets and unions; unknown and hidden fields
// and those that live outside the body are dropped.
func (b *binder) appendThrift(dst []byte) ([]byte, error) {
	r := thriftReader{b: b, in: b.body, out: dst, start: len(dst)}
	r.structure(b.plan.root, "", 0)
	if r.err == nil && !r.broken && r.at != len(r.in) {
		r.breakOff("there is more after the Thrift struct")
	}
	switch {
	case r.err != nil:
		return dst, r.err
	case len(r.bad) > 0:
		return dst, &transcode.InvalidError{Violations: r.bad}
	}
	return r.out, nil
}

// thriftReader copies Thrift binary from a client.
type thriftReader struct {
	b      *binder
	in     []byte
	at     int
	out    []byte
	start  int
	bad    []transcode.Violation
	broken bool // nothing more can be read
	err    error
}

func (r *thriftReader) report(pointer, code, detail string) {
	const enough = 32
	if len(r.bad) < enough {
		r.bad = append(r.bad, transcode.Violation{Pointer: pointer, Code: code, Detail: detail})
	}
}

// breakOff ends the reading of a body that is no Thrift binary.
func (r *thriftReader) breakOff(detail string) {
	if !r.broken {
		r.broken = true
		r.report("", codeWire, detail)
	}
}

func (r *thriftReader) over() bool { return r.broken || r.err != nil }

// take copies n bytes.
func (r *thriftReader) take(n int) []byte {
	if r.over() || n < 0 || n > len(r.in)-r.at {
		r.breakOff("the Thrift body is truncated")
		return nil
	}
	r.at += n
	return r.in[r.at-n : r.at]
}

func (r *thriftReader) skip(wire byte) {
	n, err := transcode.Skip(r.in[r.at:], wire)
	if err != nil {
		r.breakOff("the body is not Thrift binary")
		return
	}
	r.at += n
}

// structure copies a struct with its stop byte; the root's fields may come
// from other places of the request too.
func (r *thriftReader) structure(t *transcode.Type, pointer string, depth int) {
	if depth > maxThriftDepth {
		r.breakOff("the Thrift body is nested too deeply")
		return
	}
	root := depth == 0
	seen := make([]bool, len(t.Fields))
	members := 0
	if root {
		for i, f := range t.Fields {
			if r.ask(f, transcode.BeforeBody) {
				seen[i] = true
				members++
			}
		}
	}
	given := append([]bool(nil), seen...)
	guess := 0
	for !r.over() {
		wire, id, n, err := transcode.ReadFieldHeader(r.in[r.at:])
		if err != nil {
			r.breakOff("the body is not Thrift binary")
			return
		}
		r.at += n
		if wire == transcode.WireStop {
			break
		}
		i := fieldByID(t, id, guess)
		if i < 0 || !r.inBody(t.Fields[i]) {
			r.skip(wire)
			continue
		}
		guess = i + 1
		f := t.Fields[i]
		at := pointer + "/" + escapePointer(f.JSON)
		switch {
		case given[i]:
			r.skip(wire)
		case seen[i]:
			r.report(at, transcode.CodeDuplicateKey, "the field is there twice")
			r.skip(wire)
		case wire != f.Type.Kind.WireType():
			r.report(at, transcode.CodeType, "the field is of another Thrift type")
			r.skip(wire)
			seen[i] = true
		default:
			seen[i] = true
			members++
			r.out = transcode.AppendFieldHeader(r.out, wire, id)
			r.value(f.Type, at, depth+1)
		}
	}
	for i, f := range t.Fields {
		if r.over() {
			return
		}
		if seen[i] {
			continue
		}
		at := pointer + "/" + escapePointer(f.JSON)
		switch {
		case root && r.ask(f, transcode.AfterBody):
			members++
		case t.Kind == transcode.Union:
		case f.Default != nil:
			r.out = transcode.AppendFieldHeader(r.out, f.Type.Kind.WireType(), f.ID)
			r.out = append(r.out, f.Default...)
		case f.Requiredness == transcode.Required && f.Hidden:
			r.out = transcode.AppendFieldHeader(r.out, f.Type.Kind.WireType(), f.ID)
			r.out = transcode.AppendZero(r.out, f.Type)
		case f.Requiredness == transcode.Required:
			v := transcode.Violation{Pointer: at, Code: transcode.CodeRequired, Detail: "the field " + strconv.Quote(f.JSON) + " is required"}
			if n, ok := r.b.plan.byField[f]; ok && root {
				if v.Parameter = r.b.Parameter(n); v.Parameter != "" {
					v.Pointer = ""
				}
			}
			r.bad = append(r.bad, v)
		}
	}
	if t.Kind == transcode.Union && members != 1 {
		r.report(pointer, transcode.CodeUnion, "a union takes exactly one member")
	}
	if len(r.out)-r.start > maxThriftGrowth+64*len(r.in) {
		r.broken = true
		r.report(pointer, transcode.CodeSize, "the defaults of absent fields make the message too large")
	}
	r.out = transcode.AppendStop(r.out)
}

// inBody tells whether a field may be read from the body.
func (r *thriftReader) inBody(f *transcode.Field) bool {
	if f.Hidden {
		return false
	}
	n, ok := r.b.plan.byField[f]
	return !ok || r.b.plan.slots[n].body < len(r.b.plan.slots[n].places)
}

// ask takes a field of the root from its other places.
func (r *thriftReader) ask(f *transcode.Field, phase transcode.Phase) bool {
	n, ok := r.b.plan.byField[f]
	if !ok {
		return false
	}
	mark := len(r.out)
	r.out = transcode.AppendFieldHeader(r.out, f.Type.Kind.WireType(), f.ID)
	out, present, err := r.b.AppendField(r.out, n, phase)
	if err != nil {
		r.bad, r.err = gather(r.bad, err)
		r.out = r.out[:mark]
		return true
	}
	if r.out = out; !present {
		r.out = r.out[:mark]
	}
	return present
}

// value copies one value.
func (r *thriftReader) value(t *transcode.Type, pointer string, depth int) {
	switch t.Kind {
	case transcode.Struct, transcode.Union, transcode.Exception:
		r.structure(t, pointer, depth)
	case transcode.List, transcode.Set:
		r.list(t, pointer, depth)
	case transcode.Map:
		r.mapping(t, pointer, depth)
	case transcode.String, transcode.Binary:
		s, n, err := transcode.ReadString(r.in[r.at:])
		if err != nil {
			r.breakOff("the body is not Thrift binary")
			return
		}
		r.at += n
		if t.Kind == transcode.String && !utf8.Valid(s) {
			r.report(pointer, transcode.CodeEncoding, "the string is not valid Unicode")
		}
		r.out = transcode.AppendString(r.out, s)
	case transcode.Bool:
		b := r.take(1)
		if b != nil && b[0] > 1 {
			r.report(pointer, transcode.CodeType, "a bool is neither 0 nor 1")
		}
		r.out = append(r.out, b...)
	case transcode.Enum:
		b := r.take(4)
		if b != nil && !defines(t, int32(b[0])<<24|int32(b[1])<<16|int32(b[2])<<8|int32(b[3])) {
			r.report(pointer, transcode.CodeEnum, "undefined value of enum "+t.Name)
		}
		r.out = append(r.out, b...)
	default:
		r.out = append(r.out, r.take(transcode.MinWireSize(t.Kind.WireType()))...)
	}
}

func (r *thriftReader) list(t *transcode.Type, pointer string, depth int) {
	elem, count, n, err := transcode.ReadListHeader(r.in[r.at:])
	if err != nil || depth > maxThriftDepth {
		r.breakOff("the body is not Thrift binary")
		return
	}
	r.at += n
	want := t.Elem.Kind.WireType()
	if elem != want && count > 0 {
		r.breakOff("a list of the Thrift body has elements of another type")
		return
	}
	r.out = transcode.AppendListHeader(r.out, want, count)
	known := newUnique(t)
	for i := 0; i < count && !r.over(); i++ {
		from := len(r.out)
		at := pointer + "/" + strconv.Itoa(i)
		r.value(t.Elem, at, depth+1)
		if !r.over() && !known.add(r.out[from:]) {
			r.report(at, transcode.CodeDuplicateElement, "the set has this element twice")
		}
	}
}

func (r *thriftReader) mapping(t *transcode.Type, pointer string, depth int) {
	key, elem, count, n, err := transcode.ReadMapHeader(r.in[r.at:])
	if err != nil || depth > maxThriftDepth {
		r.breakOff("the body is not Thrift binary")
		return
	}
	r.at += n
	wantKey, wantElem := t.Key.Kind.WireType(), t.Elem.Kind.WireType()
	if (key != wantKey || elem != wantElem) && count > 0 {
		r.breakOff("a map of the Thrift body has entries of another type")
		return
	}
	r.out = transcode.AppendMapHeader(r.out, wantKey, wantElem, count)
	known := newUnique(t)
	for i := 0; i < count && !r.over(); i++ {
		from := len(r.out)
		r.value(t.Key, pointer, depth+1)
		if !r.over() && !known.add(r.out[from:]) {
			r.report(pointer, transcode.CodeDuplicateKey, "the map has a key twice")
		}
		r.value(t.Elem, pointer, depth+1)
	}
}

func fieldByID(t *transcode.Type, id int16, guess int) int {
	if guess < len(t.Fields) && t.Fields[guess].ID == id {
		return guess
	}
	for i, f := range t.Fields {
		if f.ID == id {
			return i
		}
	}
	return -1
}

func defines(t *transcode.Type, n int32) bool {
	for _, v := range t.Values {
		if v.Number == n {
			return true
		}
	}
	return false
}
