package validate

import "dgate/hertz-gateway/transcode"

// maxDepth bounds the nesting of a message; encoders stop before.
const maxDepth = 256

// listOf reads the header of a list or set of type t: how many elements
// follow after n bytes.
func listOf(t *transcode.Type, b []byte) (count, n int, ok bool) {
	w, count, n, err := transcode.ReadListHeader(b)
	return count, n, err == nil && (count == 0 || w == t.Elem.Kind.WireType())
}

// mapOf reads the header of a map of type t: how many entries follow after n bytes.
func mapOf(t *transcode.Type, b []byte) (count, n int, ok bool) {
	k, v, count, n, err := transcode.ReadMapHeader(b)
	return count, n, err == nil && (count == 0 || k == t.Key.Kind.WireType() && v == t.Elem.Kind.WireType())
}

// findField gives the bytes of a field's value inside the struct at b: nil
// when it is not set, ok false when b is not a struct with such a field.
func findField(b []byte, f *transcode.Field) (value []byte, scanned int, ok bool) {
	for pos := 0; ; {
		w, id, n, err := transcode.ReadFieldHeader(b[pos:])
		if err != nil {
			return nil, pos, false
		}
		pos += n
		if w == transcode.WireStop {
			return value, pos, true
		}
		n, err = transcode.Skip(b[pos:], w)
		if err != nil {
			return nil, pos, false
		}
		if id == f.ID {
			if w != f.Type.Kind.WireType() {
				return nil, pos, false
			}
			value = b[pos : pos+n : pos+n]
		}
		pos += n
	}
}

// take decodes the value at the start of b and gives its length.
func take(t *transcode.Type, b []byte) (value, int, bool) {
	w := t.Kind.WireType()
	switch w {
	case transcode.WireString:
		s, n, err := transcode.ReadString(b)
		return textual(s), n, err == nil
	case transcode.WireStruct, transcode.WireList, transcode.WireSet, transcode.WireMap:
		n, err := transcode.Skip(b, w)
		if err != nil {
			return value{}, 0, false
		}
		return value{kind: isRef, b: b[:n:n], t: t}, n, true
	default:
		v, ok := decode(t, b)
		return v, transcode.MinWireSize(w), ok
	}
}

// each calls yield with index or key and value of each element of a container
// until it says false. ok is false when the bytes are not of v's type.
func each(v value, yield func(key, elem value) bool) (ok bool) {
	if v.t.Kind == transcode.Map {
		return eachEntry(v, yield)
	}
	count, pos, ok := listOf(v.t, v.b)
	if !ok {
		return false
	}
	for i := range count {
		elem, n, ok := take(v.t.Elem, v.b[pos:])
		if !ok {
			return false
		}
		pos += n
		if !yield(integer(int64(i)), elem) {
			break
		}
	}
	return true
}

func eachEntry(v value, yield func(key, elem value) bool) bool {
	count, pos, ok := mapOf(v.t, v.b)
	if !ok {
		return false
	}
	for range count {
		key, n, ok := take(v.t.Key, v.b[pos:])
		if !ok {
			return false
		}
		pos += n
		elem, n, ok := take(v.t.Elem, v.b[pos:])
		if !ok {
			return false
		}
		pos += n
		if !yield(key, elem) {
			break
		}
	}
	return true
}
