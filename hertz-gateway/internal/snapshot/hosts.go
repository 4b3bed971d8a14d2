package snapshot

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
)

// hosts finds the namespace of a request's Host. Immutable.
type hosts struct {
	problems []Problem
	exact    map[string]*hostRule
	patterns []*hostRule // in the order in which they are tried
	// other is the namespace of what no pattern matches; empty: nobody's.
	other string
}

// hostRule is one pattern of a domain.
type hostRule struct {
	domain   *store.Object
	priority int
	pattern  string // lower case
	regexp   *regexp.Regexp
}

// before is the order of control-plane rules: priority, the longest pattern, the
// name of the domain.
func (r *hostRule) before(o *hostRule) bool {
	return cmp.Or(
		cmp.Compare(o.priority, r.priority),
		cmp.Compare(len(o.pattern), len(r.pattern)),
		cmp.Compare(r.domain.Name, o.domain.Name),
		cmp.Compare(r.domain.Namespace, o.domain.Namespace),
		cmp.Compare(r.pattern, o.pattern),
	) < 0
}

// newHostRule compiles a pattern; an error is for the author of the domain.
func newHostRule(pattern string) (*hostRule, error) {
	r := &hostRule{pattern: strings.ToLower(pattern)}
	inner := strings.TrimSuffix(strings.TrimPrefix(r.pattern, "*"), "*")
	switch {
	case pattern == "":
		return nil, fmt.Errorf("the pattern is empty")
	case len(pattern) > 1 && pattern[0] == '/' && pattern[len(pattern)-1] == '/':
		re, err := regexp.Compile("(?i)^(?:" + pattern[1:len(pattern)-1] + ")$")
		if err != nil {
			return nil, fmt.Errorf("%w", err)
		}
		r.regexp = re
	case strings.Contains(inner, "*"):
		return nil, fmt.Errorf("%q: a * stands at the beginning, at the end or at both; /…/ is a regular expression", pattern)
	case strings.ContainsAny(pattern, "/ \t"):
		return nil, fmt.Errorf("%q is no host", pattern)
	}
	return r, nil
}

func (r *hostRule) match(host string) bool {
	p := r.pattern
	switch {
	case r.regexp != nil:
		return r.regexp.MatchString(host)
	case p == "*":
		return true
	case p[0] == '*' && p[len(p)-1] == '*':
		return strings.Contains(host, p[1:len(p)-1])
	case p[0] == '*':
		return strings.HasSuffix(host, p[1:])
	case p[len(p)-1] == '*':
		return strings.HasPrefix(host, p[:len(p)-1])
	}
	return host == p
}

// find gives the namespace of a Host header; empty: nobody's.
func (h *hosts) find(header []byte) string {
	if r := h.rule(hostOf(header)); r != nil {
		return r.domain.Namespace
	}
	return h.other
}

// rule is the one that a host fits best; nil: none.
func (h *hosts) rule(host string) *hostRule {
	best := h.exact[host]
	for _, r := range h.patterns {
		if best != nil && best.before(r) {
			break
		}
		if r.match(host) {
			best = r
			break
		}
	}
	return best
}

// Domain gives the domain resource whose pattern a host (or the server name of a
// TLS client) fits best; nil: none.
func (s *Snapshot) Domain(host string) *store.Object {
	if s.hosts == nil {
		return nil
	}
	if r := s.hosts.rule(hostOf([]byte(host))); r != nil {
		return r.domain
	}
	return nil
}

// hostOf is the host of a Host header: lower case, without port and the dot of
// an absolute name.
func hostOf(header []byte) string {
	if i := bytes.LastIndexByte(header, ':'); i >= 0 && bytes.IndexByte(header[i:], ']') < 0 {
		header = header[:i]
	}
	return strings.ToLower(string(bytes.TrimSuffix(header, []byte("."))))
}

// hosts compiles the domains of all namespaces; nil when there are none.
func (b *builder) hosts() *hosts {
	h := &hosts{exact: map[string]*hostRule{}, other: DefaultNamespace}
	for name := range b.next.namespaces {
		for o := range b.in.State.All(name, string(api.KindDomain)) {
			if name == DefaultNamespace {
				h.other = ""
			}
			b.domain(h, o)
		}
	}
	if len(h.exact) == 0 && len(h.patterns) == 0 && len(h.problems) == 0 && h.other != "" {
		return nil
	}
	slices.SortFunc(h.patterns, func(x, y *hostRule) int {
		if x.before(y) {
			return -1
		}
		return 1
	})
	return h
}

func (b *builder) domain(h *hosts, o *store.Object) {
	d := o.Decoded.(*api.Domain)
	for i, pattern := range d.Patterns {
		r, err := newHostRule(pattern)
		if err != nil {
			h.problems = append(h.problems, problemf(o, "/patterns/"+strconv.Itoa(i), api.CodeInvalid, "%v", err))
			continue
		}
		r.domain, r.priority = o, d.Priority
		if r.regexp != nil || strings.Contains(pattern, "*") {
			h.patterns = append(h.patterns, r)
		} else if at := h.exact[r.pattern]; at == nil || r.before(at) {
			h.exact[r.pattern] = r
		}
	}
}
