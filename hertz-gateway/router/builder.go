package router

import (
	"errors"
	"fmt"
	"strings"
)

// Any is the verb of a route that answers every verb for which its template has
// no route of its own. Add also takes "*" for it.
const Any = "ANY"

// ConflictError reports a second route for the same verb on templates that
// match the same paths.
type ConflictError struct {
	Verb     string
	Existing Template
	New      Template
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s %s conflicts with %s %s: both match the same requests", e.Verb, e.New, e.Verb, e.Existing)
}

// Builder collects routes for a Router. The zero value is empty and ready;
// Router.Edit makes one that starts from a router. Not for concurrent use.
type Builder[T any] struct {
	// ExactSlash turns off redirects to the other trailing-slash form.
	ExactSlash bool

	owner *owner
	root  *node[T]
	len   int
	depth int
}

// Add adds a route: the verb in any case, Any or "*" for all. It fails with
// a *ConflictError when the place is taken, and for what is no HTTP method.
func (b *Builder[T]) Add(verb string, t Template, value T) error {
	verb, err := normalVerb(verb)
	if err != nil {
		return err
	}
	if t.IsZero() {
		return errors.New("route without a path template")
	}
	if old := b.find(verb, t); old != nil {
		return &ConflictError{Verb: verb, Existing: old.template, New: t}
	}
	if b.owner == nil {
		b.owner = &owner{}
	}
	b.root = b.put(b.root, t.segments, &route[T]{verb: verb, template: t, value: value})
	b.len++
	b.depth = max(b.depth, len(t.segments))
	return nil
}

// Get returns the value of the route that holds exactly this verb and a
// template that matches the same paths, and whether there is one.
func (b *Builder[T]) Get(verb string, t Template) (T, bool) {
	if verb, err := normalVerb(verb); err == nil && !t.IsZero() {
		if r := b.find(verb, t); r != nil {
			return r.value, true
		}
	}
	var none T
	return none, false
}

// Remove removes the route that Get finds, and tells whether there was one.
func (b *Builder[T]) Remove(verb string, t Template) bool {
	verb, err := normalVerb(verb)
	if err != nil || t.IsZero() {
		return false
	}
	r := b.find(verb, t)
	if r == nil {
		return false
	}
	if b.owner == nil {
		b.owner = &owner{}
	}
	b.root = b.drop(b.root, t.segments, r)
	b.len--
	return true
}

// Build returns a router with the routes added so far. The builder may go on;
// that changes no router it has built.
func (b *Builder[T]) Build() *Router[T] {
	b.owner = nil
	return &Router[T]{root: b.root, len: b.len, depth: b.depth, exactSlash: b.ExactSlash}
}

func (b *Builder[T]) find(verb string, t Template) *route[T] {
	n := b.root
	for _, s := range t.segments {
		switch {
		case n == nil:
			return nil
		case s.kind == catchAll:
			return n.rest.get(verb)
		}
		n = n.child(s)
	}
	if n == nil {
		return nil
	}
	return n.here.get(verb)
}

// put returns n, or a copy of it, with r at the end of the segments.
func (b *Builder[T]) put(n *node[T], segs []segment, r *route[T]) *node[T] {
	n = n.writable(b.owner)
	switch {
	case len(segs) == 0:
		n.here = n.here.with(r)
	case segs[0].kind == catchAll:
		n.rest = n.rest.with(r)
	default:
		n.setChild(segs[0], b.put(n.child(segs[0]), segs[1:], r))
	}
	return n
}

// drop returns n, or a copy of it, without r at the end of the segments, or nil
// when nothing is left.
func (b *Builder[T]) drop(n *node[T], segs []segment, r *route[T]) *node[T] {
	n = n.writable(b.owner)
	switch {
	case len(segs) == 0:
		n.here = n.here.without(r)
	case segs[0].kind == catchAll:
		n.rest = n.rest.without(r)
	default:
		n.setChild(segs[0], b.drop(n.child(segs[0]), segs[1:], r))
	}
	if n.empty() {
		return nil
	}
	return n
}

// normalVerb returns the verb in upper case; it has to be a token of RFC 9110.
func normalVerb(verb string) (string, error) {
	if verb == "*" {
		return Any, nil
	}
	if verb == "" {
		return "", errors.New("route without a verb")
	}
	for i := range len(verb) {
		c := verb[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return "", fmt.Errorf("%q is no HTTP method", verb)
		}
	}
	return strings.ToUpper(verb), nil
}
