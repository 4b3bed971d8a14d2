package transcode

import "golang.org/x/sys/cpu"

// vectors says whether the assembly of this package can be used.
var vectors = cpu.X86.HasAVX2 && cpu.X86.HasBMI1

// markBlocks writes the marks of text, whole blocks, to m.
func markBlocks(m textMarks, text []byte) {
	if !vectors || len(text) == 0 {
		markBlocksGeneric(m, text)
		return
	}
	markBlocksAVX2(&m[:len(text)/8][0], &text[0], len(text)/markBlock)
}

// markBlocksAVX2 writes to m the marks of as many blocks of text, which is one
// at least; four bytes of marks a block.
//
//go:noescape
func markBlocksAVX2(m, text *byte, blocks int)

// unicode says whether the first n bytes of text, at most a chunk, are valid
// UTF-8 and none of them is to be escaped.
func unicode(text *chunk, n int) bool {
	if !vectors {
		return unicodeGeneric(text, n)
	}
	return unicodeAVX2(&text.bytes[0], n)
}

// unicodeAVX2 is unicode; text are 32 bytes.
//
//go:noescape
func unicodeAVX2(text *byte, n int) bool
