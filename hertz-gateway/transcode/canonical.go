package transcode

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
)

// span is an entry of a value in canonical form: a field of a struct, an
// element of a set, a key with its value.
type span struct{ from, key, to int }

// canonical appends to d.text a form of the value at i of wire that all equal
// values share: fields by id, elements of sets and entries of maps by their
// bytes, and no negative zero. wire is well-formed: this package wrote it. It
// gives the offset behind the value.
func (d *decoder) canonical(wire []byte, i int, wt byte) int {
	from := i
	switch wt {
	case WireDouble:
		v := binary.BigEndian.Uint64(wire[i:])
		if v == 1<<63 {
			v = math.Float64bits(0)
		}
		d.text = binary.BigEndian.AppendUint64(d.text, v)
		return i + 8
	case WireStruct:
		mark := len(d.spans)
		for wire[i] != WireStop {
			start := len(d.text)
			// The type comes last so that spans are ordered by id.
			d.text = append(d.text, wire[i+1], wire[i+2], wire[i])
			i = d.canonical(wire, i+3, wire[i])
			d.spans = append(d.spans, span{start, start + 2, len(d.text)})
		}
		d.sortSpans(mark)
		d.text = append(d.text, WireStop)
		return i + 1
	case WireList, WireSet:
		elem := wire[i]
		count := int(binary.BigEndian.Uint32(wire[i+1:]))
		d.text = append(d.text, wire[i:i+5]...)
		i += 5
		mark := len(d.spans)
		for ; count > 0; count-- {
			start := len(d.text)
			i = d.canonical(wire, i, elem)
			if wt == WireSet {
				d.spans = append(d.spans, span{start, len(d.text), len(d.text)})
			}
		}
		d.sortSpans(mark)
		return i
	case WireMap:
		key, val := wire[i], wire[i+1]
		count := int(binary.BigEndian.Uint32(wire[i+2:]))
		d.text = append(d.text, wire[i:i+6]...)
		i += 6
		mark := len(d.spans)
		for ; count > 0; count-- {
			start := len(d.text)
			i = d.canonical(wire, i, key)
			end := len(d.text)
			i = d.canonical(wire, i, val)
			d.spans = append(d.spans, span{start, end, len(d.text)})
		}
		d.sortSpans(mark)
		return i
	default:
		i = skip(wire, i, wt, 1)
		d.text = append(d.text, wire[from:i]...)
		return i
	}
}

// sortSpans brings the entries since mark, which lie one after the other at
// the end of d.text, in the order of their keys.
func (d *decoder) sortSpans(mark int) {
	spans := d.spans[mark:]
	d.spans = d.spans[:mark]
	if len(spans) < 2 {
		return
	}
	byKey := func(a, b span) int { return bytes.Compare(d.text[a.from:a.key], d.text[b.from:b.key]) }
	if slices.IsSortedFunc(spans, byKey) {
		return
	}
	start, end := spans[0].from, spans[len(spans)-1].to
	slices.SortFunc(spans, byKey)
	for _, s := range spans {
		d.text = append(d.text, d.text[s.from:s.to]...)
	}
	copy(d.text[start:], d.text[end:])
	d.text = d.text[:end]
}
