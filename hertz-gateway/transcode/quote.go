package transcode

import (
	"unicode/utf8"
)

// appendQuoted appends text as a JSON string.
func appendQuoted(dst, text []byte) []byte {
	dst, _ = appendString(dst, text)
	return dst
}

// appendString appends text as a JSON string. Only what RFC 8259 demands is
// escaped. repaired says that text was not valid UTF-8; each bad sequence is
// then U+FFFD.
func appendString(dst, text []byte) (out []byte, repaired bool) {
	end, ascii := scanPlain(text, 0)
	dst = append(dst, '"')
	if end == len(text) && (ascii || utf8.Valid(text)) {
		dst = append(dst, text...)
		return append(dst, '"'), false
	}
	if !utf8.Valid(text) {
		text, repaired = appendValid(nil, text)
	}
	for {
		end, _ = scanPlain(text, 0)
		dst = append(dst, text[:end]...)
		if end == len(text) {
			return append(dst, '"'), repaired
		}
		dst = appendEscaped(dst, text[end])
		text = text[end+1:]
	}
}

// escapeRoom is what an escape may write.
const escapeRoom = len(`\u0000`)

// appendEscaped appends the escape of a quote, backslash or control character.
func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	default:
		const digits = "0123456789abcdef"
		return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
}
