package transcode

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
	"sync"
	"unicode/utf8"
)

// AppendThrift appends the Thrift binary form of the JSON value in json to
// dst. Violations by the client are an *InvalidError, which lists up to 32 of
// them; dst then comes back as it was.
func (c *Codec) AppendThrift(dst, json []byte) ([]byte, error) {
	return c.appendThrift(dst, json, nil)
}

// AppendThriftWith is AppendThrift with a Source for the fields that
// Options.Place puts outside the body; a nil Source has none of them. A body
// that is empty or white space counts as {} where the root is a struct.
//
// A struct whose member is absent or null is built from the Source alone if
// one of the fields below it is there. A required one is written in any case
// when all of its fields live outside the body; otherwise its absence is a
// violation.
func (c *Codec) AppendThriftWith(dst, json []byte, src Source) ([]byte, error) {
	if c.root.sp != nil && skipSpace(json, 0) == len(json) {
		json = emptyObject
	}
	return c.appendThrift(dst, json, src)
}

// emptyObject is never written to.
var emptyObject = []byte("{}")

// decoders holds the scratch of conversions that have ended.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// decoder is one conversion from JSON to Thrift. Its methods take the offset
// of what they read and give the offset behind it, or -1 when the conversion
// is over; violations that leave the rest readable are collected.
type decoder struct {
	codec *Codec
	in    []byte
	src   Source
	namer Namer
	// start is the length of dst at the beginning, sent that of the whole text.
	start, sent int
	// found are the violations so far; err is an error that is none.
	found []finding
	err   error

	// refs are the unknown names of the open objects, and the elements and
	// keys of the open sets and maps.
	refs refSet
	// canon's text holds unescaped names and strings, and elements of sets in
	// canonical form, as long as a ref needs them.
	canon
	// words is the stack of bit sets of structs with more than 64 fields.
	words []uint64
	// trail are the names of absent structs that are being built from src.
	trail []string
	// keys is in how many keys of maps the text is.
	keys int
}

func (c *Codec) appendThrift(dst, json []byte, src Source) (out []byte, err error) {
	d, _ := decoders.Get().(*decoder)
	defer d.free() // also when the Source panics
	d.omitZero = c.opts.OmitZero
	d.codec, d.in, d.src, d.start, d.sent = c, json, src, len(dst), len(json)
	d.refs.seed = c.seed
	if src != nil {
		d.namer, _ = src.(Namer)
	}
	if cap(dst)-len(dst) < len(json) {
		dst = append(make([]byte, 0, len(dst)+len(json)+len(json)/4+64), dst...)
	}
	out, i := d.document(c.root, dst, 1)
	switch {
	case d.err != nil:
		return dst[:d.start], d.err
	case i < 0 || len(d.found) > 0:
		return dst[:d.start], d.invalid()
	}
	return out, nil
}

func (d *decoder) free() {
	d.codec, d.in, d.src, d.namer, d.err, d.keys = nil, nil, nil, nil, nil, 0
	clear(d.found)
	clear(d.trail)
	d.found, d.trail = d.found[:0], d.trail[:0]
	d.refs.refs, d.refs.table = kept(d.refs.refs), kept(d.refs.table)
	d.text, d.words, d.spans = kept(d.text), kept(d.words), kept(d.spans)
	decoders.Put(d)
}

// document converts the whole text to a value of n, at nesting depth.
func (d *decoder) document(n *node, dst []byte, depth int) ([]byte, int) {
	i := skipSpace(d.in, 0)
	if i < len(d.in) && d.in[i] == 'n' {
		if end := d.literal(i, "null"); end < 0 {
			i = end
		} else {
			i = d.report(i, CodeNull, "expected "+n.want()+", got null", end)
		}
	} else {
		dst, i = d.value(n, dst, i, depth)
	}
	if i < 0 {
		return dst, i
	}
	if i = skipSpace(d.in, i); i < len(d.in) {
		return dst, d.syntax(i, "there is more after the JSON value")
	}
	return dst, i
}

// value converts the value at i, which is at nesting depth.
func (d *decoder) value(n *node, dst []byte, i, depth int) ([]byte, int) {
	if i >= len(d.in) {
		return dst, d.syntax(i, "a value is missing")
	}
	c := d.in[i]
	switch n.kind {
	case String:
		if c == '"' {
			return d.str(dst, i)
		}
	case I8, I16, I32, I64:
		return d.integer(n, dst, i)
	case Bool:
		if c == 't' {
			return append(dst, 1), d.literal(i, "true")
		}
		if c == 'f' {
			return append(dst, 0), d.literal(i, "false")
		}
	case Double:
		return d.double(n, dst, i)
	case Struct, Union, Exception:
		if c == '{' {
			return d.object(n.sp, dst, i, depth)
		}
	case List, Set:
		if c == '[' {
			return d.array(n, dst, i, depth)
		}
	case Map:
		if c == '{' {
			return d.mapping(n, dst, i, depth)
		}
	case Enum:
		return d.enum(n, dst, i)
	case Binary, UUID:
		if c == '"' {
			return d.fromString(n, dst, i)
		}
	}
	return dst, d.mismatch(n, i, depth)
}

// object converts the object at i.
func (d *decoder) object(sp *structProg, dst []byte, i, depth int) ([]byte, int) {
	if depth > d.codec.opts.MaxDepth {
		return dst, d.tooDeep(i)
	}
	in, at := d.in, i
	wordMark, names := len(d.words), d.beginNames()
	var few [1]uint64
	seen := few[:]
	if sp.words > 1 {
		seen = d.bitSet(sp.words)
	}
	var given []uint64 // fields that the Source had before the body
	members := 0       // that are present; only unions count them
	if sp.placed && d.src != nil {
		given = d.bitSet(sp.words)
		if dst, members = d.askAll(sp, dst, given); members < 0 {
			return dst, -1
		}
	}
	expected := sp.first
	i = skipSpace(in, i+1)
	closed := i < len(in) && in[i] == '}'
	for !closed {
		// The member that usually comes next, without white space, or any other.
		f := expected
		if f != nil && f.startsAt(in, i) && (len(f.token) <= 16 || f.goesOnAt(in, i)) {
			i += len(f.token)
		} else if f, i = d.member(sp, f, skipSpace(in, i)); i < 0 {
			return dst, i
		}
		if i < len(in) && in[i] <= ' ' {
			i = skipSpace(in, i)
		}
		if i >= len(in) {
			return dst, d.syntax(i, "a value is missing")
		}
		if f == nil {
			i = d.skipValue(i, depth+1)
		} else {
			c, n, bit := in[i], f.node, f.bit
			word := &seen[f.word]
			expected = f.next
			switch {
			case *word&bit != 0:
				d.report(i, CodeDuplicateKey, "the object has this member twice", i)
				i = d.skipValue(i, depth+1)
			case given != nil && given[f.word]&bit != 0:
				i = d.skipValue(i, depth+1)
			case c == 'n':
				i = d.literal(i, "null")
				if i >= 0 && sp.need[f.word]&bit != 0 {
					var present, ok bool
					if dst, present, ok = d.absent(f, dst, at, depth); !ok {
						return dst, -1
					}
					if present {
						members++
					}
				}
			default:
				dst = append(dst, f.header[0], f.header[1], f.header[2])
				members++
				switch {
				case n.kind == String && c == '"':
					dst, i = d.str(dst, i)
				case n.kind >= I8 && n.kind <= I64:
					dst, i = d.integer(n, dst, i)
				default:
					dst, i = d.value(n, dst, i, depth+1)
				}
			}
			*word |= bit
		}
		if i < 0 {
			return dst, i
		}
		if i < len(in) && in[i] == ',' {
			i++
			continue
		}
		i = skipSpace(in, i)
		switch {
		case i >= len(in):
			return dst, d.syntax(i, "the object is not closed")
		case in[i] == ',':
			i++
		case in[i] == '}':
			closed = true
		default:
			return dst, d.syntax(i, "expected ',' or '}' after a member")
		}
	}
	if len(d.refs.refs) > names.refs {
		d.endNames(names)
	}
	for w, need := range sp.need {
		need &^= seen[w]
		if given != nil {
			need &^= given[w]
		}
		for ; need != 0; need &= need - 1 {
			var present, ok bool
			if dst, present, ok = d.absent(&sp.fields[w*64+bits.TrailingZeros64(need)], dst, at, depth); !ok {
				return dst, -1
			}
			if present {
				members++
			}
		}
	}
	if sp.union && members != 1 {
		d.unionMembers(at, members)
	}
	if d.full() {
		return dst, -1
	}
	d.words = d.words[:wordMark]
	return append(dst, WireStop), i + 1
}

// startsAt says whether the text at i begins like the member of f, written as
// usual; what is behind 16 bytes is for goesOnAt. It is asked for nearly every
// member, hence by words. At the very end of a text it says no.
func (f *field) startsAt(in []byte, i int) bool {
	if len(in)-i < 16 {
		return false
	}
	b := in[i : i+16 : i+16]
	lo, hi := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	return (lo^f.tokenWords[0])&f.tokenMask[0]|(hi^f.tokenWords[1])&f.tokenMask[1] == 0
}

// goesOnAt says whether the member of f is at i, whose name is long.
func (f *field) goesOnAt(in []byte, i int) bool {
	return len(in)-i >= len(f.token) && string(in[i:i+len(f.token)]) == f.token
}

// member reads the name of a member at i and finds its field, nil for a member
// that nobody knows; next is where its value starts, or white space before it.
func (d *decoder) member(sp *structProg, expected *field, i int) (f *field, next int) {
	if expected != nil && expected.goesOnAt(d.in, i) {
		return expected, i + len(expected.token)
	}
	name, next := d.name(i)
	if next < 0 {
		return nil, next
	}
	if f = sp.byName[string(name.bytes(d.in, d.text))]; f != nil {
		if name.off < 0 {
			d.text = d.text[:^name.off]
		}
		return f, next
	}
	d.refs.refs = append(d.refs.refs, name)
	if d.codec.opts.RejectUnknown {
		next = d.report(next, CodeUnknown, "unknown field", next)
	}
	return nil, next
}

// array converts the array at i to a list or set.
func (d *decoder) array(n *node, dst []byte, i, depth int) ([]byte, int) {
	if depth > d.codec.opts.MaxDepth {
		return dst, d.tooDeep(i)
	}
	in, elem, set := d.in, n.elem, n.kind == Set
	head := len(dst)
	dst = append(dst, elem.wt, 0, 0, 0, 0)
	i = skipSpace(in, i+1)
	if i < len(in) && in[i] == ']' {
		return dst, i + 1
	}
	refMark, textMark := len(d.refs.refs), len(d.text)
	count, limit := 0, d.codec.opts.MaxElements
	for {
		if count++; count > limit {
			if count == limit+1 {
				d.report(i, CodeElements, "more than "+itoa(limit)+" elements", i)
			}
			if i = d.skipValue(i, depth+1); i < 0 {
				return dst, i
			}
		} else if i < len(in) && in[i] == 'n' {
			if i = d.null(n, i); i < 0 {
				return dst, i
			}
		} else {
			at, from, found := i, len(dst), len(d.found)
			if elem.kind == String && i < len(in) && in[i] == '"' {
				dst, i = d.str(dst, i)
			} else {
				dst, i = d.value(elem, dst, i, depth+1)
			}
			if i < 0 {
				return dst, i
			}
			if set && len(d.found) == found {
				d.refs.refs = append(d.refs.refs, ref{off: from, n: len(dst) - from, at: at})
			}
		}
		if i < len(in) && in[i] <= ' ' {
			i = skipSpace(in, i)
		}
		if i >= len(in) {
			return dst, d.syntax(i, "the array is not closed")
		}
		if in[i] == ']' {
			break
		}
		if in[i] != ',' {
			return dst, d.syntax(i, "expected ',' or ']' after an element")
		}
		i++
		if i < len(in) && in[i] <= ' ' {
			i = skipSpace(in, i)
		}
	}
	if set {
		if elem.canonical {
			d.canonicalElements(elem, d.refs.refs[refMark:], dst)
		}
		if r := d.refs.repeated(refMark, dst, d.text); r >= 0 {
			d.report(d.refs.refs[r].at, CodeDuplicateElement, "the set has this element twice", 0)
		}
		d.refs.refs, d.text = d.refs.refs[:refMark], d.text[:textMark]
	}
	putCount(dst[head+1:], count)
	return dst, i + 1
}

// canonicalElements replaces those elements of a set, which are in dst, by their
// canonical forms that have the length of another one: others are different, or
// so by a field that might as well be absent. So sets of sets do not cost time
// in the square of their depth.
func (d *decoder) canonicalElements(elem *node, refs []ref, dst []byte) {
	byLength := func(a, b ref) int { return cmp.Compare(a.n, b.n) }
	if !slices.IsSortedFunc(refs, byLength) {
		slices.SortStableFunc(refs, byLength)
	}
	for len(refs) > 0 {
		same := 1
		for same < len(refs) && refs[same].n == refs[0].n {
			same++
		}
		if same > 1 {
			for i := range refs[:same] {
				form := d.form(elem.typ, dst, refs[i].off)
				refs[i].off, refs[i].n = form.off, form.n
			}
		}
		refs = refs[same:]
	}
}

// mapping converts the object at i to a map.
func (d *decoder) mapping(n *node, dst []byte, i, depth int) ([]byte, int) {
	if depth > d.codec.opts.MaxDepth {
		return dst, d.tooDeep(i)
	}
	in := d.in
	head := len(dst)
	dst = append(dst, n.key.wt, n.elem.wt, 0, 0, 0, 0)
	i = skipSpace(in, i+1)
	if i < len(in) && in[i] == '}' {
		return dst, i + 1
	}
	refMark, textMark := len(d.refs.refs), len(d.text)
	count, limit := 0, d.codec.opts.MaxElements
	for {
		var key ref
		if key, i = d.name(i); i < 0 {
			return dst, i
		}
		if count++; count == limit+1 {
			d.report(i, CodeElements, "more than "+itoa(limit)+" elements", i)
		}
		valid := false
		if count <= limit {
			dst, valid = d.mapKey(n.key, dst, key, depth)
		}
		switch {
		case d.full():
			return dst, -1
		case !valid:
			i = d.skipValue(i, depth+1)
		case i < len(in) && in[i] == 'n':
			i = d.null(n, i)
		default:
			dst, i = d.value(n.elem, dst, i, depth+1)
		}
		if i < 0 {
			return dst, i
		}
		if i < len(in) && in[i] <= ' ' {
			i = skipSpace(in, i)
		}
		if i >= len(in) {
			return dst, d.syntax(i, "the object is not closed")
		}
		if in[i] == '}' {
			break
		}
		if in[i] != ',' {
			return dst, d.syntax(i, "expected ',' or '}' after a member")
		}
		i = skipSpace(in, i+1)
	}
	if r := d.refs.repeated(refMark, dst, d.text); r >= 0 {
		d.report(d.refs.refs[r].at, CodeDuplicateKey, "the map has this key twice", 0)
	}
	d.refs.refs, d.text = d.refs.refs[:refMark], d.text[:textMark]
	putCount(dst[head+2:], count)
	return dst, i + 1
}

// mapKey converts the name of a member to a key of type n and notes it for the
// search for repeated ones.
func (d *decoder) mapKey(n *node, dst []byte, name ref, depth int) (out []byte, valid bool) {
	from := len(dst)
	text := name.bytes(d.in, d.text)
	var bad *Violation
	switch {
	case n.kind == String:
		dst = AppendString(dst, text)
	case n.kind >= Struct:
		dst, bad = d.jsonKey(n, dst, text, depth+1)
	default:
		dst, bad = appendText(dst, n, text, false)
	}
	if bad != nil {
		d.report(name.at, CodeMapKey, "not a key of the map: "+bad.Detail, 0)
		return dst, false
	}
	if name.off < 0 {
		d.text = d.text[:^name.off]
	}
	key := ref{off: from, n: len(dst) - from}
	if n.canonical {
		key = d.form(n.typ, dst, from)
	}
	name.off, name.n = key.off, key.n
	d.refs.refs = append(d.refs.refs, name)
	return dst, true
}

// maxKeys is how deep keys that are JSON may be in each other: quoting text
// again and again doubles its quotes each time.
const maxKeys = 4

// jsonKey converts the JSON that text is to a key of type n at nesting depth.
func (d *decoder) jsonKey(n *node, dst, text []byte, depth int) ([]byte, *Violation) {
	if d.keys == maxKeys {
		return dst, &Violation{Code: CodeDepth, Detail: keysTooDeep}
	}
	k, _ := decoders.Get().(*decoder)
	defer k.free()
	k.codec, k.in, k.start, k.sent, k.keys = d.codec, text, d.start, d.sent, d.keys+1
	k.refs.seed, k.omitZero = d.refs.seed, d.omitZero
	mark := len(dst)
	out, i := k.document(n, dst, depth)
	if i < 0 || len(k.found) > 0 {
		k.locate()
		bad := k.found[0].Violation
		if bad.Pointer != "" {
			bad.Detail += " at " + cutText([]byte(bad.Pointer), maxToken)
		}
		return out[:mark], &bad
	}
	return out, nil
}

const keysTooDeep = "keys nested in keys deeper than 4 levels"

func putCount(dst []byte, n int) {
	_ = dst[3]
	dst[0], dst[1], dst[2], dst[3] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
}

// null refuses the null at i as an element of n.
func (d *decoder) null(n *node, i int) int {
	end := d.literal(i, "null")
	if end < 0 {
		return end
	}
	return d.report(i, CodeNull, "null is not allowed in a "+kindName(n.kind), end)
}

// absent does what is due for field f of the struct at offset at, which the
// body does not have: it asks the Source, writes the default or misses a
// required field. present: the Source had it. ok false: the Source failed.
func (d *decoder) absent(f *field, dst []byte, at, depth int) (out []byte, present, ok bool) {
	if f.place == Either && d.src != nil {
		if dst, present, ok = d.ask(f, dst, AfterBody); present || !ok {
			return dst, present, ok
		}
	}
	if d.src != nil && f.reaches() {
		if dst, present, ok = d.fromSource(f, dst, at, depth+1); present || !ok {
			return dst, present, ok
		}
	}
	if f.fill != nil {
		if len(dst)-d.start > growthLimit(d.sent) {
			d.report(at, CodeSize, "the defaults of absent fields make the message too large", 0)
			return dst, false, true
		}
		return append(dst, f.fill...), false, true
	}
	if f.required {
		d.missing(f, at)
	}
	return dst, false, true
}

// growthLimit is how large a message may become by values that stand for
// absent ones, which cost their sender nothing.
func growthLimit(sent int) int { return 1<<20 + 64*sent }

// ask gets the value of f from the Source, with its header.
func (d *decoder) ask(f *field, dst []byte, phase Phase) (out []byte, present, ok bool) {
	out, present, err := d.src.AppendField(append(dst, f.header[0], f.header[1], f.header[2]), f.slot, phase)
	if err == nil {
		if !present {
			out = dst
		}
		return out, present, true
	}
	var invalid *InvalidError
	if !errors.As(err, &invalid) {
		d.err = err
		return dst, false, false
	}
	// The field is there, though not as it should be.
	for _, v := range invalid.Violations {
		d.add(finding{at: -1, Violation: v})
	}
	return dst, true, true
}

// askAll asks the Source for all fields of sp that live outside the body, and
// notes those that it had. members is their number, or -1.
func (d *decoder) askAll(sp *structProg, dst []byte, given []uint64) (out []byte, members int) {
	for _, f := range sp.asked {
		var present, ok bool
		if dst, present, ok = d.ask(f, dst, BeforeBody); !ok {
			return dst, -1
		}
		if present {
			given[f.word] |= f.bit
			members++
		}
	}
	return dst, members
}

// fromSource builds the struct of f, absent from the object at offset at, from
// the Source alone. Without any of its fields it is written only if it is
// required and can come from nowhere else.
func (d *decoder) fromSource(f *field, dst []byte, at, depth int) (out []byte, present, ok bool) {
	sp := f.node.sp
	mark, findings, wordMark := len(dst), len(d.found), len(d.words)
	d.trail = append(d.trail, f.f.JSON)
	dst = append(dst, f.header[0], f.header[1], f.header[2])
	given := d.bitSet(sp.words)
	dst, members := d.askAll(sp, dst, given)
	if members < 0 {
		return dst, false, false
	}
	for w, need := range sp.need {
		for need &^= given[w]; need != 0; need &= need - 1 {
			var one bool
			if dst, one, ok = d.absent(&sp.fields[w*64+bits.TrailingZeros64(need)], dst, at, depth); !ok {
				return dst, false, false
			}
			if one {
				members++
			}
		}
	}
	required := f.required && sp.bodyless
	if sp.union && members != 1 {
		d.unionMembers(at, members)
	}
	d.trail = d.trail[:len(d.trail)-1]
	d.words = d.words[:wordMark]
	if members == 0 && !required {
		d.found = d.found[:findings]
		return dst[:mark], false, true
	}
	return append(dst, WireStop), true, true
}

// bitSet gives an empty bit set of that many words; cutting d.words frees it.
func (d *decoder) bitSet(words int) []uint64 {
	n := len(d.words)
	if n+words > cap(d.words) {
		d.words = append(make([]uint64, 0, 2*(n+words)+8), d.words...)
	}
	d.words = d.words[:n+words]
	s := d.words[n : n+words : n+words]
	clear(s)
	return s
}

// nameMark remembers the stacks at the beginning of an object.
type nameMark struct{ refs, text int }

func (d *decoder) beginNames() nameMark { return nameMark{len(d.refs.refs), len(d.text)} }

// endNames looks for a name that came twice since the mark.
func (d *decoder) endNames(m nameMark) {
	if r := d.refs.repeated(m.refs, d.in, d.text); r >= 0 {
		d.report(d.refs.refs[r].at, CodeDuplicateKey, "the object has this member twice", 0)
	}
	d.refs.refs, d.text = d.refs.refs[:m.refs], d.text[:m.text]
}

// name reads the name of a member at i with its colon; next is where its value
// starts. The bytes of the name are in d.in, or unescaped on top of d.text.
func (d *decoder) name(i int) (name ref, next int) {
	in := d.in
	if i >= len(in) || in[i] != '"' {
		return ref{}, d.syntax(i, "expected the name of a member in quotes")
	}
	end, ascii := scanPlain(in, i+1)
	if end < len(in) && in[end] == '"' && (ascii || utf8.Valid(in[i+1:end])) {
		name = ref{off: i + 1, n: end - i - 1}
		i = end + 1
	} else {
		mark := len(d.text)
		var ok bool
		d.text, end, ok = d.unescape(d.text, i)
		if end < 0 {
			return ref{}, end
		}
		if !ok {
			d.badEncoding(i, end)
			return ref{}, -1
		}
		name = ref{off: ^mark, n: len(d.text) - mark}
		i = end
	}
	if i = skipSpace(in, i); i >= len(in) || in[i] != ':' {
		return ref{}, d.syntax(i, "expected ':' after the name of a member")
	}
	i = skipSpace(in, i+1)
	name.at = i
	return name, i
}
