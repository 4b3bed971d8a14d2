package transcode

import "golang.org/x/sys/cpu"

// markText fills m with the marks of text; it says whether text is valid UTF-8.
func markText(m marks, text []byte) (valid bool) {
	if len(text) == 0 || !cpu.X86.HasAVX2 {
		return markGeneric(m, text)
	}
	return markAVX2(&m[0], &text[0], len(text))
}

// markAVX2 writes to m, which has room for ⌈n/64⌉·8+8 bytes, the marks of the n
// bytes of text.
//
//go:noescape
func markAVX2(m, text *byte, n int) (valid bool)
