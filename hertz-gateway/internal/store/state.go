package store

import (
	"iter"
	"slices"
	"strings"

	"dgate/hertz-gateway/internal/ordered"
)

// State is all objects at one revision; immutable. Deriving one from another
// costs what differs, not what it holds.
type State struct {
	revision int64
	objects  ordered.Map[*Object]
	guards   ordered.Map[int64]
	broken   ordered.Map[*Quarantined]
	// pending says that a large commit is in it that isn't in its keys yet.
	pending bool
}

// Revision is that of the newest change in it: of etcd, store-wide. 0 for a
// state that never held anything.
func (st *State) Revision() int64 { return st.revision }

// Len is the number of objects.
func (st *State) Len() int { return st.objects.Len() }

// Get returns the object of that key, nil if there is none.
func (st *State) Get(key Key) *Object {
	o, _ := st.objects.Get(key.String())
	return o
}

// All yields the objects of one kind in one namespace, by name; an empty
// namespace or kind stands for all.
func (st *State) All(namespace, kind string) iter.Seq[*Object] {
	prefix := ""
	if namespace != "" {
		prefix = namespace + "/"
		if kind != "" {
			prefix += kind + "/"
		}
	}
	return func(yield func(*Object) bool) {
		for path, o := range st.objects.From(prefix) {
			if !strings.HasPrefix(path, prefix) {
				return
			}
			if (kind == "" || o.Kind == kind) && !yield(o) {
				return
			}
		}
	}
}

// Namespaces are those that hold an object, sorted.
func (st *State) Namespaces() []string {
	var names []string
	for next := ""; ; {
		name := ""
		for _, o := range st.objects.From(next) {
			name = o.Namespace
			break
		}
		if name == "" {
			slices.Sort(names)
			return names
		}
		names = append(names, name)
		next = name + "0" // what follows all that begin with name + "/"
	}
}

// Broken are the keys that are put aside, in order of their paths.
func (st *State) Broken() []Quarantined {
	var list []Quarantined
	for _, q := range st.broken.From("") {
		list = append(list, *q)
	}
	return list
}

// Guard is the revision at which a commit last touched the namespace: a Commit
// based on this state fails once it has moved.
func (st *State) Guard(namespace string) int64 {
	return max(st.ownGuard(namespace), st.ownGuard(everyNamespace))
}

func (st *State) ownGuard(namespace string) int64 {
	r, _ := st.guards.Get(namespace)
	return r
}

// lastGuard is the latest of all.
func (st *State) lastGuard() (last int64) {
	for _, r := range st.guards.From("") {
		last = max(last, r)
	}
	return last
}

// With returns st with objects put and then others deleted: a candidate to
// validate. Its revision is that of st.
func (st *State) With(puts []*Object, deletes []Key) *State {
	c := *st
	for _, o := range puts {
		c.objects = c.objects.With(o.Key.String(), o)
	}
	for _, k := range deletes {
		c.objects = c.objects.Without(k.String())
	}
	return &c
}

// Diff returns the keys of the objects that prev has not, has otherwise, or
// has alone; nil stands for the empty state. It costs what differs if one of
// the states was derived from the other.
func (st *State) Diff(prev *State) (changed []Key) {
	if prev == nil {
		prev = &State{}
	}
	if st == prev {
		return nil
	}
	prev.objects.Diff(st.objects, (*Object).same, func(path string) {
		o, ok := st.objects.Get(path)
		if !ok {
			o, _ = prev.objects.Get(path)
		}
		changed = append(changed, o.Key)
	})
	return changed
}

// modRevision is that of the key in etcd, 0 if it isn't there.
func (st *State) modRevision(path string) int64 {
	if q, ok := st.broken.Get(path); ok {
		return q.Revision
	}
	if o, ok := st.objects.Get(path); ok {
		return o.modRevision
	}
	return 0
}

// keys is how many keys etcd has for it.
func (st *State) keys() int {
	n := st.objects.Len() + st.guards.Len()
	for path := range st.broken.From("") {
		if _, serving := st.objects.Get(path); !serving {
			n++
		}
	}
	return n
}

// empty says that there is no object, not even a broken one.
func (st *State) empty() bool { return st.objects.Len() == 0 && st.broken.Len() == 0 }

// stands says whether a reader of prev has nothing to learn from st.
func (st *State) stands(prev *State) bool {
	if st == prev {
		return true
	}
	if prev == nil || st.revision != prev.revision || !st.broken.Is(prev.broken) {
		return false
	}
	return len(st.Diff(prev)) == 0
}
