package servicemapping

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"dgate/hertz-gateway/transcode"
)

// bodyKind is how the body of one request is read.
type bodyKind uint8

const (
	bodyNone   bodyKind = iota // empty, or not looked at
	bodyJSON                   // members of a JSON object
	bodyForm                   // urlencoded or multipart
	bodyThrift                 // the struct in Thrift binary
)

const (
	// maxNesting bounds structs spelled as names: k.a.b.c.
	maxNesting = 32
	// maxOutside bounds the structs that are there only because fields below
	// have places of their own; types that share structs make many of one value.
	maxOutside = 1000
)

// binder is the state of binding one request; it is the transcode.Source of
// the plan's codec. It belongs to one goroutine and is reused.
type binder struct {
	plan *Plan
	req  Request
	body []byte
	kind bodyKind
	// enveloped: the body came in the older envelope of the generic route.
	enveloped bool

	query     params
	queryRead bool
	form      params

	// from holds for each slot the index of its place that had the value, plus one.
	from []uint8

	texts   [][]byte // values of the field being bound
	entries []entry
	arena   []byte // decoded text; slices into it live as long as the request
	outside int    // structs made by appendOutside
	// extra is what is wrong with names rather than with values.
	extra []transcode.Violation

	collect func(value []byte) bool // appends to texts; made once, handed to Request.Header
}

func newBinder(p *Plan) *binder {
	b := &binder{plan: p, from: make([]uint8, len(p.slots))}
	b.collect = func(value []byte) bool {
		b.texts = append(b.texts, value)
		return true
	}
	return b
}

// release forgets the request, and buffers that one large request has grown.
func (b *binder) release() {
	const keep = 64 << 10
	b.req, b.body, b.kind, b.enveloped, b.queryRead, b.outside = nil, nil, bodyNone, false, false, 0
	b.query.reset()
	b.form.reset()
	clear(b.from)
	clear(b.texts)
	b.texts, b.entries, b.arena, b.extra = b.texts[:0], b.entries[:0], b.arena[:0], nil
	if cap(b.arena) > keep {
		b.arena = nil
	}
	if cap(b.query.pairs)+cap(b.form.pairs)+cap(b.texts)+cap(b.entries) > keep/16 {
		b.query, b.form, b.texts, b.entries = params{}, params{}, nil, nil
	}
}

// AppendField implements transcode.Source for the fields of the whole message.
func (b *binder) AppendField(dst []byte, n int, phase transcode.Phase) ([]byte, bool, error) {
	s := &b.plan.slots[n]
	coded := b.kind == bodyJSON || b.kind == bodyThrift
	from, to := s.asked(phase, coded)
	for i := from; i < to; i++ {
		out, present, err := b.appendPlace(dst, s, s.places[i], nil)
		if present || err != nil {
			b.from[n] = uint8(i + 1)
			return out, present, err
		}
	}
	if s.shape.outside && (!coded && phase == transcode.BeforeBody || phase == transcode.AfterBody || s.body == len(s.places)) {
		return b.appendOutside(dst, s, nested{at: s.first()})
	}
	return dst, false, nil
}

// asked are the places that a phase looks at. A body that a codec reads stands
// between the places before and after it in written order; without one all are
// looked at at once.
func (s *slot) asked(phase transcode.Phase, body bool) (from, to int) {
	switch {
	case !body && phase == transcode.AfterBody:
		return 0, 0
	case !body:
		return 0, len(s.places)
	case phase == transcode.AfterBody:
		return min(s.body+1, len(s.places)), len(s.places)
	}
	return 0, s.body
}

// first is what a field is called that is nowhere.
func (s *slot) first() origin {
	if len(s.places) == 0 {
		return origin{inQuery, s.field.JSON}
	}
	return origin(s.places[0])
}

var _ transcode.Source = (*binder)(nil)

// Parameter implements transcode.Namer: where the first place of the field is,
// unless that is a member of a JSON body.
func (b *binder) Parameter(n int) string {
	s := &b.plan.slots[n]
	if len(s.places) == 0 || s.body == 0 && b.kind != bodyForm {
		return ""
	}
	return origin(s.places[0]).String()
}

var _ transcode.Namer = (*binder)(nil)

// nested is the Source of one struct that is spelled as names, k.a=1&k.b=2.
type nested struct {
	b       *binder
	binding *structBinding
	in      *params // where entries point to
	entries []entry
	at      origin // of the struct
	depth   int
}

// AppendField implements transcode.Source.
func (n *nested) AppendField(dst []byte, i int, phase transcode.Phase) ([]byte, bool, error) {
	s := &n.binding.slots[i]
	from, to := s.asked(phase, n.binding.mixed)
	for _, pl := range s.places[from:to] {
		out, present, err := n.b.appendPlace(dst, s, pl, n)
		if present || err != nil {
			return out, present, err
		}
	}
	if s.shape.outside && !n.binding.mixed {
		return n.b.appendOutside(dst, s, nested{at: n.parameter(s), depth: n.depth})
	}
	return dst, false, nil
}

// Parameter implements transcode.Namer.
func (n *nested) Parameter(i int) string { return n.parameter(&n.binding.slots[i]).String() }

func (n *nested) parameter(s *slot) origin {
	if len(s.places) > 0 && s.places[0].kind != inName {
		return origin(s.places[0])
	}
	return origin{n.at.kind, n.at.name + "." + s.field.JSON}
}

var (
	_ transcode.Source = (*nested)(nil)
	_ transcode.Namer  = (*nested)(nil)
)

// appendPlace appends the value of s if pl has one. within is the struct that
// relative names are read in; nil: the whole message.
func (b *binder) appendPlace(dst []byte, s *slot, pl place, within *nested) ([]byte, bool, error) {
	at := origin(pl)
	depth := 0
	if within != nil {
		depth = within.depth
	}
	switch pl.kind {
	case inPath:
		v, ok := b.req.PathParam(pl.name)
		if !ok {
			return dst, false, nil
		}
		return b.appendOne(dst, s.shape, s.split, unsafeBytes(v), at)
	case inQuery:
		b.readQuery()
		return b.appendNamed(dst, s, at, &b.query, depth)
	case inForm, inBody:
		at.kind = inForm
		return b.appendNamed(dst, s, at, &b.form, depth)
	case inName:
		return b.appendWithin(dst, s, pl.name, within)
	case inHeader:
		base := len(b.texts)
		b.req.Header(pl.name, b.collect)
		out, present, err := b.appendTexts(dst, s.shape, s.split, b.texts[base:], at)
		b.texts = b.texts[:base]
		return out, present, err
	case inCookie:
		v, ok := b.cookie(pl.name)
		if !ok {
			return dst, false, nil
		}
		return b.appendOne(dst, s.shape, s.split, v, at)
	case inRawBody:
		if len(b.body) == 0 {
			return dst, false, nil
		}
		return appendRaw(dst, s.shape, b.body, at)
	case inRawURI:
		return appendRaw(dst, s.shape, b.req.RequestURI(), at)
	case inFile:
		if isList(s.shape.t) {
			return b.appendFiles(dst, s, at)
		}
		i, count := b.form.only(pl.name)
		if i < 0 || !b.form.pairs[i].file {
			return dst, false, nil
		}
		if count > 1 {
			return dst, false, twice(at)
		}
		return appendRaw(dst, s.shape, b.form.pairs[i].value, at)
	}
	return dst, false, nil
}

// exists tells whether pl, which is no relative name, has anything.
func (b *binder) exists(pl place) bool {
	switch pl.kind {
	case inPath:
		_, ok := b.req.PathParam(pl.name)
		return ok
	case inQuery:
		b.readQuery()
		return b.query.has(pl.name)
	case inForm, inBody, inFile:
		return b.form.has(pl.name)
	case inHeader:
		base := len(b.texts)
		b.req.Header(pl.name, b.collect)
		found := len(b.texts) > base
		b.texts = b.texts[:base]
		return found
	case inCookie:
		_, ok := b.cookie(pl.name)
		return ok
	case inRawBody:
		return len(b.body) > 0
	}
	return false
}

// readQuery splits the query when the first field asks for it.
func (b *binder) readQuery() {
	if b.queryRead {
		return
	}
	b.queryRead = true
	b.query.parse(b.req.RawQuery())
	b.complain(&b.query, inQuery)
}

// complain reports names that could not be read.
func (b *binder) complain(p *params, kind placeKind) {
	for _, name := range p.bad {
		b.extra = append(b.extra, violation(origin{kind, string(bytes.ToValidUTF8(name, replacement))}, codeEscape,
			"the name is not percent-encoded correctly"))
	}
	if p.excess {
		b.extra = append(b.extra, violation(origin{kind, ""}, codeTooMany,
			"there are more than "+strconv.Itoa(maxParams)+" parameters"))
	}
}

var replacement = []byte("\uFFFD")

// appendNamed binds what stands under an absolute name of a query or form.
func (b *binder) appendNamed(dst []byte, s *slot, at origin, in *params, depth int) ([]byte, bool, error) {
	if !isContainer(s.shape.t) {
		i, count := in.only(at.name)
		if i < 0 {
			return dst, false, nil
		}
		if count > 1 {
			return dst, false, twice(at)
		}
		return b.appendPair(dst, s.shape, s.split, &in.pairs[i], at)
	}
	base := len(b.entries)
	b.entries = in.appendEntries(b.entries, at.name)
	out, present, err := b.appendEntries(dst, s.shape, s.split, nested{in: in, entries: b.entries[base:], depth: depth}, at)
	b.entries = b.entries[:base]
	return out, present, err
}

// appendWithin binds what stands under a name relative to a struct spelled as names.
func (b *binder) appendWithin(dst []byte, s *slot, name string, within *nested) ([]byte, bool, error) {
	base := len(b.entries)
	for _, e := range within.entries {
		seg, next, ok := segment(within.in.pairs[e.pair].name, e.at)
		if ok && string(seg) == name {
			b.entries = append(b.entries, entry{e.pair, next})
		}
	}
	if len(b.entries) == base {
		return dst, false, nil
	}
	e := b.entries[base]
	at := origin{within.at.kind, unsafeString(within.in.pairs[e.pair].name[:e.at])}
	out, present, err := b.appendEntries(dst, s.shape, s.split, nested{in: within.in, entries: b.entries[base:], depth: within.depth}, at)
	b.entries = b.entries[:base]
	return out, present, err
}

// appendPair binds a single pair.
func (b *binder) appendPair(dst []byte, sh *shape, split string, p *pair, at origin) ([]byte, bool, error) {
	if p.file && isText(sh.t) {
		return appendRaw(dst, sh, p.value, at)
	}
	text, ok := b.decode(p)
	if !ok {
		return dst, false, invalid(at, codeEscape, "the value is not percent-encoded correctly")
	}
	return b.appendOne(dst, sh, split, text, at)
}

// decode gives a pair's value as the client meant it.
func (b *binder) decode(p *pair) ([]byte, bool) {
	if !p.escaped {
		return p.value, true
	}
	from := len(b.arena)
	var ok bool
	if b.arena, ok = appendUnescaped(b.arena, p.value); !ok {
		return nil, false
	}
	return b.arena[from:len(b.arena):len(b.arena)], true
}

// appendOne binds a single text to a field of any type.
func (b *binder) appendOne(dst []byte, sh *shape, split string, text []byte, at origin) ([]byte, bool, error) {
	switch {
	case isList(sh.t):
		base := len(b.texts)
		b.texts = append(b.texts, text)
		out, present, err := b.appendList(dst, sh, split, b.texts[base:], at)
		b.texts = b.texts[:base]
		return out, present, err
	case isContainer(sh.t):
		if len(text) == 0 {
			return dst, false, nil
		}
		if sh.outside && text[0] != '{' {
			// The name may be that of a field below, which has it for itself.
			return dst, false, nil
		}
		return b.appendJSONText(dst, sh, text, at)
	case len(text) == 0 && !isText(sh.t):
		return dst, false, nil
	}
	out, err := appendScalar(dst, sh.t, text, at)
	return out, err == nil, err
}

// appendScalar writes the text of a scalar.
func appendScalar(dst []byte, t *transcode.Type, text []byte, at origin) ([]byte, error) {
	out, bad := transcode.AppendText(dst, t, text)
	if bad != nil {
		return dst, invalid(at, bad.Code, bad.Detail)
	}
	return out, nil
}

// appendTexts binds the values of a place that may have several.
func (b *binder) appendTexts(dst []byte, sh *shape, split string, texts [][]byte, at origin) ([]byte, bool, error) {
	switch {
	case len(texts) == 0:
		return dst, false, nil
	case isList(sh.t):
		return b.appendList(dst, sh, split, texts, at)
	case len(texts) > 1:
		return dst, false, twice(at)
	}
	return b.appendOne(dst, sh, split, texts[0], at)
}

// appendEntries binds a field from all that stands under its name: the name
// itself and what continues it.
func (b *binder) appendEntries(dst []byte, sh *shape, split string, n nested, at origin) ([]byte, bool, error) {
	if len(n.entries) == 0 {
		return dst, false, nil
	}
	if n.depth >= maxNesting {
		return dst, false, invalid(at, transcode.CodeDepth, "the value is nested too deeply")
	}
	if isList(sh.t) && n.filesOf(sh.elem.t) {
		return b.appendParts(dst, sh, n, at)
	}
	base := len(b.texts)
	defer func() { b.texts = b.texts[:base] }()
	rest := n.entries[:0]
	for _, e := range n.entries {
		p := &n.in.pairs[e.pair]
		if int(e.at) < len(p.name) {
			rest = append(rest, e)
			continue
		}
		if p.file && isText(sh.t) && len(n.entries) == 1 {
			return appendRaw(dst, sh, p.value, at)
		}
		text, ok := b.decode(p)
		if !ok {
			return dst, false, invalid(at, codeEscape, "the value is not percent-encoded correctly")
		}
		b.texts = append(b.texts, text)
	}
	n.entries, n.b, n.at = rest, b, at
	n.depth++
	if out, present, err := b.appendTexts(dst, sh, split, b.texts[base:], at); present || err != nil {
		if err == nil && n.hasPartsOf(sh.t) {
			return dst, false, invalid(at, codeTwice, "the value is given as a whole and in parts")
		}
		return out, present, err
	}
	switch {
	case len(rest) == 0:
		return dst, false, nil
	case isStruct(sh.t):
		out, err := b.appendStruct(dst, sh, n)
		return out, err == nil, err
	case isList(sh.t):
		return b.appendIndexed(dst, sh, split, n)
	case sh.t.Kind == transcode.Map:
		return b.appendMap(dst, sh, n)
	}
	return dst, false, nil
}

// hasPartsOf tells whether one of the names continues to a part of a value of t.
func (n *nested) hasPartsOf(t *transcode.Type) bool {
	if !isContainer(t) {
		return false
	}
	return slices.ContainsFunc(n.entries, func(e entry) bool {
		seg, _, ok := segment(n.in.pairs[e.pair].name, e.at)
		return ok && (!isStruct(t) || slices.ContainsFunc(t.Fields, func(f *transcode.Field) bool { return f.JSON == string(seg) }))
	})
}

// appendStruct binds a struct from the names that continue its own.
func (b *binder) appendStruct(dst []byte, sh *shape, n nested) ([]byte, error) {
	fields, err := sh.structBinding()
	if err != nil {
		return dst, err
	}
	n.binding = fields
	out, err := fields.codec.AppendThriftWith(dst, nil, &n)
	if err != nil {
		return dst, relabel(err, n.at)
	}
	return out, nil
}

// appendOutside builds a struct of which nothing stands under its own name
// from those of its fields that have places of their own. A required one that
// is nowhere is told by its required fields.
func (b *binder) appendOutside(dst []byte, s *slot, n nested) ([]byte, bool, error) {
	n.b, n.in = b, &b.form
	n.depth++
	exists := slices.ContainsFunc(s.shape.placesBelow(), b.exists)
	if !exists && s.field.Requiredness != transcode.Required {
		return dst, false, nil
	}
	if b.outside++; b.outside > maxOutside {
		return dst, false, invalid(n.at, transcode.CodeSize, "the values stand for too many fields")
	}
	out, err := b.appendStruct(dst, s.shape, n)
	if err != nil || !exists {
		return dst, false, err
	}
	return out, true, nil
}

// appendList binds the values of a list or set.
func (b *binder) appendList(dst []byte, sh *shape, split string, texts [][]byte, at origin) ([]byte, bool, error) {
	if len(texts) == 1 {
		text := texts[0]
		if len(text) > 0 && text[0] == '[' || len(text) > 0 && text[0] == '{' && !isContainer(sh.elem.t) {
			return b.appendJSONText(dst, sh, text, at)
		}
		if split == "" && splitsByDefault(sh.elem.t) {
			split = ","
		}
		if split != "" && len(text) > 0 && !isContainer(sh.elem.t) {
			base := len(b.texts)
			defer func() { b.texts = b.texts[:base] }()
			for {
				head, tail, more := bytes.Cut(text, unsafeBytes(split))
				if !isText(sh.elem.t) || at.kind == inHeader {
					head = bytes.Trim(head, " \t")
				}
				b.texts = append(b.texts, head)
				if !more {
					break
				}
				text = tail
			}
			if len(b.texts)-base > 1 {
				return b.appendElements(dst, sh, b.texts[base:], true, at)
			}
		}
	}
	return b.appendElements(dst, sh, texts, false, at)
}

// appendElements writes a list or set of the texts; an empty one is no value
// of a number and left out, unless strict.
func (b *binder) appendElements(dst []byte, sh *shape, texts [][]byte, strict bool, at origin) ([]byte, bool, error) {
	start := len(dst)
	var bad []transcode.Violation
	count := 0
	dst = append(dst, sh.elem.t.Kind.WireType(), 0, 0, 0, 0)
	unique := newUnique(sh.t)
	for i, text := range texts {
		if len(text) == 0 && !strict && !isText(sh.elem.t) {
			continue
		}
		from := len(dst)
		var err error
		if isContainer(sh.elem.t) {
			dst, _, err = b.appendJSONText(dst, sh.elem, text, at.index(i, len(texts)))
		} else {
			dst, err = appendScalar(dst, sh.elem.t, text, at.index(i, len(texts)))
		}
		if err == nil && !unique.add(dst[from:]) {
			err = invalid(at.index(i, len(texts)), transcode.CodeDuplicateElement, "the element is repeated in a set")
		}
		if err != nil {
			if bad, err = gather(bad, err); err != nil {
				return dst[:start], false, err
			}
			dst = dst[:from]
		}
		count++
	}
	if len(bad) > 0 {
		return dst[:start], false, &transcode.InvalidError{Violations: bad}
	}
	if count == 0 {
		return dst[:start], false, nil
	}
	binary.BigEndian.PutUint32(dst[start+1:], uint32(count))
	return dst, true, nil
}

// appendFiles binds a list or set of all files of one name.
func (b *binder) appendFiles(dst []byte, s *slot, at origin) ([]byte, bool, error) {
	base := len(b.entries)
	defer func() { b.entries = b.entries[:base] }()
	b.entries = b.form.appendEntries(b.entries, at.name)
	files := b.entries[base:base]
	for _, e := range b.entries[base:] {
		if p := &b.form.pairs[e.pair]; p.file && isElement(p.name, e.at) {
			files = append(files, e)
		}
	}
	if len(files) == 0 {
		return dst, false, nil
	}
	return b.appendParts(dst, s.shape, nested{in: &b.form, entries: files}, at)
}

// filesOf tells whether files came for a list or set of strings or binaries,
// under its name or as k[].
func (n *nested) filesOf(elem *transcode.Type) bool {
	return isText(elem) && slices.ContainsFunc(n.entries, func(e entry) bool {
		p := &n.in.pairs[e.pair]
		return p.file && isElement(p.name, e.at)
	})
}

// isElement tells whether a name ends at from, or goes on with [] and ends then.
func isElement(name []byte, from int32) bool {
	if int(from) == len(name) {
		return true
	}
	seg, next, ok := segment(name, from)
	return ok && len(seg) == 0 && int(next) == len(name)
}

// appendParts writes a list or set of multipart fields with files among them:
// each is one element, the bytes of a file as they are.
func (b *binder) appendParts(dst []byte, sh *shape, n nested, at origin) ([]byte, bool, error) {
	start := len(dst)
	dst = append(dst, sh.elem.t.Kind.WireType(), 0, 0, 0, 0)
	unique := newUnique(sh.t)
	var bad []transcode.Violation
	for i, e := range n.entries {
		p := &n.in.pairs[e.pair]
		at := at.index(i, len(n.entries))
		if !isElement(p.name, e.at) {
			return dst[:start], false, invalid(at, codeName, "files and elements with names of their own are mixed")
		}
		from := len(dst)
		out, _, err := b.appendPair(dst, sh.elem, "", p, at)
		if err == nil && !unique.add(out[from:]) {
			err = invalid(at, transcode.CodeDuplicateElement, "the element is repeated in a set")
		}
		if err != nil {
			if bad, err = gather(bad, err); err != nil {
				return dst[:start], false, err
			}
			continue
		}
		dst = out
	}
	if len(bad) > 0 {
		return dst[:start], false, &transcode.InvalidError{Violations: bad}
	}
	binary.BigEndian.PutUint32(dst[start+1:], uint32(len(n.entries)))
	return dst, true, nil
}

// appendIndexed writes a list or set spelled as k[0]=a&k[1]=b, k[0].x=1 or k[]=a.
func (b *binder) appendIndexed(dst []byte, sh *shape, split string, n nested) ([]byte, bool, error) {
	type item struct {
		index int
		entry entry
	}
	var items []item
	base := len(b.texts)
	defer func() { b.texts = b.texts[:base] }()
	for _, e := range n.entries {
		p := &n.in.pairs[e.pair]
		seg, next, ok := segment(p.name, e.at)
		if !ok {
			continue
		}
		if len(seg) == 0 && int(next) == len(p.name) {
			text, ok := b.decode(p)
			if !ok {
				return dst, false, invalid(n.at, codeEscape, "the value is not percent-encoded correctly")
			}
			b.texts = append(b.texts, text)
			continue
		}
		index, err := strconv.Atoi(string(seg))
		if err != nil || index < 0 || index >= maxParams {
			return dst, false, invalid(origin{n.at.kind, string(p.name)}, codeName, "the name does not hold the number of an element")
		}
		items = append(items, item{index, entry{e.pair, next}})
	}
	switch {
	case len(b.texts) > base && len(items) > 0:
		return dst, false, invalid(n.at, codeName, "numbered elements and elements without a number are mixed")
	case len(b.texts) > base:
		return b.appendElements(dst, sh, b.texts[base:], false, n.at)
	case len(items) == 0:
		return dst, false, nil
	}
	slices.SortStableFunc(items, func(x, y item) int { return x.index - y.index })
	start := len(dst)
	dst = append(dst, sh.elem.t.Kind.WireType(), 0, 0, 0, 0)
	unique := newUnique(sh.t)
	var bad []transcode.Violation
	count := 0
	for i := 0; i < len(items); count++ {
		at := origin{n.at.kind, n.at.name + "[" + strconv.Itoa(items[i].index) + "]"}
		if items[i].index != count {
			return dst[:start], false, invalid(origin{n.at.kind, n.at.name + "[" + strconv.Itoa(count) + "]"}, transcode.CodeRequired, "the numbers of the elements leave this one out")
		}
		first := len(b.entries)
		for ; i < len(items) && items[i].index == count; i++ {
			b.entries = append(b.entries, items[i].entry)
		}
		from := len(dst)
		out, present, err := b.appendEntries(dst, sh.elem, split, nested{in: n.in, entries: b.entries[first:], depth: n.depth}, at)
		b.entries = b.entries[:first]
		switch {
		case err != nil:
			if bad, err = gather(bad, err); err != nil {
				return dst[:start], false, err
			}
		case !present:
			bad = append(bad, violation(at, transcode.CodeRequired, "the element has no value"))
		case !unique.add(out[from:]):
			bad = append(bad, violation(at, transcode.CodeDuplicateElement, "the element is repeated in a set"))
		}
		dst = out
	}
	if len(bad) > 0 {
		return dst[:start], false, &transcode.InvalidError{Violations: bad}
	}
	binary.BigEndian.PutUint32(dst[start+1:], uint32(count))
	return dst, true, nil
}

// appendMap writes a map spelled as k[a]=1&k[b]=2.
func (b *binder) appendMap(dst []byte, sh *shape, n nested) ([]byte, bool, error) {
	type item struct {
		key   []byte
		entry entry
	}
	items := make([]item, 0, len(n.entries))
	for _, e := range n.entries {
		name := n.in.pairs[e.pair].name
		key, next, ok := segment(name, e.at)
		if !ok {
			return dst, false, invalid(origin{n.at.kind, string(name)}, codeName, "the name does not end with a key in brackets")
		}
		items = append(items, item{key, entry{e.pair, next}})
	}
	slices.SortStableFunc(items, func(x, y item) int { return bytes.Compare(x.key, y.key) })
	start := len(dst)
	dst = append(dst, sh.key.t.Kind.WireType(), sh.elem.t.Kind.WireType(), 0, 0, 0, 0)
	unique := newUnique(sh.t)
	var bad []transcode.Violation
	count := 0
	for i := 0; i < len(items); {
		key := items[i].key
		at := origin{n.at.kind, n.at.name + "[" + string(key) + "]"}
		first := len(b.entries)
		for ; i < len(items) && bytes.Equal(items[i].key, key); i++ {
			b.entries = append(b.entries, items[i].entry)
		}
		from := len(dst)
		out, err := b.appendKey(dst, sh.key, key, at)
		if err == nil && !unique.add(out[from:]) {
			err = invalid(at, transcode.CodeDuplicateElement, "the key is repeated")
		}
		present := true
		if err == nil {
			out, present, err = b.appendEntries(out, sh.elem, "", nested{in: n.in, entries: b.entries[first:], depth: n.depth}, at)
		}
		b.entries = b.entries[:first]
		if err == nil && !present {
			err = invalid(at, transcode.CodeRequired, "the key has no value")
		}
		if err != nil {
			if bad, err = gather(bad, err); err != nil {
				return dst[:start], false, err
			}
			continue
		}
		dst = out
		count++
	}
	if len(bad) > 0 {
		return dst[:start], false, &transcode.InvalidError{Violations: bad}
	}
	binary.BigEndian.PutUint32(dst[start+2:], uint32(count))
	return dst, true, nil
}

// appendKey writes the key of a map: JSON where it is no scalar.
func (b *binder) appendKey(dst []byte, sh *shape, key []byte, at origin) ([]byte, error) {
	if !isContainer(sh.t) {
		return appendScalar(dst, sh.t, key, at)
	}
	out, _, err := b.appendJSONText(dst, sh, key, at)
	return out, err
}

// appendJSONText binds a value that is spelled as JSON.
func (b *binder) appendJSONText(dst []byte, sh *shape, text []byte, at origin) ([]byte, bool, error) {
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return dst, false, invalid(at, transcode.CodeType, "the value is neither JSON nor spelled as names of its members")
	}
	binding, err := sh.jsonBinding()
	if err != nil {
		return dst, false, err
	}
	out, err := binding.codec.AppendThriftWith(dst, text, &nested{b: b, binding: binding, in: &b.form, at: at})
	if err != nil {
		return dst, false, relabel(err, at)
	}
	return out, true, nil
}

// appendRaw takes bytes as they are.
func appendRaw(dst []byte, sh *shape, raw []byte, at origin) ([]byte, bool, error) {
	switch sh.t.Kind {
	case transcode.String:
		if !utf8.Valid(raw) {
			return dst, false, invalid(at, transcode.CodeEncoding, "the text is not valid UTF-8")
		}
	case transcode.Binary:
	default:
		out, err := appendScalar(dst, sh.t, raw, at)
		return out, err == nil, err
	}
	return transcode.AppendString(dst, raw), true, nil
}

// splitsByDefault tells the element types whose texts can't hold a comma.
func splitsByDefault(t *transcode.Type) bool {
	switch t.Kind {
	case transcode.Bool, transcode.I8, transcode.I16, transcode.I32, transcode.I64, transcode.Double, transcode.Enum:
		return true
	}
	return false
}

// unique finds repeated elements of sets and keys of maps. A nil one takes all.
type unique struct {
	t    *transcode.Type
	seen map[string]struct{}
	form []byte
}

// newUnique is for the elements or keys of t; those of a list may repeat.
func newUnique(t *transcode.Type) *unique {
	switch t.Kind {
	case transcode.List:
		return nil
	case transcode.Map:
		t = t.Key
	default:
		t = t.Elem
	}
	return &unique{t: t, seen: map[string]struct{}{}}
}

func (u *unique) add(wire []byte) bool {
	if u == nil {
		return true
	}
	u.form = transcode.AppendCanonical(u.form[:0], u.t, wire)
	if _, ok := u.seen[string(u.form)]; ok {
		return false
	}
	u.seen[string(u.form)] = struct{}{}
	return true
}

// unsafeBytes views a string as bytes that nobody writes to.
func unsafeBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// unsafeString views bytes as a string for as long as the request lives.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
