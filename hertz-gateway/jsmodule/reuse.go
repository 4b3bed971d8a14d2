package jsmodule

import (
	"hash/maphash"

	"github.com/dop251/goja"
)

// slab gives memory for small objects that a module can keep, and that hold on
// to nothing else. One at a time they cost more to allocate than to fill.
type slab[T any] struct {
	free []T
	size int
}

func (s *slab[T]) next() *T {
	if len(s.free) == 0 {
		s.size = min(64, 4+2*s.size)
		s.free = make([]T, s.size)
	}
	v := &s.free[0]
	s.free = s.free[1:]
	return v
}

// texts has the strings of a few values that messages have brought, because
// many bring the same.
type texts struct {
	seed  maphash.Seed
	slots *[64]keptText
}

type keptText struct {
	bytes string
	value goja.Value
}

// maxKeptText is the longest text that is kept, in bytes.
const maxKeptText = 128

// textOf is a value of a message as a string.
func (rt *vmRuntime) textOf(b []byte) goja.Value {
	// A runtime may serve once only.
	if len(b) > maxKeptText || rt.served == 0 {
		return rt.newString(text(b))
	}
	t := &rt.texts
	if t.slots == nil {
		t.seed, t.slots = maphash.MakeSeed(), new([64]keptText)
	}
	slot := &t.slots[maphash.Bytes(t.seed, b)%uint64(len(t.slots))]
	if slot.value == nil || slot.bytes != string(b) {
		s := text(b)
		*slot = keptText{s, rt.newString(s)}
		if len(s) != len(b) { // Latin-1
			slot.bytes = string(b)
		}
	}
	return slot.value
}
