package transcode

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/bits"
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

	// refs are the keys of the open maps.
	refs refSet
	// words is the stack of bit sets of structs with more than 64 fields.
	words []uint64
	// offsets is a stack of tables: for each field of a struct that was not
	// written when it came, where its value is.
	offsets []int
	// gaps are the places in the open structs where fields have been passed over.
	gaps []gap
}

// gap is a run of fields, [from, to), written without those that had not come
// yet, at dst[start:end].
type gap struct{ from, to, start, end int }

func (c *Codec) appendJSON(n *node, dst, wire []byte, sink Sink) (out []byte, end int, err error) {
	e, _ := encoders.Get().(*encoder)
	e.codec, e.wire, e.sink, e.start = c, wire, sink, len(dst)
	e.refs.seed = c.seed
	out, end = e.value(n, dst, 0, 1)
	if err = e.err; e.bad != nil {
		err = e.bad
	}
	if e.repaired > 0 {
		c.repaired.Add(e.repaired)
	}
	e.codec, e.wire, e.sink, e.bad, e.err, e.repaired = nil, nil, nil, nil, nil, 0
	e.refs.refs, e.refs.table = kept(e.refs.refs), kept(e.refs.table)
	e.words, e.offsets, e.gaps = kept(e.words), kept(e.offsets), kept(e.gaps)
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
			return appendInteger(dst, int64(int32(binary.BigEndian.Uint32(wire[i:])))), i + 4
		}
		return e.integer(n, dst, i)
	case I64:
		if !n.asString {
			return appendInteger(dst, int64(binary.BigEndian.Uint64(wire[i:]))), i + 8
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
		size := int(int32(binary.BigEndian.Uint32(wire[i:])))
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
	wire := e.wire
	size := int(int32(binary.BigEndian.Uint32(wire[i:])))
	i += 4
	if uint(size) > uint(len(wire)-i) {
		return dst, e.fail(i-4, "string: "+skipReason(skipCount))
	}
	text := wire[i : i+size]
	if n := len(dst); size <= shortString && cap(dst)-n >= size+2 {
		// Most strings are short: copy while looking for what is special.
		out := dst[n : n+size+2]
		if copyPlain(out[1:], text) {
			out[0], out[size+1] = '"', '"'
			return dst[:n+size+2], i + size
		}
	}
	dst, repaired := appendString(dst, text)
	if repaired {
		e.repaired++
	}
	return dst, i + size
}

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

// object converts the struct at i.
func (e *encoder) object(sp *structProg, dst []byte, i, depth int) ([]byte, int) {
	if depth > e.codec.opts.MaxDepth {
		return dst, e.fail(i, sp.typ.Name+": nested too deep")
	}
	wire, fields := e.wire, sp.fields
	start := len(dst)
	wordMark, offsetMark, gapMark := len(e.words), len(e.offsets), len(e.gaps)
	var seen uint64   // of the first 64 fields
	var more []uint64 // of the others
	if sp.words > 1 {
		more = e.bitSet(sp.words - 1)
	}
	var offsets []int // of fields that came before their turn, or after it
	var next *field   // the first one that has not had its turn
	if len(fields) > 0 {
		next = &fields[0]
	}
	late := false
	for {
		if len(wire)-i < 3 {
			if i < len(wire) && wire[i] == WireStop {
				break
			}
			return dst, e.fail(len(wire), "struct "+sp.typ.Name+": "+skipReason(skipTruncated))
		}
		wt := wire[i]
		if wt == WireStop {
			break
		}
		id := int16(uint16(wire[i+1])<<8 | uint16(wire[i+2]))
		i += 3
		f := next
		if f == nil || f.id != id {
			if f = sp.lookup(id); f == nil {
				end := skip(wire, i, wt, e.codec.opts.MaxDepth-depth)
				if end < 0 {
					e.bad = &WireError{Offset: i, Reason: "unknown field " + itoa(int(id)) + " of " + sp.typ.Name + ": " + skipReason(end), placed: true}
					return dst, -1
				}
				i = end
				continue
			}
		}
		if f.wt != wt {
			return dst, e.failField(sp, f, i-3, "wire type "+itoa(int(wt))+", expected "+itoa(int(f.wt)))
		}
		word := &seen
		if f.word > 0 {
			word = &more[f.word-1]
		}
		if *word&f.bit != 0 {
			return dst, e.failField(sp, f, i-3, "the field is there twice")
		}
		*word |= f.bit
		omitted := f.omit && isZeroWire(f.node, wire[i:])
		if f.written && !omitted && (f == next || f.node.kind >= Struct && next != nil && f.index > next.index) {
			if f != next {
				// A container is written at once, as if nothing before it
				// were to come any more: to skip it and read it again later
				// would cost time in the square of the depth. Scalars are
				// cheap to skip.
				g := gap{from: next.index, to: f.index, start: len(dst)}
				var ok bool
				if dst, ok = e.fill(sp, dst, g.from, g.to, seen, more, offsets, depth); !ok {
					return dst, -1
				}
				g.end = len(dst)
				e.gaps = append(e.gaps, g)
			}
			next = f.following
			dst = f.appendKey(dst)
			if f.node.kind == String && len(wire)-i >= 4 {
				dst, i = e.str(dst, i)
			} else {
				dst, i = e.value(f.node, dst, i, depth+1)
			}
			if i < 0 {
				return dst, e.within(sp, f)
			}
			continue
		}
		end := i + f.node.minSize
		if !f.node.fixed || end > len(wire) {
			if end = skip(wire, i, wt, e.codec.opts.MaxDepth-depth); end < 0 {
				return dst, e.failField(sp, f, i, skipReason(end))
			}
		}
		switch {
		case f.place == Outside:
			if e.sink != nil {
				if err := e.sink.Field(f.slot, wire[i:end:end]); err != nil {
					e.err = err
					return dst, -1
				}
			}
		case f.written && f != next:
			if offsets == nil {
				offsets = e.offsetTable(len(fields))
			}
			offsets[f.index] = i
			late = late || !omitted && (next == nil || f.index < next.index)
		}
		if f == next {
			next = f.following
		}
		i = end
	}
	i++
	ok := true
	if next != nil {
		dst, ok = e.fill(sp, dst, next.index, len(fields), seen, more, offsets, depth)
	}
	if ok && late {
		dst, ok = e.fillGaps(sp, dst, start, e.gaps[gapMark:], seen, more, offsets, depth)
	}
	if !ok {
		return dst, -1
	}
	e.words, e.offsets, e.gaps = e.words[:wordMark], e.offsets[:offsetMark], e.gaps[:gapMark]
	return closeBracket(dst, start, '{', '}'), i
}

// appendKey appends the key of f with the comma before it, mostly in two words.
func (f *field) appendKey(dst []byte) []byte {
	n := len(dst)
	if len(f.key) > 16 || cap(dst)-n < 16 {
		return append(dst, f.key...)
	}
	b := dst[n : n+16]
	binary.LittleEndian.PutUint64(b, f.keyWords[0])
	binary.LittleEndian.PutUint64(b[8:], f.keyWords[1])
	return dst[:n+len(f.key)]
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

// fill writes the fields [from, to): those that came before their turn, and
// what stands for those that did not come.
func (e *encoder) fill(sp *structProg, dst []byte, from, to int, seen uint64, more []uint64, offsets []int, depth int) (out []byte, ok bool) {
	for w := from / 64; w*64 < to; w++ {
		if w > 0 {
			seen = more[w-1]
		}
		todo := seen&sp.visible[w] | sp.show[w]
		if lo := from - w*64; lo > 0 {
			todo = todo >> lo << lo
		}
		if hi := to - w*64; hi < 64 {
			todo &= 1<<hi - 1
		}
		for ; todo != 0; todo &= todo - 1 {
			f := &sp.fields[w*64+bits.TrailingZeros64(todo)]
			if seen&f.bit == 0 {
				if len(dst)-e.start > growthLimit(len(e.wire)) {
					e.fail(len(e.wire), "absent fields make the message too large")
					return dst, false
				}
				dst = append(dst, f.zero...)
				continue
			}
			at := offsets[f.index]
			if f.omit && isZeroWire(f.node, e.wire[at:]) {
				continue
			}
			dst = f.appendKey(dst)
			var end int
			if f.node.kind == String { // Skipped before, so its length is there.
				dst, end = e.str(dst, at)
			} else {
				dst, end = e.value(f.node, dst, at, depth+1)
			}
			if end < 0 {
				e.within(sp, f)
				return dst, false
			}
		}
	}
	return dst, true
}

// fillGaps writes the struct, which is at dst[start:], again with all of its
// gaps filled.
func (e *encoder) fillGaps(sp *structProg, dst []byte, start int, gaps []gap, seen uint64, more []uint64, offsets []int, depth int) (out []byte, ok bool) {
	end := len(dst)
	from := start
	for _, g := range gaps {
		dst = append(dst, dst[from:g.start]...)
		if dst, ok = e.fill(sp, dst, g.from, g.to, seen, more, offsets, depth); !ok {
			return dst, false
		}
		from = g.end
	}
	dst = append(dst, dst[from:end]...)
	return dst[:start+copy(dst[start:], dst[end:])], true
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
	case depth > e.codec.opts.MaxDepth:
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
		if elem.kind == String && len(wire)-i >= 4 {
			dst, i = e.str(dst, i)
		} else {
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
	case depth > e.codec.opts.MaxDepth:
		return dst, e.fail(i-6, "nested too deep")
	case kt != key.wt || vt != elem.wt:
		return dst, e.fail(i-6, "map: entries of wire types "+itoa(int(kt))+" and "+itoa(int(vt))+
			", expected "+itoa(int(key.wt))+" and "+itoa(int(elem.wt)))
	case count < 0 || count > (len(wire)-i)/(key.minSize+elem.minSize):
		return dst, e.fail(i-6, "map: "+skipReason(skipCount))
	case count > e.codec.opts.MaxElements:
		return dst, e.fail(i-6, "map: more than "+itoa(e.codec.opts.MaxElements)+" elements")
	}
	start, refMark := len(dst), len(e.refs.refs)
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
	if e.refs.repeated(refMark, dst, nil) >= 0 {
		return dst, e.fail(i, "map: a key is there twice")
	}
	e.refs.refs = e.refs.refs[:refMark]
	return closeBracket(dst, start, '{', '}'), i
}

// mapKey converts the key at i to the name of a member.
func (e *encoder) mapKey(n *node, dst []byte, i, depth int) ([]byte, int) {
	mark := len(dst)
	switch n.kind {
	case String, Binary, UUID:
		return e.value(n, dst, i, depth)
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

// bitSet gives an empty bit set of that many words; cutting e.words frees it.
func (e *encoder) bitSet(words int) []uint64 {
	n := len(e.words)
	if n+words > cap(e.words) {
		e.words = append(make([]uint64, 0, 2*(n+words)+8), e.words...)
	}
	e.words = e.words[:n+words]
	s := e.words[n : n+words : n+words]
	clear(s)
	return s
}

// offsetTable gives a table for n fields, with anything in it; cutting
// e.offsets frees it.
func (e *encoder) offsetTable(n int) []int {
	at := len(e.offsets)
	if at+n > cap(e.offsets) {
		e.offsets = append(make([]int, 0, 2*(at+n)+8), e.offsets...)
	}
	e.offsets = e.offsets[:at+n]
	return e.offsets[at : at+n : at+n]
}

func itoa(n int) string { return strconv.Itoa(n) }
