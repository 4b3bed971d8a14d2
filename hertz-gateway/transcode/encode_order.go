package transcode

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
	// at says by rank where the values are of fields that have come, or is 0.
	at []int
	// Members before written are written, without a place in at.
	written int
	// Members before turn have had their turn to be written; late: one of them
	// came after it.
	turn int
	late bool
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
	offsetMark, gapMark := len(e.offsets), len(e.gaps)
	fr := frame{at: e.offsetTable(len(sp.fields)), written: done.written}
	if done.opened {
		for _, o := range sp.openers {
			fr.at[o.rank] = done.opening + int(o.offset) + headSize
		}
	} else {
		i = fr.open(sp, e.wire, i)
	}
	// next is the rank of the container at i, when fields had to be noted to
	// find it, that of no member at the end of the struct, and else -1.
	next := -1
	for k := done.written; k < len(members); k++ {
		m, at := &members[k], fr.at[k]
		if at == 0 && next < 0 {
			if len(e.wire)-i >= int(m.room) && rawLittle32(e.wire, i)&headMask == m.head {
				at = i + headSize
				i = at + int(m.size)
				fr.at[k] = at
			} else {
				fr.turn = k
				if i, next = e.seek(sp, &fr, i, depth); i < 0 {
					return w, -1
				}
				at = fr.at[k]
			}
		}
		if at == 0 {
			var ok bool
			if w, ok = e.absent(sp, w, k, next, gapMark); !ok {
				return w, -1
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
	e.offsets, e.gaps = e.offsets[:offsetMark], e.gaps[:gapMark]
	return e.brackets(done.start, w, '{', '}'), i + 1
}

// open notes the openers that are at i, in the order of the IDL, and gives the
// offset behind them.
func (fr *frame) open(sp *structProg, wire []byte, i int) int {
	if len(wire)-i < sp.opening+4 {
		return i
	}
	for k := range sp.openers {
		o := &sp.openers[k]
		if rawLittle32(wire, i)&headMask == o.head {
			fr.at[o.rank] = i + headSize
			i += int(o.size)
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
		case fr.at[f.rank] != 0 || f.rank < fr.written:
			return e.failField(sp, f, i, "the field is there twice"), 0
		}
		fr.at[f.rank] = at
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

// absent writes what stands for member k, which has not come. It may come yet
// if next, the rank of what is next on the wire, is that of a member.
func (e *encoder) absent(sp *structProg, w, k, next, gapMark int) (end int, ok bool) {
	start, zero := w, sp.members[k].f.zero
	if len(zero) > 0 {
		if w-e.start > growthLimit(len(e.wire)) {
			e.fail(len(e.wire), "absent fields make the message too large")
			return w, false
		}
		w = e.keep(append(e.out[:w], zero...))
	}
	if next == len(sp.members) {
		return w, true
	}
	if last := len(e.gaps) - 1; last >= gapMark && e.gaps[last].to == k && e.gaps[last].end == start {
		e.gaps[last].to, e.gaps[last].end = k+1, w
	} else {
		e.gaps = append(e.gaps, gap{k, k + 1, start, w})
	}
	return w, true
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
		for k := g.from; k < g.to; k++ {
			m, at := &sp.members[k], fr.at[k]
			if at == 0 {
				w, ok = e.absent(sp, w, k, len(sp.members), 0)
			} else {
				w, at = e.member(m, w, at, depth)
				ok = at >= 0
			}
			if !ok {
				e.within(sp, m.f)
				return w, false
			}
		}
		from = g.end
	}
	w = e.keep(append(e.out[:w], e.out[from:mark]...))
	return start + copy(e.out[start:], e.out[mark:w]), true
}
