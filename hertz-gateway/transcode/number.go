package transcode

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"strconv"
)

// integer converts the integer at i.
func (d *decoder) integer(n *node, dst []byte, i int) ([]byte, int) {
	in := d.in
	j := i
	negative := in[j] == '-'
	if negative {
		j++
	}
	// Up to 18 digits fit; what is longer or odd takes the long way.
	var v int64
	first := j
	for len(in)-j >= 8 {
		part, n := leadingDigits(binary.LittleEndian.Uint64(in[j : j+8]))
		v = v*powersOfTen[n&15] + part
		j += n
		if n < 8 || j-first > 16 {
			break
		}
	}
	for j < len(in) && in[j]-'0' <= 9 {
		v = v*10 + int64(in[j]-'0')
		j++
	}
	digits := j - first
	if digits == 0 || digits > 18 || digits > 1 && in[first] == '0' || j < len(in) && (in[j] == '.' || in[j]|0x20 == 'e') {
		return d.oddInteger(n, dst, i)
	}
	if negative {
		v = -v
	}
	if v < n.lo || v > n.hi {
		return dst, d.report(i, CodeRange, rangeDetail(n.kind, in[i:j]), j)
	}
	return appendInt(dst, n.kind, v), j
}

// powersOfTen are those that leadingDigits can need; 16 of them save a check.
var powersOfTen = [16]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// leadingDigits reads the digits at the start of eight characters, the first of
// which is the lowest byte of x, side by side; n is how many there are.
func leadingDigits(x uint64) (v int64, n int) {
	// A byte below '0' borrows, and one above '9' carries, into its high bit.
	others := ((x - allZeros) | (x + ('0'+0x16)*eachByte) | x) & highBits
	n = bits.TrailingZeros64(others) >> 3
	if n == 0 {
		return 0, 0
	}
	d := (x - allZeros) << ((64 - n*8) & 63) // as if there were zeros in front
	d = d*10 + d>>8
	const pairs = 0x000000ff_000000ff
	return int64((d&pairs*(100+1_000_000<<32) + d>>16&pairs*(1+10_000<<32)) >> 32), n
}

// oddInteger converts an integer that is written in an unusual way, or refuses
// what is none.
func (d *decoder) oddInteger(n *node, dst []byte, i int) ([]byte, int) {
	if d.in[i] == '"' && n.fromString {
		return d.fromString(n, dst, i)
	}
	end, _ := scanNumber(d.in, i)
	if end < 0 {
		return dst, d.mismatch(n, i, 1)
	}
	v, state := exactInt(d.in[i:end])
	switch {
	case state == intFraction:
		return dst, d.report(i, CodeNotInteger, "expected an integer, got "+shorten(d.in[i:end]), end)
	case state == intTooLarge || v < n.lo || v > n.hi:
		return dst, d.report(i, CodeRange, rangeDetail(n.kind, d.in[i:end]), end)
	}
	return appendInt(dst, n.kind, v), end
}

// appendInt appends v, which fits, as an integer of kind k.
func appendInt(dst []byte, k Kind, v int64) []byte {
	switch k {
	case I8:
		return append(dst, byte(v))
	case I16:
		return append(dst, byte(v>>8), byte(v))
	case I64:
		return binary.BigEndian.AppendUint64(dst, uint64(v))
	default:
		return binary.BigEndian.AppendUint32(dst, uint32(v))
	}
}

func rangeDetail(k Kind, literal []byte) string {
	lo, hi := bounds(k)
	return fmt.Sprintf("%s is out of range for %s (%d to %d)", shorten(literal), kindName(k), lo, hi)
}

// intState is what exactInt found.
type intState uint8

const (
	intExact intState = iota
	intFraction
	intTooLarge
)

// exactInt gives the value of a valid JSON number that is an integer, however
// it is written: 5, 5.0, 50e-1.
func exactInt(literal []byte) (int64, intState) {
	i, negative := 0, false
	if literal[0] == '-' {
		i, negative = 1, true
	}
	// value is the number up to its last digit that is not zero, which stands
	// at 10^weight; digits counts them from the first that is not zero.
	var value uint64
	digits, zeros := 0, 0
	var weight, fraction int64
	inFraction := false
	for ; i < len(literal) && literal[i]|0x20 != 'e'; i++ {
		c := literal[i]
		switch {
		case c == '.':
			inFraction = true
			continue
		case c == '0':
			if digits > 0 {
				zeros++
			}
		default:
			for ; zeros > 0; zeros-- {
				if digits++; digits <= 19 {
					value *= 10
				}
			}
			if digits++; digits <= 19 {
				value = value*10 + uint64(c-'0')
			}
		}
		if inFraction {
			fraction++
		}
	}
	if digits == 0 {
		return 0, intExact
	}
	weight = int64(zeros) - fraction + exponent(literal[i:])
	switch {
	case weight < 0:
		return 0, intFraction
	case int64(digits)+weight > 19:
		return 0, intTooLarge
	}
	for ; weight > 0; weight-- {
		value *= 10
	}
	switch {
	case negative && value <= 1<<63:
		return -int64(value), intExact
	case negative || value > math.MaxInt64:
		return 0, intTooLarge
	}
	return int64(value), intExact
}

// exponent reads "e+5", or nothing; what is absurdly large is cut, which
// changes no answer.
func exponent(text []byte) int64 {
	if len(text) == 0 {
		return 0
	}
	text = text[1:]
	negative := text[0] == '-'
	if negative || text[0] == '+' {
		text = text[1:]
	}
	const most = 1 << 40
	var v int64
	for _, c := range text {
		if v = v*10 + int64(c-'0'); v > most {
			v = most
		}
	}
	if negative {
		return -v
	}
	return v
}

// double converts the number at i.
func (d *decoder) double(n *node, dst []byte, i int) ([]byte, int) {
	if d.in[i] == '"' && n.fromString {
		return d.fromString(n, dst, i)
	}
	if v, end := plainDouble(d.in, i); end > 0 {
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(v)), end
	}
	end, _ := scanNumber(d.in, i)
	if end < 0 {
		return dst, d.mismatch(n, i, 1)
	}
	v, ok := parseDouble(d.in[i:end])
	if !ok {
		return dst, d.report(i, CodeRange, shorten(d.in[i:end])+" is out of range for double", end)
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(v)), end
}

// powers are powers of ten; a float64 holds them exactly.
var powers = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
}

// plainDouble reads a number of a few digits without an exponent, such as
// 12.50, at i. end 0: it is not one of those, nor perhaps any.
func plainDouble(in []byte, i int) (v float64, end int) {
	// A mantissa below 2^53 and a small power of ten are both exact, and so is
	// what one division rounds from them.
	const most = 15
	j := i
	negative := j < len(in) && in[j] == '-'
	if negative {
		j++
	}
	first := j
	var mantissa int64
	for j < len(in) && in[j]-'0' <= 9 {
		mantissa = mantissa*10 + int64(in[j]-'0')
		j++
	}
	digits, decimals := j-first, 0
	if digits == 0 || digits > most || digits > 1 && in[first] == '0' {
		return 0, 0
	}
	if j < len(in) && in[j] == '.' {
		j++
		point := j
		for j < len(in) && in[j]-'0' <= 9 {
			mantissa = mantissa*10 + int64(in[j]-'0')
			j++
		}
		if decimals = j - point; decimals == 0 || digits+decimals > most {
			return 0, 0
		}
	}
	if j < len(in) && in[j]|0x20 == 'e' {
		return 0, 0
	}
	v = float64(mantissa)
	if decimals > 0 {
		v /= powers[decimals]
	}
	if negative {
		v = -v
	}
	return v, j
}

// parseDouble gives the float64 nearest to a valid JSON number; ok false: it is
// beyond the largest.
func parseDouble(literal []byte) (v float64, ok bool) {
	v, err := strconv.ParseFloat(string(literal), 64)
	return v, err == nil
}
