package transcode

import (
	"bytes"
	"errors"
	"testing"
)

func TestSkip(t *testing.T) {
	tests := []struct {
		name string
		wt   byte
		wire []byte
		ok   bool
	}{
		{"bool", WireBool, []byte{1}, true},
		{"i16", WireI16, be16(1), true},
		{"double", WireDouble, dbl(1), true},
		{"uuid", WireUUID, make([]byte, 16), true},
		{"string", WireString, text("abc"), true},
		{"struct", WireStruct, point(1, 2), true},
		{"list of fixed", WireList, list(WireI32, be32(1), be32(2)), true},
		{"list of structs", WireList, list(WireStruct, point(1, 2), []byte{0}), true},
		{"set", WireSet, list(WireString, text("a")), true},
		{"map of fixed", WireMap, entries(WireI8, WireI16, []byte{1}, be16(1)), true},
		{"map", WireMap, entries(WireString, WireList, text("a"), list(WireI8)), true},
		{"empty map of no type", WireMap, entries(0, 0), true},
		{"stop", WireStop, []byte{0}, false},
		{"void", 1, []byte{0}, false},
		{"list of void", WireList, []byte{1, 0, 0, 0, 1, 0}, false},
		{"map of void", WireMap, []byte{WireI8, 1, 0, 0, 0, 1, 0}, false},
		{"claimed string", WireString, []byte{0, 0, 0, 2, 'a'}, false},
		{"claimed list", WireList, []byte{WireI64, 0x10, 0, 0, 0}, false},
		{"claimed map", WireMap, []byte{WireI64, WireI64, 0x10, 0, 0, 0}, false},
		{"negative list", WireList, []byte{WireI64, 0xff, 0, 0, 0}, false},
		{"negative map", WireMap, []byte{WireI64, WireI64, 0xff, 0, 0, 0}, false},
		{"deep", WireStruct, append(bytes.Repeat([]byte{WireStruct, 0, 1}, 64), make([]byte, 65)...), false},
		{"deep enough", WireStruct, append(bytes.Repeat([]byte{WireStruct, 0, 1}, 63), make([]byte, 64)...), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !tt.ok {
				var wireError *WireError
				if n, err := Skip(tt.wire, tt.wt); !errors.As(err, &wireError) {
					t.Errorf("skipped %d bytes, %v", n, err)
				}
				return
			}
			n, err := Skip(append(tt.wire[:len(tt.wire):len(tt.wire)], 0xee), tt.wt)
			if err != nil || n != len(tt.wire) {
				t.Errorf("skipped %d bytes of %d, %v", n, len(tt.wire), err)
			}
			for cut := range tt.wire {
				if _, err := Skip(tt.wire[:cut], tt.wt); err == nil {
					t.Errorf("skipped the first %d bytes", cut)
				}
			}
		})
	}
}

func TestSkipN(t *testing.T) {
	if n, err := SkipN(join(text("a"), text("bc"), []byte{1}), WireString, 2); n != 11 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	for _, count := range []int{-1, 4, 1 << 40} {
		if _, err := SkipN(make([]byte, 12), WireI32, count); err == nil {
			t.Errorf("skipped %d", count)
		}
	}
}

func TestReaders(t *testing.T) {
	if wt, id, n, err := ReadFieldHeader([]byte{WireI32, 0xff, 0xfe, 9}); wt != WireI32 || id != -2 || n != 3 || err != nil {
		t.Error(wt, id, n, err)
	}
	if wt, _, n, err := ReadFieldHeader([]byte{0}); wt != WireStop || n != 1 || err != nil {
		t.Error(wt, n, err)
	}
	if _, _, _, err := ReadFieldHeader([]byte{WireI32, 0}); err == nil {
		t.Error("a header of two bytes")
	}
	if s, n, err := ReadString(append(text("abc"), 'd')); string(s) != "abc" || n != 7 || err != nil {
		t.Error(s, n, err)
	}
	if _, _, err := ReadString([]byte{0, 0, 0, 1}); err == nil {
		t.Error("a string of claimed size")
	}
	if elem, count, n, err := ReadListHeader(list(WireI8, []byte{1}, []byte{2})); elem != WireI8 || count != 2 || n != 5 || err != nil {
		t.Error(elem, count, n, err)
	}
	for _, wire := range [][]byte{nil, {WireI8, 0, 0, 0, 1}, {1, 0, 0, 0, 1, 0}, {WireI8, 0xff, 0xff, 0xff, 0xff, 1}} {
		if _, _, _, err := ReadListHeader(wire); err == nil {
			t.Errorf("list header %x", wire)
		}
	}
	if k, v, count, n, err := ReadMapHeader(entries(WireI8, WireBool, []byte{1}, []byte{1})); k != WireI8 || v != WireBool || count != 1 || n != 6 || err != nil {
		t.Error(k, v, count, n, err)
	}
	for _, wire := range [][]byte{nil, {WireI8, WireI8, 0, 0, 0, 1, 1}, {WireI8, 1, 0, 0, 0, 1, 1, 1}, {WireI8, WireI8, 0xff, 0xff, 0xff, 0xff, 1, 1}} {
		if _, _, _, _, err := ReadMapHeader(wire); err == nil {
			t.Errorf("map header %x", wire)
		}
	}
}

func TestAppendZero(t *testing.T) {
	typ := structOf(
		&Field{Name: "a", Type: i32Type, Requiredness: Required},
		&Field{Name: "b", Type: stringType},
		&Field{Name: "c", Type: i32Type, Default: be32(7)},
		&Field{Name: "d", Type: structOf(&Field{Name: "e", Type: mapOf(i8Type, setOf(uuidType)), Requiredness: Required}), Requiredness: Required},
	)
	want := message(nil).i32(1, 0).i32(3, 7).field(WireStruct, 4, message(nil).field(WireMap, 1, entries(WireI8, WireSet)...).stop()...).stop()
	if got := AppendZero(nil, typ); !bytes.Equal(got, want) {
		t.Errorf("zero %x, want %x", got, want)
	}
	self := structOf()
	self.Fields = []*Field{{ID: 1, Name: "self", JSON: "self", Type: self, Requiredness: Required}}
	if _, err := Skip(AppendZero(nil, self), WireStruct); err == nil {
		t.Error("a struct that requires itself has a zero value")
	}
}

// TestZeroDoubles has a struct that requires itself twice.
func TestZeroDoubles(t *testing.T) {
	twins := &Type{Kind: Struct, Name: "book.Twins"}
	twins.Fields = []*Field{
		{ID: 1, Name: "a", JSON: "a", Type: twins, Requiredness: Required},
		{ID: 2, Name: "b", JSON: "b", Type: twins, Requiredness: Required},
	}
	zero := AppendZero(nil, twins)
	if n := skip(zero, 0, WireStruct, 2*defaultMaxDepth); n != len(zero) || n > 2<<20 {
		t.Errorf("%d bytes, of which %d are a struct", len(zero), n)
	}
}
