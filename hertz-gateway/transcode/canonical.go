package transcode

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
)

// AppendCanonical appends a form of the Thrift binary value in wire that all
// equal values of t share: without the order of fields, of the elements of sets
// and of the entries of maps, without negative zeros, without fields whose value
// says no more than their absence would, and without hidden ones. The form is
// for comparing only.
// wire must come from a writer of t; if it is not one whole value, it is its own
// form.
func AppendCanonical(dst []byte, t *Type, wire []byte) []byte {
	if n, err := Skip(wire, t.Kind.WireType()); err != nil || n < len(wire) {
		return append(dst, wire...)
	}
	c := canon{text: dst}
	c.canonical(t, wire, 0)
	return c.text
}

// canon makes canonical forms, on top of what else is in text.
type canon struct {
	text  []byte
	spans []span
	// omitZero as in Options.
	omitZero bool
}

// span is an entry of a value in canonical form: a field of a struct, an
// element of a set, a key with its value.
type span struct{ from, key, to int }

// form puts the canonical form of the value of t at i of wire on c.text, behind
// a mark that tells it from what is not canonical. The ref is to the second of
// two buffers.
func (c *canon) form(t *Type, wire []byte, i int) ref {
	from := len(c.text)
	c.text = append(c.text, 0)
	c.canonical(t, wire, i)
	return ref{off: ^from, n: len(c.text) - from}
}

// canonical is AppendCanonical for the value at i; it gives the offset behind it.
func (c *canon) canonical(t *Type, wire []byte, i int) int {
	switch t.Kind {
	case Double:
		v := binary.BigEndian.Uint64(wire[i:])
		if v == 1<<63 {
			v = math.Float64bits(0)
		}
		c.text = binary.BigEndian.AppendUint64(c.text, v)
		return i + 8
	case Struct, Union, Exception:
		return c.fields(t, wire, i)
	case List, Set:
		count := int(binary.BigEndian.Uint32(wire[i+1:]))
		c.text = append(c.text, wire[i:i+5]...)
		i += 5
		mark := len(c.spans)
		for ; count > 0; count-- {
			start := len(c.text)
			i = c.canonical(t.Elem, wire, i)
			if t.Kind == Set {
				c.spans = append(c.spans, span{start, len(c.text), len(c.text)})
			}
		}
		c.sortSpans(mark)
		return i
	case Map:
		count := int(binary.BigEndian.Uint32(wire[i+2:]))
		c.text = append(c.text, wire[i:i+6]...)
		i += 6
		mark := len(c.spans)
		for ; count > 0; count-- {
			start := len(c.text)
			i = c.canonical(t.Key, wire, i)
			end := len(c.text)
			i = c.canonical(t.Elem, wire, i)
			c.spans = append(c.spans, span{start, end, len(c.text)})
		}
		c.sortSpans(mark)
		return i
	default:
		end := skip(wire, i, t.Kind.WireType(), 1)
		c.text = append(c.text, wire[i:end]...)
		return end
	}
}

func (c *canon) fields(t *Type, wire []byte, i int) int {
	mark, next := len(c.spans), 0
	for wire[i] != WireStop {
		wt, id, from := wire[i], int16(binary.BigEndian.Uint16(wire[i+1:])), i+3
		// They mostly come in the order of the IDL.
		if next = t.fieldIndex(id, next); next == len(t.Fields) || t.Fields[next].Hidden {
			// Nobody has checked what is in a field that is not known or not shown.
			i = skip(wire, from, wt, math.MaxInt)
			continue
		}
		f := t.Fields[next]
		next++
		start := len(c.text)
		// The type comes last so that spans are ordered by id.
		c.text = append(c.text, wire[i+1], wire[i+2], wt)
		i = c.canonical(f.Type, wire, from)
		if t.Kind != Union && c.implied(f, wire[from:i]) {
			c.text = c.text[:start]
			continue
		}
		c.spans = append(c.spans, span{start, start + 2, len(c.text)})
	}
	c.sortSpans(mark)
	c.text = append(c.text, WireStop)
	return i + 1
}

// fieldIndex is the place of the field with that id, which is guessed; the
// number of fields when there is none.
func (t *Type) fieldIndex(id int16, guess int) int {
	if guess < len(t.Fields) && t.Fields[guess].ID == id {
		return guess
	}
	for i, f := range t.Fields {
		if f.ID == id {
			return i
		}
	}
	return len(t.Fields)
}

// implied says whether a value of the field says the same as its absence.
func (c *canon) implied(f *Field, value []byte) bool {
	switch {
	case f.Default != nil:
		return bytes.Equal(value, f.Default)
	case f.Requiredness == Optional && !c.omitZero || f.Requiredness == Required:
		return false
	}
	return isZeroWire(&node{kind: f.Type.Kind, minSize: MinWireSize(f.Type.Kind.WireType())}, value)
}

// sortSpans brings the entries since mark, which lie one after the other at
// the end of c.text, in the order of their keys.
func (c *canon) sortSpans(mark int) {
	spans := c.spans[mark:]
	c.spans = c.spans[:mark]
	if len(spans) < 2 {
		return
	}
	byKey := func(a, b span) int { return bytes.Compare(c.text[a.from:a.key], c.text[b.from:b.key]) }
	if slices.IsSortedFunc(spans, byKey) {
		return
	}
	start, end := spans[0].from, spans[len(spans)-1].to
	slices.SortFunc(spans, byKey)
	for _, s := range spans {
		c.text = append(c.text, c.text[s.from:s.to]...)
	}
	copy(c.text[start:], c.text[end:])
	c.text = c.text[:end]
}
