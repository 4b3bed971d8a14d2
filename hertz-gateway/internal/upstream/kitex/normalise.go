package kitex

import "strings"

// normaliseIDL makes the text of a Thrift file one that Kitex's JSON generic
// client takes. It would refuse the whole file for a path without a leading
// slash, a route that occurs twice, a method without arguments, or a uuid, and
// rename members for other annotations. So annotations go, a method without
// arguments gets one, and uuid reads as binary: such methods are not called
// this way (jsonMethods). Text that is not Thrift stays as it is.
func normaliseIDL(text string) string {
	tokens := scanIDL(text)
	var out strings.Builder
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		switch {
		case t.text == "(" && isAnnotation(tokens, i):
			depth := 0
			for ; i < len(tokens); i++ {
				switch tokens[i].text {
				case "(":
					depth++
				case ")":
					depth--
				}
				if depth == 0 {
					break
				}
			}
		case t.text == "(" && at(tokens, i+1).text == ")" && at(tokens, i-1).text != "throws":
			out.WriteString(t.before + "(1: i32 none")
		case t.text == "uuid" && isType(at(tokens, i-1), at(tokens, i+1)):
			out.WriteString(t.before + "binary")
		default:
			out.WriteString(t.before + t.text)
		}
	}
	return out.String()
}

// token is a word of an IDL and the space and comments before it.
type token struct {
	before, text string
	word         bool // an identifier, with its dots
}

func at(tokens []token, i int) token {
	if i < 0 || i >= len(tokens) {
		return token{}
	}
	return tokens[i]
}

// isAnnotation tells whether the parenthesis at i opens annotations: a name,
// and then no second name, which a type would have.
func isAnnotation(tokens []token, i int) bool {
	if !at(tokens, i+1).word {
		return false
	}
	switch at(tokens, i+2).text {
	case "=", ",", ";", ")":
		return true
	}
	return false
}

// isType tells whether a word between these two is a type.
func isType(before, after token) bool {
	switch before.text {
	case "<", ",", ":", "{", ";", ")", "}", "required", "optional", "typedef", "oneway":
		return after.word || after.text == ">" || before.text == "<" && after.text == ","
	}
	return false
}

// scanIDL splits text into tokens; together they are the text.
func scanIDL(text string) []token {
	var tokens []token
	for len(text) > 0 {
		space := spaceLen(text)
		t := token{before: text[:space]}
		text = text[space:]
		n := 0
		switch {
		case text == "":
		case text[0] == '"' || text[0] == '\'':
			n = quotedLen(text)
		case isWord(text[0]):
			for n < len(text) && (isWord(text[n]) || text[n] == '.') {
				n++
			}
			t.word = text[0] < '0' || text[0] > '9'
		default:
			n = 1
		}
		t.text, text = text[:n], text[n:]
		tokens = append(tokens, t)
	}
	return tokens
}

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// spaceLen is the length of the space and comments that text starts with.
func spaceLen(text string) int {
	n := 0
	for n < len(text) {
		rest := text[n:]
		switch {
		case strings.ContainsRune(" \t\r\n", rune(rest[0])):
			n++
		case rest[0] == '#' || strings.HasPrefix(rest, "//"):
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				n += end
			} else {
				n = len(text)
			}
		case strings.HasPrefix(rest, "/*"):
			if end := strings.Index(rest[2:], "*/"); end >= 0 {
				n += end + 4
			} else {
				n = len(text)
			}
		default:
			return n
		}
	}
	return n
}

func quotedLen(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i + 1
		}
	}
	return len(text)
}
