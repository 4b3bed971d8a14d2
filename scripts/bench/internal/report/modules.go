package report

import (
	"fmt"

	"dgate/bench/internal/compare"
	"dgate/bench/internal/payload"
)

// Modules is the table of what modules add, alone.
func Modules(res *compare.Results, m Meta) string {
	w := &writer{res: res, m: m}
	w.modules()
	return w.String()
}

// modules is the table of what modules add to a request of the gateway.
func (w *writer) modules() {
	if len(w.res.Modules) == 0 {
		return
	}
	w.f("\n### What a module adds to a request\n\n")
	w.f("The same gateway without and with a module on the route, one after the other in each round; medians in µs, the difference with its lowest and highest round. CPU time per request with %d connections; latency is the median of one connection.\n\n", w.m.Conns)
	w.f("| | without | with | more (lowest–highest round) | target | |\n|---|--:|--:|--:|--:|---|\n")
	for _, c := range payload.ModuleCases() {
		figure := compare.CPU
		if c.Latency {
			figure = func(s compare.Sample) float64 { return 1000 * s.P50 }
		}
		r := w.res.Modules[c.Key]
		more := r.With.Minus(r.Without, figure)
		w.f("| %s | %s | %s | %s | ≤ %.0f | %s |\n", c.Name, amount(r.Without.Of(figure).Median), amount(r.With.Of(figure).Median),
			fmt.Sprintf("%.1f (%.1f–%.1f)", more.Median, more.Min, more.Max), c.Extra, verdict(more.Median, c.Extra, true))
	}
}
