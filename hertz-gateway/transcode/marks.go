package transcode

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// marks has a bit for each byte of a text, 8 to a byte and the lowest first,
// that is set where the byte cannot stand for itself in a JSON string: at
// quotes, backslashes and control characters. Behind the end of the text there
// are at least 64 more, all of them set. So the end of a short string is found
// without a loop, whose length a processor would have to guess.
type marks []byte

// maxMarks bounds what goes back to a pool: the marks of a text of 1 MiB.
const maxMarks = 1<<17 + 8

// mark gives the marks of text, in the memory of m if it suffices, and says
// whether text is valid UTF-8.
func (m marks) mark(text []byte) (out marks, valid bool) {
	size := (len(text)+63)/64*8 + 8
	if cap(m) < size {
		m = make(marks, size+size/4)
	}
	m = m[:size]
	return m, markText(m, text)
}

// stop gives the first marked offset at or after i, which is at most the length
// of the text. Beyond the end it may give any.
func (m marks) stop(i int) int {
	w := binary.LittleEndian.Uint64(m[i>>3:]) >> (i & 7)
	if w != 0 {
		return i + bits.TrailingZeros64(w)
	}
	return m.farStop(i)
}

// farStop is stop where the next 57 bytes have no mark.
func (m marks) farStop(i int) int {
	for at := i>>6*8 + 8; ; at += 8 {
		if w := binary.LittleEndian.Uint64(m[at:]); w != 0 {
			return at*8 + bits.TrailingZeros64(w)
		}
	}
}

// markGeneric is markText by words of eight bytes.
func markGeneric(m marks, text []byte) (valid bool) {
	var high uint64
	n := 0
	for ; len(text)-n >= 32; n += 32 {
		x0, x1, x2, x3 := fourWords(text[n:])
		high |= x0 | x1 | x2 | x3
		if special(x0)|special(x1)|special(x2)|special(x3) == 0 {
			binary.LittleEndian.PutUint32(m[n/8:], 0)
			continue
		}
		m[n/8], m[n/8+1], m[n/8+2], m[n/8+3] = eightMarks(x0), eightMarks(x1), eightMarks(x2), eightMarks(x3)
	}
	for ; len(text)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(text[n:])
		high |= x
		m[n/8] = eightMarks(x)
	}
	// What is behind the end counts as control characters.
	var x uint64
	for i, c := range text[n:] {
		x |= uint64(c) << (8 * i)
	}
	high |= x
	m[n/8] = eightMarks(x)
	for i := n/8 + 1; i < len(m); i++ {
		m[i] = 0xff
	}
	return high&highBits == 0 || utf8.Valid(text)
}

// eightMarks has a bit for each byte of x: quotes, backslashes, control
// characters.
func eightMarks(x uint64) byte {
	// With the high bits out of the way no byte borrows from the next one.
	low := x &^ highBits
	plain := ((low ^ allQuotes) + 0x7f*eachByte) & ((low ^ allSlash) + 0x7f*eachByte) & (low + (0x80-' ')*eachByte)
	return byte((^(plain | x) & highBits >> 7 * 0x0102040810204080) >> 56)
}
