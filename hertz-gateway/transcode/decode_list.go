package transcode

import (
	"cmp"
	"math"
	"slices"
)

// array converts the array at i to a list or set.
func (d *decoder) array(n *node, w, i, depth int) (end, next int) {
	if depth > d.maxDepth {
		return w, d.tooDeep(i)
	}
	if w > d.roomy {
		w = d.keep(slices.Grow(d.out[:w], 2*fieldRoom))
	}
	win, elem, head, count := d.win, n.elem, w, 0
	rawHalf(d.out, w, uint32(elem.wt))
	rawBigHalf(d.out, w+1, 0)
	w += 5
	if i++; i < len(win) && win[i] <= ' ' {
		i = skipSpace(d.in, i)
	}
	if i < len(win) && win[i] == ']' {
		return w, i + 1
	}
	if n.kind == Set {
		w, i, count = d.set(n, w, i, depth+1)
		putCount(d.out[head+1:], count)
		return w, i
	}
	for {
		if count++; count > d.maxElements {
			i = d.surplus(i, depth+1, count)
		} else if elem.reading == readString {
			w, i, count = d.strings(n, w, i, depth+1, count)
		} else if elem.reading == readI32 || elem.reading == readI64 || elem.reading == readDouble {
			w, i, count = d.numbers(n, w, i, depth+1, count)
		} else if elem.reading == readStruct && i < len(win) && win[i] == '{' {
			w, i = d.object(elem.sp, w, i, depth+1)
		} else {
			w, i = d.element(n, w, i, depth+1)
		}
		if uint(i) >= uint(len(win)) || win[i] != ',' && win[i] != ']' {
			if i = d.elementEnd(i); i < 0 {
				return w, i
			}
		}
		if win[i] == ']' {
			putCount(d.out[head+1:], count)
			return w, i + 1
		}
		if i++; i < len(win) && win[i] <= ' ' {
			i = skipSpace(d.in, i)
		}
	}
}

// strings converts the element at i of a list of strings, which is the one of
// that number, and others behind it as long as they are short and plain and
// there is no white space. It gives the number of the last one.
func (d *decoder) strings(n *node, w, i, depth, number int) (end, next, count int) {
	win := d.win
	for uint(i) <= uint(d.limit) && w <= d.roomy {
		size := d.short(i)
		if size < 0 {
			break
		}
		rawBigHalf(d.out, w, uint32(size))
		rawChunk(d.out, w+4, rawChunkAt(win, i+1))
		w, i = w+4+size, i+size+2
		if rawLittle32(win, i)&0xffff != ','|'"'<<8 || number == d.maxElements {
			return w, i, number
		}
		i++
		number++
	}
	w, i = d.element(n, w, i, depth)
	return w, i, number
}

// numbers is strings for a list of integers or doubles.
func (d *decoder) numbers(n *node, w, i, depth, number int) (end, next, count int) {
	win, wide := d.win, n.elem.reading == readI64
	for uint(i) <= uint(d.limit) && w <= d.roomy {
		var size int
		if n.elem.reading == readDouble {
			var v float64
			if v, size = d.decimal(i); size == 0 {
				break
			}
			rawBigWord(d.out, w, math.Float64bits(v))
			w += 8
		} else {
			var v uint64
			if v, size = digitsAt(win, i, 2); !numberEnds(win, i, size) || size > 7 && !wide {
				break
			}
			if wide {
				rawBigWord(d.out, w, v)
				w += 8
			} else {
				rawBigHalf(d.out, w, uint32(v))
				w += 4
			}
		}
		i += size
		if rawAt(win, i) != ',' || rawAt(win, i+1) <= ' ' || number == d.maxElements {
			return w, i, number
		}
		i++
		number++
	}
	w, i = d.element(n, w, i, depth)
	return w, i, number
}

// set converts the elements of a set, the first of which is at i; next is behind
// the bracket.
func (d *decoder) set(n *node, w, i, depth int) (end, next, count int) {
	refMark, textMark := len(d.refs.refs), len(d.text)
	for {
		if count++; count > d.maxElements {
			i = d.surplus(i, depth, count)
		} else {
			at, from, found := i, w, len(d.found)
			w, i = d.element(n, w, i, depth)
			if len(d.found) == found {
				d.refs.refs = append(d.refs.refs, ref{off: from, n: w - from, at: at})
			}
		}
		if i = d.elementEnd(i); i < 0 {
			return w, i, count
		}
		if d.in[i] == ']' {
			break
		}
		i = skipSpace(d.in, i+1)
	}
	if n.elem.canonical {
		d.canonicalElements(n.elem, d.refs.refs[refMark:], d.out[:w])
	}
	if r := d.refs.repeated(refMark, d.out, d.text); r >= 0 {
		d.report(d.refs.refs[r].at, CodeDuplicateElement, "the set has this element twice", 0)
	}
	d.refs.refs, d.text = d.refs.refs[:refMark], d.text[:textMark]
	return w, i + 1, count
}

// element converts the element at i of the list or set n.
func (d *decoder) element(n *node, w, i, depth int) (end, next int) {
	if i < len(d.in) && d.in[i] == 'n' {
		return w, d.null(n, i)
	}
	return d.value(n.elem, w, i, depth)
}

// surplus skips the element at i, which is the one of that number and too much.
func (d *decoder) surplus(i, depth, number int) int {
	if number == d.maxElements+1 {
		d.report(i, CodeElements, "more than "+itoa(d.maxElements)+" elements", i)
	}
	return d.skipValue(i, depth)
}

// elementEnd gives the offset of the comma or bracket behind an element that
// ends at i, or is negative as i is.
func (d *decoder) elementEnd(i int) int {
	if i < 0 {
		return i
	}
	if i = skipSpace(d.in, i); i >= len(d.in) {
		return d.syntax(i, "the array is not closed")
	}
	if c := d.in[i]; c != ',' && c != ']' {
		return d.syntax(i, "expected ',' or ']' after an element")
	}
	return i
}

// canonicalElements replaces those elements of a set, which are in dst, by their
// canonical forms that have the length of another one: others are different, or
// so by a field that might as well be absent. So sets of sets do not cost time
// in the square of their depth.
func (d *decoder) canonicalElements(elem *node, refs []ref, dst []byte) {
	byLength := func(a, b ref) int { return cmp.Compare(a.n, b.n) }
	if !slices.IsSortedFunc(refs, byLength) {
		slices.SortStableFunc(refs, byLength)
	}
	for len(refs) > 0 {
		same := 1
		for same < len(refs) && refs[same].n == refs[0].n {
			same++
		}
		if same > 1 {
			for i := range refs[:same] {
				form := d.form(elem.typ, dst, refs[i].off)
				refs[i].off, refs[i].n = form.off, form.n
			}
		}
		refs = refs[same:]
	}
}
