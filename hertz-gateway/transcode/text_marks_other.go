//go:build !amd64

package transcode

// vectors says whether there is assembly for this processor.
const vectors = false

// markBlocks writes the marks of text, whole blocks, to m.
func markBlocks(m textMarks, text []byte) { markBlocksGeneric(m, text) }

// unicode says whether the first n bytes of text, at most a chunk, are valid
// UTF-8 and none of them is to be escaped.
func unicode(text *chunk, n int) bool { return unicodeGeneric(text, n) }
