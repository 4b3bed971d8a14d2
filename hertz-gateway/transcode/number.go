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
	if uint(i) > uint(d.limit) {
		return d.oddInteger(n, dst, i)
	}
	win, j := d.win, i
	x := rawLittle64(win, j)
	negative := byte(x) == '-'
	if negative {
		j++
		x = rawLittle64(win, j)
	}
	// Up to 19 digits, the most that an int64 has, fit into 64 bits.
	value, digits := digitsAt(win, j, 3)
	v := int64(value)
	c := rawAt(win, j+digits)
	if digits == 0 || digits > 19 || digits > 1 && byte(x) == '0' || c == '.' || c|0x20 == 'e' || v < 0 {
		return d.oddInteger(n, dst, i)
	}
	if negative {
		v = -v
	}
	if v < n.lo || v > n.hi {
		return dst, d.report(i, CodeRange, rangeDetail(n.kind, win[i:j+digits]), j+digits)
	}
	return appendInt(dst, n.kind, v), j + digits
}

// powersOfTen are those that 64 bits hold; 32 of them save a check.
var powersOfTen = [32]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// notDigits has the high bit of the first of eight characters in x that is no
// digit, and of others that are none; more it does not say about those behind.
func notDigits(x uint64) uint64 {
	// Digits become their values, all else more than 9. What carries out of a byte
	// comes from one that is none.
	x ^= allZeros
	return (x + (0x80-10)*eachByte | x) & highBits
}

// digitsValue is the number that the first n characters of x write, which are
// digits, 1 to 8 of them.
func digitsValue(x uint64, n int) uint64 {
	const pairs = 0x000000ff_000000ff
	d := (x ^ allZeros) << ((64 - n*8) & 63) // as if there were zeros in front
	d = d*10 + d>>8
	return (d&pairs*(100+1_000_000<<32) + d>>16&pairs*(1+10_000<<32)) >> 32
}

// leadingDigits reads the digits at the start of eight characters, the first of
// which is the lowest byte of x, side by side; n is how many there are.
func leadingDigits(x uint64) (v uint64, n int) {
	n = bits.TrailingZeros64(notDigits(x)) >> 3
	if n == 0 {
		return 0, 0
	}
	return digitsValue(x, n), n
}

// digitsAt reads the digits at i, up to eight times as many as words; n is how
// many there are. The value is exact up to 19 of them.
func digitsAt(win []byte, i, words int) (v uint64, n int) {
	v, n = leadingDigits(rawLittle64(win, i))
	for read := 8; n == read && read < 8*words; read += 8 {
		part, more := leadingDigits(rawLittle64(win, i+read))
		v, n = v*powersOfTen[more&31]+part, n+more
	}
	return v, n
}

// numberEnds says whether an integer of that many digits at j, of which there
// are 16 at most, is one of JSON and all of a value without white space.
func numberEnds(win []byte, j, digits int) bool {
	c := rawAt(win, j+digits)
	return digits > 0 && (c == ',' || c == '}' || c == ']') && (digits == 1 || rawAt(win, j) != '0')
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
	if uint(i) <= uint(d.limit) {
		if v, size := d.decimal(i); size > 0 {
			return binary.BigEndian.AppendUint64(dst, math.Float64bits(v)), i + size
		}
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

// powers are powers of ten; a float64 holds them exactly. A mantissa of up to
// 15 digits is exact too, and so is what one division rounds from both.
var powers = [16]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// decimal reads a number of up to 19 digits without an exponent, such as 12.50,
// at i, where there are valueWindow bytes. size 0: it is not one of those, nor
// perhaps any.
func (d *decoder) decimal(i int) (v float64, size int) {
	win, start := d.win, i
	negative := rawAt(win, i) == '-'
	if negative {
		i++
	}
	mantissa, digits := digitsAt(win, i, 2)
	if digits == 0 || digits > 1 && rawAt(win, i) == '0' {
		return 0, 0
	}
	i += digits
	c, decimals := rawAt(win, i), 0
	if c == '.' {
		var part uint64
		if part, decimals = digitsAt(win, i+1, 3); decimals == 0 {
			return 0, 0
		}
		mantissa = mantissa*powersOfTen[decimals&31] + part
		i += 1 + decimals
		c = rawAt(win, i)
	}
	if digits+decimals > 19 || c|0x20 == 'e' || c-'0' <= 9 {
		return 0, 0
	}
	if digits+decimals <= 15 {
		v = float64(mantissa) / powers[decimals&15]
	} else {
		v = quotient(mantissa, powersOfTen[decimals&31])
	}
	if negative {
		v = -v
	}
	return v, i - start
}

// quotient is the float64 nearest to m/n, the even one of two; n is not 0.
func quotient(m, n uint64) float64 {
	if m == 0 {
		return 0
	}
	// With their first bits set m is half of n at least, and below n after
	// another halving: so there are 64 bits of the quotient, and the rest tells
	// whether there would be more.
	shift := bits.LeadingZeros64(m)
	m, exponent := m<<shift, bits.LeadingZeros64(n)-shift
	n <<= bits.LeadingZeros64(n)
	low := uint64(0)
	if m >= n {
		low, m, exponent = m<<63, m>>1, exponent+1
	}
	q, rest := bits.Div64(m, low, n)
	const dropped, half = 11, 1 << 10
	mantissa, tail := q>>dropped, q&(1<<dropped-1)
	if tail > half || tail == half && (rest != 0 || mantissa&1 != 0) {
		mantissa++ // carries into the exponent if it has to
	}
	return math.Float64frombits(uint64(exponent+1022)<<52 + mantissa - 1<<52)
}

// shortDecimal reads a number such as 12.50 at the start of eight characters,
// the first of which is the lowest byte of x, with the comma or bracket behind
// it. size 0: it is not one of those, nor perhaps any.
func shortDecimal(x uint64) (v float64, size int) {
	others := notDigits(x)
	point := bits.TrailingZeros64(others) &^ 7
	others &= others - 1
	end := bits.TrailingZeros64(others) &^ 7
	digits, decimals := end>>3-1, (end-point)>>3-1
	c := byte(x >> (end & 63))
	if others == 0 || byte(x>>(point&63)) != '.' || point == 0 || decimals == 0 || c != ',' && c != '}' && c != ']' || byte(x) == '0' && point > 8 {
		return 0, 0
	}
	whole := uint64(1)<<(point&63) - 1
	x = x&whole | x>>8&^whole
	return float64(digitsValue(x, digits)) / powers[decimals&15], digits + 1
}

// boolWord reads true or false at the start of eight characters, the first of
// which is the lowest byte of x; size 0: it is neither. Both are tried side by
// side, for nobody can guess which one it is.
func boolWord(x uint64) (v uint32, size int) {
	const (
		letters5 = 1<<40 - 1
		isTrue   = 'e'<<24 | 'u'<<16 | 'r'<<8 | 't'
		isFalse  = 'e'<<32 | 's'<<24 | 'l'<<16 | 'a'<<8 | 'f'
	)
	var no int
	if uint32(x) == isTrue {
		v = 1
	}
	if x&letters5 == isFalse {
		no = 1
	}
	return v, int(v)*4 + no*5
}

// parseDouble gives the float64 nearest to a valid JSON number; ok false: it is
// beyond the largest.
func parseDouble(literal []byte) (v float64, ok bool) {
	v, err := strconv.ParseFloat(string(literal), 64)
	return v, err == nil
}
