package router

import (
	"maps"
	"slices"
)

// owner marks the nodes that a Builder made since its last Build: only those
// may it change in place. It is not empty, so that two owners have two addresses.
type owner struct{ _ byte }

// node is a place in the tree of segments. Nodes that a Router can reach never
// change.
type node[T any] struct {
	owner  *owner
	static map[string]*node[T]
	mixed  []mixedChild[T] // in the order they are tried
	param  *node[T]
	here   *leaf[T] // templates that end here
	rest   *leaf[T] // templates whose catch-all begins here
}

type mixedChild[T any] struct {
	key  string
	mix  *mixture
	node *node[T]
}

// route is one verb of one template.
type route[T any] struct {
	verb     string
	template Template
	value    T
}

// leaf holds the routes of one template. It is replaced, never changed.
type leaf[T any] struct {
	verbs []*route[T] // sorted by verb, without ANY
	any   *route[T]
}

// writable returns n itself when o owns it, else a copy that o owns.
func (n *node[T]) writable(o *owner) *node[T] {
	switch {
	case n == nil:
		return &node[T]{owner: o}
	case n.owner == o:
		return n
	}
	c := *n
	c.owner = o
	c.static = maps.Clone(n.static)
	c.mixed = slices.Clone(n.mixed)
	return &c
}

func (n *node[T]) empty() bool {
	return len(n.static) == 0 && len(n.mixed) == 0 && n.param == nil && n.here == nil && n.rest == nil
}

// child returns the child for a segment that is no catch-all, or nil.
func (n *node[T]) child(s segment) *node[T] {
	switch s.kind {
	case static:
		return n.static[s.key]
	case mixed:
		if i, ok := n.findMixed(s); ok {
			return n.mixed[i].node
		}
		return nil
	default:
		return n.param
	}
}

// setChild puts c in the place for a segment that is no catch-all; nil removes.
func (n *node[T]) setChild(s segment, c *node[T]) {
	switch s.kind {
	case static:
		if c == nil {
			delete(n.static, s.key)
			return
		}
		if n.static == nil {
			n.static = make(map[string]*node[T])
		}
		n.static[s.key] = c
	case mixed:
		i, ok := n.findMixed(s)
		switch {
		case c == nil:
			n.mixed = slices.Delete(n.mixed, i, i+1)
		case ok:
			n.mixed[i].node = c
		default:
			n.mixed = slices.Insert(n.mixed, i, mixedChild[T]{key: s.key, mix: s.mix, node: c})
		}
	default:
		n.param = c
	}
}

func (n *node[T]) findMixed(s segment) (int, bool) {
	return slices.BinarySearchFunc(n.mixed, s, func(c mixedChild[T], s segment) int {
		return compareMixtures(c.mix, s.mix, c.key, s.key)
	})
}

// get returns the route of exactly this verb, or nil.
func (l *leaf[T]) get(verb string) *route[T] {
	switch {
	case l == nil:
		return nil
	case verb == Any:
		return l.any
	}
	for _, r := range l.verbs {
		if r.verb == verb {
			return r
		}
	}
	return nil
}

// answer returns the route that answers a request with the verb, or nil.
func (l *leaf[T]) answer(verb string) *route[T] {
	if l == nil {
		return nil
	}
	head := (*route[T])(nil)
	for _, r := range l.verbs {
		if r.verb == verb {
			return r
		}
		if r.verb == "GET" && verb == "HEAD" {
			head = r
		}
	}
	if head != nil {
		return head
	}
	return l.any
}

// with returns a leaf that also has r, in place of a route of the same verb.
func (l *leaf[T]) with(r *route[T]) *leaf[T] {
	c := leaf[T]{}
	if l != nil {
		c = *l
	}
	if r.verb == Any {
		c.any = r
		return &c
	}
	c.verbs = slices.DeleteFunc(slices.Clone(c.verbs), func(o *route[T]) bool { return o.verb == r.verb })
	i, _ := slices.BinarySearchFunc(c.verbs, r, func(a, b *route[T]) int { return cmpVerb(a, b) })
	c.verbs = slices.Insert(c.verbs, i, r)
	return &c
}

// without returns a leaf that lacks r, or nil when nothing is left.
func (l *leaf[T]) without(r *route[T]) *leaf[T] {
	c := *l
	if r.verb == Any {
		c.any = nil
	} else {
		c.verbs = slices.DeleteFunc(slices.Clone(l.verbs), func(o *route[T]) bool { return o == r })
	}
	if c.any == nil && len(c.verbs) == 0 {
		return nil
	}
	return &c
}
