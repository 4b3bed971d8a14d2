package transcode

import (
	"math"
	"math/bits"
)

// fieldRoom is what a field may write behind the end of dst when a short string
// is copied in whole words.
const fieldRoom = 3 + 4 + shortString

// members is what is known of an object while it is converted to a struct.
type members struct {
	sp        *structProg
	at, depth int // of the object
	// expected is the field whose member probably comes next.
	expected *field
	// seen are the fields that have come, or were given, of the first 64, and
	// more of the others.
	seen uint64
	more []uint64
	// given are the fields that the Source had before the body, as long as the
	// body has not had them.
	given []uint64
	// absent is how many of them are null.
	absent int
	// words is how many words of d.words were in use before.
	words int
	// strange: there is a member without a field; names are those of such.
	strange bool
	names   nameMark
}

// object converts the object at i. Members that come as they are expected, in
// the order of the IDL and without white space, are found by their words, others
// by member. Here are the values in their usual form; memberValue has them all.
func (d *decoder) object(sp *structProg, w, i, depth int) (end, next int) {
	if depth > d.maxDepth {
		return w, d.tooDeep(i)
	}
	m := members{sp: sp, at: i, depth: depth}
	if sp.special {
		var ok bool
		if w, ok = d.beginMembers(&m, w); !ok {
			return w, -1
		}
	}
	win, f, seen := d.win, sp.first, m.seen
	for {
		if uint(i) > uint(d.limit) || !f.startsAt(win, i) || seen&f.bit != 0 || w > d.roomy {
			if uint(i) < uint(len(d.in)) && d.in[i] == '}' {
				break
			}
			// A key that startsAt knows is that of one field, so this happens once.
			if h := d.habit(f); h.expected == f && h.came.size > 0 && uint(i) <= uint(d.limit) && h.came != f && h.came.startsAt(win, i) {
				f = h.came
				continue
			}
			m.seen, m.expected = seen, f
			if f, i = d.member(&m, i); f == nil {
				break
			}
			seen = m.seen
			if uint(i) > uint(d.limit+keyWindow) || w > d.roomy || f.word > 0 {
				if w, i = d.memberValue(&m, f, w, i); i < 0 {
					return w, i
				}
				f = f.next
				continue
			}
			i -= int(f.size)
		}
		i += int(f.size)
		seen |= f.bit
		out := d.out
		rawHalf(out, w, f.head)
		switch f.reading {
		case readString:
			if size := d.short(i); size >= 0 {
				rawBigHalf(out, w+3, uint32(size))
				rawChunk(out, w+7, rawChunkAt(win, i+1))
				w, i, f = w+7+size, i+size+2, f.next
				continue
			}
		case readI32:
			if v, digits := leadingDigits(rawLittle64(win, i)); numberEnds(win, i, digits) {
				rawBigHalf(out, w+3, uint32(v))
				w, i, f = w+7, i+digits, f.next
				continue
			}
		case readI64:
			v, digits := leadingDigits(rawLittle64(win, i))
			if digits == 8 {
				more, n := leadingDigits(rawLittle64(win, i+8))
				v, digits = v*powersOfTen[n&31]+more, 8+n
			}
			if numberEnds(win, i, digits) {
				rawBigWord(out, w+3, v)
				w, i, f = w+11, i+digits, f.next
				continue
			}
		case readDouble:
			v, size := shortDecimal(rawLittle64(win, i))
			if size == 0 {
				v, size = d.decimal(i)
			}
			if size > 0 {
				rawBigWord(d.out, w+3, math.Float64bits(v))
				w, i, f = w+11, i+size, f.next
				continue
			}
		case readBool:
			if v, size := boolWord(rawLittle64(win, i)); size > 0 {
				rawHalf(out, w, f.head|v<<24)
				w, i, f = w+4, i+size, f.next
				continue
			}
		case readStruct:
			if rawAt(win, i) == '{' {
				if w, i = d.object(f.node.sp, w+3, i, m.depth+1); i < 0 {
					return w, i
				}
				f = f.next
				continue
			}
		case readArray:
			if rawAt(win, i) == '[' {
				if w, i = d.array(f.node, w+3, i, m.depth+1); i < 0 {
					return w, i
				}
				f = f.next
				continue
			}
		}
		if w, i = d.memberValue(&m, f, w, i); i < 0 {
			return w, i
		}
		f = f.next
	}
	if i < 0 {
		return w, i
	}
	if m.sp.special || m.strange || m.sp.needed&^seen != 0 {
		m.seen = seen
		var ok bool
		if w, ok = d.endMembers(&m, w); !ok {
			return w, -1
		}
	}
	return d.byte(w, WireStop), i + 1
}

// nothing is object for an object without members, which is the whole text.
func (d *decoder) nothing(sp *structProg, w int) (end, next int) {
	m := members{sp: sp, depth: 1}
	ok := true
	if sp.special {
		w, ok = d.beginMembers(&m, w)
	}
	if ok {
		w, ok = d.endMembers(&m, w)
	}
	if !ok {
		return w, -1
	}
	return d.byte(w, WireStop), len(d.in)
}

// beginMembers prepares for an object of more than 64 fields, or with some of
// them outside the body.
func (d *decoder) beginMembers(m *members, w int) (end int, ok bool) {
	m.words = len(d.words)
	if m.sp.words > 1 {
		m.more = d.bitSet(m.sp.words - 1)
	}
	if m.sp.placed && d.src != nil {
		m.given = d.bitSet(m.sp.words)
		dst, count := d.askAll(m.sp, d.out[:w], m.given)
		if w = d.keep(dst); count < 0 {
			return w, false
		}
		m.seen = m.given[0]
		if m.more != nil {
			copy(m.more, m.given[1:])
		}
	}
	return w, true
}

// endMembers does what is due when all members of an object have been there.
func (d *decoder) endMembers(m *members, w int) (end int, ok bool) {
	sp, dst := m.sp, d.out[:w]
	if m.strange {
		d.endNames(m.names)
	}
	count := bits.OnesCount64(m.seen) - m.absent
	for w, need := range sp.need {
		seen := m.seen
		if w > 0 {
			seen = m.more[w-1]
			count += bits.OnesCount64(seen)
		}
		for need &^= seen; need != 0; need &= need - 1 {
			var present bool
			if dst, present, ok = d.absent(&sp.fields[w*64+bits.TrailingZeros64(need)], dst, m.at, m.depth); !ok {
				return d.keep(dst), false
			}
			if present {
				count++
			}
		}
	}
	if sp.union && count != 1 {
		d.unionMembers(m.at, count)
	}
	if sp.special {
		d.words = d.words[:m.words]
	}
	return d.keep(dst), !d.full()
}

// member finds the next member that has a field, however it is written, and
// checks others. At i is the bracket of the object, or it is behind a member.
// next is where the value starts. Without such a member next is the offset of
// the bracket that ends the object, or -1.
func (d *decoder) member(m *members, i int) (f *field, next int) {
	in := d.in
	for first := i == m.at; ; first = false {
		if !first {
			if i = skipSpace(in, i); i >= len(in) {
				return nil, d.syntax(i, "the object is not closed")
			}
			if in[i] == '}' {
				return nil, i
			}
			if in[i] != ',' {
				return nil, d.syntax(i, "expected ',' or '}' after a member")
			}
		}
		i = skipSpace(in, i+1)
		if first && i < len(in) && in[i] == '}' {
			return nil, i
		}
		if f, i = d.fieldAt(m, i); i < 0 {
			return nil, i
		}
		i = skipSpace(in, i)
		if f != nil {
			m.expected = f.next
			word, given := &m.seen, m.given
			if f.word > 0 {
				word = &m.more[f.word-1]
			}
			if *word&f.bit == 0 {
				*word |= f.bit
				return f, i
			}
			if given != nil && given[f.word]&f.bit != 0 {
				given[f.word] &^= f.bit
			} else {
				d.report(i, CodeDuplicateKey, "the object has this member twice", i)
			}
		}
		if i = d.skipValue(i, m.depth+1); i < 0 {
			return nil, i
		}
	}
}

// memberValue converts the value at i, or behind white space there, of the
// member of f, which has not been there before.
func (d *decoder) memberValue(m *members, f *field, w, i int) (end, next int) {
	if i = skipSpace(d.in, i); i >= len(d.in) {
		return w, d.syntax(i, "a value is missing")
	}
	if d.in[i] != 'n' {
		return d.value(f.node, d.keep(append(d.out[:w], f.header[:]...)), i, m.depth+1)
	}
	if i = d.literal(i, "null"); i < 0 {
		return w, i
	}
	m.absent++
	if m.sp.need[f.word]&f.bit != 0 {
		dst, present, ok := d.absent(f, d.out[:w], m.at, m.depth)
		if w = d.keep(dst); !ok {
			return w, -1
		}
		if present {
			m.absent--
		}
	}
	return w, i
}
