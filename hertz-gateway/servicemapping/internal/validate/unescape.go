package validate

import "strings"

// Both generators put the text of an annotation into Go source, where it is
// unescaped once more: authors write \\d. Those who write \d mean the same.
// So \\ is a backslash, \n \t \r and \" are what Go takes them for, and any
// other backslash stays.

// unescape undoes those escapes.
func unescape(raw string) string {
	if !strings.Contains(raw, `\`) {
		return raw
	}
	var b strings.Builder
	for i := 0; i < len(raw); {
		c, n := unescapeOne(raw[i:])
		b.WriteByte(c)
		i += n
	}
	return b.String()
}

// rawOffset gives where in raw the byte at offset of unescape(raw) stands.
func rawOffset(raw string, offset int) int {
	i := 0
	for range offset {
		if i >= len(raw) {
			break
		}
		_, n := unescapeOne(raw[i:])
		i += n
	}
	return i
}

// unescapeOne reads one byte and its length in s, which is not empty.
func unescapeOne(s string) (c byte, n int) {
	if s[0] != '\\' || len(s) == 1 {
		return s[0], 1
	}
	switch s[1] {
	case '\\', '"':
		return s[1], 2
	case 'n':
		return '\n', 2
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	default:
		return '\\', 1
	}
}
