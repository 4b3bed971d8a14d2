package transcode

import (
	"encoding/binary"
	"unicode/utf8"
)

// A textMarks has a bit for each byte of a message, 8 to a byte and the lowest
// first, that is set where the byte may not stand for itself in a JSON string
// without a second look: quotes, backslashes, control characters, and all that
// is not ASCII. They are made for many bytes at once, and then tell in a few
// instructions whether a string can be copied as it is.
type textMarks []byte

// markBlock is how many bytes are marked together, and markAhead how many are
// marked before they are read: they stay in the processor's nearest cache.
const (
	markBlock = 32
	markAhead = 4096
)

// mark makes the marks of all of text up to offset end at least; done is how
// far they have been made. Behind them there are eight bytes of anything, so
// that a word can be read at each.
func (m textMarks) mark(text []byte, done, end int) (out textMarks, marked int) {
	end = (max(end, done+markAhead) + markBlock - 1) &^ (markBlock - 1)
	if end > len(text) {
		end = len(text)
	}
	if need := end/8 + 16; need > len(m) {
		size := min(len(text)/8+16, 2*need+markAhead/8)
		m = append(make(textMarks, 0, size), m...)[:size]
	}
	blocks := (end - done) / markBlock
	if blocks > 0 {
		markBlocks(m[done/8:], text[done:done+blocks*markBlock])
		done += blocks * markBlock
	}
	if done < end {
		var last chunk
		copy(last.bytes[:], text[done:end])
		markBlocks(m[done/8:], last.bytes[:])
	}
	return m, end
}

// markBlocksGeneric writes the marks of text, whole blocks, to m.
func markBlocksGeneric(m textMarks, text []byte) {
	for ; len(text) >= markBlock; m, text = m[markBlock/8:], text[markBlock:] {
		x0, x1, x2, x3 := fourWords(text)
		if special(x0)|special(x1)|special(x2)|special(x3)|(x0|x1|x2|x3)&highBits == 0 {
			binary.LittleEndian.PutUint32(m, 0)
			continue
		}
		m[0], m[1], m[2], m[3] = textMarksOf(x0), textMarksOf(x1), textMarksOf(x2), textMarksOf(x3)
	}
}

// textMarksOf has a bit for each byte of x.
func textMarksOf(x uint64) byte {
	// With the high bits out of the way no byte borrows from the next one.
	low := x &^ highBits
	plain := ((low ^ allQuotes) + 0x7f*eachByte) & ((low ^ allSlash) + 0x7f*eachByte) & (low + (0x80-' ')*eachByte) &^ x
	return byte((^plain & highBits >> 7 * 0x0102040810204080) >> 56)
}

// plain says whether the bytes from i to end, all marked, can be copied as they are.
func (m textMarks) plain(i, end int) bool {
	for ; end-i >= 56; i += 56 {
		if binary.LittleEndian.Uint64(m[i>>3:])>>(i&7)&(1<<56-1) != 0 {
			return false
		}
	}
	return binary.LittleEndian.Uint64(m[i>>3:])>>(i&7)&(1<<(end-i)-1) == 0
}

// unicodeGeneric is unicode by words of eight bytes.
func unicodeGeneric(text *chunk, n int) bool {
	end, _ := scanPlain(text.bytes[:n], 0)
	return end == n && utf8.Valid(text.bytes[:n])
}
