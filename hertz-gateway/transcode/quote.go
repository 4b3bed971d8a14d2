package transcode

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// appendQuoted appends text as a JSON string.
func appendQuoted(dst, text []byte) []byte {
	dst, _ = appendString(dst, text)
	return dst
}

// appendString appends text as a JSON string. Only what RFC 8259 demands is
// escaped. repaired says that text was not valid UTF-8; each bad sequence is
// then U+FFFD.
func appendString(dst, text []byte) (out []byte, repaired bool) {
	end, ascii := scanPlain(text, 0)
	dst = append(dst, '"')
	if end == len(text) && (ascii || utf8.Valid(text)) {
		dst = append(dst, text...)
		return append(dst, '"'), false
	}
	if !utf8.Valid(text) {
		text, repaired = appendValid(nil, text)
	}
	for {
		end, _ = scanPlain(text, 0)
		dst = append(dst, text[:end]...)
		if end == len(text) {
			return append(dst, '"'), repaired
		}
		dst = appendEscaped(dst, text[end])
		text = text[end+1:]
	}
}

// appendEscaped appends the escape of a quote, backslash or control character.
func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	default:
		const digits = "0123456789abcdef"
		return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
}

// appendDouble appends a finite v as the shortest JSON number that reads back
// as v.
func appendDouble(dst []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 && (v != 0 || !math.Signbit(v)) {
		return strconv.AppendInt(dst, int64(v), 10)
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	dst = strconv.AppendFloat(dst, v, format, -1, 64)
	// The exponent has two digits at least: 1e-07.
	if n := len(dst); format == 'e' && dst[n-4] == 'e' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// specialDouble names a double that is not a number of JSON; it is empty for
// those that are.
func specialDouble(v float64) string {
	switch {
	case v-v == 0:
		return ""
	case v > 0:
		return "Infinity"
	case v < 0:
		return "-Infinity"
	default:
		return "NaN"
	}
}
