package report

import (
	"fmt"
	"html"
	"math"
	"strings"

	"dgate/bench/internal/compare"
	"dgate/bench/internal/payload"
	"dgate/bench/internal/variant"
)

// Sizes of the plot in its own units.
const (
	plotWidth, plotHeight           = 960.0, 430.0
	plotLeft, plotTop, plotBottom   = 50.0, 70.0, 40.0
	groupGap                        = 24.0
	plotLegendTop, plotLegendColumn = 44.0, 150.0
)

// colours are told apart by most people who see some colours badly.
func colours() map[string]string {
	return map[string]string{
		"gateway":   "#0072b2",
		"shipped":   "#56b4e9",
		"hand":      "#999999",
		"generic":   "#d55e00",
		"dynamicgo": "#e69f00",
		"floor":     "#009e73",
	}
}

// plotMost is where bars are cut, so that the tall ones leave room for those
// around 1.
const plotMost = 2.0

// Plot draws CPU time per request against the hand-written service: a group of
// bars for each case, whiskers from the lowest to the highest round, and a
// black line at the target of the gateway. Bars that are cut have an arrow.
func Plot(res *compare.Results, cases []payload.Case) string {
	top := 1.2
	for _, c := range cases {
		for _, v := range res.Variants {
			top = max(top, ratioOf(res, c, v).Max)
		}
	}
	const step = 0.25
	top = min(math.Ceil(top/step)*step, plotMost)
	height := plotHeight - plotTop - plotBottom
	y := func(v float64) float64 { return plotTop + height*(1-min(v, top)/top) }

	var b strings.Builder
	f := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	f(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12">`, plotWidth, plotHeight)
	f(`<title>CPU time per request, against the hand-written service</title>`)
	f(`<rect width="100%%" height="100%%" fill="#ffffff"/>`)
	f(`<text x="%.0f" y="22" font-size="15" font-weight="bold">CPU time per request ÷ hand-written Hertz handler (lower is better; black line: target)</text>`, plotLeft)
	for v := 0.0; v <= top+step/2; v += step {
		f(`<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" stroke="%s"/>`, plotLeft, plotWidth-10, y(v), y(v), map[bool]string{true: "#666666", false: "#dddddd"}[v == 1])
		f(`<text x="%.0f" y="%.1f" text-anchor="end" fill="#444444">%.2g</text>`, plotLeft-6, y(v)+4, v)
	}
	for i, v := range res.Variants {
		x := plotLeft + float64(i)*plotLegendColumn
		f(`<rect x="%.0f" y="%.0f" width="12" height="12" fill="%s"/>`, x, plotLegendTop-10, colours()[v])
		f(`<text x="%.0f" y="%.0f" font-size="11">%s</text>`, x+16, plotLegendTop, html.EscapeString(shortName(v)))
	}
	group := (plotWidth - plotLeft - 10) / float64(len(cases))
	bar := (group - groupGap) / float64(len(res.Variants))
	for i, c := range cases {
		left := plotLeft + float64(i)*group + groupGap/2
		f(`<text x="%.1f" y="%.0f" text-anchor="middle">%s</text>`, left+(group-groupGap)/2, plotHeight-plotBottom+20, html.EscapeString(c.Name))
		for j, v := range res.Variants {
			r := ratioOf(res, c, v)
			x := left + float64(j)*bar
			mid := x + bar/2
			f(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`, x+1, y(r.Median), bar-2, y(0)-y(r.Median), colours()[v])
			f(`<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#000000" stroke-opacity="0.6"/>`, mid, mid, y(r.Min), y(r.Max))
			f(`<text x="%.1f" y="%.1f" text-anchor="middle" font-size="9">%.2f%s</text>`, mid, y(r.Max)-3, r.Median, map[bool]string{true: "↑"}[r.Median > top])
			want := targets()[c.Key].cpu
			if v == compare.Shipped {
				want = targets()[c.Key].shippedCPU
			}
			if v == compare.Gateway || v == compare.Shipped {
				f(`<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#000000" stroke-width="2"/>`, x, x+bar, y(want), y(want))
			}
		}
	}
	f(`</svg>`)
	return b.String()
}

func ratioOf(res *compare.Results, c payload.Case, v string) compare.Spread {
	if v == variant.Hand {
		return compare.Spread{Median: 1, Min: 1, Max: 1}
	}
	return res.Closed[c.Key][v].Ratio(res.Closed[c.Key][variant.Hand], compare.CPU)
}

func shortName(v string) string {
	switch v {
	case variant.Dynamicgo:
		return "… with dynamicgo"
	default:
		return names()[v]
	}
}
