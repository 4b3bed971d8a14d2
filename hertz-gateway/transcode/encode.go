package transcode

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// AppendJSON appends the JSON form of the Thrift binary value in wire, which
// must be one whole value, to dst. What cannot be a value of the type is a
// *WireError; dst then comes back as it was.
func (c *Codec) AppendJSON(dst, wire []byte) ([]byte, error) {
	return c.AppendJSONWith(dst, wire, nil)
}

// AppendJSONWith is AppendJSON with a Sink for the fields that Options.Place
// puts outside the body; a nil Sink drops them. The Sink is called in the
// order of the wire; an error of it ends the conversion and comes back as it is.
func (c *Codec) AppendJSONWith(dst, wire []byte, sink Sink) ([]byte, error) {
	out, n, err := c.appendJSON(c.root, dst, wire, sink)
	if err == nil && n < len(wire) {
		err = &WireError{Offset: n, Reason: "there is more after the value"}
	}
	if err != nil {
		return dst, err
	}
	return out, nil
}

// AppendJSONPrefix is AppendJSON for the value at the start of wire; n is how
// many bytes it took.
func (c *Codec) AppendJSONPrefix(dst, wire []byte) (out []byte, n int, err error) {
	if out, n, err = c.appendJSON(c.root, dst, wire, nil); err != nil {
		return dst, 0, err
	}
	return out, n, nil
}

// appendValue is AppendJSON for a value of the node.
func (c *Codec) appendValue(dst []byte, n *node, wire []byte) ([]byte, error) {
	out, end, err := c.appendJSON(n, dst, wire, nil)
	if err == nil && end < len(wire) {
		err = &WireError{Offset: end, Reason: "there is more after the value"}
	}
	return out, err
}

// encoders holds the scratch of conversions that have ended.
var encoders = sync.Pool{New: func() any { return new(encoder) }}

// encoder is one conversion from Thrift to JSON. Its methods take the offsets w
// in out, where they write, and i in wire, where they read, and give the offsets
// behind; i is -1 after an error. Members and elements are all written with a
// comma before them; the bracket takes the place of the first one when the
// container is complete.
type encoder struct {
	codec *Codec
	wire  []byte
	// out is dst with all of its capacity.
	out  []byte
	sink Sink
	// bad is why wire is no value of its type, err an error of the Sink.
	bad *WireError
	err error
	// start is the length of dst at the beginning.
	start    int
	repaired uint64
	maxDepth int

	// refs are the keys of the open maps; those that are JSON also have their
	// canonical form, in canon's text.
	refs refSet
	canon
	// keys is in how many keys of maps that are JSON the value is.
	keys int
	// quoting holds the last one of them.
	quoting []byte
	// marks are those of wire up to offset marked, stops those of a string in
	// which there is one.
	marks  textMarks
	marked int
	stops  marks
	// words and offsets are the stacks of what the open structs know of fields
	// that have come.
	words   []uint64
	offsets []int
	// gaps are the places in the open structs where fields have been passed over.
	gaps []gap
}

func (c *Codec) appendJSON(n *node, dst, wire []byte, sink Sink) (out []byte, end int, err error) {
	e, _ := encoders.Get().(*encoder)
	e.codec, e.wire, e.sink, e.start, e.maxDepth = c, wire, sink, len(dst), c.opts.MaxDepth
	e.refs.seed, e.omitZero = c.seed, c.opts.OmitZero
	e.out = dst[:cap(dst)]
	e.room(len(dst), len(wire)+len(wire)/4+2*memberRoom) // mostly enough
	w, end := e.value(n, len(dst), 0, 1)
	out = e.out[:w]
	if err = e.err; e.bad != nil {
		err = e.bad
	}
	if e.repaired > 0 {
		c.repaired.Add(e.repaired)
	}
	e.codec, e.wire, e.out, e.sink, e.bad, e.err, e.repaired, e.keys, e.marked = nil, nil, nil, nil, nil, nil, 0, 0, 0
	if len(e.marks) > maxMarks {
		e.marks = nil
	}
	if cap(e.stops) > maxMarks {
		e.stops = nil
	}
	e.refs.refs, e.refs.table = kept(e.refs.refs), kept(e.refs.table)
	e.words, e.offsets, e.gaps = kept(e.words), kept(e.offsets), kept(e.gaps)
	e.text, e.spans, e.quoting = kept(e.text), kept(e.spans), kept(e.quoting)
	encoders.Put(e)
	return out, end, err
}

// valueRoom is what a number or a short string may write at most.
const valueRoom = max(formatRoom, shortString+2)

// room makes room for size bytes at w.
func (e *encoder) room(w, size int) {
	if len(e.out)-w < size {
		e.grow(w, size)
	}
}

// grow is room where there is none; inlined with it, it would be in the way of
// what comes next.
//
//go:noinline
func (e *encoder) grow(w, size int) {
	out := slices.Grow(e.out[:w], size)
	e.out = out[:cap(out)]
}

// keep takes dst, to which bytes have been appended, for what is written; it
// gives the offset behind.
func (e *encoder) keep(dst []byte) (w int) {
	e.out = dst[:cap(dst)]
	return len(dst)
}

// byte writes one byte.
func (e *encoder) byte(w int, c byte) int {
	if w == len(e.out) {
		e.grow(w, 1)
	}
	rawByte(e.out, w, c)
	return w + 1
}

// fail notes what is wrong with the wire; it gives -1.
func (e *encoder) fail(at int, reason string) int {
	e.bad = &WireError{Offset: at, Reason: reason}
	return -1
}

func (e *encoder) truncated(n *node) int {
	return e.fail(len(e.wire), kindName(n.kind)+": "+skipReason(skipTruncated))
}

// value converts the value at i, which is at nesting depth.
func (e *encoder) value(n *node, w, i, depth int) (int, int) {
	wire := e.wire
	if len(wire)-i < n.minSize {
		return w, e.truncated(n)
	}
	e.room(w, valueRoom)
	switch n.form {
	case formString:
		return e.str(w, i)
	case formI32:
		return putInteger(e.out, w, int64(int32(rawBig32(wire, i)))), i + 4
	case formI64:
		return putInteger(e.out, w, int64(rawBig64(wire, i))), i + 8
	case formBool:
		return e.bool(w, i)
	case formDouble:
		return e.double(n, w, i)
	case formStruct:
		return e.object(n.sp, w, i, depth)
	case formList:
		return e.array(n, w, i, depth)
	}
	switch n.kind {
	case Map:
		return e.mapping(n, w, i, depth)
	case Binary:
		size := int(int32(rawBig32(wire, i)))
		i += 4
		if uint(size) > uint(len(wire)-i) {
			return w, e.fail(i-4, "binary: "+skipReason(skipCount))
		}
		w = e.byte(w, '"')
		w = e.keep(base64.StdEncoding.AppendEncode(e.out[:w], wire[i:i+size]))
		return e.byte(w, '"'), i + size
	case UUID:
		w = e.byte(w, '"')
		w = e.keep(appendUUIDOf(e.out[:w], wire[i:]))
		return e.byte(w, '"'), i + 16
	case Double:
		return e.unusualDouble(n, w, i)
	default:
		return e.integer(n, w, i)
	}
}

// str converts the string at i, whose length is there; at w there is room for a
// short one.
func (e *encoder) str(w, i int) (int, int) {
	size := int(int32(rawBig32(e.wire, i)))
	i += 4
	if uint(size) <= shortString && e.marked-i >= shortString && e.plain(w, i, size) {
		return w + 2 + size, i + size
	}
	return e.longString(w, i, size)
}

// plain writes the short string of size bytes at i, where a chunk is marked, and
// says whether there was nothing to escape or to check in it. What is behind it
// is overwritten too: that takes less time than to avoid it.
func (e *encoder) plain(w, i, size int) bool {
	rawByte(e.out, w, '"')
	rawChunk(e.out, w+1, rawChunkAt(e.wire, i))
	rawByte(e.out, w+1+size, '"')
	return rawLittle64(e.marks, i>>3)>>(i&7)<<(64-uint(size)) == 0
}

// longString converts the string of size bytes at i that is not short and plain.
func (e *encoder) longString(w, i, size int) (int, int) {
	if uint(size) > uint(len(e.wire)-i) {
		return w, e.fail(i-4, "string: "+skipReason(skipCount))
	}
	if !vectors {
		return e.scannedString(w, i, size)
	}
	if size <= shortString && e.marked-i >= shortString && unicode(rawChunkAt(e.wire, i), size) {
		return w + 2 + size, i + size // as plain has written it
	}
	if i+size > e.marked {
		e.marks, e.marked = e.marks.mark(e.wire, e.marked, i+size+shortString)
	}
	if !e.marks.plain(i, i+size) {
		return e.unusualString(w, i, size)
	}
	e.room(w, size+2)
	out := e.out[w : w+size+2]
	out[0], out[size+1] = '"', '"'
	copy(out[1:], e.wire[i:i+size])
	return w + size + 2, i + size
}

// unusualString converts the string of size bytes at i, in which something is
// marked.
func (e *encoder) unusualString(w, i, size int) (int, int) {
	text := e.wire[i : i+size]
	var valid bool
	if e.stops, valid = e.stops.mark(text); !valid {
		return e.quotedString(w, i, size)
	}
	w = e.byte(w, '"')
	for from := 0; ; from++ {
		end := min(e.stops.stop(from), size)
		e.room(w, end-from+escapeRoom)
		w += copy(e.out[w:], text[from:end])
		if from = end; from == size {
			return e.byte(w, '"'), i + size
		}
		w = e.keep(appendEscaped(e.out[:w], text[from]))
	}
}

// scannedString converts the string of size bytes at i where there is no fast
// way to make marks.
func (e *encoder) scannedString(w, i, size int) (int, int) {
	if size > shortString || len(e.wire)-i < shortString {
		return e.quotedString(w, i, size)
	}
	rawByte(e.out, w, '"')
	rawChunk(e.out, w+1, rawChunkAt(e.wire, i))
	rawByte(e.out, w+1+size, '"')
	var found, high uint64
	for at := 0; at < size; at += 8 {
		x, mask := rawLittle64(e.wire, i+at), firstBytes(min(size-at, 8))
		found |= special(x) & mask
		high |= x & mask
	}
	if found != 0 || high&highBits != 0 && !utf8.Valid(e.wire[i:i+size]) {
		return e.quotedString(w, i, size)
	}
	return w + 2 + size, i + size
}

// quotedString converts the string of size bytes at i, whatever is in it.
func (e *encoder) quotedString(w, i, size int) (int, int) {
	dst, repaired := appendString(e.out[:w], e.wire[i:i+size])
	if repaired {
		e.repaired++
	}
	return e.keep(dst), i + size
}

// boolWords are the texts of false and true.
var boolWords = [2]uint64{word("false", 0), word("true", 0)}

// bool converts the bool at i, which is there; at w there is room for a word.
func (e *encoder) bool(w, i int) (int, int) {
	v := e.wire[i]
	if v > 1 {
		return w, e.fail(i, "a bool that is neither 0 nor 1")
	}
	// A branch would be guessed wrong every other time.
	rawWord(e.out, w, boolWords[v&1])
	return w + 5 - int(v), i + 1
}

// integer converts the integer or enum at i, whose bytes are there.
func (e *encoder) integer(n *node, w, i int) (int, int) {
	var v int64
	switch n.kind {
	case I8:
		v = int64(int8(e.wire[i]))
	case I16:
		v = int64(int16(binary.BigEndian.Uint16(e.wire[i:])))
	case I64:
		v = int64(beUint64(e.wire, i))
	default:
		v = int64(int32(beUint32(e.wire, i)))
	}
	i += n.minSize
	if n.kind == Enum && n.enumNames {
		if name, ok := n.enum.numbers[int32(v)]; ok {
			return e.keep(append(e.out[:w], name...)), i
		}
	}
	dst := e.out[:w]
	if n.asString {
		dst = append(appendInteger(append(dst, '"'), v), '"')
	} else {
		dst = appendInteger(dst, v)
	}
	return e.keep(dst), i
}

// double converts the double at i, whose bytes are there; at w there is room
// for a number.
func (e *encoder) double(n *node, w, i int) (int, int) {
	if end := putDecimal(e.out, w, math.Float64frombits(rawBig64(e.wire, i))); end > w {
		return end, i + 8
	}
	return e.unusualDouble(n, w, i)
}

// unusualDouble is double for those that are not written in a few digits.
func (e *encoder) unusualDouble(n *node, w, i int) (int, int) {
	v := math.Float64frombits(beUint64(e.wire, i))
	name, dst := specialDouble(v), e.out[:w]
	switch {
	case name != "" && !e.codec.opts.SpecialFloats:
		return w, e.fail(i, "a double that is no number: "+name)
	case name != "":
		dst = append(append(append(dst, '"'), name...), '"')
	case n.asString:
		dst = append(appendFloat(append(dst, '"'), v), '"')
	default:
		dst = appendFloat(dst, v)
	}
	return e.keep(dst), i + 8
}

// within says in which field an error was, if nobody has; it gives -1.
func (e *encoder) within(sp *structProg, f *field) int {
	if e.bad != nil && !e.bad.placed {
		e.bad.Reason, e.bad.placed = fieldName(sp, f)+": "+e.bad.Reason, true
	}
	return -1
}

func (e *encoder) failField(sp *structProg, f *field, at int, reason string) int {
	e.fail(at, reason)
	return e.within(sp, f)
}

func fieldName(sp *structProg, f *field) string {
	return "field " + itoa(int(f.id)) + " (" + f.f.Name + ") of " + sp.typ.Name
}

// isZeroWire says whether the value of the node at the start of wire is a zero
// value that OmitZero leaves out.
func isZeroWire(n *node, wire []byte) bool {
	size := n.minSize
	switch n.kind {
	case Struct, Union, Exception:
		return false
	case List, Set:
		wire, size = wire[min(1, len(wire)):], 4
	case Map:
		wire, size = wire[min(2, len(wire)):], 4
	}
	if len(wire) < size {
		return false
	}
	for i, b := range wire[:size] {
		if b != 0 && !(n.kind == Double && i == 0 && b == 0x80) {
			return false
		}
	}
	return true
}

// array converts the list or set at i, whose header is there.
func (e *encoder) array(n *node, w, i, depth int) (int, int) {
	wire, elem := e.wire, n.elem
	wt, count := wire[i], int(int32(beUint32(wire, i+1)))
	i += 5
	switch {
	case count == 0:
		return e.brackets(w, w, '[', ']'), i
	case depth > e.maxDepth:
		return w, e.fail(i-5, "nested too deep")
	case wt != elem.wt:
		return w, e.fail(i-5, kindName(n.kind)+": elements of wire type "+itoa(int(wt))+", expected "+itoa(int(elem.wt)))
	case count < 0 || count > (len(wire)-i)/elem.minSize:
		return w, e.fail(i-5, kindName(n.kind)+": "+skipReason(skipCount))
	case count > e.codec.opts.MaxElements:
		return w, e.fail(i-5, kindName(n.kind)+": more than "+itoa(e.codec.opts.MaxElements)+" elements")
	}
	start := w
	switch elem.form {
	case formString:
		w, i = e.strings(w, i, count)
	case formI32:
		for ; count > 0; count-- {
			e.room(w, 1+valueRoom)
			rawByte(e.out, w, ',')
			w, i = putInteger(e.out, w+1, int64(int32(rawBig32(wire, i)))), i+4
		}
	case formI64:
		for ; count > 0; count-- {
			e.room(w, 1+valueRoom)
			rawByte(e.out, w, ',')
			w, i = putInteger(e.out, w+1, int64(rawBig64(wire, i))), i+8
		}
	case formStruct:
		for ; count > 0 && i >= 0; count-- {
			e.room(w, 1)
			rawByte(e.out, w, ',')
			w, i = e.object(elem.sp, w+1, i, depth+1)
		}
	default:
		for ; count > 0 && i >= 0; count-- {
			e.room(w, 1)
			rawByte(e.out, w, ',')
			w, i = e.value(elem, w+1, i, depth+1)
		}
	}
	if i < 0 {
		return w, i
	}
	return e.brackets(start, w, '[', ']'), i
}

// strings converts the count strings at i, the elements of a list.
func (e *encoder) strings(w, i, count int) (int, int) {
	for ; count > 0 && i >= 0; count-- {
		if len(e.wire)-i < 4 {
			return w, e.fail(len(e.wire), "string: "+skipReason(skipTruncated))
		}
		e.room(w, 1+valueRoom)
		rawByte(e.out, w, ',')
		w++
		size := int(int32(rawBig32(e.wire, i)))
		i += 4
		if uint(size) <= shortString && e.marked-i >= shortString && e.plain(w, i, size) {
			w, i = w+2+size, i+size
		} else {
			w, i = e.longString(w, i, size)
		}
	}
	return w, i
}

// brackets ends what has been written since start, each part with a comma
// before it.
func (e *encoder) brackets(start, w int, open, end byte) int {
	e.room(w, 2)
	if w == start {
		w++
	}
	rawByte(e.out, start, open)
	rawByte(e.out, w, end)
	return w + 1
}

// mapping converts the map at i, whose header is there.
func (e *encoder) mapping(n *node, w, i, depth int) (int, int) {
	wire, key, elem := e.wire, n.key, n.elem
	kt, vt, count := wire[i], wire[i+1], int(int32(beUint32(wire, i+2)))
	i += 6
	switch {
	case count == 0:
		return e.brackets(w, w, '{', '}'), i
	case depth > e.maxDepth:
		return w, e.fail(i-6, "nested too deep")
	case kt != key.wt || vt != elem.wt:
		return w, e.fail(i-6, "map: entries of wire types "+itoa(int(kt))+" and "+itoa(int(vt))+
			", expected "+itoa(int(key.wt))+" and "+itoa(int(elem.wt)))
	case count < 0 || count > (len(wire)-i)/(key.minSize+elem.minSize):
		return w, e.fail(i-6, "map: "+skipReason(skipCount))
	case count > e.codec.opts.MaxElements:
		return w, e.fail(i-6, "map: more than "+itoa(e.codec.opts.MaxElements)+" elements")
	}
	start, refMark, textMark := w, len(e.refs.refs), len(e.text)
	for ; count > 0; count-- {
		from := e.byte(w, ',')
		if w, i = e.mapKey(key, from, i, depth); i < 0 {
			return w, i
		}
		e.refs.refs = append(e.refs.refs, ref{off: from, n: w - from})
		if w, i = e.value(elem, e.byte(w, ':'), i, depth+1); i < 0 {
			return w, i
		}
	}
	if e.refs.repeated(refMark, e.out[:w], e.text) >= 0 {
		return w, e.fail(i, "map: a key is there twice")
	}
	e.text = e.text[:textMark]
	e.refs.refs = e.refs.refs[:refMark]
	return e.brackets(start, w, '{', '}'), i
}

// mapKey converts the key at i to the name of a member.
func (e *encoder) mapKey(n *node, w, i, depth int) (int, int) {
	switch n.kind {
	case String, Binary, UUID:
		return e.value(n, w, i, depth)
	case Struct, Union, Exception, List, Set, Map:
		return e.jsonKey(n, w, i, depth+1)
	}
	mark := e.byte(w, '"')
	if w, i = e.value(n, mark, i, depth); i < 0 {
		return w, i
	}
	text := e.out[mark:w]
	if text[0] == '"' { // It has quotes of its own.
		w = mark + copy(text, text[1:len(text)-1])
	}
	if string(e.out[mark:w]) == "-0" { // As a key it is one with 0.
		e.out[mark] = '0'
		w = mark + 1
	}
	return e.byte(w, '"'), i
}

// jsonKey converts the key at i, which is no scalar, to its JSON as the name of
// a member. Sets and maps in it may be the same as others in another order.
func (e *encoder) jsonKey(n *node, w, i, depth int) (int, int) {
	if e.keys == maxKeys {
		return w, e.fail(i, "map: "+keysTooDeep)
	}
	e.keys++
	mark := w
	w, end := e.value(n, w, i, depth)
	e.keys--
	if end < 0 {
		return w, end
	}
	e.quoting = append(e.quoting[:0], e.out[mark:w]...)
	w = e.keep(appendQuoted(e.out[:mark], e.quoting))
	if n.canonical {
		e.refs.refs = append(e.refs.refs, e.form(n.typ, e.wire, i))
	}
	return w, end
}

// bitSet gives an empty bit set of that many words, one at least; cutting
// e.words frees it.
func (e *encoder) bitSet(words int) []uint64 {
	n := len(e.words)
	if n+words > cap(e.words) {
		e.words = append(make([]uint64, 0, 2*(n+words)+8), e.words...)
	}
	e.words = e.words[:n+words]
	set := e.words[n:]
	set[0] = 0
	if words > 1 {
		clear(set)
	}
	return set
}

// offsetTable gives a table for n fields, with anything in it; cutting
// e.offsets frees it.
func (e *encoder) offsetTable(n int) []int {
	at := len(e.offsets)
	if at+n > cap(e.offsets) {
		e.offsets = append(make([]int, 0, 2*(at+n)+8), e.offsets...)
	}
	e.offsets = e.offsets[:at+n]
	return e.offsets[at:]
}

func itoa(n int) string { return strconv.Itoa(n) }
