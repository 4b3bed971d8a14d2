package ordered

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMapAgainstMap does random steps on trees and on maps beside them.
func TestMapAgainstMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	type version struct {
		t Map[int]
		m map[string]int
	}
	versions := []version{{m: map[string]int{}}}
	for step := range 3000 {
		v := versions[r.IntN(len(versions))]
		w := version{v.t, maps.Clone(v.m)}
		for range 1 + r.IntN(5) {
			key := fmt.Sprintf("%02d", r.IntN(60))
			if r.IntN(3) == 0 {
				w.t = w.t.Without(key)
				delete(w.m, key)
			} else {
				w.t = w.t.With(key, step)
				w.m[key] = step
			}
		}
		if w.t.Len() != len(w.m) {
			t.Fatalf("%d entries, want %d", w.t.Len(), len(w.m))
		}
		from := fmt.Sprintf("%02d", r.IntN(60))
		var got, want []string
		for k, x := range w.t.From(from) {
			if w.m[k] != x {
				t.Fatalf("%s is %d, want %d", k, x, w.m[k])
			}
			got = append(got, k)
		}
		for k := range w.m {
			if k >= from {
				want = append(want, k)
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("keys %v, want %v", got, want)
		}
		o := versions[r.IntN(len(versions))]
		got, want = nil, nil
		o.t.Diff(w.t, func(a, b int) bool { return a == b }, func(k string) { got = append(got, k) })
		for k := range 60 {
			k := fmt.Sprintf("%02d", k)
			a, ina := o.m[k]
			b, inb := w.m[k]
			if ina != inb || a != b {
				want = append(want, k)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("diff %v, want %v", got, want)
		}
		if versions = append(versions, w); len(versions) > 20 {
			versions = versions[1:]
		}
	}
}
