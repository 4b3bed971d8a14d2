package transcode

import (
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// formatRoom is what the numbers of this file may write behind the end of dst
// while they format in whole words: the longest integer and one word more.
const formatRoom = 32

// allZeros has the character 0 in each byte.
const allZeros = '0' * eachByte

// digits8 gives the eight decimal digits of u < 100,000,000 as the numbers 0 to
// 9, the first one in the lowest byte. All are computed side by side, without a
// loop whose length a processor would have to guess.
func digits8(u uint64) uint64 {
	halves := u/10_000 | u%10_000<<32
	hundreds := halves * 10486 >> 20 & 0x0000007f_0000007f // halves/100
	couples := hundreds | (halves-100*hundreds)<<16
	tens := couples * 103 >> 10 & 0x000f_000f_000f_000f // couples/10
	return tens | (couples-10*tens)<<8
}

// appendInteger appends v in decimal.
func appendInteger(dst []byte, v int64) []byte {
	n := len(dst)
	if cap(dst)-n < formatRoom {
		return strconv.AppendInt(dst, v, 10)
	}
	return dst[:putInteger(dst, n, v)]
}

// putInteger writes v in decimal at n, where dst has room for formatRoom bytes,
// and gives the offset behind it; what is there is overwritten too.
func putInteger(dst []byte, n int, v int64) int {
	u := uint64(v)
	if v < 0 {
		rawByte(dst, n, '-')
		n++
		u = -u
	}
	const e8 = 100_000_000
	if u < e8 {
		return putLeading(dst, n, digits8(u))
	}
	high, low := u/e8, u%e8
	if high < e8 {
		n = putLeading(dst, n, digits8(high))
	} else {
		n = putLeading(dst, n, digits8(high/e8))
		rawWord(dst, n, digits8(high%e8)|allZeros)
		n += 8
	}
	rawWord(dst, n, digits8(low)|allZeros)
	return n + 8
}

// putLeading writes the digits without zeros in front, but at least one, and
// gives the offset behind them; eight bytes are written in any case.
func putLeading(dst []byte, n int, digits uint64) int {
	zeros := bits.TrailingZeros64(digits|1<<56) &^ 7
	rawWord(dst, n, (digits|allZeros)>>(zeros&63))
	return n + 8 - zeros>>3
}

// appendDouble appends a finite v as the shortest JSON number that reads back
// as v.
func appendDouble(dst []byte, v float64) []byte {
	n := len(dst)
	dst = slices.Grow(dst, formatRoom)
	if end := putDecimal(dst, n, v); end > n {
		return dst[:end]
	}
	abs := math.Abs(v)
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

// putDecimal writes v at n, where dst has room for formatRoom bytes, if it is
// below 1e9 and has up to six decimals, and gives the offset behind it; else n.
//
// Numbers such as 12.5 are a whole number of millionths. There is at most one
// number of up to 15 digits that reads back as v, so that is it, and the
// shortest once the zeros at its end are gone.
func putDecimal(dst []byte, n int, v float64) int {
	abs := math.Abs(v)
	if !(abs < 1e9) || v == 0 && math.Signbit(v) {
		return n
	}
	tiny := uint64(int64(abs*1e4 + 0.5)) // in units of 1/10,000
	if tiny < 1e8 && float64(tiny)/1e4 == abs {
		// Both parts of the number are in eight digits.
		if v < 0 {
			rawByte(dst, n, '-')
			n++
		}
		digits := digits8(tiny)
		zeros := bits.TrailingZeros32(uint32(digits)|1<<24) &^ 7
		rawWord(dst, n, (digits|allZeros)>>zeros)
		n += 4 - zeros>>3
		if part := digits >> 32; part != 0 {
			rawByte(dst, n, '.')
			rawWord(dst, n+1, part|allZeros)
			n += 1 + 8 - bits.LeadingZeros64(part)>>3
		}
		return n
	}
	tiny = uint64(int64(abs*1e6 + 0.5)) // in millionths
	if float64(tiny)/1e6 != abs {
		return n
	}
	if v < 0 {
		rawByte(dst, n, '-')
		n++
	}
	n = putInteger(dst, n, int64(tiny/1e6))
	if part := tiny % 1e6; part > 0 {
		digits := digits8(part * 100)
		rawByte(dst, n, '.')
		rawWord(dst, n+1, digits|allZeros)
		n += 1 + 8 - bits.LeadingZeros64(digits)>>3
	}
	return n
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
