package compare

import "testing"

func TestSpreadOf(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []float64
		want Spread
	}{
		{"none", nil, Spread{}},
		{"odd", []float64{3, 1, 2}, Spread{2, 1, 3}},
		{"even", []float64{4, 1, 3, 2}, Spread{2.5, 1, 4}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := SpreadOf(tt.in); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// A slow round slows both: the ratio of the medians would be off.
func TestRatioIsTakenRoundByRound(t *testing.T) {
	base := Series{{CPU: 10}, {CPU: 100}, {CPU: 10}}
	ours := Series{{CPU: 5}, {CPU: 50}, {CPU: 6}}
	if got, want := ours.Ratio(base, CPU), (Spread{0.5, 0.5, 0.6}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
