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

// e8 is where numbers of more than eight digits begin.
const e8 = 100_000_000

// allZeros has the character 0 in each byte.
const allZeros = '0' * eachByte

// digits8 gives the eight decimal digits of u < e8 as the numbers 0 to 9, the
// first one in the lowest byte. All are computed side by side, without a loop
// whose length a processor would have to guess: each step splits numbers into a
// quotient below and a remainder above it, n<<k - q*(d<<k-1) for q = n/d.
func digits8(u uint64) uint64 {
	quotient := uint64(uint32(u) / 10_000)
	halves := u<<32 - quotient*(10_000<<32-1)
	quotient = halves * 10486 >> 20 & 0x0000007f_0000007f // halves/100
	couples := halves<<16 - quotient*(100<<16-1)
	quotient = couples * 103 >> 10 & 0x000f_000f_000f_000f // couples/10
	return couples<<8 - quotient*(10<<8-1)
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
	if u < e8 {
		size := countDigits(u)
		rawWord(dst, n, lastDigits(u, size))
		return n + size
	}
	high, low := u/e8, u%e8
	if high < e8 {
		size := countDigits(high)
		rawWord(dst, n, lastDigits(high, size))
		n += size
	} else {
		n = putSmall(dst, n, high/e8)
		rawWord(dst, n, digits8(high%e8)|allZeros)
		n += 8
	}
	rawWord(dst, n, digits8(low)|allZeros)
	return n + 8
}

// putSmall is putInteger for u < e8; it writes eight bytes in any case.
func putSmall(dst []byte, n int, u uint64) int {
	size := countDigits(u)
	rawWord(dst, n, lastDigits(u, size))
	return n + size
}

// lastDigits is the text of the last digits of u < e8, size of them and one at
// least, with anything behind it.
func lastDigits(u uint64, size int) uint64 {
	return (digits8(u) | allZeros) >> ((64 - 8*size) & 63)
}

// countDigits is the number of decimal digits of u < 1<<32. Unlike the digits
// themselves it is known after a few steps, for which all waits that is written
// behind them.
func countDigits(u uint64) int {
	return int((u + digitCounts[bits.Len32(uint32(u))&63]) >> 32)
}

// digitCounts has, by the length of a number in bits, the count of its decimal
// digits in the upper half; the lower half carries where there is one more.
var digitCounts = func() (counts [64]uint64) {
	digits, power := uint64(1), uint64(10)
	for length := range 33 {
		counts[length] = digits << 32
		if most := uint64(1)<<length - 1; most >= power {
			counts[length] = (digits+1)<<32 - power
			digits, power = digits+1, power*10
		}
	}
	return counts
}()

// appendDouble appends a finite v as the shortest JSON number that reads back
// as v.
func appendDouble(dst []byte, v float64) []byte {
	n := len(dst)
	dst = slices.Grow(dst, formatRoom)
	if end := putDecimal(dst, n, v); end > n {
		return dst[:end]
	}
	return appendFloat(dst, v)
}

// appendFloat is appendDouble for all numbers.
func appendFloat(dst []byte, v float64) []byte {
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

// putDecimal writes v at n, where dst has room for formatRoom bytes, if it has
// few digits, and gives the offset behind it; else n.
//
// Numbers such as 12.5 are a whole number of hundredths, or else of 1/e8. There is at most one number of up to 15 digits that reads back as
// v, so that is it, and the shortest once the zeros at its end are gone.
func putDecimal(dst []byte, n int, v float64) int {
	abs := math.Abs(v)
	if !(abs < e8) || v == 0 && math.Signbit(v) {
		return n
	}
	rawByte(dst, n, '-')
	start := n
	n += int(math.Float64bits(v) >> 63)
	if u := int64(abs*100 + 0.5); float64(u)/100 == abs {
		n = putSmall(dst, n, uint64(u)/100)
		part := hundredths[uint64(u)%100]
		rawWord(dst, n, uint64(part))
		return n + int(part>>24)
	}
	u := int64(abs*e8 + 0.5)
	if abs >= 1e7 || u < 100 || float64(u)/e8 != abs {
		return start
	}
	n = putSmall(dst, n, uint64(u)/e8)
	digits := digits8(uint64(u) % e8) // not all are zeros
	rawByte(dst, n, '.')
	rawWord(dst, n+1, digits|allZeros)
	return n + 1 + 8 - bits.LeadingZeros64(digits)>>3
}

// hundredths has the texts of 1/100 to 99/100, without zeros at the end, and
// their lengths in the highest byte.
var hundredths = func() (texts [100]uint32) {
	for i := range uint32(100) {
		text := '.' | ('0'+i/10)<<8 | ('0'+i%10)<<16
		switch {
		case i == 0:
		case i%10 == 0:
			texts[i] = text | 2<<24
		default:
			texts[i] = text | 3<<24
		}
	}
	return texts
}()

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
