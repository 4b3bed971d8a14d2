//go:build !amd64

package transcode

// markText fills m with the marks of text; it says whether text is valid UTF-8.
func markText(m marks, text []byte) (valid bool) { return markGeneric(m, text) }
