package telemetry

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// bounds are the upper ends of the buckets of durations.
var bounds = [...]time.Duration{
	250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

const (
	// maxRoutes bounds the routes that are counted one by one: those of long
	// ago are never forgotten.
	maxRoutes = 10_000
	// maxStatuses bounds the statuses of a route that are counted one by one.
	maxStatuses = 16
)

// RouteStats counts the requests of one route.
type RouteStats struct {
	namespace, route string

	buckets  [len(bounds) + 1]atomic.Uint64
	nanos    atomic.Int64
	statuses [maxStatuses]statusCount
}

// statusCount is a place for a status: the first that comes takes it. The last
// place is for all that found none.
type statusCount struct {
	status atomic.Int32
	n      atomic.Uint64
}

// RouteSlot is where a route keeps its RouteStats once it has been used, so that
// no request looks names up.
type RouteSlot struct{ stats atomic.Pointer[RouteStats] }

// Observe counts a request that was answered. slot belongs to the route.
func (m *Metrics) Observe(slot *RouteSlot, namespace, route string, status int, took time.Duration) {
	if m == nil {
		return
	}
	s := slot.stats.Load()
	if s == nil {
		s = m.routes.get(namespace, route)
		slot.stats.Store(s)
	}
	s.observe(status, took)
}

// ObserveUnrouted counts a request that no route has answered.
func (m *Metrics) ObserveUnrouted(status int, took time.Duration) {
	if m != nil {
		m.Observe(&m.routes.none, "", "", status, took)
	}
}

func (s *RouteStats) observe(status int, took time.Duration) {
	i := 0
	for i < len(bounds) && took > bounds[i] {
		i++
	}
	s.buckets[i].Add(1)
	s.nanos.Add(int64(took))
	for i := range s.statuses {
		c := &s.statuses[i]
		known := c.status.Load()
		if known == 0 && i < maxStatuses-1 && c.status.CompareAndSwap(0, int32(status)) {
			known = int32(status)
		}
		if known == 0 {
			known = c.status.Load() // somebody else took the place
		}
		if known == int32(status) || i == maxStatuses-1 {
			c.n.Add(1)
			return
		}
	}
}

// routes are all that have been used.
type routes struct {
	// none is for requests without a route.
	none RouteSlot

	mu  sync.Mutex
	all map[[2]string]*RouteStats
}

func (r *routes) get(namespace, route string) *RouteStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := [2]string{valid(namespace), valid(route)}
	if r.all[key] == nil && len(r.all) >= maxRoutes {
		key = [2]string{"", "(other)"}
	}
	if r.all[key] == nil {
		if r.all == nil {
			r.all = map[[2]string]*RouteStats{}
		}
		r.all[key] = &RouteStats{namespace: key[0], route: key[1]}
	}
	return r.all[key]
}

var (
	requestsDesc = prometheus.NewDesc("dgate_requests_total", "Requests answered, by route and status; without a route the names are empty.",
		[]string{"namespace", "route", "status"}, nil)
	durationDesc = prometheus.NewDesc("dgate_request_duration_seconds", "From the head of a request to its answer, by route.",
		[]string{"namespace", "route"}, nil)
)

// Describe implements prometheus.Collector.
func (r *routes) Describe(ch chan<- *prometheus.Desc) {
	ch <- requestsDesc
	ch <- durationDesc
}

// Collect implements prometheus.Collector.
func (r *routes) Collect(ch chan<- prometheus.Metric) {
	for _, s := range r.sorted() {
		s.collect(ch)
	}
}

func (s *RouteStats) collect(ch chan<- prometheus.Metric) {
	for i := range s.statuses {
		c := &s.statuses[i]
		n := c.n.Load()
		if n == 0 {
			continue
		}
		ch <- prometheus.MustNewConstMetric(requestsDesc, prometheus.CounterValue, float64(n), s.namespace, s.route, s.statusAt(i))
	}
	cumulative := make(map[float64]uint64, len(bounds))
	var count uint64
	for i := range bounds {
		count += s.buckets[i].Load()
		cumulative[bounds[i].Seconds()] = count
	}
	count += s.buckets[len(bounds)].Load()
	ch <- prometheus.MustNewConstHistogram(durationDesc, count, time.Duration(s.nanos.Load()).Seconds(), cumulative, s.namespace, s.route)
}
