package kitex

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/cloudwego/gopkg/protocol/thrift"

	"dgate/hertz-gateway/transcode"
)

// Values are compared as trees that know their Thrift types: bool, int8 to
// int64, float64, string (binary too), *listValue, *mapValue, *structValue.

type listValue struct {
	elem  byte
	set   bool
	items []any
}

type mapValue struct {
	key, elem byte
	names     []string // of the keys, in the order of the wire
	items     map[string]any
}

type structValue struct{ fields map[int16]any }

// refusedValue stands where nothing may be sent.
type refusedValue struct{}

func newStruct() *structValue { return &structValue{fields: map[int16]any{}} }

// wire is the Thrift type on the wire.
func (t *genType) wire() byte {
	switch t.kind {
	case transcode.Bool:
		return 2
	case transcode.I8:
		return 3
	case transcode.Double:
		return 4
	case transcode.I16:
		return 6
	case transcode.I32, transcode.Enum:
		return 8
	case transcode.I64:
		return 10
	case transcode.String, transcode.Binary:
		return 11
	case transcode.Map:
		return 13
	case transcode.Set:
		return 14
	case transcode.List:
		return 15
	}
	return 12
}

// show writes a value so that equal ones are equal text.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case refusedValue:
		return "refused"
	case nullValue:
		return "null"
	case string:
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case *listValue:
		parts := make([]string, 0, len(v.items))
		for _, item := range v.items {
			parts = append(parts, show(item))
		}
		if v.set {
			sort.Strings(parts)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *mapValue:
		parts := make([]string, 0, len(v.items))
		for _, k := range slices.Sorted(maps.Keys(v.items)) {
			parts = append(parts, k+": "+show(v.items[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case *structValue:
		parts := make([]string, 0, len(v.fields))
		for _, id := range slices.Sorted(maps.Keys(v.fields)) {
			parts = append(parts, fmt.Sprintf("%d: %s", id, show(v.fields[id])))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// readValue reads Thrift binary with the library of Kitex's generated code.
func readValue(in []byte, wt byte) (v any, n int, err error) {
	p := thrift.Binary
	switch wt {
	case 2:
		return unpack(p.ReadBool(in))
	case 3:
		return unpack(p.ReadByte(in))
	case 4:
		return unpack(p.ReadDouble(in))
	case 6:
		return unpack(p.ReadI16(in))
	case 8:
		return unpack(p.ReadI32(in))
	case 10:
		return unpack(p.ReadI64(in))
	case 11:
		return unpack(p.ReadString(in))
	case 12:
		s := newStruct()
		for {
			ft, id, l, err := p.ReadFieldBegin(in[n:])
			if err != nil {
				return nil, 0, err
			}
			n += l
			if ft == thrift.STOP {
				return s, n, nil
			}
			if _, twice := s.fields[id]; twice {
				return nil, 0, fmt.Errorf("field %d twice", id)
			}
			value, l, err := readValue(in[n:], byte(ft))
			if err != nil {
				return nil, 0, err
			}
			n += l
			s.fields[id] = value
		}
	case 13:
		kt, vt, size, l, err := p.ReadMapBegin(in)
		if err != nil {
			return nil, 0, err
		}
		n += l
		m := &mapValue{key: byte(kt), elem: byte(vt), items: map[string]any{}}
		for range size {
			key, l, err := readValue(in[n:], byte(kt))
			if err != nil {
				return nil, 0, err
			}
			n += l
			value, l, err := readValue(in[n:], byte(vt))
			if err != nil {
				return nil, 0, err
			}
			n += l
			m.names = append(m.names, show(key))
			m.items[show(key)] = value
		}
		return m, n, nil
	case 14, 15:
		et, size, l, err := p.ReadListBegin(in)
		if err != nil {
			return nil, 0, err
		}
		n += l
		list := &listValue{elem: byte(et), set: wt == 14}
		for range size {
			item, l, err := readValue(in[n:], byte(et))
			if err != nil {
				return nil, 0, err
			}
			n += l
			list.items = append(list.items, item)
		}
		return list, n, nil
	}
	return nil, 0, fmt.Errorf("wire type %d", wt)
}

func unpack[T any](v T, n int, err error) (any, int, error) { return v, n, err }

// difference is a place where a codec differs from what is due.
type difference struct {
	path    string
	outcome string
	want    any
	got     any
}

// differences compares what a codec made with what is due.
func differences(path string, want, got any) []difference {
	switch w := want.(type) {
	case *structValue:
		if g, ok := got.(*structValue); ok {
			ids := map[int16]bool{}
			for id := range w.fields {
				ids[id] = true
			}
			for id := range g.fields {
				ids[id] = true
			}
			var ds []difference
			for _, id := range slices.Sorted(maps.Keys(ids)) {
				ds = append(ds, differences(path+"/"+strconv.Itoa(int(id)), w.fields[id], g.fields[id])...)
			}
			return ds
		}
	case *mapValue:
		if g, ok := got.(*mapValue); ok && (g.key == w.key && g.elem == w.elem || len(g.items) == 0) {
			keys := maps.Clone(w.items)
			maps.Copy(keys, g.items)
			var ds []difference
			for _, k := range slices.Sorted(maps.Keys(keys)) {
				ds = append(ds, differences(path+"/"+k, w.items[k], g.items[k])...)
			}
			if len(g.names) > len(g.items) {
				ds = append(ds, difference{path, "key twice", want, got})
			}
			return ds
		}
	case *listValue:
		if g, ok := got.(*listValue); ok && w.set == g.set && len(w.items) == len(g.items) && (w.elem == g.elem || len(w.items) == 0) {
			var ds []difference
			for i := range w.items {
				ds = append(ds, differences(path+"/"+strconv.Itoa(i), w.items[i], g.items[i])...)
			}
			return ds
		}
	}
	if sameValue(want, got) {
		return nil
	}
	d := difference{path: path, want: want, got: got}
	switch {
	case got == nil:
		d.outcome = "nothing"
	case isZeroValue(got):
		d.outcome = "zero"
	default:
		d.outcome = "a value"
		if _, refused := want.(refusedValue); want != nil && !refused {
			d.outcome = "another value"
		}
	}
	return []difference{d}
}

func sameValue(a, b any) bool {
	return fmt.Sprintf("%T", a) == fmt.Sprintf("%T", b) && show(a) == show(b)
}

func isZeroValue(v any) bool {
	switch v := v.(type) {
	case *listValue:
		return len(v.items) == 0
	case *mapValue:
		return len(v.items) == 0
	case *structValue:
		for _, f := range v.fields {
			if !isZeroValue(f) {
				return false
			}
		}
		return true
	}
	switch show(v) {
	case "0", "-0", "false", `""`:
		return true
	}
	return false
}
