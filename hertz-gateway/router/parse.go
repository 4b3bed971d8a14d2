package router

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPattern bounds a template's length in bytes: far more than a path that a
// server takes, and little enough for the recursion of a search.
const maxPattern = 2048

// PatternError says what is wrong with a path template, and where.
type PatternError struct {
	Pattern string // as given to Parse
	Offset  int    // in bytes, from 0
	Reason  string
}

func (e *PatternError) Error() string {
	return fmt.Sprintf("path %q, at byte %d: %s", e.Pattern, e.Offset, e.Reason)
}

// Normalize adds the leading slash that a path template may lack. The empty
// pattern stays empty, for Parse to refuse.
func Normalize(pattern string) string {
	if pattern == "" || pattern[0] == '/' {
		return pattern
	}
	return "/" + pattern
}

// Parse reads a path template; the package documentation has the syntax. A
// missing leading slash is added. The error is a *PatternError.
func Parse(pattern string) (Template, error) {
	p := &parser{pattern: pattern, src: Normalize(pattern)}
	t, err := p.template()
	if err != nil {
		return Template{}, err
	}
	return t, nil
}

// parser reads one pattern from left to right.
type parser struct {
	pattern string // as given, for errors
	src     string // with the leading slash
	pos     int

	names []string
	text  strings.Builder // canonical
	key   strings.Builder
}

func (p *parser) fail(at int, format string, args ...any) error {
	at -= len(p.src) - len(p.pattern)
	return &PatternError{Pattern: p.pattern, Offset: max(at, 0), Reason: fmt.Sprintf(format, args...)}
}

func (p *parser) template() (Template, error) {
	if p.src == "" {
		return Template{}, p.fail(0, `empty; the root is "/"`)
	}
	if len(p.src) > maxPattern {
		return Template{}, p.fail(maxPattern, "longer than %d bytes", maxPattern)
	}
	var segments []segment
	for p.pos < len(p.src) {
		start := p.pos
		p.pos++ // the slash
		p.text.WriteByte('/')
		p.key.WriteByte('/')
		s, err := p.segment()
		if err != nil {
			return Template{}, err
		}
		last := p.pos == len(p.src)
		switch {
		case s.kind == catchAll && !last:
			return Template{}, p.fail(start+1, "a catch-all must be the last segment")
		case s.kind == static && s.key == "" && !last:
			return Template{}, p.fail(start+1, `empty segment ("//")`)
		case s.kind == static && (s.key == "." || s.key == ".."):
			return Template{}, p.fail(start+1, "dot segment %q", s.key)
		}
		segments = append(segments, s)
	}
	return Template{text: p.text.String(), key: p.key.String(), names: p.names, segments: segments}, nil
}

// segment reads up to the next slash outside of braces, or to the end.
func (p *parser) segment() (segment, error) {
	var parts []part
	var names []string
	start := p.pos
	braces := false
	for p.pos < len(p.src) && p.src[p.pos] != '/' {
		at := p.pos
		var name string
		var next part
		var err error
		switch c := p.src[p.pos]; {
		case c == '*':
			if at != start {
				return segment{}, p.fail(at, "a catch-all must fill its segment: write \"/*\"; a literal star is %%2A")
			}
			return p.catchAll()
		case c == ':' && !braces:
			next.isParam = true
			name, err = p.colonName()
		case c == '{':
			braces = true
			next.isParam = true
			name, next.text, err = p.braced()
		case c == '}':
			return segment{}, p.fail(at, "'}' without '{'; a literal brace is %%7D")
		default:
			next.text, err = p.literal(braces)
		}
		if err != nil {
			return segment{}, err
		}
		if next.isParam {
			if n := len(parts); n > 0 && parts[n-1].isParam && parts[n-1].text == "" {
				return segment{}, p.fail(at, "nothing tells where parameter %q ends and %q begins", names[len(names)-1], name)
			}
			if err := p.declare(at, name); err != nil {
				return segment{}, err
			}
			names = append(names, name)
		}
		parts = append(parts, next)
	}
	return p.assemble(start, parts, names)
}

// assemble makes a segment of its parts and writes its canonical text.
func (p *parser) assemble(start int, parts []part, names []string) (segment, error) {
	switch {
	case len(parts) == 0:
		return segment{kind: static}, nil
	case len(names) == 0:
		text := escapeLiteral(parts[0].text)
		p.text.WriteString(text)
		p.key.WriteString(text)
		return segment{kind: static, key: parts[0].text}, nil
	case len(parts) == 1 && parts[0].text == "":
		p.text.WriteString(":" + names[0])
		p.key.WriteByte(':')
		return segment{kind: param}, nil
	}
	mix, err := newMixture(parts)
	if err != nil {
		// Each expression compiled alone; together they can be too large.
		return segment{}, p.fail(start, "regular expressions of the segment: %s", exprReason(err))
	}
	var key strings.Builder
	for _, q := range parts {
		if !q.isParam {
			text := escapeLiteral(q.text)
			p.text.WriteString(text)
			key.WriteString(text)
			continue
		}
		expr := q.text
		if expr != "" {
			expr = ":" + expr
		}
		p.text.WriteString("{" + names[0] + expr + "}")
		key.WriteString("{" + expr + "}")
		names = names[1:]
	}
	p.key.WriteString(key.String())
	return segment{kind: mixed, key: key.String(), mix: mix}, nil
}

// catchAll reads "*name" or "*".
func (p *parser) catchAll() (segment, error) {
	at := p.pos
	p.pos++
	end := p.segmentEnd()
	name := p.src[p.pos:end]
	if err := p.checkName(name, p.pos); err != nil && name != "" {
		return segment{}, err
	}
	p.pos = end
	p.text.WriteString("*" + name)
	p.key.WriteByte('*')
	if name == "" {
		name = "*"
	}
	if err := p.declare(at, name); err != nil {
		return segment{}, err
	}
	return segment{kind: catchAll}, nil
}

// colonName reads ":name", which reaches to the end of its segment.
func (p *parser) colonName() (string, error) {
	p.pos++
	end := p.segmentEnd()
	name := p.src[p.pos:end]
	if err := p.checkName(name, p.pos); err != nil {
		return "", err
	}
	p.pos = end
	return name, nil
}

// braced reads "{name}" or "{name:regexp}"; braces in the expression are
// balanced or escaped.
func (p *parser) braced() (name, expr string, err error) {
	open := p.pos
	end := -1
	depth := 0
	for i := open; i < len(p.src) && end < 0; i++ {
		switch p.src[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				end = i
			}
		}
	}
	if end < 0 {
		return "", "", p.fail(open, "'{' without its '}'; a literal brace is %%7B, in a regular expression \\{")
	}
	name, expr, hasExpr := strings.Cut(p.src[open+1:end], ":")
	if rest, ok := strings.CutPrefix(name, "*"); ok {
		return "", "", p.fail(open+1, "a catch-all is written \"*%s\", without braces", rest)
	}
	if err := p.checkName(name, open+1); err != nil {
		return "", "", err
	}
	p.pos = end + 1
	if !hasExpr {
		return name, "", nil
	}
	at := open + 1 + len(name) + 1
	if !utf8.ValidString(expr) || strings.ContainsFunc(expr, unicode.IsControl) {
		return "", "", p.fail(at, "control character or invalid UTF-8 in a regular expression")
	}
	expr = trimAnchors(expr)
	if expr == "" {
		return "", "", p.fail(at, "empty regular expression")
	}
	if _, err := regexp.Compile(expr); err != nil {
		return "", "", p.fail(at, "regular expression: %s", exprReason(err))
	}
	return name, expr, nil
}

// literal reads decoded text up to a slash, a parameter or the end.
func (p *parser) literal(braces bool) (string, error) {
	var b strings.Builder
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		switch {
		case c == '/' || c == '{' || c == '}' || c == '*' || c == ':' && !braces:
			return b.String(), nil
		case c == '%':
			d, ok := unhex(p.src[p.pos:])
			if !ok {
				return "", p.fail(p.pos, "'%%' needs two hexadecimal digits; a literal one is %%25")
			}
			if d == 0 || d == '\\' {
				return "", p.fail(p.pos, "%s: no path with it is served", p.src[p.pos:p.pos+3])
			}
			b.WriteByte(d)
			p.pos += 3
			continue
		case c == '?' || c == '#':
			return "", p.fail(p.pos, "%q: a path has no query and no fragment", c)
		case c == '\\':
			return "", p.fail(p.pos, "backslash: no path with it is served")
		case c <= ' ' || c == 0x7f:
			return "", p.fail(p.pos, "space or control character %q; write it as %%%02X", c, c)
		}
		b.WriteByte(c)
		p.pos++
	}
	return b.String(), nil
}

// segmentEnd returns where the segment ends, or the source.
func (p *parser) segmentEnd() int {
	if i := strings.IndexByte(p.src[p.pos:], '/'); i >= 0 {
		return p.pos + i
	}
	return len(p.src)
}

// checkName accepts letters, digits, '_', '-' and '.'.
func (p *parser) checkName(name string, at int) error {
	if name == "" {
		return p.fail(at, "a parameter without a name")
	}
	for i, r := range name {
		if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.", r) {
			return p.fail(at+i, "%q in the name of a parameter; it takes letters, digits, '_', '-' and '.'", r)
		}
	}
	if rest, ok := strings.CutSuffix(name, "..."); ok {
		return p.fail(at, "a catch-all is written \"*%s\", without dots", rest)
	}
	return nil
}

// declare notes the name of a parameter that starts at the offset.
func (p *parser) declare(at int, name string) error {
	if slices.Contains(p.names, name) {
		return p.fail(at, "parameter %q stands there twice", name)
	}
	if len(p.names) == MaxParams {
		return p.fail(at, "more than %d parameters", MaxParams)
	}
	p.names = append(p.names, name)
	return nil
}

// newMixture compiles the parts of a mixed segment.
func newMixture(parts []part) (*mixture, error) {
	m := &mixture{parts: parts}
	var expr strings.Builder
	group := 1
	for i, q := range parts {
		switch {
		case !q.isParam:
			if i == 0 {
				m.prefix = len(q.text)
			}
			m.literal += len(q.text)
			expr.WriteString(regexp.QuoteMeta(q.text))
		case q.text == "":
			m.groups = append(m.groups, group)
			group++
			expr.WriteString("((?s:.)+?)")
		default:
			m.exprs++
			m.groups = append(m.groups, group)
			expr.WriteString("(" + q.text + ")")
			sub, err := regexp.Compile(q.text)
			if err != nil {
				return nil, err
			}
			group += 1 + sub.NumSubexp()
		}
	}
	if m.exprs == 0 {
		return m, nil
	}
	var err error
	m.expr, err = regexp.Compile(`\A(?:` + expr.String() + `)\z`)
	if err == nil && m.expr.NumSubexp() != group-1 {
		err = errors.New(`\Q without its \E`)
	}
	return m, err
}

// trimAnchors removes the anchors around an expression that has to match all
// of its parameter anyway; inside of a mixture they would never match.
func trimAnchors(expr string) string {
	expr = strings.TrimLeft(expr, "^")
	for {
		body, ok := strings.CutSuffix(expr, "$")
		if slashes := len(body) - len(strings.TrimRight(body, `\`)); !ok || slashes%2 == 1 {
			return expr
		}
		expr = body
	}
}

// exprReason is the text of an error of package regexp without its preamble.
func exprReason(err error) string {
	return strings.TrimPrefix(err.Error(), "error parsing regexp: ")
}

// escapeLiteral writes decoded text so that Parse reads it back.
func escapeLiteral(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c == 0x7f || strings.IndexByte(`/:*{}%?#`, c) >= 0:
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)+0x100, 16)[1:]))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
