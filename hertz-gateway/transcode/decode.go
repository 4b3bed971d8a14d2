package transcode

import (
	"slices"
	"sync"
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
	// win is in, and behind a short one some zeros. Up to the offset limit it
	// has window bytes, which can be read without another look.
	win   []byte
	limit int
	// marks are those of in.
	marks marks
	// out is dst with all of its capacity. Up to the offset roomy it has room for a
	// field with a short value.
	out   []byte
	roomy int
	// longest is how long a string may be for short; -1 if in is not all valid
	// UTF-8.
	longest int
	src     Source
	// start is the length of dst at the beginning, sent that of the whole text.
	start, sent           int
	maxDepth, maxElements int
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
	// habits are found by the serial number of what was expected; learned: there
	// are some.
	habits  [64]habit
	learned bool
	// trail are the names of absent structs that are being built from src.
	trail []string
	// keys is in how many keys of maps the text is.
	keys int
	// pad is where a short text is copied to, to have zeros behind it.
	pad [padded + window]byte
}

// window is how much of a text is looked at in one step: from the comma before a
// member its name, of up to 24 bytes with what is around it, and what of its
// value is read in whole words, valueWindow.
const (
	window      = keyWindow + valueWindow
	keyWindow   = 24
	valueWindow = 48
	padded      = 1024
)

func (c *Codec) appendThrift(dst, json []byte, src Source) (out []byte, err error) {
	d, _ := decoders.Get().(*decoder)
	defer d.free() // also when the Source panics
	d.omitZero = c.opts.OmitZero
	d.codec, d.src, d.start, d.sent = c, src, len(dst), len(json)
	d.refs.seed, d.maxDepth, d.maxElements = c.seed, c.opts.MaxDepth, c.opts.MaxElements
	if cap(dst)-len(dst) < len(json)+fieldRoom {
		dst = slices.Grow(dst, len(json)+len(json)/4+2*fieldRoom)
	}
	w, i := d.keep(dst), 0
	if c.root.sp != nil && string(json) == "{}" {
		d.in = json
		w, i = d.nothing(c.root.sp, w)
	} else {
		d.read(json)
		w, i = d.document(c.root, w, 1)
	}
	dst = d.out[:w]
	switch {
	case d.err != nil:
		return dst[:d.start], d.err
	case i < 0 || len(d.found) > 0:
		return dst[:d.start], d.invalid()
	}
	return dst, nil
}

// keep takes dst, to which bytes have been appended, for what is written; it
// gives the offset behind.
func (d *decoder) keep(dst []byte) (w int) {
	d.out, d.roomy = dst[:cap(dst)], cap(dst)-fieldRoom
	return len(dst)
}

// read makes text the one to convert.
func (d *decoder) read(text []byte) {
	var valid bool
	if d.marks, valid = d.marks.mark(text); valid {
		d.longest = shortString
	} else {
		d.longest = -1
	}
	d.win = text
	if len(text) <= padded {
		n := copy(d.pad[:], text)
		clear(d.pad[n : n+window])
		text, d.win = d.pad[:n:n], d.pad[:n+window]
	}
	d.in, d.limit = text, len(d.win)-window
}

func (d *decoder) free() {
	d.codec, d.in, d.win, d.out, d.src, d.err, d.keys = nil, nil, nil, nil, nil, nil, 0
	clear(d.found)
	clear(d.trail)
	d.found, d.trail = d.found[:0], d.trail[:0]
	if d.learned {
		d.habits, d.learned = [len(d.habits)]habit{}, false
	}
	d.refs.refs, d.refs.table = kept(d.refs.refs), kept(d.refs.table)
	d.text, d.words, d.spans = kept(d.text), kept(d.words), kept(d.spans)
	if cap(d.marks) > maxMarks {
		d.marks = nil
	}
	decoders.Put(d)
}

// byte writes one byte.
func (d *decoder) byte(w int, c byte) int {
	if w < len(d.out) {
		d.out[w] = c
		return w + 1
	}
	return d.keep(append(d.out[:w], c))
}

// document converts the whole text to a value of n, at nesting depth.
func (d *decoder) document(n *node, w, depth int) (end, next int) {
	i := skipSpace(d.in, 0)
	if i < len(d.in) && d.in[i] == 'n' {
		if end := d.literal(i, "null"); end < 0 {
			i = end
		} else {
			i = d.report(i, CodeNull, "expected "+n.want()+", got null", end)
		}
	} else {
		w, i = d.value(n, w, i, depth)
	}
	if i < 0 {
		return w, i
	}
	if i = skipSpace(d.in, i); i < len(d.in) {
		return w, d.syntax(i, "there is more after the JSON value")
	}
	return w, i
}

// value converts the value at i, which is at nesting depth, and writes it at w.
func (d *decoder) value(n *node, w, i, depth int) (end, next int) {
	if i >= len(d.in) {
		return w, d.syntax(i, "a value is missing")
	}
	c := d.in[i]
	switch n.kind {
	case Struct, Union, Exception:
		if c == '{' {
			return d.object(n.sp, w, i, depth)
		}
	case List, Set:
		if c == '[' {
			return d.array(n, w, i, depth)
		}
	case Map:
		if c == '{' {
			return d.mapping(n, w, i, depth)
		}
	default:
		dst, i := d.scalar(n, d.out[:w], i, depth)
		return d.keep(dst), i
	}
	return w, d.mismatch(n, i, depth)
}

// scalar converts the value at i, which is not to be a container.
func (d *decoder) scalar(n *node, dst []byte, i, depth int) ([]byte, int) {
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
	case Enum:
		return d.enum(n, dst, i)
	case Binary, UUID:
		if c == '"' {
			return d.fromString(n, dst, i)
		}
	}
	return dst, d.mismatch(n, i, depth)
}

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
