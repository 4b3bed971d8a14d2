package validate

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"dgate/hertz-gateway/transcode"
)

// valueKind is what a value is while a check runs.
type valueKind uint8

const (
	isNil   valueKind = iota // unset, or nothing under that index or key
	isBool                   // n is 0 or 1
	isInt                    // n
	isFloat                  // n holds the bits
	isText                   // b; string, binary and uuid
	isRef                    // b is a container or struct in Thrift binary, of type t
)

// value is an operand of an expression. The zero value is nil.
type value struct {
	kind valueKind
	n    int64
	b    []byte
	t    *transcode.Type
}

func boolean(ok bool) value {
	if ok {
		return value{kind: isBool, n: 1}
	}
	return value{kind: isBool}
}

func integer(n int64) value    { return value{kind: isInt, n: n} }
func floating(f float64) value { return value{kind: isFloat, n: int64(math.Float64bits(f))} }
func textual(b []byte) value   { return value{kind: isText, b: b} }
func (v value) float() float64 { return math.Float64frombits(uint64(v.n)) }
func (v value) isNumber() bool { return v.kind == isInt || v.kind == isFloat }
func (v value) asFloat() float64 {
	if v.kind == isInt {
		return float64(v.n)
	}
	return v.float()
}

// truth is the truth of a value: zero, the empty text and nil are false.
func (v value) truth() bool {
	switch v.kind {
	case isBool, isInt:
		return v.n != 0
	case isFloat:
		return v.float() != 0
	case isText:
		return len(v.b) > 0
	default:
		return false
	}
}

// isZero reports whether v is what an unset field reads as, or an empty container.
func (v value) isZero() bool {
	if v.kind == isRef {
		n, _ := v.count()
		return n == 0 && !isStruct(v.t)
	}
	return !v.truth()
}

// count is the number of elements of a container.
func (v value) count() (int, bool) {
	if v.kind != isRef {
		return 0, false
	}
	switch v.t.Kind {
	case transcode.List, transcode.Set:
		n, _, ok := listOf(v.t, v.b)
		return n, ok
	case transcode.Map:
		n, _, ok := mapOf(v.t, v.b)
		return n, ok
	default:
		return 0, false
	}
}

func isStruct(t *transcode.Type) bool {
	return t.Kind == transcode.Struct || t.Kind == transcode.Union || t.Kind == transcode.Exception
}

// decode reads the value of type t at the start of b; containers and structs
// stay as they are.
func decode(t *transcode.Type, b []byte) (value, bool) {
	if len(b) < transcode.MinWireSize(t.Kind.WireType()) {
		return value{}, false
	}
	switch t.Kind {
	case transcode.Bool:
		return boolean(b[0] != 0), true
	case transcode.I8:
		return integer(int64(int8(b[0]))), true
	case transcode.I16:
		return integer(int64(int16(binary.BigEndian.Uint16(b)))), true
	case transcode.I32, transcode.Enum:
		return integer(int64(int32(binary.BigEndian.Uint32(b)))), true
	case transcode.I64:
		return integer(int64(binary.BigEndian.Uint64(b))), true
	case transcode.Double:
		return value{kind: isFloat, n: int64(binary.BigEndian.Uint64(b))}, true
	case transcode.String, transcode.Binary:
		s, _, err := transcode.ReadString(b)
		return textual(s), err == nil
	case transcode.UUID:
		return textual(uuidText(b[:16])), true
	case transcode.Invalid:
		return value{}, false
	default:
		return value{kind: isRef, b: b, t: t}, true
	}
}

// zero is what an absent field of default requiredness reads as: containers
// and structs are nil.
func zero(t *transcode.Type) value {
	switch t.Kind {
	case transcode.Bool:
		return boolean(false)
	case transcode.I8, transcode.I16, transcode.I32, transcode.I64, transcode.Enum:
		return integer(0)
	case transcode.Double:
		return floating(0)
	case transcode.String, transcode.Binary:
		return textual(nil)
	case transcode.UUID:
		return textual(uuidText(make([]byte, 16)))
	default:
		return value{}
	}
}

func uuidText(b []byte) []byte {
	s := make([]byte, 36)
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:36], b[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return s
}

// order compares two numbers, two texts, or a number with a text that reads
// as one. ok is false where there is no order: other kinds, NaN.
func order(a, b value) (cmp int, ok bool) {
	if a.kind == isInt && b.kind == isInt {
		return compareInts(a.n, b.n), true
	}
	if a.kind == isText && b.kind == isText {
		return bytes.Compare(a.b, b.b), true
	}
	if a, ok = a.number(); !ok {
		return 0, false
	}
	if b, ok = b.number(); !ok {
		return 0, false
	}
	switch {
	case a.kind == isInt && b.kind == isInt:
		return compareInts(a.n, b.n), true
	case a.kind == isInt:
		return compareIntFloat(a.n, b.float())
	case b.kind == isInt:
		cmp, ok = compareIntFloat(b.n, a.float())
		return -cmp, ok
	default:
		return compareFloats(a.float(), b.float())
	}
}

// equal is ==: nil equals nil only, containers and structs equal nothing.
func equal(a, b value) bool {
	if a.kind == isNil || b.kind == isNil {
		return a.kind == b.kind
	}
	if a.kind == isBool && b.kind == isBool {
		return a.n == b.n
	}
	cmp, ok := order(a, b)
	return ok && cmp == 0
}

// number gives v as a number; texts are parsed.
func (v value) number() (value, bool) {
	switch v.kind {
	case isInt, isFloat:
		return v, true
	case isText:
		return parseNumber(string(v.b))
	default:
		return value{}, false
	}
}

// parseNumber reads a decimal number, exactly where it is an int64.
func parseNumber(s string) (value, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return integer(n), true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return value{}, false
	}
	return floating(f), true
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

func compareFloats(a, b float64) (int, bool) {
	switch {
	case a < b:
		return -1, true
	case a > b:
		return 1, true
	default:
		return 0, a == b
	}
}

// compareIntFloat compares without rounding the integer.
func compareIntFloat(n int64, f float64) (int, bool) {
	switch {
	case math.IsNaN(f):
		return 0, false
	case f >= 1<<63:
		return -1, true
	case f < -1<<63:
		return 1, true
	}
	whole := math.Trunc(f)
	if cmp := compareInts(n, int64(whole)); cmp != 0 {
		return cmp, true
	}
	return compareFloats(whole, f)
}

// arithmetic applies + - * / % to two numbers. Integers stay integers while
// the result is one that fits, else it is a float64. Division and remainder by
// zero are NaN; a remainder drops the fractions of its operands.
func arithmetic(op byte, a, b value) value {
	if a.kind == isInt && b.kind == isInt {
		if v, ok := integerArithmetic(op, a.n, b.n); ok {
			return v
		}
	}
	x, y := a.asFloat(), b.asFloat()
	switch op {
	case '+':
		return floating(x + y)
	case '-':
		return floating(x - y)
	case '*':
		return floating(x * y)
	case '/':
		if y == 0 {
			return floating(math.NaN())
		}
		return floating(x / y)
	default:
		return floating(math.Mod(math.Trunc(x), math.Trunc(y)))
	}
}

func integerArithmetic(op byte, a, b int64) (value, bool) {
	switch op {
	case '+':
		sum := a + b
		return integer(sum), (sum > a) == (b > 0)
	case '-':
		diff := a - b
		return integer(diff), (diff < a) == (b > 0)
	case '*':
		if a == 0 || b == 0 {
			return integer(0), true
		}
		p := a * b
		return integer(p), p/b == a && (b != -1 || a != math.MinInt64)
	default:
		if b == 0 || (b == -1 && a == math.MinInt64) {
			return value{}, false
		}
		if op == '%' {
			return integer(a % b), true
		}
		return integer(a / b), a%b == 0
	}
}
