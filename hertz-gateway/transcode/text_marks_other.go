//go:build !amd64

package transcode

// markBlocks writes the marks of text, whole blocks, to m.
func markBlocks(m textMarks, text []byte) { markBlocksGeneric(m, text) }
