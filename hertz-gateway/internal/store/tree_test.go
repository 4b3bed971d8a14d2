package store

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTreeAgainstMap does random steps on trees and on maps beside them.
func TestTreeAgainstMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	type version struct {
		t tree[int]
		m map[string]int
	}
	versions := []version{{m: map[string]int{}}}
	for step := range 3000 {
		v := versions[r.IntN(len(versions))]
		w := version{v.t, maps.Clone(v.m)}
		for range 1 + r.IntN(5) {
			key := fmt.Sprintf("%02d", r.IntN(60))
			if r.IntN(3) == 0 {
				w.t = w.t.without(key)
				delete(w.m, key)
			} else {
				w.t = w.t.with(key, step)
				w.m[key] = step
			}
		}
		if w.t.len() != len(w.m) {
			t.Fatalf("%d entries, want %d", w.t.len(), len(w.m))
		}
		from := fmt.Sprintf("%02d", r.IntN(60))
		var got, want []string
		for k, x := range w.t.from(from) {
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
		o.t.diff(w.t, func(a, b int) bool { return a == b }, func(k string) { got = append(got, k) })
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

// TestDerivingCostsWhatDiffers counts what is allocated for one change.
func TestDerivingCostsWhatDiffers(t *testing.T) {
	cost := func(n int) float64 {
		st := stateOf("v", n)
		o := &Object{Key: key("k7"), Value: []byte(`2`)}
		return testing.AllocsPerRun(100, func() { st.With([]*Object{o}, []Key{key("k8")}).Diff(st) })
	}
	// A path in a tree of 100 times as many objects is about 2.5 times as long.
	if few, many := cost(100), cost(10_000); many > 10*few {
		t.Errorf("%v allocations among 10,000 objects, %v among 100", many, few)
	}
}
