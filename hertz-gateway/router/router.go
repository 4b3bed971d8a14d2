package router

import (
	"cmp"
	"slices"
)

// Router answers which route takes a request. It is immutable and safe for
// concurrent use; a Builder makes it. The zero value has no routes.
type Router[T any] struct {
	root       *node[T]
	len        int
	depth      int // segments of the longest template, or more
	exactSlash bool
}

// Len returns the number of routes: pairs of verb and template.
func (r *Router[T]) Len() int { return r.len }

// Edit returns a builder that starts with the routes of r. What is not changed
// stays shared, so that a change costs what it changes; r stays as it is.
func (r *Router[T]) Edit() *Builder[T] {
	return &Builder[T]{ExactSlash: r.exactSlash, root: r.root, len: r.len, depth: r.depth}
}

// Match finds the route for a request. The verb is compared exactly; path is as
// the client sent it, up to the query. When the outcome is Found the value is
// the route's and params (which must not be nil) holds its parameters;
// otherwise the value is the zero T and params is empty.
func (r *Router[T]) Match(verb, path string, params *Params) (T, Outcome) {
	var inline [maxInlineSegments]string
	params.names, params.n = nil, 0
	// One segment more than any template has tells that the path is longer.
	segs, slash, reason := splitPath(path, inline[:0], r.depth+1)
	if reason != "" {
		var none T
		return none, Outcome{Kind: BadPath, Reason: reason}
	}
	s := search[T]{verb: verb, path: path, params: params}
	if found := s.find(r.root, segs, 0); found != nil {
		params.names = found.template.names
		return found.value, Outcome{Kind: Found, EncodedSlash: slash}
	}
	params.n = 0
	var none T
	return none, r.miss(&s, segs, slash)
}

// miss says why no route was found.
func (r *Router[T]) miss(s *search[T], segs []string, slash bool) Outcome {
	if allow := s.allowed(r.root, segs); allow != nil {
		kind := MethodNotAllowed
		if s.verb == "OPTIONS" {
			kind = Options
		}
		return Outcome{Kind: kind, EncodedSlash: slash, Allow: allow}
	}
	if r.exactSlash || s.path == "/" {
		return Outcome{EncodedSlash: slash}
	}
	s.path = otherSlash(s.path)
	segs, _, _ = splitPath(s.path, nil, r.depth+1)
	if s.find(r.root, segs, 0) != nil || s.verb == "OPTIONS" && s.allowed(r.root, segs) != nil {
		s.params.n = 0
		return Outcome{Kind: Redirect, EncodedSlash: slash, Location: s.path}
	}
	return Outcome{EncodedSlash: slash}
}

// search is one walk through the tree.
type search[T any] struct {
	verb   string
	path   string
	params *Params
	// verbs collects what the templates that fit have, when it is not nil.
	verbs map[string]struct{}
}

// find returns the best route below n for the segments from i on, or nil. The
// tree has one way to each node, so no node is visited twice. The segments are
// no field of s so that their array stays on the stack.
func (s *search[T]) find(n *node[T], segs []string, i int) *route[T] {
	if n == nil {
		return nil
	}
	if i == len(segs) {
		return s.end(n.here)
	}
	seg := segs[i]
	if c := n.static[seg]; c != nil {
		if r := s.find(c, segs, i+1); r != nil {
			return r
		}
	}
	if seg != "" {
		mark := s.params.n
		for j := range n.mixed {
			if n.mixed[j].mix.match(seg, s.params) {
				if r := s.find(n.mixed[j].node, segs, i+1); r != nil {
					return r
				}
				s.params.n = mark
			}
		}
		if n.param != nil {
			s.params.push(seg)
			if r := s.find(n.param, segs, i+1); r != nil {
				return r
			}
			s.params.n = mark
		}
	}
	if r := s.end(n.rest); r != nil {
		rest := decodeRest(tail(s.path, i))
		s.params.push(rest)
		return r
	}
	return nil
}

// end returns the route of a leaf for the verb, or nil; when all verbs are
// wanted it notes those of the leaf and returns nil.
func (s *search[T]) end(l *leaf[T]) *route[T] {
	if s.verbs == nil {
		return l.answer(s.verb)
	}
	if l != nil {
		for _, r := range l.verbs {
			s.verbs[r.verb] = struct{}{}
		}
	}
	return nil
}

// allowed returns the verbs of all templates that fit the path, sorted, or nil
// when none fits.
func (s *search[T]) allowed(root *node[T], segs []string) []string {
	s.verbs = make(map[string]struct{})
	s.find(root, segs, 0)
	verbs := s.verbs
	s.verbs = nil
	if len(verbs) == 0 {
		return nil
	}
	if _, ok := verbs["GET"]; ok {
		verbs["HEAD"] = struct{}{}
	}
	verbs["OPTIONS"] = struct{}{}
	allow := make([]string, 0, len(verbs))
	for v := range verbs {
		allow = append(allow, v)
	}
	slices.Sort(allow)
	return allow
}

func cmpVerb[T any](a, b *route[T]) int { return cmp.Compare(a.verb, b.verb) }
