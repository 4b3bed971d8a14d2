package jsmodule

import (
	"fmt"
	"strings"
)

// Pattern names the routes that a module runs on:
//
//	BookSvc.queryBook   one method of an IDL service
//	BookSvc.*           all of them
//	GET /book/*         a verb, and a path or the paths below it
//	/book/*             any verb
//	*                   every route
//
// Paths are compared with the route's own path, so a parameter is written as it
// stands there: /book/:id. A "*" stands for one segment, at the end for one and
// more.
type Pattern struct {
	text            string
	service, method string
	verb            string
	path            []string
}

// RouteKey is what patterns are compared with.
type RouteKey struct {
	// Service and Method are empty on routes without an IDL method.
	Service, Method string
	Verb            string
	Path            string
}

// ParsePattern reads one pattern.
func ParsePattern(text string) (Pattern, error) {
	text = strings.Join(strings.Fields(text), " ")
	p := Pattern{text: text}
	verb, path, hasVerb := strings.Cut(text, " ")
	if !hasVerb {
		verb, path = "", text
	}
	switch {
	case text == "*":
		return p, nil
	case strings.HasPrefix(path, "/"):
		if hasVerb && (!isToken(verb) || verb != strings.ToUpper(verb)) {
			return Pattern{}, fmt.Errorf("route %q: %q is not an HTTP method in capitals", text, verb)
		}
		p.verb, p.path = verb, strings.Split(path, "/")
		return p, nil
	case !hasVerb && !strings.Contains(text, "/"):
		if i := strings.LastIndexByte(text, '.'); i > 0 && i+1 < len(text) {
			p.service, p.method = text[:i], text[i+1:]
			return p, nil
		}
	}
	return Pattern{}, fmt.Errorf("route %q is none of: Service.method, Service.*, VERB /path, /path, *", text)
}

// String is the pattern as it was written, spaces tidied.
func (p Pattern) String() string { return p.text }

// Template gives verb and path of a pattern that names a path, for a route of
// the module's own; verb is empty for all. ok is false for the other patterns,
// and where a "*" stands inside the path.
func (p Pattern) Template() (verb, path string, ok bool) {
	if p.path == nil {
		return "", "", false
	}
	for _, segment := range p.path[:len(p.path)-1] {
		if segment == "*" {
			return "", "", false
		}
	}
	return p.verb, strings.Join(p.path, "/"), true
}

// Match says whether the pattern names the route.
func (p Pattern) Match(k RouteKey) bool {
	switch {
	case p.service != "":
		return p.service == k.Service && (p.method == "*" || p.method == k.Method)
	case p.path != nil:
		return (p.verb == "" || p.verb == k.Verb) && matchSegments(p.path, strings.Split(k.Path, "/"))
	}
	return p.text == "*"
}

func matchSegments(pattern, path []string) bool {
	for i, want := range pattern {
		last := i == len(pattern)-1
		switch {
		case i >= len(path):
			return false
		case want == "*" && last:
			return path[i] != ""
		case want == "*":
			if path[i] == "" {
				return false
			}
		case want != path[i]:
			return false
		}
	}
	return len(pattern) == len(path)
}
