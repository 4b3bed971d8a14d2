package transcode

// memberRoom is what a key of up to 32 bytes and a short value may write.
const memberRoom = 32 + valueRoom

// object converts the struct at i, as long as its fields come as Kitex's
// generated code writes them: numbers and bools, which so have a place that is
// known beforehand, and then the others, each part in the order of the IDL and
// without an absent one. What comes otherwise is for anyOrder.
func (e *encoder) object(sp *structProg, w, i, depth int) (int, int) {
	if depth > e.maxDepth {
		return w, e.fail(i, sp.typ.Name+": nested too deep")
	}
	start, opening := w, i
	if len(e.wire)-i < sp.opening+4 {
		return e.anyOrder(sp, w, i, depth, progress{start: w})
	}
	for _, o := range sp.openers {
		if rawLittle32(e.wire, i+int(o.offset))&headMask != o.head {
			return e.anyOrder(sp, w, i, depth, progress{start: w})
		}
	}
	i += sp.opening
	for m := sp.lead; m != nil; m = m.next {
		at := opening + int(m.offset)
		if m.offset == 0 {
			if len(e.wire)-i < int(m.room) || rawLittle32(e.wire, i)&headMask != m.head {
				return e.anyOrder(sp, w, i, depth, progress{start: start, opened: true, opening: opening, written: m.f.rank})
			}
			at = i + headSize
		}
		e.room(w, memberRoom)
		rawChunk(e.out, w, &m.key)
		w += int(m.keySize)
		var end int
		switch m.form {
		case formI32:
			w = putInteger(e.out, w, int64(int32(rawBig32(e.wire, at))))
			continue
		case formI64:
			w = putInteger(e.out, w, int64(rawBig64(e.wire, at)))
			continue
		case formString:
			size := int(int32(rawBig32(e.wire, at)))
			at += 4
			if uint(size) <= shortString && e.marked-at >= shortString && e.plain(w, at, size) {
				w, i = w+2+size, at+size
				continue
			}
			w, end = e.longString(w, at, size)
		case formStruct:
			w, end = e.object(m.node.sp, w, at, depth+1)
		case formList:
			w, end = e.array(m.node, w, at, depth+1)
		case formBool:
			w, end = e.bool(w, at)
		case formDouble:
			w, end = e.double(m.node, w, at)
		case formCareful:
			w, end = e.member(m, w-int(m.keySize), at, depth)
		default:
			w, end = e.value(m.node, w, at, depth+1)
		}
		if end < 0 {
			return w, e.within(sp, m.f)
		}
		if m.offset == 0 {
			i = end
		}
	}
	if i >= len(e.wire) || e.wire[i] != WireStop {
		return e.anyOrder(sp, w, i, depth, progress{start: start, opened: true, opening: opening, written: len(sp.members)})
	}
	return e.brackets(start, w, '{', '}'), i + 1
}
