package router

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// MaxParams is how many parameters a template may have, its catch-all included.
const MaxParams = 16

// Template is a parsed path template; Parse makes one. It is immutable and safe
// for concurrent use. The zero Template matches nothing and cannot be added.
type Template struct {
	text     string
	key      string
	names    []string
	segments []segment
}

// String returns the canonical text: a leading slash, parameters that fill a
// segment as ":name", others as "{name}" or "{name:regexp}", the catch-all as
// "*name", literal text decoded but for what would read as something else.
// Parse of it gives the same template.
func (t Template) String() string { return t.text }

// Key returns a text that two templates share exactly when they match the same
// paths, the names of their parameters apart. (Regular expressions are compared
// as texts.)
func (t Template) Key() string { return t.key }

// Params returns the names of the parameters from left to right; the name of
// a nameless catch-all is "*". The slice is the caller's.
func (t Template) Params() []string { return slices.Clone(t.names) }

// IsZero tells a template that Parse did not make.
func (t Template) IsZero() bool { return len(t.segments) == 0 }

// kind orders segments: the lower one is tried first.
type kind uint8

const (
	static kind = iota
	mixed
	param
	catchAll
)

// segment is what stands between two slashes of a template.
type segment struct {
	kind kind
	key  string // of a static segment the decoded text; of a mixed one what tells it from others
	mix  *mixture
}

// mixture is a segment of literal text and parameters, or a parameter with a
// regular expression.
type mixture struct {
	parts []part
	// expr matches the whole segment when a part has a regular expression.
	expr *regexp.Regexp
	// groups are the indexes in expr of the parameters, in their order.
	groups []int

	prefix, literal, exprs int // bytes of literal prefix, of literal text; number of expressions
}

// part is literal text, or a parameter when isParam is set.
type part struct {
	isParam bool
	text    string // decoded literal, or the parameter's regular expression, or empty
}

// compareMixtures orders mixed segments as package documentation says; a and b
// are their keys.
func compareMixtures(a, b *mixture, keyA, keyB string) int {
	return cmp.Or(
		cmp.Compare(b.prefix, a.prefix),
		cmp.Compare(b.literal, a.literal),
		cmp.Compare(b.exprs, a.exprs),
		cmp.Compare(keyA, keyB),
	)
}

// match appends the values of the parameters to p when the whole of s fits, and
// leaves p alone otherwise. s is not empty.
func (m *mixture) match(s string, p *Params) bool {
	switch {
	case m.expr == nil:
		return m.matchPlain(s, p)
	case len(m.parts) == 1:
		if !m.expr.MatchString(s) {
			return false
		}
		p.push(s)
		return true
	}
	at := m.expr.FindStringSubmatchIndex(s)
	if at == nil {
		return false
	}
	for _, g := range m.groups {
		p.push(s[at[2*g]:at[2*g+1]])
	}
	return true
}

// matchPlain gives each parameter the fewest bytes that let the rest fit, one
// at least. Taking the first occurrence of each text between two parameters
// leaves the most room for what follows, so that it never has to be revised;
// only a text that ends the segment is looked for at the end.
func (m *mixture) matchPlain(s string, p *Params) bool {
	n := p.n
	parts := m.parts
	if !parts[0].isParam {
		if !strings.HasPrefix(s, parts[0].text) {
			return false
		}
		s = s[len(parts[0].text):]
		parts = parts[1:]
	}
	for len(parts) > 0 { // a parameter, then a text or the end
		var size int
		switch {
		case len(s) == 0:
			size = 0
		case len(parts) == 1:
			size = len(s)
		case len(parts) == 2:
			size = len(s) - len(parts[1].text)
			if size > 0 && s[size:] != parts[1].text {
				size = 0
			}
		default:
			size = 1 + strings.Index(s[1:], parts[1].text)
		}
		if size <= 0 {
			p.n = n
			return false
		}
		p.push(s[:size])
		s = s[size:]
		if len(parts) > 1 {
			s = s[len(parts[1].text):]
		}
		parts = parts[min(2, len(parts)):]
	}
	if len(s) > 0 {
		p.n = n
		return false
	}
	return true
}
