package report

import (
	"fmt"
	"strings"

	"dgate/bench/internal/compare"
	"dgate/bench/internal/payload"
	"dgate/bench/internal/variant"
)

// Meta is under what circumstances the results were found.
type Meta struct {
	Machine, Go, Commit, Command, Date string
	// Load is the load average before the run.
	Load             string
	Conns, Rounds    int
	OpenRounds       int
	Seconds          float64
	Framed           bool
	GoBench          string
	ProfileShares    *Shares
	ProfileDirectory string
}

// Markdown is the generated part of docs/benchmarks.md.
func Markdown(res *compare.Results, cases []payload.Case, m Meta) string {
	w := &writer{res: res, cases: cases, m: m}
	w.circumstances()
	w.targets("CPU time per request", "µs", compare.CPU, "at most", func(t target) (float64, float64) { return t.cpu, t.shippedCPU })
	w.targets("Requests per second", "1/s", compare.PerSecond, "at least", func(t target) (float64, float64) { return t.perSecond, t.shippedPerSecond })
	w.others()
	w.modules()
	w.all("CPU time per request ÷ hand-written, every variant", compare.CPU)
	w.all("Requests per second ÷ hand-written, every variant", compare.PerSecond)
	w.latency()
	w.profiles()
	w.goBench()
	return w.String()
}

type writer struct {
	strings.Builder
	res   *compare.Results
	cases []payload.Case
	m     Meta
}

func (w *writer) f(format string, args ...any) { fmt.Fprintf(w, format, args...) }

func (w *writer) circumstances() {
	transport := "TTHeader"
	if w.m.Framed {
		transport = "framed"
	}
	w.f("\n| | |\n|---|---|\n")
	for _, row := range [][2]string{
		{"machine", w.m.Machine},
		{"load average before the run", w.m.Load},
		{"Go", w.m.Go},
		{"commit", w.m.Commit},
		{"date", w.m.Date},
		{"command", "`" + w.m.Command + "`"},
		{"transport to the service", transport},
		{"closed loop", fmt.Sprintf("%d connections, %d rounds of %.3g s after one that is dropped", w.m.Conns, w.m.Rounds, w.m.Seconds)},
		{"open loop", fmt.Sprintf("the same with %d rounds", w.m.OpenRounds)},
		{"answers that were not 2xx", w.bad()},
		{"the idle gateway", fmt.Sprintf("%.1f %% of a core, its etcd included; this is part of its figures below", 100*w.res.Idle)},
	} {
		w.f("| %s | %s |\n", row[0], row[1])
	}
}

// bad counts failed requests by variant, of both loops.
func (w *writer) bad() string {
	all, requests := 0, 0
	var parts []string
	for _, v := range w.res.Variants {
		n := 0
		for _, series := range []map[string]map[string]compare.Series{w.res.Closed, w.res.Open} {
			for _, c := range w.cases {
				for _, s := range series[c.Key][v] {
					n += s.Bad
					requests += s.Requests
				}
			}
		}
		all += n
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", names()[v], n))
		}
	}
	if all == 0 {
		return fmt.Sprintf("none of %d", requests)
	}
	return fmt.Sprintf("**%d of %d** (%s)", all, requests, strings.Join(parts, ", "))
}

func (w *writer) has(v string) bool {
	for _, have := range w.res.Variants {
		if have == v {
			return true
		}
	}
	return false
}

// targets is the table of one figure with what was to be reached: with the same
// settings on both sides, and as shipped.
func (w *writer) targets(title, unit string, figure func(compare.Sample) float64, bound string, of func(target) (same, shipped float64)) {
	atMost := bound == "at most"
	w.f("\n### %s, DGate ÷ hand-written\n\n", title)
	w.f("| case | hand-written, %s | DGate, %s | ratio (lowest–highest round) | target: %s | | ratio as shipped | target as shipped | |\n", unit, unit, bound)
	w.f("|---|--:|--:|--:|--:|---|--:|--:|---|\n")
	as := compare.Shipped
	if !w.has(as) {
		as = compare.Gateway
	}
	for _, c := range w.cases {
		by := w.res.Closed[c.Key]
		hand := by[variant.Hand]
		ours, shipped := by[compare.Gateway].Ratio(hand, figure), by[as].Ratio(hand, figure)
		want, wantShipped := of(targets()[c.Key])
		w.f("| %s | %s | %s | %s | %.2f | %s |", c.Name, amount(hand.Of(figure).Median), amount(by[compare.Gateway].Of(figure).Median),
			spread(ours), want, verdict(ours.Median, want, atMost))
		w.f(" %s | %.2f | %s |\n", spread(shipped), wantShipped, verdict(shipped.Median, wantShipped, atMost))
	}
	var beyond []string
	for _, c := range w.cases {
		by := w.res.Closed[c.Key]
		want, _ := of(targets()[c.Key])
		if fl := by[variant.Floor].Ratio(by[variant.Hand], figure); len(by[variant.Floor]) > 0 && verdict(fl.Median, want, atMost) != reached {
			beyond = append(beyond, fmt.Sprintf("%s (%s)", c.Name, spread(fl)))
		}
	}
	if len(beyond) > 0 {
		w.f("\nHere even ready bytes, which convert nothing, miss the first target: %s.\n", strings.Join(beyond, ", "))
	}
	if as == compare.Shipped {
		w.f("\nAs shipped, the gateway sets the garbage collector itself (GOGC=400 under a memory limit); in the other figures it has the default, as all others do.\n")
	}
}

func (w *writer) others() {
	by := w.res.Closed["book"]
	floor := by[compare.Gateway].Ratio(by[variant.Floor], compare.CPU)
	w.f("\n### Other targets\n\n| what | target | reached | |\n|---|--:|--:|---|\n")
	w.f("| CPU time of a book query ÷ ready bytes behind Hertz | ≤ %.2f | %s | %s |\n", floorTarget, spread(floor), verdict(floor.Median, floorTarget, true))
	for _, c := range w.cases {
		by := w.res.Closed[c.Key]
		if len(by[variant.GRPC]) > 0 {
			ratio := by[compare.Gateway].Ratio(by[variant.GRPC], compare.CPU)
			w.f("| CPU time ÷ grpc-gateway, %s | ≤ %.1f | %s | %s |\n", c.Name, grpcTarget, spread(ratio), verdict(ratio.Median, grpcTarget, true))
		}
	}
	for _, c := range w.cases {
		hand, ours := w.res.Open[c.Key][variant.Hand], w.res.Open[c.Key][compare.Gateway]
		if len(hand) == 0 || len(ours) == 0 {
			continue
		}
		ratio := ours.Ratio(hand, compare.P99)
		w.f("| p99 at half load ÷ hand-written, %s | ≤ 1 | %s | %s |\n", c.Name, spread(ratio), verdict(ratio.Median, 1, true))
	}
	memory := float64(w.res.Memory) / 1e6
	w.f("| memory of an idle gateway, its etcd included | ≤ %d MB | %.0f MB | %s |\n", memoryTarget, memory, verdict(memory, memoryTarget, true))
	w.f("| an idle gateway, its etcd included | < %.0f %% of a core | %.1f %% | %s |\n", 100*idleTarget, 100*w.res.Idle, verdict(w.res.Idle, idleTarget, true))
	start := w.res.Start.Seconds()
	w.f("| from start to the first answer | ≤ %.1f s | %.2f s | %s |\n", startTarget, start, verdict(start, startTarget, true))
	w.f("\nThe target for latency is about what is added to a direct call; both add to the same call, so whole latencies are compared.\n")
}

func (w *writer) all(title string, figure func(compare.Sample) float64) {
	w.f("\n### %s\n\n| variant |", title)
	for _, c := range w.cases {
		w.f(" %s |", c.Name)
	}
	w.f("\n|---|%s\n", strings.Repeat("--:|", len(w.cases)))
	for _, v := range w.res.Variants {
		w.f("| %s |", names()[v])
		for _, c := range w.cases {
			by := w.res.Closed[c.Key]
			if v == variant.Hand {
				w.f(" 1 |")
				continue
			}
			w.f(" %s |", spread(by[v].Ratio(by[variant.Hand], figure)))
		}
		w.f("\n")
	}
	w.f("\nMedians without the ratio, %s:\n\n| variant |", map[bool]string{true: "µs of CPU per request", false: "requests per second"}[strings.HasPrefix(title, "CPU")])
	for _, c := range w.cases {
		w.f(" %s |", c.Name)
	}
	w.f("\n|---|%s\n", strings.Repeat("--:|", len(w.cases)))
	for _, v := range w.res.Variants {
		w.f("| %s |", names()[v])
		for _, c := range w.cases {
			w.f(" %s |", amount(w.res.Closed[c.Key][v].Of(figure).Median))
		}
		w.f("\n")
	}
}

func (w *writer) latency() {
	w.f("\n### Latency at half load\n\nThe rate is half of what the hand-written service answers in the closed loop; milliseconds, medians of the rounds, p99 with the lowest and highest round.\n\n")
	w.f("| case | rate, 1/s | hand-written p50 | DGate p50 | hand-written p99 | DGate p99 |\n|---|--:|--:|--:|--:|--:|\n")
	for _, c := range w.cases {
		hand, ours := w.res.Open[c.Key][variant.Hand], w.res.Open[c.Key][compare.Gateway]
		w.f("| %s | %s | %.2f | %.2f | %s | %s |\n", c.Name, amount(w.res.Rate[c.Key]), hand.Of(compare.P50).Median, ours.Of(compare.P50).Median,
			spread(hand.Of(compare.P99)), spread(ours.Of(compare.P99)))
	}
}

func (w *writer) profiles() {
	if w.m.ProfileShares == nil {
		return
	}
	w.f("\n### Where the gateway's CPU time goes\n\nShares in %% by package of the innermost function, from the profiles in `%s`:\n\n| |", w.m.ProfileDirectory)
	for _, c := range w.cases {
		w.f(" %s |", c.Name)
	}
	w.f("\n|---|%s\n", strings.Repeat("--:|", len(w.cases)))
	for _, row := range w.m.ProfileShares.Rows(w.cases) {
		w.f("| %s |", row.Package)
		for _, share := range row.Shares {
			w.f(" %.1f |", 100*share)
		}
		w.f("\n")
	}
	w.f("\n`go tool pprof -http=: %s/gateway-book.pb.gz` shows one of them.\n", w.m.ProfileDirectory)
}

func (w *writer) goBench() {
	if w.m.GoBench == "" {
		return
	}
	w.f("\n### Parts alone\n\nGo benchmarks with allocations: converting (against structs with sonic), plans, and matching. `BENCHTIME` lengthens them.\n\n```\n%s\n```\n", strings.TrimSpace(w.m.GoBench))
}

// reached is the verdict on a target that is met.
const reached = "reached"

func verdict(got, want float64, atMost bool) string {
	over := got/want - 1
	if !atMost {
		over = 1 - got/want
	}
	if over <= 0 {
		return reached
	}
	return fmt.Sprintf("**missed** by %.0f %%", 100*over)
}

func spread(s compare.Spread) string {
	return fmt.Sprintf("%.2f (%.2f–%.2f)", s.Median, s.Min, s.Max)
}

func amount(v float64) string {
	if v < 100 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
