package transcode

import (
	"cmp"
	"slices"
)

// array converts the array at i to a list or set.
func (d *decoder) array(n *node, dst []byte, i, depth int) ([]byte, int) {
	if depth > d.maxDepth {
		return dst, d.tooDeep(i)
	}
	win, elem, head, count := d.win, n.elem, len(dst), 0
	dst = append(dst, elem.wt, 0, 0, 0, 0)
	if i++; i < len(win) && win[i] <= ' ' {
		i = skipSpace(d.in, i)
	}
	if i < len(win) && win[i] == ']' {
		return dst, i + 1
	}
	if n.kind == Set {
		dst, i, count = d.set(n, dst, i, depth+1)
		putCount(dst[head+1:], count)
		return dst, i
	}
	for {
		if count++; count > d.maxElements {
			i = d.surplus(i, depth+1, count)
		} else if elem.reading == readString {
			dst, i, count = d.strings(n, dst, i, depth+1, count)
		} else if elem.reading == readStruct && i < len(win) && win[i] == '{' {
			dst, i = d.object(elem.sp, dst, i, depth+1)
		} else {
			dst, i = d.element(n, dst, i, depth+1)
		}
		if uint(i) >= uint(len(win)) || win[i] != ',' && win[i] != ']' {
			if i = d.elementEnd(i); i < 0 {
				return dst, i
			}
		}
		if win[i] == ']' {
			putCount(dst[head+1:], count)
			return dst, i + 1
		}
		if i++; i < len(win) && win[i] <= ' ' {
			i = skipSpace(d.in, i)
		}
	}
}

// strings converts the element at i of a list of strings, which is the one of
// that number, and others behind it as long as they are short and plain and
// there is no white space. It gives the number of the last one.
func (d *decoder) strings(n *node, dst []byte, i, depth, number int) (out []byte, next, count int) {
	win := d.win
	for uint(i) <= uint(d.limit) && cap(dst)-len(dst) >= fieldRoom {
		size, n := d.short(i), len(dst)
		if size < 0 {
			break
		}
		rawBigHalf(dst, n, uint32(size))
		rawChunk(dst, n+4, rawChunkAt(win, i+1))
		dst, i = dst[:n+4+size], i+size+2
		if rawLittle32(win, i)&0xffff != ','|'"'<<8 || number == d.maxElements {
			return dst, i, number
		}
		i++
		number++
	}
	dst, i = d.element(n, dst, i, depth)
	return dst, i, number
}

// set converts the elements of a set, the first of which is at i; next is behind
// the bracket.
func (d *decoder) set(n *node, dst []byte, i, depth int) (out []byte, next, count int) {
	refMark, textMark := len(d.refs.refs), len(d.text)
	for {
		if count++; count > d.maxElements {
			i = d.surplus(i, depth, count)
		} else {
			at, from, found := i, len(dst), len(d.found)
			dst, i = d.element(n, dst, i, depth)
			if len(d.found) == found {
				d.refs.refs = append(d.refs.refs, ref{off: from, n: len(dst) - from, at: at})
			}
		}
		if i = d.elementEnd(i); i < 0 {
			return dst, i, count
		}
		if d.in[i] == ']' {
			break
		}
		i = skipSpace(d.in, i+1)
	}
	if n.elem.canonical {
		d.canonicalElements(n.elem, d.refs.refs[refMark:], dst)
	}
	if r := d.refs.repeated(refMark, dst, d.text); r >= 0 {
		d.report(d.refs.refs[r].at, CodeDuplicateElement, "the set has this element twice", 0)
	}
	d.refs.refs, d.text = d.refs.refs[:refMark], d.text[:textMark]
	return dst, i + 1, count
}

// element converts the element at i of the list or set n.
func (d *decoder) element(n *node, dst []byte, i, depth int) ([]byte, int) {
	if i < len(d.in) && d.in[i] == 'n' {
		return dst, d.null(n, i)
	}
	return d.value(n.elem, dst, i, depth)
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
