package transcode

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// frame is what is known of a struct while it is converted.
type frame struct {
	sp *structProg
	// guess is the field that probably comes next on the wire.
	guess *field
	seen  uint64   // fields that have come, of the first 64
	more  []uint64 // of the others
	// first and others say where the values of those are that were not written
	// at once.
	first  *[64]int
	others []int
	// Fields before turn have had their turn to be written.
	turn int
	// late: a field came after its turn.
	late bool
}

// gap is a run of fields, [from, to), written without those that had not come
// yet, at dst[start:end].
type gap struct{ from, to, start, end int }

// object converts the struct at i. Scalars are only noted when they come, and
// written together before the next container or at the end, so that it hardly
// matters in which order they come. A container is written at once, as if
// nothing before it were to come any more: to skip it and read it again later
// would cost time in the square of the depth.
func (e *encoder) object(sp *structProg, dst []byte, i, depth int) ([]byte, int) {
	if depth > e.maxDepth {
		return dst, e.fail(i, sp.typ.Name+": nested too deep")
	}
	if depth >= len(e.tables) {
		e.tables = append(e.tables, make([][64]int, depth+4-len(e.tables))...)
	}
	wire, start := e.wire, len(dst)
	wordMark, offsetMark, gapMark := len(e.words), len(e.offsets), len(e.gaps)
	fr := frame{sp: sp, guess: sp.onWire, first: &e.tables[depth]}
	if sp.words > 1 {
		fr.more = e.bitSet(sp.words - 1)
		fr.others = e.offsetTable(64 * (sp.words - 1))
	}
	for {
		i = fr.scan(wire, i)
		if i < len(wire) && wire[i] == WireStop {
			break
		}
		var f *field
		if f, i = e.pick(&fr, i, depth); i < 0 {
			return dst, i
		}
		if f == nil {
			continue
		}
		if f.index > fr.turn {
			from, at := fr.turn, len(dst)
			var ok bool
			if dst, ok = e.emit(&fr, dst, from, f.index, depth); !ok {
				return dst, -1
			}
			if fr.awaits(from, f.index) {
				e.gaps = append(e.gaps, gap{from, f.index, at, len(dst)})
			}
		}
		fr.turn = f.index + 1
		dst = f.appendKey(dst)
		if f.node.sp != nil {
			dst, i = e.object(f.node.sp, dst, i, depth+1)
		} else {
			dst, i = e.value(f.node, dst, i, depth+1)
		}
		if i < 0 {
			return dst, e.within(sp, f)
		}
	}
	ok := true
	if fr.turn < len(sp.fields) {
		dst, ok = e.emit(&fr, dst, fr.turn, len(sp.fields), depth)
	}
	if ok && fr.late {
		dst, ok = e.fillGaps(&fr, dst, start, e.gaps[gapMark:], depth)
	}
	if !ok {
		return dst, -1
	}
	e.gaps = e.gaps[:gapMark]
	if sp.words > 1 {
		e.words, e.offsets = e.words[:wordMark], e.offsets[:offsetMark]
	}
	return closeBracket(dst, start, '{', '}'), i + 1
}

// headMask has the type and the id of a field in four bytes of the wire.
const headMask = 0x00ffffff

// noHead is the head of no field.
const noHead = 0xffffffff

// unscanned stands for the end of the guesses.
var unscanned = &field{scanHead: noHead}

// scan notes where the values of scalar fields are, as long as they come as
// they were guessed; it gives the offset of the first thing that is otherwise.
func (fr *frame) scan(wire []byte, i int) int {
	f, offsets, at := fr.guess, fr.first, i
	var now uint64
	for len(wire)-at >= 7 {
		b := wire[at : at+7]
		if binary.LittleEndian.Uint32(b)&headMask != f.scanHead {
			break
		}
		size := f.size
		if f.variable {
			if size += int(int32(binary.BigEndian.Uint32(b[3:]))); size < 7 {
				break
			}
		}
		if size > len(wire)-at {
			break
		}
		offsets[f.index&63] = at + 3
		now |= f.bit
		at += size
		f = f.onWire
	}
	if now&fr.seen != 0 {
		return i // pick will find the one that is there twice
	}
	if fr.turn > 0 && now&(1<<fr.turn-1) != 0 {
		fr.late = true
	}
	fr.seen |= now
	fr.guess = f
	return at
}

// pick takes the field at i, where scan has stopped. f is a container to be
// written, whose value is at next; without one, conversion goes on at next, or
// ends if that is -1.
func (e *encoder) pick(fr *frame, i, depth int) (f *field, next int) {
	wire, sp := e.wire, fr.sp
	if len(wire)-i < 3 {
		return nil, e.fail(len(wire), "struct "+sp.typ.Name+": "+skipReason(skipTruncated))
	}
	wt, id := wire[i], int16(uint16(wire[i+1])<<8|uint16(wire[i+2]))
	i += 3
	if f = fr.guess; f == unscanned || f.id != id {
		if f = sp.lookup(id); f == nil {
			end := skip(wire, i, wt, e.maxDepth-depth)
			if end < 0 {
				e.bad = &WireError{Offset: i, Reason: "unknown field " + itoa(int(id)) + " of " + sp.typ.Name + ": " + skipReason(end), placed: true}
				return nil, -1
			}
			return nil, end
		}
	}
	fr.guess = f.onWire
	if f.wt != wt {
		return nil, e.failField(sp, f, i-3, "wire type "+itoa(int(wt))+", expected "+itoa(int(f.wt)))
	}
	word := &fr.seen
	if f.word > 0 {
		word = &fr.more[f.word-1]
	}
	if *word&f.bit != 0 {
		return nil, e.failField(sp, f, i-3, "the field is there twice")
	}
	*word |= f.bit
	omitted := f.omit && isZeroWire(f.node, wire[i:])
	if f.written && !omitted && f.node.kind >= Struct && f.index >= fr.turn {
		return f, i
	}
	end := skip(wire, i, wt, e.maxDepth-depth)
	if end < 0 {
		reason := skipReason(end)
		if f.node.kind < Struct {
			reason = kindName(f.node.kind) + ": " + reason
		}
		return nil, e.failField(sp, f, i, reason)
	}
	switch {
	case f.place == Outside:
		if e.sink != nil {
			if err := e.sink.Field(f.slot, wire[i:end:end]); err != nil {
				e.err = err
				return nil, -1
			}
		}
	case f.written:
		if f.word == 0 {
			fr.first[f.index&63] = i
		} else {
			fr.others[f.index-64] = i
		}
		fr.late = fr.late || !omitted && f.index < fr.turn
	}
	return nil, end
}

// awaits says whether a field of [from, to) may still come.
func (fr *frame) awaits(from, to int) bool {
	if fr.sp.words > 1 {
		return true
	}
	return (fr.sp.visible[0]&^fr.seen)>>from<<from&(1<<to-1) != 0
}

// memberRoom is what a key of up to 24 bytes and a scalar may write behind the
// end of dst.
const memberRoom = 24 + formatRoom

// emit writes the fields [from, to): those that have been noted, and what
// stands for those that did not come.
func (e *encoder) emit(fr *frame, dst []byte, from, to, depth int) (out []byte, ok bool) {
	if from < 64 {
		todo := (fr.seen&fr.sp.visible[0] | fr.sp.show[0]) >> from << from
		if to < 64 {
			todo &= 1<<to - 1
		}
		if dst, ok = e.emitWord(fr, dst, fr.sp.fields, fr.first, todo, fr.seen, depth); !ok {
			return dst, false
		}
	}
	for w := max(from/64, 1); w*64 < to; w++ {
		seen := fr.more[w-1]
		todo := seen&fr.sp.visible[w] | fr.sp.show[w]
		if lo := from - w*64; lo > 0 {
			todo = todo >> lo << lo
		}
		if hi := to - w*64; hi < 64 {
			todo &= 1<<hi - 1
		}
		offsets := (*[64]int)(fr.others[(w-1)*64:])
		if dst, ok = e.emitWord(fr, dst, fr.sp.fields[w*64:], offsets, todo, seen, depth); !ok {
			return dst, false
		}
	}
	return dst, true
}

// emitWord is emit for those of up to 64 fields that todo has a bit for.
func (e *encoder) emitWord(fr *frame, dst []byte, fields []field, offsets *[64]int, todo, seen uint64, depth int) (out []byte, ok bool) {
	wire := e.wire
	for todo != 0 {
		k := bits.TrailingZeros64(todo)
		todo &= todo - 1
		f := &fields[k]
		n := len(dst)
		if seen&f.bit == 0 || f.unusual || cap(dst)-n < memberRoom {
			if dst, ok = e.emitField(fr, dst, f, offsets[k&63], seen, depth); !ok {
				return dst, false
			}
			continue
		}
		b := dst[n : n+24]
		binary.LittleEndian.PutUint64(b, f.keyWords[0])
		binary.LittleEndian.PutUint64(b[8:], f.keyWords[1])
		binary.LittleEndian.PutUint64(b[16:], f.keyWords[2])
		n += len(f.key)
		dst = dst[:n]
		at := offsets[k&63]
		switch f.form {
		case formString:
			dst, at = e.str(dst, at)
		case formI32:
			dst = dst[:n+putInteger(dst[n:n+formatRoom], int64(int32(beUint32(wire, at))))]
		case formI64:
			dst = dst[:n+putInteger(dst[n:n+formatRoom], int64(beUint64(wire, at)))]
		default:
			dst, at = e.value(f.node, dst, at, depth+1)
		}
		if at < 0 {
			e.within(fr.sp, f)
			return dst, false
		}
	}
	return dst, true
}

// emitField is emit for one field; at is where its value is if it has come.
func (e *encoder) emitField(fr *frame, dst []byte, f *field, at int, seen uint64, depth int) (out []byte, ok bool) {
	if seen&f.bit == 0 {
		if len(dst)-e.start > growthLimit(len(e.wire)) {
			e.fail(len(e.wire), "absent fields make the message too large")
			return dst, false
		}
		return append(dst, f.zero...), true
	}
	if f.omit && isZeroWire(f.node, e.wire[at:]) {
		return dst, true
	}
	if dst, at = e.value(f.node, f.appendKey(dst), at, depth+1); at < 0 {
		e.within(fr.sp, f)
		return dst, false
	}
	return dst, true
}

// appendKey appends the key of f with the comma before it, mostly in three words.
func (f *field) appendKey(dst []byte) []byte {
	n := len(dst)
	if len(f.key) > 24 || cap(dst)-n < memberRoom {
		return append(slices.Grow(dst, len(f.key)+memberRoom), f.key...)
	}
	b := dst[n : n+24]
	binary.LittleEndian.PutUint64(b, f.keyWords[0])
	binary.LittleEndian.PutUint64(b[8:], f.keyWords[1])
	binary.LittleEndian.PutUint64(b[16:], f.keyWords[2])
	return dst[:n+len(f.key)]
}

// fillGaps writes the struct, which is at dst[start:], again with all of its
// gaps filled.
func (e *encoder) fillGaps(fr *frame, dst []byte, start int, gaps []gap, depth int) (out []byte, ok bool) {
	end := len(dst)
	from := start
	for _, g := range gaps {
		dst = append(dst, dst[from:g.start]...)
		if dst, ok = e.emit(fr, dst, g.from, g.to, depth); !ok {
			return dst, false
		}
		from = g.end
	}
	dst = append(dst, dst[from:end]...)
	return dst[:start+copy(dst[start:], dst[end:])], true
}
