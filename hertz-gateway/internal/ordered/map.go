// Package ordered has a sorted map that is never changed: deriving one from
// another costs what differs, and so does comparing them.
package ordered

import (
	"hash/maphash"
	"iter"
)

// prioritySeed makes the shape of trees unknown to who chooses the keys, and
// the same for all trees of a process.
var prioritySeed = maphash.MakeSeed()

// Map is an immutable sorted map: a treap whose priorities are hashes of the
// keys. Trees that hold the same keys have the same shape however they came
// about, so those derived from each other share all but the paths to what
// differs, and diff visits those only.
type Map[V any] struct{ root *node[V] }

type node[V any] struct {
	key         string
	value       V
	priority    uint64
	size        int
	left, right *node[V]
}

// above says whether n belongs above m.
func (n *node[V]) above(m *node[V]) bool {
	return n.priority > m.priority || n.priority == m.priority && n.key < m.key
}

// over returns a copy of n with other children.
func (n *node[V]) over(left, right *node[V]) *node[V] {
	c := *n
	c.left, c.right, c.size = left, right, 1+left.len()+right.len()
	return &c
}

func (n *node[V]) len() int {
	if n == nil {
		return 0
	}
	return n.size
}

// Len is the number of entries.
func (t Map[V]) Len() int { return t.root.len() }

// Is tells whether t and other are one and the same map, derived from nothing
// different; two that only hold the same may differ in this.
func (t Map[V]) Is(other Map[V]) bool { return t.root == other.root }

// Get gives the value at key, and whether there is one.
func (t Map[V]) Get(key string) (value V, ok bool) {
	n := t.root
	for n != nil {
		switch {
		case key < n.key:
			n = n.left
		case key > n.key:
			n = n.right
		default:
			return n.value, true
		}
	}
	return value, false
}

// With gives a map that has value at key.
func (t Map[V]) With(key string, value V) Map[V] {
	n := &node[V]{key: key, value: value, priority: maphash.String(prioritySeed, key), size: 1}
	return Map[V]{t.root.insert(n)}
}

func (n *node[V]) insert(m *node[V]) *node[V] {
	switch {
	case n == nil:
		return m
	case m.key == n.key:
		return m.over(n.left, n.right)
	case m.above(n):
		left, _, right := n.split(m.key)
		return m.over(left, right)
	case m.key < n.key:
		return n.over(n.left.insert(m), n.right)
	default:
		return n.over(n.left, n.right.insert(m))
	}
}

// split returns what is before key, at it, and after it.
func (n *node[V]) split(key string) (left, at, right *node[V]) {
	switch {
	case n == nil:
		return nil, nil, nil
	case key < n.key:
		left, at, right = n.left.split(key)
		return left, at, n.over(right, n.right)
	case key > n.key:
		left, at, right = n.right.split(key)
		return n.over(n.left, left), at, right
	default:
		return n.left, n, n.right
	}
}

// Without gives a map that has nothing at key.
func (t Map[V]) Without(key string) Map[V] {
	if _, ok := t.Get(key); !ok {
		return t
	}
	return Map[V]{t.root.remove(key)}
}

// remove returns n without key, which it holds.
func (n *node[V]) remove(key string) *node[V] {
	switch {
	case key < n.key:
		return n.over(n.left.remove(key), n.right)
	case key > n.key:
		return n.over(n.left, n.right.remove(key))
	default:
		return join(n.left, n.right)
	}
}

// join returns a tree of both; all of a is before all of b.
func join[V any](a, b *node[V]) *node[V] {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.above(b):
		return a.over(a.left, join(a.right, b))
	default:
		return b.over(join(a, b.left), b.right)
	}
}

// From yields the entries at and after key, in order.
func (t Map[V]) From(key string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) { t.root.ascend(key, yield) }
}

func (n *node[V]) ascend(from string, yield func(string, V) bool) bool {
	if n == nil {
		return true
	}
	if n.key < from {
		return n.right.ascend(from, yield)
	}
	return n.left.ascend(from, yield) && yield(n.key, n.value) && n.right.ascend(from, yield)
}

// Diff calls visit, in order, for every key that is in one of the trees only
// or whose values are not the same. What it costs grows with what differs.
func (t Map[V]) Diff(other Map[V], same func(a, b V) bool, visit func(key string)) {
	diff(t.root, other.root, same, visit)
}

func diff[V any](a, b *node[V], same func(a, b V) bool, visit func(key string)) {
	switch {
	case a == b:
	case a == nil || b != nil && b.above(a) && a.key != b.key:
		left, at, right := a.split(b.key)
		diff(left, b.left, same, visit)
		if at == nil || !same(at.value, b.value) {
			visit(b.key)
		}
		diff(right, b.right, same, visit)
	default:
		left, at, right := b.split(a.key)
		diff(a.left, left, same, visit)
		if at == nil || !same(a.value, at.value) {
			visit(a.key)
		}
		diff(a.right, right, same, visit)
	}
}
