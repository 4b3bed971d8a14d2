package transcode

import "math/bits"

// progress is how far a struct has been converted.
type progress struct {
	// start is where it is written.
	start int
	// opened: all openers have come, the first one at offset opening.
	opened  bool
	opening int
	// written is how many members are written, none of which was absent.
	written int
}

// frame is what is known of a struct while it is converted.
type frame struct {
	// seen has the ranks of fields that have come, at where their values are.
	seen []uint64
	at   []int
	// Members before written are written, without a place in at.
	written int
	// Members before turn have had their turn to be written; late: one of them
	// came after it.
	turn int
	late bool
}

// has says whether the field of that rank has come.
func (fr *frame) has(rank int) bool { return fr.seen[rank>>6]>>(rank&63)&1 != 0 }

// value is where the value of that field is; 0 when it has not come.
func (fr *frame) value(rank int) int {
	if !fr.has(rank) {
		return 0
	}
	return fr.at[rank]
}

// note notes that it has, and where its value is.
func (fr *frame) note(rank, at int) {
	fr.at[rank] = at
	fr.seen[rank>>6] |= 1 << (rank & 63)
}

// gap is a run of members, [from, to), that had not come when it was their turn
// and may come yet. What stands for them is at dst[start:end].
type gap struct{ from, to, start, end int }

// anyOrder converts the rest of the struct that object has left at i. It writes
// the members in the order of the IDL, and takes them from the wire as it goes.
// Where another field is on the wire, it notes the scalars up to the next
// container, which is written when it is its turn: as if nothing before it were
// to come any more, for to skip it and read it again later would cost time in
// the square of the depth.
func (e *encoder) anyOrder(sp *structProg, w, i, depth int, done progress) (int, int) {
	members := sp.members
	wordMark, offsetMark, gapMark := len(e.words), len(e.offsets), len(e.gaps)
	fr := frame{seen: e.bitSet(len(sp.show)), at: e.offsetTable(len(sp.fields)), written: done.written}
	if done.opened {
		for _, o := range sp.openers {
			fr.note(int(o.rank), done.opening+int(o.offset)+headSize)
		}
	} else {
		i = fr.open(sp, e.wire, i)
	}
	// next is the rank of the container at i, when fields had to be noted to
	// find it, that of no member at the end of the struct, and else -1.
	next := -1
	for k := done.written; k < len(members); {
		m, at := &members[k], fr.value(k)
		if at == 0 && next < 0 {
			if len(e.wire)-i >= int(m.room) && rawLittle32(e.wire, i)&headMask == m.head {
				at = i + headSize
				fr.note(k, at)
				i = at + int(m.size)
			} else {
				fr.turn = k
				if i, next = e.seek(sp, &fr, i, depth); i < 0 {
					return w, -1
				}
				at = fr.value(k)
			}
		}
		if at == 0 {
			start, from := w, k
			if w, k = e.absent(sp, &fr, w, k, next); k < 0 {
				return w, -1
			}
			if next < len(members) {
				e.gaps = append(e.gaps, gap{from, k, start, w})
			}
			continue
		}
		var end int
		if w, end = e.member(m, w, at, depth); end < 0 {
			return w, e.within(sp, m.f)
		}
		if at == i {
			// It was the next one on the wire.
			i, next = end, -1
		}
		k++
	}
	if next < 0 && (i >= len(e.wire) || e.wire[i] != WireStop) {
		fr.turn = len(members)
		if i, _ = e.seek(sp, &fr, i, depth); i < 0 {
			return w, -1
		}
	}
	if fr.late {
		var ok bool
		if w, ok = e.fillGaps(sp, &fr, done.start, w, e.gaps[gapMark:], depth); !ok {
			return w, -1
		}
	}
	e.words, e.offsets, e.gaps = e.words[:wordMark], e.offsets[:offsetMark], e.gaps[:gapMark]
	return e.brackets(done.start, w, '{', '}'), i + 1
}

// open notes the openers that are at i and gives the offset behind them.
func (fr *frame) open(sp *structProg, wire []byte, i int) int {
	for k := 0; k < len(sp.openers) && len(wire)-i >= 4; k++ {
		head := rawLittle32(wire, i) & headMask
		if head != sp.openers[k].head {
			// Those before the one that has come are absent, or come later.
			f := sp.lookup(int16(bits.ReverseBytes16(uint16(head >> 8))))
			if f == nil || f.head != head || f.opener < k {
				return i
			}
			k = f.opener
		}
		o := &sp.openers[k]
		if len(wire)-i < int(o.size) {
			return i
		}
		fr.note(int(o.rank), i+headSize)
		i += int(o.size)
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
		case fr.has(f.rank) || f.rank < fr.written:
			return e.failField(sp, f, i, "the field is there twice"), 0
		}
		fr.note(f.rank, at)
		omitted := f.omit && isZeroWire(f.node, wire[at:])
		if f.written && !omitted && f.node.kind >= Struct && f.rank >= fr.turn {
			if len(wire)-at < f.node.minSize {
				e.truncated(f.node)
				return e.within(sp, f), 0
			}
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

// absent writes what stands for member k, which has not come, and for those
// behind it up to the first that has, or to limit. It gives the rank of that.
func (e *encoder) absent(sp *structProg, fr *frame, w, k, limit int) (end, rank int) {
	for {
		if zero := sp.members[k].f.zero; len(zero) > 0 {
			if w-e.start > growthLimit(len(e.wire)) {
				return w, e.fail(len(e.wire), "absent fields make the message too large")
			}
			w = e.keep(append(e.out[:w], zero...))
		}
		if k = fr.following(sp, k+1, limit); k == limit || fr.has(k) {
			return w, k
		}
	}
}

// following is the first rank, from on and below limit, of a member that has
// come or is written when it is absent; limit if there is none.
func (fr *frame) following(sp *structProg, from, limit int) int {
	for from < limit {
		k := from >> 6
		if found := (fr.seen[k] | sp.show[k]) >> (from & 63); found != 0 {
			return min(from+bits.TrailingZeros64(found), limit)
		}
		from = (k + 1) << 6
	}
	return limit
}

// member writes a member, unless it is left out, as object does. Its value, of
// which the smallest size is there, is at offset at.
func (e *encoder) member(m *member, w, at, depth int) (int, int) {
	if m.form == formCareful {
		if m.f.omit && isZeroWire(m.node, e.wire[at:]) {
			return w, at + m.node.minSize
		}
		if len(m.f.key) > len(m.key.bytes) {
			w = e.keep(append(e.out[:w], m.f.key...))
			return e.value(m.node, w, at, depth+1)
		}
	}
	e.room(w, memberRoom)
	rawChunk(e.out, w, &m.key)
	w += int(m.keySize)
	switch m.node.form {
	case formI32:
		return putInteger(e.out, w, int64(int32(rawBig32(e.wire, at)))), at + 4
	case formI64:
		return putInteger(e.out, w, int64(rawBig64(e.wire, at))), at + 8
	case formString:
		return e.str(w, at)
	case formBool:
		return e.bool(w, at)
	case formDouble:
		return e.double(m.node, w, at)
	}
	return e.value(m.node, w, at, depth+1)
}

// fillGaps writes the struct, which is from start to w, again with all of its
// gaps filled.
func (e *encoder) fillGaps(sp *structProg, fr *frame, start, w int, gaps []gap, depth int) (end int, ok bool) {
	mark, from := w, start
	for _, g := range gaps {
		w = e.keep(append(e.out[:w], e.out[from:g.start]...))
		for k := g.from; k < g.to; {
			if !fr.has(k) {
				if w, k = e.absent(sp, fr, w, k, g.to); k < 0 {
					return w, false
				}
				continue
			}
			m, at := &sp.members[k], 0
			if w, at = e.member(m, w, fr.at[k], depth); at < 0 {
				e.within(sp, m.f)
				return w, false
			}
			k++
		}
		from = g.end
	}
	w = e.keep(append(e.out[:w], e.out[from:mark]...))
	return start + copy(e.out[start:], e.out[mark:w]), true
}
