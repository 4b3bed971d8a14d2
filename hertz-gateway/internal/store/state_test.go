package store

import "testing"

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
