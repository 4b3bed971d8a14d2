package transcode

import (
	"encoding/binary"
	"math"
	"math/bits"
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

// copyPlain copies text to dst, which has room, if all of it is ASCII that
// stands for itself in a JSON string.
func copyPlain(dst, text []byte) bool {
	n := len(text)
	dst = dst[:n]
	if n < 8 {
		if n >= 4 { // Two halves of a word, which may overlap.
			lo, hi := binary.LittleEndian.Uint32(text), binary.LittleEndian.Uint32(text[n-4:])
			binary.LittleEndian.PutUint32(dst, lo)
			binary.LittleEndian.PutUint32(dst[n-4:], hi)
			x := uint64(hi)<<32 | uint64(lo)
			return special(x)|x&highBits == 0
		}
		for i, c := range text {
			if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
				return false
			}
			dst[i] = c
		}
		return true
	}
	for i := 0; i <= n-8; i += 8 {
		x := binary.LittleEndian.Uint64(text[i : i+8])
		if special(x)|x&highBits != 0 {
			return false
		}
		binary.LittleEndian.PutUint64(dst[i:i+8], x)
	}
	// The last eight, some of them again.
	x := binary.LittleEndian.Uint64(text[n-8:])
	binary.LittleEndian.PutUint64(dst[n-8:], x)
	return special(x)|x&highBits == 0
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
	abs := math.Abs(v)
	if abs < 1e9 && (v != 0 || !math.Signbit(v)) {
		// Numbers such as 12.5 are a whole number of millionths. There is at
		// most one number of up to 15 digits that reads back as v, so this is
		// it, and the shortest once the zeros at its end are gone.
		millionths := int64(abs*1e6 + 0.5)
		if float64(millionths)/1e6 == abs {
			return appendMillionths(dst, millionths, v < 0)
		}
	}
	if v == math.Trunc(v) && abs < 1<<53 && v != 0 {
		return appendInteger(dst, int64(v))
	}
	format := byte('f')
	if abs != 0 && (abs < 1e-6 || abs >= 1e21) {
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

// appendMillionths appends n/1,000,000 without zeros at its end.
func appendMillionths(dst []byte, n int64, negative bool) []byte {
	if negative {
		dst = append(dst, '-')
	}
	whole, part := n/1_000_000, uint32(n%1_000_000)
	dst = appendInteger(dst, whole)
	if part == 0 {
		return dst
	}
	hi, mid, lo := part/10_000*2, part/100%100*2, part%100*2
	dst = append(dst, '.', pairs[hi], pairs[hi+1], pairs[mid], pairs[mid+1], pairs[lo], pairs[lo+1])
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// pairs has the digits of 00 to 99.
const pairs = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

// limits has 10^n, from which on a number has more than n digits; every number
// has more than none.
var limits = [20]uint64{
	0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// appendInteger appends v in decimal, straight to its place.
func appendInteger(dst []byte, v int64) []byte {
	const longest = 20
	if cap(dst)-len(dst) < longest {
		return strconv.AppendInt(dst, v, 10)
	}
	u := uint64(v)
	if v < 0 {
		dst = append(dst, '-')
		u = -u
	}
	// The number of digits from that of bits, by log10(2) = 1233/4096, and by
	// a comparison without a branch, which would often be guessed wrong.
	digits := bits.Len64(u|1) * 1233 >> 12
	_, less := bits.Sub64(u, limits[digits], 0)
	digits += 1 - int(less)
	start := len(dst)
	dst = dst[:start+digits]
	out := dst[start:]
	i := digits
	for u >= 100 {
		pair := u % 100 * 2
		u /= 100
		i -= 2
		out[i], out[i+1] = pairs[pair], pairs[pair+1]
	}
	if u >= 10 {
		out[0], out[1] = pairs[u*2], pairs[u*2+1]
	} else {
		out[0] = '0' + byte(u)
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
