package transcode

import "slices"

// frame is what is known of a struct while it is converted.
type frame struct {
	// at says by rank where the values are of fields that have come, or is 0.
	at []int
	// Members before turn have had their turn to be written; late: one of them
	// came after it.
	turn int
	late bool
}

// gap is a run of members, [from, to), that had not come when it was their turn
// and may come yet. What stands for them is at dst[start:end].
type gap struct{ from, to, start, end int }

// memberRoom is what a key of up to 32 bytes and a short value may write behind
// the end of dst.
const memberRoom = 32 + max(formatRoom, shortString+2)

// object converts the struct at i. It writes the members in the order of the
// IDL, and takes them from the wire as it goes; numbers may have come before.
// Where another field is on the wire, it notes the scalars up to the next
// container, which is written when it is its turn: as if nothing before it were
// to come any more, for to skip it and read it again later would cost time in
// the square of the depth.
func (e *encoder) object(sp *structProg, dst []byte, i, depth int) ([]byte, int) {
	if depth > e.maxDepth {
		return dst, e.fail(i, sp.typ.Name+": nested too deep")
	}
	wire, start, members := e.wire, len(dst), sp.members
	offsetMark, gapMark := len(e.offsets), len(e.gaps)
	fr := frame{at: e.offsetTable(len(sp.fields))}
	i = fr.open(sp, wire, i)
	// next is the rank of the container at i, when fields had to be noted to
	// find it, that of no member at the end of the struct, and else -1.
	next := -1
	for k := range members {
		m, at := &members[k], fr.at[k]
		if at == 0 {
			if next < 0 {
				if len(wire)-i >= int(m.room) && rawLittle32(wire, i)&headMask == m.head {
					at = i + headSize
					i = at + int(m.size)
				} else {
					fr.turn = k
					if i, next = e.seek(sp, &fr, i, depth); i < 0 {
						return dst, -1
					}
					at = fr.at[k]
				}
			}
			if at == 0 {
				var ok bool
				if dst, ok = e.absent(sp, dst, k, next, gapMark); !ok {
					return dst, -1
				}
				continue
			}
			fr.at[k] = at
		}
		n := len(dst)
		if cap(dst)-n < memberRoom {
			dst = slices.Grow(dst, memberRoom)
		}
		rawChunk(dst, n, &m.key)
		n += int(m.keySize)
		dst = dst[:n]
		var end int
		switch m.form {
		case formI32:
			dst = dst[:putInteger(dst, n, int64(int32(rawBig32(wire, at))))]
			continue
		case formI64:
			dst = dst[:putInteger(dst, n, int64(rawBig64(wire, at)))]
			continue
		case formString:
			dst, end = e.str(dst, at)
		case formStruct:
			dst, end = e.object(m.node.sp, dst, at, depth+1)
		case formCareful:
			dst, end = e.careful(m.f, dst, at, depth)
		default:
			dst, end = e.value(m.node, dst, at, depth+1)
		}
		if end < 0 {
			return dst, e.within(sp, m.f)
		}
		if at == i {
			// It was the next one on the wire.
			i, next = end, -1
		}
	}
	if next < 0 && (i >= len(wire) || wire[i] != WireStop) {
		fr.turn = len(members)
		if i, _ = e.seek(sp, &fr, i, depth); i < 0 {
			return dst, -1
		}
	}
	if fr.late {
		var ok bool
		if dst, ok = e.fillGaps(sp, &fr, dst, start, e.gaps[gapMark:], depth); !ok {
			return dst, -1
		}
	}
	e.offsets, e.gaps = e.offsets[:offsetMark], e.gaps[:gapMark]
	return closeBracket(dst, start, '{', '}'), i + 1
}

// open notes the numbers and bools that the struct at i may begin with, in the
// order of the IDL, and gives the offset behind them.
func (fr *frame) open(sp *structProg, wire []byte, i int) int {
	if len(wire)-i < sp.opening+4 {
		return i
	}
	for k := range sp.openers {
		o := &sp.openers[k]
		if rawLittle32(wire, i)&headMask == o.head {
			fr.at[o.rank] = i + headSize
			i += o.size
		}
	}
	return i
}

// seek notes the fields at i up to the next container that can still be written
// in its turn, and up to the end of the struct without one. It gives the offset
// of its value and its rank, or that of the end and the number of members.
func (e *encoder) seek(sp *structProg, fr *frame, i, depth int) (offset, rank int) {
	wire := e.wire
	for {
		if i < len(wire) && wire[i] == WireStop {
			return i, len(sp.members)
		}
		if len(wire)-i < headSize {
			return e.fail(len(wire), "struct "+sp.typ.Name+": "+skipReason(skipTruncated)), 0
		}
		wt, id := wire[i], int16(uint16(wire[i+1])<<8|uint16(wire[i+2]))
		at := i + headSize
		f := sp.lookup(id)
		if f == nil {
			if i = skip(wire, at, wt, e.maxDepth-depth); i < 0 {
				e.bad = &WireError{Offset: at, Reason: "unknown field " + itoa(int(id)) + " of " + sp.typ.Name + ": " + skipReason(i), placed: true}
				return -1, 0
			}
			continue
		}
		switch {
		case f.wt != wt:
			return e.failField(sp, f, i, "wire type "+itoa(int(wt))+", expected "+itoa(int(f.wt))), 0
		case fr.at[f.rank] != 0:
			return e.failField(sp, f, i, "the field is there twice"), 0
		}
		fr.at[f.rank] = at
		omitted := f.omit && isZeroWire(f.node, wire[at:])
		if f.written && !omitted && f.node.kind >= Struct && f.rank >= fr.turn {
			return at, f.rank
		}
		if i = skip(wire, at, wt, e.maxDepth-depth); i < 0 {
			reason := skipReason(i)
			if f.node.kind < Struct {
				reason = kindName(f.node.kind) + ": " + reason
			}
			return e.failField(sp, f, at, reason), 0
		}
		switch {
		case f.place == Outside && e.sink != nil:
			if e.err = e.sink.Field(f.slot, wire[at:i:i]); e.err != nil {
				return -1, 0
			}
		case f.rank < fr.turn && !omitted:
			fr.late = true
		}
	}
}

// absent writes what stands for member k, which has not come. It may come yet
// if next, the rank of what is next on the wire, is that of a member.
func (e *encoder) absent(sp *structProg, dst []byte, k, next, gapMark int) (out []byte, ok bool) {
	start, zero := len(dst), sp.members[k].f.zero
	if len(zero) > 0 {
		if start-e.start > growthLimit(len(e.wire)) {
			e.fail(len(e.wire), "absent fields make the message too large")
			return dst, false
		}
		dst = append(dst, zero...)
	}
	if next == len(sp.members) {
		return dst, true
	}
	if last := len(e.gaps) - 1; last >= gapMark && e.gaps[last].to == k && e.gaps[last].end == start {
		e.gaps[last].to, e.gaps[last].end = k+1, len(dst)
	} else {
		e.gaps = append(e.gaps, gap{k, k + 1, start, len(dst)})
	}
	return dst, true
}

// careful writes the member of f, whose value is at offset at, unless it is
// left out.
func (e *encoder) careful(f *field, dst []byte, at, depth int) ([]byte, int) {
	if f.omit && isZeroWire(f.node, e.wire[at:]) {
		return dst, at
	}
	return e.value(f.node, append(dst, f.key...), at, depth+1)
}

// fillGaps writes the struct, which is at dst[start:], again with all of its
// gaps filled.
func (e *encoder) fillGaps(sp *structProg, fr *frame, dst []byte, start int, gaps []gap, depth int) (out []byte, ok bool) {
	end := len(dst)
	from := start
	for _, g := range gaps {
		dst = append(dst, dst[from:g.start]...)
		for k := g.from; k < g.to; k++ {
			f, at := sp.members[k].f, fr.at[k]
			if at == 0 {
				dst, ok = e.absent(sp, dst, k, len(sp.members), 0)
			} else {
				dst, at = e.careful(f, dst, at, depth)
				ok = at >= 0
			}
			if !ok {
				e.within(sp, f)
				return dst, false
			}
		}
		from = g.end
	}
	dst = append(dst, dst[from:end]...)
	return dst[:start+copy(dst[start:], dst[end:])], true
}
