package transcode

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Eight bytes at a time: a byte of each word stands for itself.
const (
	eachByte  = 0x0101010101010101
	highBits  = 0x80 * eachByte
	allQuotes = '"' * eachByte
	allSlash  = '\\' * eachByte
	allSpaces = ' ' * eachByte
)

// special has the high bit of the first byte of x that is a quote, a backslash
// or a control character, and no lower bit. Bytes of 0x80 and above are none;
// what it has above that first bit means nothing.
func special(x uint64) uint64 {
	return (((x ^ allQuotes) - eachByte) | ((x ^ allSlash) - eachByte) | (x - allSpaces)) &^ x & highBits
}

// scanPlain finds the end of a run of bytes that stand for themselves in a
// JSON string: the first quote, backslash or control character at or after i,
// or the end of in. ascii says whether all of the run is.
func scanPlain(in []byte, i int) (end int, ascii bool) {
	var high uint64
	for len(in)-i >= 32 {
		b := in[i : i+32 : i+32]
		x0, x1 := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		x2, x3 := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
		if special(x0)|special(x1)|special(x2)|special(x3) != 0 {
			break
		}
		high |= x0 | x1 | x2 | x3
		i += 32
	}
	for len(in)-i >= 8 {
		x := binary.LittleEndian.Uint64(in[i:])
		if hit := special(x); hit != 0 {
			n := bits.TrailingZeros64(hit) &^ 7
			return i + n>>3, (high|x&(1<<n-1))&highBits == 0
		}
		high |= x
		i += 8
	}
	ascii = high&highBits == 0
	for ; i < len(in); i++ {
		c := in[i]
		if c < ' ' || c == '"' || c == '\\' {
			return i, ascii
		}
		if c >= utf8.RuneSelf {
			ascii = false
		}
	}
	return i, ascii
}

// skipSpace gives the first offset at or after i that is not white space.
func skipSpace(in []byte, i int) int {
	for i < len(in) && (in[i] == ' ' || in[i] == '\n' || in[i] == '\r' || in[i] == '\t') {
		i++
	}
	return i
}

// scanNumber gives the end of the JSON number at i, or -1 if there is none.
// integral: it has neither fraction nor exponent.
func scanNumber(in []byte, i int) (end int, integral bool) {
	if i < len(in) && in[i] == '-' {
		i++
	}
	switch {
	case i >= len(in):
		return -1, false
	case in[i] == '0':
		i++
	case in[i] >= '1' && in[i] <= '9':
		i = skipDigits(in, i)
	default:
		return -1, false
	}
	integral = true
	if i < len(in) && in[i] == '.' {
		integral = false
		end := skipDigits(in, i+1)
		if end == i+1 {
			return -1, false
		}
		i = end
	}
	if i < len(in) && in[i]|0x20 == 'e' {
		integral = false
		i++
		if i < len(in) && (in[i] == '+' || in[i] == '-') {
			i++
		}
		end := skipDigits(in, i)
		if end == i {
			return -1, false
		}
		i = end
	}
	return i, integral
}

func skipDigits(in []byte, i int) int {
	for i < len(in) && in[i]-'0' <= 9 {
		i++
	}
	return i
}

// skipValue checks the JSON value at i, which no field is going to have, and gives
// the offset behind it; -1 after a fatal error. What it finds in strings and
// keys is collected. depth is the nesting of the value.
func (d *decoder) skipValue(i, depth int) int {
	if i >= len(d.in) {
		return d.syntax(i, "a value is missing")
	}
	switch c := d.in[i]; c {
	case '"':
		return d.skipString(i)
	case '{':
		return d.skipObject(i, depth)
	case '[':
		return d.skipArray(i, depth)
	case 't':
		return d.literal(i, "true")
	case 'f':
		return d.literal(i, "false")
	case 'n':
		return d.literal(i, "null")
	default:
		end, _ := scanNumber(d.in, i)
		if end < 0 {
			return d.syntaxNumber(i)
		}
		return end
	}
}

// syntaxNumber is the syntax error for what should have been a value at i.
func (d *decoder) syntaxNumber(i int) int {
	if c := d.in[i]; c == '-' || c-'0' <= 9 {
		return d.syntax(i, "malformed number")
	}
	return d.syntax(i, "a value is missing or malformed")
}

func (d *decoder) literal(i int, word string) int {
	if len(d.in)-i < len(word) || string(d.in[i:i+len(word)]) != word {
		return d.syntax(i, "a value is missing or malformed")
	}
	return i + len(word)
}

// skipString checks the string at i and gives the offset behind it.
func (d *decoder) skipString(i int) int {
	end := d.marks.stop(i + 1)
	if d.plain(i+1, end) {
		return end + 1
	}
	mark := len(d.text)
	var ok bool
	d.text, end, ok = d.unescape(d.text, i)
	d.text = d.text[:mark]
	if end >= 0 && !ok {
		return d.badEncoding(i, end)
	}
	return end
}

func (d *decoder) skipArray(i, depth int) int {
	if depth > d.maxDepth {
		return d.tooDeep(i)
	}
	i = skipSpace(d.in, i+1)
	if i < len(d.in) && d.in[i] == ']' {
		return i + 1
	}
	for {
		if i = d.skipValue(i, depth+1); i < 0 {
			return i
		}
		i = skipSpace(d.in, i)
		switch {
		case i >= len(d.in):
			return d.syntax(i, "the array is not closed")
		case d.in[i] == ',':
			i = skipSpace(d.in, i+1)
		case d.in[i] == ']':
			return i + 1
		default:
			return d.syntax(i, "expected ',' or ']' after an element")
		}
	}
}

func (d *decoder) skipObject(i, depth int) int {
	if depth > d.maxDepth {
		return d.tooDeep(i)
	}
	names := d.beginNames()
	i = skipSpace(d.in, i+1)
	if i < len(d.in) && d.in[i] == '}' {
		return i + 1
	}
	for {
		var name ref
		if name, i = d.name(i); i < 0 {
			return i
		}
		d.refs.refs = append(d.refs.refs, name)
		if i = d.skipValue(i, depth+1); i < 0 {
			return i
		}
		i = skipSpace(d.in, i)
		switch {
		case i >= len(d.in):
			return d.syntax(i, "the object is not closed")
		case d.in[i] == ',':
			i = skipSpace(d.in, i+1)
		case d.in[i] == '}':
			d.endNames(names)
			return i + 1
		default:
			return d.syntax(i, "expected ',' or '}' after a member")
		}
	}
}
