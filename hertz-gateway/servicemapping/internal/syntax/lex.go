package syntax

import (
	"fmt"
	"strings"
)

// Error is a syntax error.
type Error struct {
	Line, Column int // 1-based, in bytes
	Message      string
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message) }

type tokenKind uint8

const (
	tokenEOF tokenKind = iota
	tokenName
	tokenInt
	tokenDouble
	tokenLiteral
	tokenMark // one of the bytes of marks
)

const marks = "{}()[]<>,;:=*&"

type token struct {
	kind tokenKind
	pos  Pos
	text string // literals: unquoted
}

// what names a token for a message.
func (t token) what() string {
	switch t.kind {
	case tokenEOF:
		return "the end of the file"
	case tokenLiteral:
		return "a quoted string"
	default:
		if len(t.text) > 40 {
			return fmt.Sprintf("%q…", t.text[:40])
		}
		return fmt.Sprintf("%q", t.text)
	}
}

type lexer struct {
	text  string
	at    int
	lines []Pos
}

func newLexer(text string) *lexer {
	l := &lexer{text: text, lines: make([]Pos, 1, 1+strings.Count(text, "\n"))}
	for i := 0; ; {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			return l
		}
		i += n + 1
		l.lines = append(l.lines, Pos(i))
	}
}

func (l *lexer) errorf(p Pos, format string, args ...any) *Error {
	line, column := position(l.lines, p)
	return &Error{Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}

// space skips white space and comments.
func (l *lexer) space() *Error {
	for l.at < len(l.text) {
		switch c := l.text[l.at]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f':
			l.at++
		case c == '#' || strings.HasPrefix(l.text[l.at:], "//"):
			n := strings.IndexAny(l.text[l.at:], "\r\n")
			if n < 0 {
				n = len(l.text) - l.at
			}
			l.at += n
		case strings.HasPrefix(l.text[l.at:], "/*"):
			n := strings.Index(l.text[l.at+2:], "*/")
			if n < 0 {
				return l.errorf(Pos(l.at), "this comment is never closed")
			}
			l.at += n + 4
		default:
			return nil
		}
	}
	return nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// next reads one token.
func (l *lexer) next() (token, *Error) {
	if err := l.space(); err != nil {
		return token{}, err
	}
	start := l.at
	t := token{pos: Pos(start)}
	if start == len(l.text) {
		return t, nil
	}
	switch c := l.text[start]; {
	case isLetter(c):
		t.kind = tokenName
		l.skip(func(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' })
	case isDigit(c) || c == '+' || c == '-' || c == '.':
		if !l.number(&t) {
			return t, l.errorf(t.pos, "unexpected %q", c)
		}
	case c == '"' || c == '\'':
		t.kind = tokenLiteral
		var ok bool
		if t.text, ok = l.literal(c); !ok {
			return t, l.errorf(t.pos, "this string is never closed")
		}
		return t, nil
	case strings.IndexByte(marks, c) >= 0:
		t.kind = tokenMark
		l.at++
	default:
		return t, l.errorf(t.pos, "unexpected %s", l.strange())
	}
	t.text = l.text[start:l.at]
	return t, nil
}

func (l *lexer) skip(in func(byte) bool) (n int) {
	for l.at < len(l.text) && in(l.text[l.at]) {
		l.at++
		n++
	}
	return n
}

// number reads an int or a double: 12 -3 0x1F 0o17 1.5 .5 1e9.
func (l *lexer) number(t *token) bool {
	t.kind = tokenInt
	if c := l.text[l.at]; c == '+' || c == '-' {
		l.at++
	}
	if rest := l.text[l.at:]; strings.HasPrefix(rest, "0x") || strings.HasPrefix(rest, "0o") {
		l.at += 2
		return l.skip(func(c byte) bool { return isDigit(c) || isLetter(c) && c != '_' }) > 0
	}
	digits := l.skip(isDigit)
	if l.at+1 < len(l.text) && l.text[l.at] == '.' && isDigit(l.text[l.at+1]) {
		t.kind = tokenDouble
		l.at++
		digits += l.skip(isDigit)
	}
	if digits == 0 {
		return false
	}
	if l.at < len(l.text) && l.text[l.at]|0x20 == 'e' {
		mark := l.at
		l.at++
		if l.at < len(l.text) && (l.text[l.at] == '+' || l.text[l.at] == '-') {
			l.at++
		}
		if l.skip(isDigit) == 0 {
			l.at = mark
		} else {
			t.kind = tokenDouble
		}
	}
	return true
}

// literal reads a quoted string. \\ \n \r \t and the enclosing quote are escapes,
// as in Apache Thrift; before anything else a backslash stands for itself: an
// expression such as '\d+' needs no doubling, and \' inside double quotes is
// left to the language of the annotation.
func (l *lexer) literal(quote byte) (string, bool) {
	start := l.at + 1
	end := start
	for ; ; end++ {
		if end >= len(l.text) {
			return "", false
		}
		if l.text[end] == '\\' {
			end++
		} else if l.text[end] == quote {
			break
		}
	}
	l.at = end + 1
	raw := l.text[start:end]
	if strings.IndexByte(raw, '\\') < 0 {
		return strings.ToValidUTF8(raw, "\uFFFD"), true
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			b.WriteByte(c)
			continue
		}
		i++
		switch c := raw[i]; {
		case c == '\\' || c == quote:
			b.WriteByte(c)
		case c == 'n':
			b.WriteByte('\n')
		case c == 'r':
			b.WriteByte('\r')
		case c == 't':
			b.WriteByte('\t')
		default:
			b.WriteByte('\\')
			b.WriteByte(raw[i])
		}
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD"), true
}

// strange names a character that no token starts with.
func (l *lexer) strange() string {
	for _, r := range l.text[l.at:] {
		switch {
		case r == 0:
			return "NUL byte: is this a text file in UTF-8?"
		case r == '\uFFFD':
			return "byte that is not UTF-8"
		default:
			return fmt.Sprintf("%q", r)
		}
	}
	return "end"
}
