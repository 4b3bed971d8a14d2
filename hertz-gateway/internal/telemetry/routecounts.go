package telemetry

import (
	"cmp"
	"slices"
	"strconv"

	"dgate/hertz-gateway/api"
)

// Counts fills in what has been counted, by route.
func (m *Metrics) Counts(s *api.Stats) {
	s.BoundsSeconds, s.Routes = []float64{}, []api.RouteStats{}
	for _, b := range bounds {
		s.BoundsSeconds = append(s.BoundsSeconds, b.Seconds())
	}
	if m == nil {
		return
	}
	for _, r := range m.routes.sorted() {
		s.Routes = append(s.Routes, r.counts())
	}
}

// sorted are the routes by namespace and name.
func (r *routes) sorted() []*RouteStats {
	r.mu.Lock()
	all := make([]*RouteStats, 0, len(r.all))
	for _, s := range r.all {
		all = append(all, s)
	}
	r.mu.Unlock()
	slices.SortFunc(all, func(a, b *RouteStats) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.route, b.route))
	})
	return all
}

func (s *RouteStats) counts() api.RouteStats {
	out := api.RouteStats{Namespace: s.namespace, Route: s.route, Statuses: map[string]uint64{}}
	for i := range s.statuses {
		if n := s.statuses[i].n.Load(); n > 0 {
			out.Statuses[s.statusAt(i)] = n
		}
	}
	for i := range s.buckets {
		out.Buckets = append(out.Buckets, s.buckets[i].Load())
	}
	return out
}

// statusAt is the label of a place for a status.
func (s *RouteStats) statusAt(i int) string {
	if i == maxStatuses-1 {
		return "other"
	}
	return strconv.Itoa(int(s.statuses[i].status.Load()))
}
