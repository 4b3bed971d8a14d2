package openapi

import (
	"strings"

	"dgate/hertz-gateway/router"
)

// pathTemplate is a route's path as OpenAPI spells it.
type pathTemplate struct {
	text   string // "/book/{id}"
	key    string // text with nameless parameters: OpenAPI takes equal ones for one path
	route  string // equal for equal routes
	params []pathParam
}

// pathParam is one parameter of a path, from left to right.
type pathParam struct {
	route   string // its name in the route
	name    string // its name in the document
	pattern string // its regular expression; empty: anything
	rest    bool   // it takes all segments that are left, slashes included
}

// newPathTemplate reads a path that a mapping has taken.
func newPathTemplate(path string) (pathTemplate, error) {
	parsed, err := router.Parse(path)
	if err != nil {
		return pathTemplate{}, err
	}
	names := parsed.Params()
	t := pathTemplate{route: parsed.Key()}
	var text, key strings.Builder
	add := func(p pathParam) {
		t.params = append(t.params, p)
		text.WriteString("{" + p.name + "}")
		key.WriteString("{}")
	}
	inBraces := false // this segment has braces: a colon is no parameter
	for i := 0; i < len(path); {
		c := path[i]
		if c == '/' {
			inBraces = false
		}
		if len(t.params) == len(names) || c != '*' && c != '{' && (c != ':' || inBraces) {
			text.WriteByte(c)
			key.WriteByte(c)
			i++
			continue
		}
		p := pathParam{route: names[len(t.params)]}
		p.name = p.route
		switch c {
		case '*':
			p.rest = true
			if p.name == "*" {
				p.name = "rest"
			}
			i = len(path)
		case '{':
			inBraces = true
			end := i + closing(path[i:])
			_, p.pattern, _ = strings.Cut(path[i+1:end], ":")
			i = end + 1
		default:
			i += 1 + len(p.route)
		}
		add(p)
	}
	t.text, t.key = text.String(), key.String()
	return t, nil
}

// closing is where the brace is closed that s begins with, or the end of s.
func closing(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s) - 1
}

// rename gives the parameters the names of another template with the same key.
func (t *pathTemplate) rename(other pathTemplate) {
	t.text = other.text
	for i := range t.params {
		t.params[i].name = other.params[i].name
	}
}
