package transcode

import (
	"bytes"
	"hash/maphash"
)

// ref is a run of bytes somewhere in a message, kept to be compared with others.
type ref struct {
	hash uint64
	// off is the offset in the first of two buffers, or ^offset in the second.
	off, n int
	// at is where a violation is reported.
	at int
}

func (r *ref) bytes(buf, alt []byte) []byte {
	if r.off < 0 {
		return alt[^r.off : ^r.off+r.n]
	}
	return buf[r.off : r.off+r.n]
}

// smallSet is up to how many refs are compared each with each.
const smallSet = 8

// refSet is a stack of refs of which the topmost belong to the innermost
// object, set or map, and the scratch to find repeated ones. The hashes are
// seeded, so nobody can prepare input that makes them collide.
type refSet struct {
	seed  maphash.Seed
	refs  []ref
	table []int32
}

// repeated gives the position of the first ref at or after base which has the
// bytes of an earlier one, or -1. Only there are the hashes computed.
func (s *refSet) repeated(base int, buf, alt []byte) int {
	refs := s.refs[base:]
	if len(refs) < 2 {
		return -1
	}
	if len(refs) <= smallSet {
		for i := 1; i < len(refs); i++ {
			r := &refs[i]
			for j := range refs[:i] {
				if refs[j].n == r.n && bytes.Equal(refs[j].bytes(buf, alt), r.bytes(buf, alt)) {
					return base + i
				}
			}
		}
		return -1
	}
	size := 2 * smallSet
	for size < 2*len(refs) {
		size *= 2
	}
	if cap(s.table) < size {
		s.table = make([]int32, size)
	}
	table := s.table[:size]
	clear(table)
	mask := uint64(size - 1)
	for i := range refs {
		r := &refs[i]
		r.hash = maphash.Bytes(s.seed, r.bytes(buf, alt))
		slot := r.hash & mask
		for table[slot] != 0 {
			o := &refs[table[slot]-1]
			if o.hash == r.hash && o.n == r.n && bytes.Equal(o.bytes(buf, alt), r.bytes(buf, alt)) {
				return base + i
			}
			slot = (slot + 1) & mask
		}
		table[slot] = int32(i + 1)
	}
	return -1
}

// maxKept bounds the scratch that goes back to a pool, in elements.
const maxKept = 1 << 14

func kept[T any](s []T) []T {
	if cap(s) > maxKept {
		return nil
	}
	return s[:0]
}
