package transcode

import (
	"encoding/binary"
	"math"
)

// The wire types of the Thrift binary protocol.
const (
	WireStop   byte = 0
	WireBool   byte = 2
	WireI8     byte = 3
	WireDouble byte = 4
	WireI16    byte = 6
	WireI32    byte = 8
	WireI64    byte = 10
	WireString byte = 11
	WireStruct byte = 12
	WireMap    byte = 13
	WireSet    byte = 14
	WireList   byte = 15
	WireUUID   byte = 16
)

// WireType is the wire type of values of kind k; WireStop for an invalid kind.
func (k Kind) WireType() byte {
	switch k {
	case Bool:
		return WireBool
	case I8:
		return WireI8
	case I16:
		return WireI16
	case I32, Enum:
		return WireI32
	case I64:
		return WireI64
	case Double:
		return WireDouble
	case String, Binary:
		return WireString
	case UUID:
		return WireUUID
	case Struct, Union, Exception:
		return WireStruct
	case List:
		return WireList
	case Set:
		return WireSet
	case Map:
		return WireMap
	default:
		return WireStop
	}
}

// wireShape says of a wire type how many bytes its smallest value takes and
// whether every value takes just those. Size 0 is no wire type.
type wireShape struct {
	min   uint8
	fixed bool
}

// wireShapes is indexed by wire type.
var wireShapes = [256]wireShape{
	WireBool:   {1, true},
	WireI8:     {1, true},
	WireDouble: {8, true},
	WireI16:    {2, true},
	WireI32:    {4, true},
	WireI64:    {8, true},
	WireString: {4, false},
	WireStruct: {1, false},
	WireMap:    {6, false},
	WireSet:    {5, false},
	WireList:   {5, false},
	WireUUID:   {16, true},
}

// MinWireSize is the number of bytes of the smallest value of a wire type, and
// 0 for what is not a wire type. It bounds what a claimed element count can mean.
func MinWireSize(wireType byte) int { return int(wireShapes[wireType].min) }

// AppendFieldHeader appends the header of a field; its value comes next.
func AppendFieldHeader(dst []byte, wireType byte, id int16) []byte {
	return append(dst, wireType, byte(uint16(id)>>8), byte(id))
}

// AppendStop appends the byte that ends a struct.
func AppendStop(dst []byte) []byte { return append(dst, WireStop) }

// AppendBool appends a bool.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendI8 appends an i8.
func AppendI8(dst []byte, v int8) []byte { return append(dst, byte(v)) }

// AppendI16 appends an i16.
func AppendI16(dst []byte, v int16) []byte { return binary.BigEndian.AppendUint16(dst, uint16(v)) }

// AppendI32 appends an i32 or an enum.
func AppendI32(dst []byte, v int32) []byte { return binary.BigEndian.AppendUint32(dst, uint32(v)) }

// AppendI64 appends an i64.
func AppendI64(dst []byte, v int64) []byte { return binary.BigEndian.AppendUint64(dst, uint64(v)) }

// AppendDouble appends a double.
func AppendDouble(dst []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(v))
}

// AppendString appends a string or a binary; it must be shorter than 2 GiB.
func AppendString[T string | []byte](dst []byte, v T) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(v)))
	return append(dst, v...)
}

// AppendUUID appends a uuid.
func AppendUUID(dst []byte, v [16]byte) []byte { return append(dst, v[:]...) }

// AppendListHeader appends the header of a list or set of n elements, which come next.
func AppendListHeader(dst []byte, elem byte, n int) []byte {
	return append(dst, elem, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// AppendMapHeader appends the header of a map of n entries; each is a key and a value.
func AppendMapHeader(dst []byte, key, value byte, n int) []byte {
	return append(dst, key, value, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}

// AppendZero appends the zero value of t: 0, false, the empty string, the
// empty container, and for a struct its required fields and its defaults.
// A struct that requires itself ends at the nesting limit as an empty one, or
// when 1 MiB has been written: with two such fields it would double at each
// level. A union, which has no zero value, is written without a member.
func AppendZero(dst []byte, t *Type) []byte {
	return appendZero(dst, t, defaultMaxDepth, len(dst)+1<<20)
}

// appendZero is AppendZero for structs that nest to depth; none is begun where
// dst is longer than limit.
func appendZero(dst []byte, t *Type, depth, limit int) []byte {
	switch t.Kind {
	case Struct, Exception:
		for _, f := range t.Fields {
			switch {
			case depth == 0 || len(dst) > limit:
			case f.Default != nil:
				dst = AppendFieldHeader(dst, f.Type.Kind.WireType(), f.ID)
				dst = append(dst, f.Default...)
			case f.Requiredness == Required:
				dst = AppendFieldHeader(dst, f.Type.Kind.WireType(), f.ID)
				dst = appendZero(dst, f.Type, depth-1, limit)
			}
		}
		return AppendStop(dst)
	case List, Set:
		return AppendListHeader(dst, t.Elem.Kind.WireType(), 0)
	case Map:
		return AppendMapHeader(dst, t.Key.Kind.WireType(), t.Elem.Kind.WireType(), 0)
	default:
		// Scalars, strings and the union are all zero bytes.
		return append(dst, make([]byte, MinWireSize(t.Kind.WireType()))...)
	}
}

// ReadFieldHeader reads the header of a field at the start of wire and says
// how many bytes it took. The end of the struct is wire type WireStop, in one byte.
func ReadFieldHeader(wire []byte) (wireType byte, id int16, n int, err error) {
	if len(wire) > 0 && wire[0] == WireStop {
		return WireStop, 0, 1, nil
	}
	if len(wire) < 3 {
		return 0, 0, 0, &WireError{Offset: len(wire), Reason: skipReason(skipTruncated)}
	}
	return wire[0], int16(uint16(wire[1])<<8 | uint16(wire[2])), 3, nil
}

// ReadString reads a string or binary at the start of wire: its bytes, not
// copied, and how many bytes it took with its length.
func ReadString(wire []byte) (s []byte, n int, err error) {
	if n = skip(wire, 0, WireString, 1); n < 0 {
		return nil, 0, &WireError{Reason: skipReason(n)}
	}
	return wire[4:n], n, nil
}

// ReadListHeader reads the header of a list or set at the start of wire. The
// claimed count fits the bytes that follow.
func ReadListHeader(wire []byte) (elem byte, count, n int, err error) {
	if len(wire) < 5 {
		return 0, 0, 0, &WireError{Offset: len(wire), Reason: skipReason(skipTruncated)}
	}
	count = int(int32(binary.BigEndian.Uint32(wire[1:])))
	if code := checkCount(len(wire)-5, count, MinWireSize(wire[0])); code != 0 {
		return 0, 0, 0, &WireError{Reason: skipReason(code)}
	}
	return wire[0], count, 5, nil
}

// ReadMapHeader reads the header of a map at the start of wire. The claimed
// count fits the bytes that follow.
func ReadMapHeader(wire []byte) (key, value byte, count, n int, err error) {
	if len(wire) < 6 {
		return 0, 0, 0, 0, &WireError{Offset: len(wire), Reason: skipReason(skipTruncated)}
	}
	count = int(int32(binary.BigEndian.Uint32(wire[2:])))
	code := checkCount(len(wire)-6, count, MinWireSize(wire[0])+MinWireSize(wire[1]))
	if code == 0 && count > 0 && (MinWireSize(wire[0]) == 0 || MinWireSize(wire[1]) == 0) {
		code = skipType
	}
	if code != 0 {
		return 0, 0, 0, 0, &WireError{Reason: skipReason(code)}
	}
	return wire[0], wire[1], count, 6, nil
}
