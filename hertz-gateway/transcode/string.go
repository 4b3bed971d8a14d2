package transcode

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// shortString is how long a string may be to be copied in whole words.
const shortString = 32

// short gives the length of the string at i if it is plain and short; otherwise
// -1. There are window bytes at i.
func (d *decoder) short(i int) int {
	n := bits.TrailingZeros64(rawLittle64(d.marks, (i+1)>>3) >> ((i + 1) & 7))
	if rawAt(d.win, i) != '"' || n > d.longest || rawAt(d.win, i+1+n) != '"' {
		return -1
	}
	return n
}

// str converts the string at i.
func (d *decoder) str(dst []byte, i int) ([]byte, int) {
	in, head := d.in, len(dst)
	if uint(i) <= uint(d.limit) && cap(dst)-head >= fieldRoom {
		if n := d.short(i); n >= 0 {
			rawBigHalf(dst, head, uint32(n))
			rawChunk(dst, head+4, rawChunkAt(d.win, i+1))
			return dst[:head+4+n], i + n + 2
		}
	}
	end := d.marks.stop(i + 1)
	if d.plain(i+1, end) {
		n := end - i - 1
		dst = append(dst, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		return append(dst, in[i+1:end]...), end + 1
	}
	dst = append(dst, 0, 0, 0, 0)
	dst, end, ok := d.unescape(dst, i)
	if end >= 0 && !ok {
		return dst, d.badEncoding(i, end)
	}
	putCount(dst[head:], len(dst)-head-4)
	return dst, end
}

// plain says whether the bytes from i to end, the mark behind them, are all of
// a string, and stand for themselves.
func (d *decoder) plain(i, end int) bool {
	return end < len(d.in) && d.in[end] == '"' && (d.longest >= 0 || utf8.Valid(d.in[i:end]))
}

// stringText gives the content of the string at i, from d.in or on top of d.text.
func (d *decoder) stringText(i int) (text []byte, next int) {
	end := d.marks.stop(i + 1)
	if d.plain(i+1, end) {
		return d.in[i+1 : end], end + 1
	}
	mark := len(d.text)
	var ok bool
	d.text, end, ok = d.unescape(d.text, i)
	text = d.text[mark:]
	d.text = d.text[:mark]
	if end >= 0 && !ok {
		return nil, d.badEncoding(i, end)
	}
	return text, end
}

// unescape appends the content of the string at i and gives the offset behind
// it, or -1 after a syntax error. ok false: it is not valid UTF-8, or escapes
// half a surrogate pair.
func (d *decoder) unescape(dst []byte, i int) (out []byte, next int, ok bool) {
	out, next, bad := unescape(dst, d.in, i)
	if bad != "" && bad != notUnicode {
		next = d.syntax(next, bad)
	}
	return out, next, bad == ""
}

// notUnicode says that a string is not valid UTF-8, or escapes half a
// surrogate pair.
const notUnicode = "the string is not valid Unicode"

// unescape appends the content of the string at i of in and gives the offset
// behind it. bad is what is wrong with it; unless that is notUnicode, next is
// where.
func unescape(dst, in []byte, i int) (out []byte, next int, bad string) {
	start := i
	i++
	for {
		end, ascii := scanPlain(in, i)
		if !ascii && !utf8.Valid(in[i:end]) {
			bad = notUnicode
		}
		dst = append(dst, in[i:end]...)
		i = end
		switch {
		case i >= len(in):
			return dst, start, "the string is not closed"
		case in[i] == '"':
			return dst, i + 1, bad
		case in[i] != '\\':
			return dst, i, "a control character in a string"
		case i+1 >= len(in):
			return dst, start, "the string is not closed"
		}
		c := in[i+1]
		i += 2
		switch c {
		case '"', '\\', '/':
			dst = append(dst, c)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(in, i)
			if r < 0 {
				return dst, i - 2, "malformed \\u escape"
			}
			i += 4
			if utf16.IsSurrogate(r) {
				r = utf16.DecodeRune(r, escapedUnit(in, i))
				if r == utf8.RuneError {
					bad = notUnicode
				} else {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			return dst, i - 2, "unknown escape in a string"
		}
	}
}

// escapedUnit is the UTF-16 unit escaped at i, or -1.
func escapedUnit(in []byte, i int) rune {
	if len(in)-i < 6 || in[i] != '\\' || in[i+1] != 'u' {
		return -1
	}
	return hex4(in, i+2)
}

// hex4 reads four hexadecimal digits at i, or gives -1.
func hex4(in []byte, i int) rune {
	if len(in)-i < 4 {
		return -1
	}
	var r rune
	for _, c := range in[i : i+4] {
		v := hexValue(c)
		if v > 15 {
			return -1
		}
		r = r<<4 | rune(v)
	}
	return r
}

// hexValue is the value of a hexadecimal digit, or 255.
func hexValue(c byte) byte {
	switch {
	case c-'0' <= 9:
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}
