package jsmodule

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// textCoding is a way to write bytes as text, and to read them again. Reading
// is as forgiving as Node's Buffer: it ends at what it cannot read.
type textCoding struct {
	encode func([]byte) string
	decode func(goja.String) []byte
}

// textCodingOf finds a coding by a name of DGate's or Node's, in any case.
func textCodingOf(name string) (c textCoding, ok bool) {
	switch strings.ToLower(name) {
	case "hex":
		return textCoding{hex.EncodeToString, decodeHex}, true
	case "base64", "b64":
		return textCoding{base64.StdEncoding.EncodeToString, decodeBase64}, true
	case "base64raw", "b64raw":
		return textCoding{base64.RawStdEncoding.EncodeToString, decodeBase64}, true
	case "base64url", "b64url":
		return textCoding{base64.URLEncoding.EncodeToString, decodeBase64}, true
	case "base64rawurl", "b64rawurl":
		return textCoding{base64.RawURLEncoding.EncodeToString, decodeBase64}, true
	case "utf8", "utf-8":
		return textCoding{decodeUTF8, func(s goja.String) []byte { return []byte(s.String()) }}, true
	case "latin1", "binary":
		return textCoding{latin1, encodeLatin1}, true
	case "ascii":
		return textCoding{ascii, encodeLatin1}, true
	case "utf16le", "utf-16le", "ucs2", "ucs-2":
		return textCoding{func(b []byte) string { return decodeUTF16(b, false) }, encodeUTF16}, true
	}
	return c, false
}

func decodeHex(s goja.String) []byte {
	text := s.String()
	data := make([]byte, len(text)/2)
	n, _ := hex.Decode(data, []byte(text[:len(data)*2]))
	return data[:n]
}

// decodeBase64 reads both alphabets, with or without padding, and skips what
// belongs to neither.
func decodeBase64(s goja.String) []byte {
	text, _, _ := strings.Cut(s.String(), "=")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '+', r == '/':
			return r
		}
		return -1
	}, text)
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	data := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, _ := base64.RawStdEncoding.Decode(data, []byte(text))
	return data[:n]
}

// latin1 reads every byte as the character of that number.
func latin1(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		b.WriteRune(rune(c))
	}
	return b.String()
}

func ascii(data []byte) string {
	text := make([]byte, len(data))
	for i, c := range data {
		text[i] = c & 0x7f
	}
	return string(text)
}

// encodeLatin1 keeps the low byte of every UTF-16 unit.
func encodeLatin1(s goja.String) []byte {
	data := make([]byte, s.Length())
	for i := range data {
		data[i] = byte(s.CharAt(i))
	}
	return data
}

func encodeUTF16(s goja.String) []byte {
	data := make([]byte, 2*s.Length())
	for i := range s.Length() {
		c := s.CharAt(i)
		data[2*i], data[2*i+1] = byte(c), byte(c>>8)
	}
	return data
}

// decodeUTF16 leaves out a last odd byte. Half surrogates become U+FFFD.
func decodeUTF16(data []byte, bigEndian bool) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		low, high := data[2*i], data[2*i+1]
		if bigEndian {
			low, high = high, low
		}
		units[i] = uint16(high)<<8 | uint16(low)
	}
	return string(utf16.Decode(units))
}

// decodeUTF8 reads UTF-8 as the web does: each longest beginning of a character
// that does not go on becomes one U+FFFD.
func decodeUTF8(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	var b strings.Builder
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			size = brokenUTF8(data)
		}
		b.WriteRune(r)
		data = data[size:]
	}
	return b.String()
}

// brokenUTF8 is the length of the beginning of a character at the start of
// data, which is not a whole one: 1 when no character begins like that. It is
// "maximal subpart" in the Unicode Standard, section 3.9.
func brokenUTF8(data []byte) int {
	low, high := byte(0x80), byte(0xbf)
	more := 0
	switch c := data[0]; {
	case c >= 0xc2 && c <= 0xdf:
		more = 1
	case c >= 0xe0 && c <= 0xef:
		more = 2
		if c == 0xe0 {
			low = 0xa0
		} else if c == 0xed {
			high = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		more = 3
		if c == 0xf0 {
			low = 0x90
		} else if c == 0xf4 {
			high = 0x8f
		}
	}
	n := 1
	for ; n <= more && n < len(data) && data[n] >= low && data[n] <= high; n++ {
		low, high = 0x80, 0xbf
	}
	return n
}
