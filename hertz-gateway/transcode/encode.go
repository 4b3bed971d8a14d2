package transcode

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"sync"
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

// encoder is one conversion from Thrift to JSON. Its methods take the offset
// of what they read and give the offset behind it, or -1 after an error.
// Members and elements are all written with a comma before them; the bracket
// takes the place of the first one when the container is complete.
type encoder struct {
	codec *Codec
	wire  []byte
	sink  Sink
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
	// marks are those of wire up to offset marked.
	marks  textMarks
	marked int
	// offsets is the stack of the tables of the open structs that say where the
	// values of fields are.
	offsets []int
	// gaps are the places in the open structs where fields have been passed over.
	gaps []gap
}

func (c *Codec) appendJSON(n *node, dst, wire []byte, sink Sink) (out []byte, end int, err error) {
	e, _ := encoders.Get().(*encoder)
	e.codec, e.wire, e.sink, e.start, e.maxDepth = c, wire, sink, len(dst), c.opts.MaxDepth
	e.refs.seed, e.omitZero = c.seed, c.opts.OmitZero
	out, end = e.value(n, dst, 0, 1)
	if err = e.err; e.bad != nil {
		err = e.bad
	}
	if e.repaired > 0 {
		c.repaired.Add(e.repaired)
	}
	e.codec, e.wire, e.sink, e.bad, e.err, e.repaired, e.keys, e.marked = nil, nil, nil, nil, nil, 0, 0, 0
	if len(e.marks) > maxKept {
		e.marks = nil
	}
	e.refs.refs, e.refs.table = kept(e.refs.refs), kept(e.refs.table)
	e.offsets, e.gaps = kept(e.offsets), kept(e.gaps)
	e.text, e.spans, e.quoting = kept(e.text), kept(e.spans), kept(e.quoting)
	encoders.Put(e)
	return out, end, err
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
func (e *encoder) value(n *node, dst []byte, i, depth int) ([]byte, int) {
	wire := e.wire
	if len(wire)-i < n.minSize {
		return dst, e.truncated(n)
	}
	switch n.kind {
	case String:
		return e.str(dst, i)
	case I32:
		if !n.asString {
			return appendInteger(dst, int64(int32(beUint32(wire, i)))), i + 4
		}
		return e.integer(n, dst, i)
	case I64:
		if !n.asString {
			return appendInteger(dst, int64(beUint64(wire, i))), i + 8
		}
		return e.integer(n, dst, i)
	case I8, I16, Enum:
		return e.integer(n, dst, i)
	case Bool:
		switch wire[i] {
		case 0:
			return append(dst, "false"...), i + 1
		case 1:
			return append(dst, "true"...), i + 1
		}
		return dst, e.fail(i, "a bool that is neither 0 nor 1")
	case Double:
		return e.double(n, dst, i)
	case Struct, Union, Exception:
		return e.object(n.sp, dst, i, depth)
	case List, Set:
		return e.array(n, dst, i, depth)
	case Map:
		return e.mapping(n, dst, i, depth)
	case Binary:
		size := int(int32(beUint32(wire, i)))
		i += 4
		if uint(size) > uint(len(wire)-i) {
			return dst, e.fail(i-4, "binary: "+skipReason(skipCount))
		}
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, wire[i:i+size])
		return append(dst, '"'), i + size
	default: // UUID
		dst = append(dst, '"')
		dst = appendUUIDOf(dst, wire[i:])
		return append(dst, '"'), i + 16
	}
}

// str converts the string at i, whose length is there.
func (e *encoder) str(dst []byte, i int) ([]byte, int) {
	wire, n := e.wire, len(dst)
	size := int(int32(rawBig32(wire, i)))
	i += 4
	if uint(size) > shortString || e.marked-i < shortString || cap(dst)-n < shortString+2 {
		return e.longString(dst, i, size)
	}
	// Most strings are short, and are written with whole words around.
	rawByte(dst, n, '"')
	rawChunk(dst, n+1, rawChunkAt(wire, i))
	rawByte(dst, n+1+size, '"')
	if rawLittle64(e.marks, i>>3)>>(i&7)&(1<<(size&63)-1) != 0 {
		return e.unusualString(dst, i, size)
	}
	return dst[:n+2+size], i + size
}

// longString converts the string of size bytes at i that str does not.
func (e *encoder) longString(dst []byte, i, size int) ([]byte, int) {
	if uint(size) > uint(len(e.wire)-i) {
		return dst, e.fail(i-4, "string: "+skipReason(skipCount))
	}
	if i+size > e.marked {
		e.marks, e.marked = e.marks.mark(e.wire, e.marked, i+size+shortString)
	}
	dst = slices.Grow(dst, size+2+shortString)
	if !e.marks.plain(i, i+size) {
		return e.unusualString(dst, i, size)
	}
	dst = append(dst, '"')
	dst = append(dst, e.wire[i:i+size]...)
	return append(dst, '"'), i + size
}

// unusualString converts the string of size bytes at i, in which something is
// marked.
func (e *encoder) unusualString(dst []byte, i, size int) ([]byte, int) {
	dst, repaired := appendString(dst, e.wire[i:i+size])
	if repaired {
		e.repaired++
	}
	return dst, i + size
}

// firstBytes masks the first n bytes of a word, n at most 8.
func firstBytes(n int) uint64 { return 1<<(uint(n)*8) - 1 }

// integer converts the integer or enum at i, whose bytes are there.
func (e *encoder) integer(n *node, dst []byte, i int) ([]byte, int) {
	var v int64
	switch n.kind {
	case I8:
		v = int64(int8(e.wire[i]))
	case I16:
		v = int64(int16(binary.BigEndian.Uint16(e.wire[i:])))
	case I64:
		v = int64(binary.BigEndian.Uint64(e.wire[i:]))
	default:
		v = int64(int32(binary.BigEndian.Uint32(e.wire[i:])))
	}
	if n.kind == Enum && n.enumNames {
		if name, ok := n.enum.numbers[int32(v)]; ok {
			return append(dst, name...), i + 4
		}
	}
	if n.asString {
		dst = append(dst, '"')
		dst = appendInteger(dst, v)
		return append(dst, '"'), i + n.minSize
	}
	return appendInteger(dst, v), i + n.minSize
}

// double converts the double at i, whose bytes are there.
func (e *encoder) double(n *node, dst []byte, i int) ([]byte, int) {
	v := math.Float64frombits(binary.BigEndian.Uint64(e.wire[i:]))
	if v-v == 0 && !n.asString {
		return appendDouble(dst, v), i + 8
	}
	name := specialDouble(v)
	if name != "" && !e.codec.opts.SpecialFloats {
		return dst, e.fail(i, "a double that is no number: "+name)
	}
	dst = append(dst, '"')
	if name != "" {
		dst = append(dst, name...)
	} else {
		dst = appendDouble(dst, v)
	}
	return append(dst, '"'), i + 8
}

// closeBracket ends what has been written since start, each part with a comma
// before it.
func closeBracket(dst []byte, start int, open, end byte) []byte {
	if len(dst) == start {
		return append(dst, open, end)
	}
	dst[start] = open
	return append(dst, end)
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
func (e *encoder) array(n *node, dst []byte, i, depth int) ([]byte, int) {
	wire, elem := e.wire, n.elem
	wt, count := wire[i], int(int32(binary.BigEndian.Uint32(wire[i+1:])))
	i += 5
	switch {
	case count == 0:
		return append(dst, '[', ']'), i
	case depth > e.maxDepth:
		return dst, e.fail(i-5, "nested too deep")
	case wt != elem.wt:
		return dst, e.fail(i-5, kindName(n.kind)+": elements of wire type "+itoa(int(wt))+", expected "+itoa(int(elem.wt)))
	case count < 0 || count > (len(wire)-i)/elem.minSize:
		return dst, e.fail(i-5, kindName(n.kind)+": "+skipReason(skipCount))
	case count > e.codec.opts.MaxElements:
		return dst, e.fail(i-5, kindName(n.kind)+": more than "+itoa(e.codec.opts.MaxElements)+" elements")
	}
	start := len(dst)
	for ; count > 0; count-- {
		dst = append(dst, ',')
		switch {
		case elem.kind == String && len(wire)-i >= 4:
			dst, i = e.str(dst, i)
		case elem.sp != nil:
			dst, i = e.object(elem.sp, dst, i, depth+1)
		default:
			dst, i = e.value(elem, dst, i, depth+1)
		}
		if i < 0 {
			return dst, i
		}
	}
	return closeBracket(dst, start, '[', ']'), i
}

// mapping converts the map at i, whose header is there.
func (e *encoder) mapping(n *node, dst []byte, i, depth int) ([]byte, int) {
	wire, key, elem := e.wire, n.key, n.elem
	kt, vt, count := wire[i], wire[i+1], int(int32(binary.BigEndian.Uint32(wire[i+2:])))
	i += 6
	switch {
	case count == 0:
		return append(dst, '{', '}'), i
	case depth > e.maxDepth:
		return dst, e.fail(i-6, "nested too deep")
	case kt != key.wt || vt != elem.wt:
		return dst, e.fail(i-6, "map: entries of wire types "+itoa(int(kt))+" and "+itoa(int(vt))+
			", expected "+itoa(int(key.wt))+" and "+itoa(int(elem.wt)))
	case count < 0 || count > (len(wire)-i)/(key.minSize+elem.minSize):
		return dst, e.fail(i-6, "map: "+skipReason(skipCount))
	case count > e.codec.opts.MaxElements:
		return dst, e.fail(i-6, "map: more than "+itoa(e.codec.opts.MaxElements)+" elements")
	}
	start, refMark, textMark := len(dst), len(e.refs.refs), len(e.text)
	for ; count > 0; count-- {
		dst = append(dst, ',')
		from := len(dst)
		if dst, i = e.mapKey(key, dst, i, depth); i < 0 {
			return dst, i
		}
		e.refs.refs = append(e.refs.refs, ref{off: from, n: len(dst) - from})
		dst = append(dst, ':')
		if dst, i = e.value(elem, dst, i, depth+1); i < 0 {
			return dst, i
		}
	}
	if e.refs.repeated(refMark, dst, e.text) >= 0 {
		return dst, e.fail(i, "map: a key is there twice")
	}
	e.text = e.text[:textMark]
	e.refs.refs = e.refs.refs[:refMark]
	return closeBracket(dst, start, '{', '}'), i
}

// mapKey converts the key at i to the name of a member.
func (e *encoder) mapKey(n *node, dst []byte, i, depth int) ([]byte, int) {
	mark := len(dst)
	switch n.kind {
	case String, Binary, UUID:
		return e.value(n, dst, i, depth)
	case Struct, Union, Exception, List, Set, Map:
		return e.jsonKey(n, dst, i, depth+1)
	}
	dst = append(dst, '"')
	dst, i = e.value(n, dst, i, depth)
	if i < 0 {
		return dst, i
	}
	if dst[mark+1] == '"' { // It has quotes of its own.
		dst = append(dst[:mark], dst[mark+1:len(dst)-1]...)
	}
	if string(dst[mark:]) == `"-0` { // As a key it is one with 0.
		dst = append(dst[:mark+1], '0')
	}
	return append(dst, '"'), i
}

// jsonKey converts the key at i, which is no scalar, to its JSON as the name of
// a member. Sets and maps in it may be the same as others in another order.
func (e *encoder) jsonKey(n *node, dst []byte, i, depth int) ([]byte, int) {
	if e.keys == maxKeys {
		return dst, e.fail(i, "map: "+keysTooDeep)
	}
	e.keys++
	mark := len(dst)
	dst, end := e.value(n, dst, i, depth)
	e.keys--
	if end < 0 {
		return dst, end
	}
	e.quoting = append(e.quoting[:0], dst[mark:]...)
	dst = appendQuoted(dst[:mark], e.quoting)
	if n.canonical {
		e.refs.refs = append(e.refs.refs, e.form(n.typ, e.wire, i))
	}
	return dst, end
}

// offsetTable gives an empty table for n fields; cutting e.offsets frees it.
func (e *encoder) offsetTable(n int) []int {
	at := len(e.offsets)
	if at+n > cap(e.offsets) {
		e.offsets = append(make([]int, 0, 2*(at+n)+8), e.offsets...)
	}
	e.offsets = e.offsets[:at+n]
	table := e.offsets[at:]
	clear(table)
	return table
}

func itoa(n int) string { return strconv.Itoa(n) }
