package compare

import "slices"

// Spread is the median of some figures and the outermost of them.
type Spread struct{ Median, Min, Max float64 }

// SpreadOf sorts its argument. Of no figures all is 0.
func SpreadOf(v []float64) Spread {
	if len(v) == 0 {
		return Spread{}
	}
	slices.Sort(v)
	mid := v[len(v)/2]
	if len(v)%2 == 0 {
		mid = (v[len(v)/2-1] + mid) / 2
	}
	return Spread{Median: mid, Min: v[0], Max: v[len(v)-1]}
}

// Sample is one measurement.
type Sample struct {
	// CPU time of the variant's process per request, in microseconds.
	CPU       float64
	PerSecond float64
	// P50 and P99 are milliseconds.
	P50, P99 float64
	Requests int
	Bad      int
}

// Series are the samples of one variant in one case, a sample per round.
type Series []Sample

// Of is the spread of one figure.
func (s Series) Of(figure func(Sample) float64) Spread {
	var v []float64
	for _, x := range s {
		v = append(v, figure(x))
	}
	return SpreadOf(v)
}

// Ratio divides a figure of s by that of base round by round, so that what
// slows down a whole round does not count.
func (s Series) Ratio(base Series, figure func(Sample) float64) Spread {
	var v []float64
	for i := range min(len(s), len(base)) {
		if d := figure(base[i]); d > 0 {
			v = append(v, figure(s[i])/d)
		}
	}
	return SpreadOf(v)
}

// Minus subtracts a figure of base round by round.
func (s Series) Minus(base Series, figure func(Sample) float64) Spread {
	var v []float64
	for i := range min(len(s), len(base)) {
		v = append(v, figure(s[i])-figure(base[i]))
	}
	return SpreadOf(v)
}

// CPU selects the CPU time per request.
func CPU(s Sample) float64 { return s.CPU }

// PerSecond selects the requests per second.
func PerSecond(s Sample) float64 { return s.PerSecond }

// P50 selects the median latency.
func P50(s Sample) float64 { return s.P50 }

// P99 selects the latency that 99 of 100 requests stay below.
func P99(s Sample) float64 { return s.P99 }
