package transcode

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendText appends the Thrift binary value, without a field header, that
// text from a query, form, header, cookie or path means for the scalar type t.
// The syntax is that of JSON, without quotes around strings: true and false,
// and also 1 and 0, for a bool; plain decimal digits with an optional minus
// for an integer; a JSON number for a double; any valid UTF-8 for a string;
// base64 of the standard or the URL alphabet, padded or not, for a binary; the
// 36 characters of a uuid; the name or number of an enum. Nothing is trimmed,
// so empty text means something for strings and binaries only. The Violation
// has Code and Detail; where it was is for the caller to fill in.
func AppendText(dst []byte, t *Type, text []byte) ([]byte, *Violation) {
	n := node{kind: t.Kind, typ: t}
	n.lo, n.hi = bounds(t.Kind)
	return appendText(dst, &n, text, true)
}

// appendText is AppendText for a node; loose accepts 1 and 0 for a bool.
func appendText(dst []byte, n *node, text []byte, loose bool) ([]byte, *Violation) {
	switch n.kind {
	case String:
		if !utf8.Valid(text) {
			return dst, &Violation{Code: CodeEncoding, Detail: notUnicode}
		}
		return AppendString(dst, text), nil
	case I8, I16, I32, I64:
		end, integral := scanNumber(text, 0)
		if end != len(text) {
			return dst, mismatchedText(n, text)
		}
		if !integral {
			return dst, &Violation{Code: CodeNotInteger, Detail: "expected an integer, got " + shorten(text)}
		}
		v, state := exactInt(text)
		if state != intExact || v < n.lo || v > n.hi {
			return dst, &Violation{Code: CodeRange, Detail: rangeDetail(n.kind, text)}
		}
		return appendInt(dst, n.kind, v), nil
	case Bool:
		switch string(text) {
		case "true":
			return append(dst, 1), nil
		case "false":
			return append(dst, 0), nil
		}
		if loose && len(text) == 1 && (text[0] == '1' || text[0] == '0') {
			return append(dst, text[0]-'0'), nil
		}
		return dst, mismatchedText(n, text)
	case Double:
		end, _ := scanNumber(text, 0)
		if end != len(text) {
			return dst, mismatchedText(n, text)
		}
		v, ok := parseDouble(text)
		if !ok {
			return dst, &Violation{Code: CodeRange, Detail: shorten(text) + " is out of range for double"}
		}
		return AppendDouble(dst, v), nil
	case Binary:
		head := len(dst)
		dst, ok := appendBase64(append(dst, 0, 0, 0, 0), text)
		if !ok {
			return dst[:head], &Violation{Code: CodeBase64, Detail: "expected base64 text, got " + quote(text)}
		}
		putCount(dst[head:], len(dst)-head-4)
		return dst, nil
	case UUID:
		out, ok := appendUUIDText(dst, text)
		if !ok {
			return dst, &Violation{Code: CodeUUID, Detail: "expected a uuid of 36 characters, got " + quote(text)}
		}
		return out, nil
	case Enum:
		v, ok := n.enumText(text, true)
		if !ok {
			return dst, undefinedEnum(n, quote(text))
		}
		return AppendI32(dst, v), nil
	default:
		return dst, &Violation{Code: CodeType, Detail: "expected " + n.want() + ", got text"}
	}
}

func mismatchedText(n *node, text []byte) *Violation {
	return &Violation{Code: CodeType, Detail: "expected " + n.want() + ", got " + quote(text)}
}

func undefinedEnum(n *node, shown string) *Violation {
	return &Violation{Code: CodeEnum, Detail: "undefined value " + shown + " of enum " + n.typ.Name}
}

// enumText finds the number of an enum value by its name or, when numeric, by
// the text of its number.
func (n *node) enumText(text []byte, numeric bool) (v int32, ok bool) {
	if n.enum != nil {
		if v, ok = n.enum.byName[string(text)]; ok {
			return v, true
		}
	} else {
		for _, value := range n.typ.Values {
			if value.Name == string(text) {
				return value.Number, true
			}
		}
	}
	end, integral := scanNumber(text, 0)
	if !numeric || end != len(text) || !integral {
		return 0, false
	}
	long, state := exactInt(text)
	if state != intExact || long < math.MinInt32 || long > math.MaxInt32 {
		return 0, false
	}
	return int32(long), n.definesEnum(int32(long))
}

func (n *node) definesEnum(v int32) bool {
	if n.enum != nil {
		return n.enum.defined(v)
	}
	for _, value := range n.typ.Values {
		if value.Number == v {
			return true
		}
	}
	return false
}

// enum converts the enum at i.
func (d *decoder) enum(n *node, dst []byte, i int) ([]byte, int) {
	if d.in[i] == '"' {
		text, end := d.stringText(i)
		if end < 0 || text == nil {
			return dst, end
		}
		v, ok := n.enumText(text, n.fromString)
		if !ok {
			return dst, d.report(i, CodeEnum, undefinedEnum(n, quote(text)).Detail, end)
		}
		return AppendI32(dst, v), end
	}
	end, _ := scanNumber(d.in, i)
	if end < 0 {
		return dst, d.mismatch(n, i, 1)
	}
	v, state := exactInt(d.in[i:end])
	if state != intExact || v < n.lo || v > n.hi || !n.enum.defined(int32(v)) {
		return dst, d.report(i, CodeEnum, undefinedEnum(n, shorten(d.in[i:end])).Detail, end)
	}
	return AppendI32(dst, int32(v)), end
}

// fromString converts the string at i, which stands for a value of another kind.
func (d *decoder) fromString(n *node, dst []byte, i int) ([]byte, int) {
	text, end := d.stringText(i)
	if end < 0 || text == nil {
		return dst, end
	}
	dst, bad := appendText(dst, n, text, false)
	if bad != nil {
		return dst, d.report(i, bad.Code, bad.Detail, end)
	}
	return dst, end
}

// base64Values has the six bits of each character of both alphabets, and 0x80
// for all others.
var base64Values = func() (values [256]byte) {
	for i := range values {
		values[i] = 0x80
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for i := range len(alphabet) {
		values[alphabet[i]] = byte(i)
	}
	values['+'], values['-'], values['/'], values['_'] = 62, 62, 63, 63
	return values
}()

// appendBase64 appends the bytes that text encodes. It takes no white space, no
// padding that is not due, and no bits that would be lost.
func appendBase64(dst, text []byte) (out []byte, ok bool) {
	if len(text)%4 == 0 && len(text) > 0 && text[len(text)-1] == '=' {
		text = text[:len(text)-1]
		if text[len(text)-1] == '=' {
			text = text[:len(text)-1]
		}
	}
	for ; len(text) >= 4; text = text[4:] {
		a, b := base64Values[text[0]], base64Values[text[1]]
		c, e := base64Values[text[2]], base64Values[text[3]]
		if (a|b|c|e)&0x80 != 0 {
			return dst, false
		}
		dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|e)
	}
	switch len(text) {
	case 0:
		return dst, true
	case 2:
		a, b := base64Values[text[0]], base64Values[text[1]]
		return append(dst, a<<2|b>>4), (a|b)&0x80 == 0 && b&15 == 0
	case 3:
		a, b, c := base64Values[text[0]], base64Values[text[1]], base64Values[text[2]]
		return append(dst, a<<2|b>>4, b<<4|c>>2), (a|b|c)&0x80 == 0 && c&3 == 0
	}
	return dst, false
}

const uuidLength = 36

// appendUUIDText appends the 16 bytes of the uuid that text writes out.
func appendUUIDText(dst, text []byte) (out []byte, ok bool) {
	if len(text) != uuidLength || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return dst, false
	}
	for i := 0; i < uuidLength; i += 2 {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			i++
		}
		hi, lo := hexValue(text[i]), hexValue(text[i+1])
		if hi|lo > 15 {
			return dst, false
		}
		dst = append(dst, hi<<4|lo)
	}
	return dst, true
}

// appendUUIDOf appends the text of the uuid in the first 16 bytes of wire.
func appendUUIDOf(dst, wire []byte) []byte {
	const digits = "0123456789abcdef"
	for i, b := range wire[:16] {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[b>>4], digits[b&15])
	}
	return dst
}

// AppendTextOf appends the text, for a header or cookie, of a scalar of type t
// in Thrift binary, which is all of wire. Strings are as they are, with invalid
// UTF-8 replaced by U+FFFD; enums are numbers, binaries padded base64 of the
// standard alphabet, doubles without a number "NaN", "Infinity" and
// "-Infinity". What cannot be a value of t is a *WireError.
func AppendTextOf(dst []byte, t *Type, wire []byte) ([]byte, error) {
	wt := t.Kind.WireType()
	if t.Kind == Invalid || t.Kind >= Struct {
		return dst, &WireError{Reason: "a " + kindName(t.Kind) + " is no text"}
	}
	n := skip(wire, 0, wt, 1)
	switch {
	case n < 0:
		return dst, &WireError{Reason: kindName(t.Kind) + ": " + skipReason(n)}
	case n < len(wire):
		return dst, &WireError{Offset: n, Reason: kindName(t.Kind) + ": there is more after the value"}
	}
	switch t.Kind {
	case Bool:
		if wire[0] > 1 {
			return dst, &WireError{Reason: "a bool that is neither 0 nor 1"}
		}
		return strconv.AppendBool(dst, wire[0] == 1), nil
	case I8:
		return strconv.AppendInt(dst, int64(int8(wire[0])), 10), nil
	case I16:
		return strconv.AppendInt(dst, int64(int16(binary.BigEndian.Uint16(wire))), 10), nil
	case I64:
		return strconv.AppendInt(dst, int64(binary.BigEndian.Uint64(wire)), 10), nil
	case Double:
		v := math.Float64frombits(binary.BigEndian.Uint64(wire))
		if name := specialDouble(v); name != "" {
			return append(dst, name...), nil
		}
		return appendDouble(dst, v), nil
	case String:
		dst, _ = appendValid(dst, wire[4:])
		return dst, nil
	case Binary:
		return base64.StdEncoding.AppendEncode(dst, wire[4:]), nil
	case UUID:
		return appendUUIDOf(dst, wire), nil
	default:
		return strconv.AppendInt(dst, int64(int32(binary.BigEndian.Uint32(wire))), 10), nil
	}
}

// appendValid appends text with each bad sequence replaced by U+FFFD; bad says
// that there was one.
func appendValid(dst, text []byte) (out []byte, bad bool) {
	if utf8.Valid(text) {
		return append(dst, text...), false
	}
	for _, r := range string(text) {
		dst = utf8.AppendRune(dst, r)
	}
	return dst, true
}
