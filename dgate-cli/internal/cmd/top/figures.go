package top

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"dgate/hertz-gateway/api"
)

// figures are what happened between two counts.
type figures struct {
	Gateway string    `json:"gateway"`
	At      time.Time `json:"at"`
	Over    string    `json:"over"`
	total
	Routes []figure `json:"routes"`
}

// total are the figures of one route, or of all.
type total struct {
	// Rate is in requests a second.
	Rate float64 `json:"rate"`
	// The errors are shares of the requests.
	ClientErrors float64 `json:"client_errors"`
	ServerErrors float64 `json:"server_errors"`
}

type figure struct {
	Namespace string `json:"namespace"`
	Route     string `json:"route"`
	total
	// P50 and P99 are the upper ends of times as time.Duration writes them,
	// from the buckets that they were counted in; empty without a request.
	P50 string `json:"p50"`
	P99 string `json:"p99"`
	// Total is all requests since the gateway started.
	Total uint64 `json:"total"`

	p99 float64
}

var byOrder = map[string]func(a, b figure) int{
	"rate":   func(a, b figure) int { return cmp.Compare(b.Rate, a.Rate) },
	"errors": func(a, b figure) int { return cmp.Compare(b.ServerErrors, a.ServerErrors) },
	"p99":    func(a, b figure) int { return cmp.Compare(b.p99, a.p99) },
	"total":  func(a, b figure) int { return cmp.Compare(b.Total, a.Total) },
	"route":  func(a, b figure) int { return cmp.Compare(a.Route, b.Route) },
}

func orders() []string { return slices.Sorted(maps.Keys(byOrder)) }

// counts are the requests of a route in an interval.
type counts struct {
	all, client, server uint64
	buckets             []uint64
}

// compare tells what happened from before to now. A gateway that has started
// again counts from zero.
func compare(before, now *api.Stats) *figures {
	f := &figures{Gateway: now.Gateway, At: now.At, Routes: []figure{}}
	since := before.At
	last := map[[2]string]api.RouteStats{}
	if before.Gateway == now.Gateway && before.StartedAt.Equal(now.StartedAt) {
		for _, r := range before.Routes {
			last[[2]string{r.Namespace, r.Route}] = r
		}
	} else if now.StartedAt.After(since) {
		since = now.StartedAt
	}
	over := now.At.Sub(since)
	f.Over = over.String()
	var sum counts
	for _, r := range now.Routes {
		c := count(r, last[[2]string{r.Namespace, r.Route}])
		sum.all, sum.client, sum.server = sum.all+c.all, sum.client+c.client, sum.server+c.server
		one := figure{Namespace: r.Namespace, Route: r.Route, total: c.total(over)}
		for _, n := range r.Statuses {
			one.Total += n
		}
		if c.all > 0 {
			one.P50, _ = quantile(0.5, now.BoundsSeconds, c.buckets)
			one.P99, one.p99 = quantile(0.99, now.BoundsSeconds, c.buckets)
		}
		f.Routes = append(f.Routes, one)
	}
	f.total = sum.total(over)
	return f
}

func count(now, last api.RouteStats) counts {
	var c counts
	for status, n := range now.Statuses {
		n -= min(n, last.Statuses[status])
		c.all += n
		switch {
		case strings.HasPrefix(status, "4"):
			c.client += n
		case strings.HasPrefix(status, "5"):
			c.server += n
		}
	}
	for i, n := range now.Buckets {
		if i < len(last.Buckets) {
			n -= min(n, last.Buckets[i])
		}
		c.buckets = append(c.buckets, n)
	}
	return c
}

func (c counts) total(over time.Duration) total {
	var t total
	if c.all > 0 && over > 0 {
		t.Rate = float64(c.all) / over.Seconds()
		t.ClientErrors, t.ServerErrors = float64(c.client)/float64(c.all), float64(c.server)/float64(c.all)
	}
	return t
}

// quantile is the time that a share of the requests takes at most: the upper
// end of a bucket, as text and in seconds.
func quantile(share float64, bounds []float64, buckets []uint64) (text string, seconds float64) {
	var all uint64
	for _, n := range buckets {
		all += n
	}
	rank := uint64(math.Ceil(share * float64(all)))
	var seen uint64
	for i, n := range buckets {
		if seen += n; seen < rank || seen == 0 {
			continue
		}
		if i >= len(bounds) {
			break
		}
		return "≤" + time.Duration(bounds[i]*float64(time.Second)).String(), bounds[i]
	}
	if len(bounds) == 0 || all == 0 {
		return "", 0
	}
	return ">" + time.Duration(bounds[len(bounds)-1]*float64(time.Second)).String(), math.Inf(1)
}
