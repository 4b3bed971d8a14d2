package api

import (
	"context"
	"net/http"
	"time"
)

// Stats is the answer of GET /api/v1/stats: what the gateway that answered has
// served since it started. Two of them, one after the other, tell rates.
type Stats struct {
	Gateway string `json:"gateway"`
	// At is when it was counted, StartedAt since when.
	At        time.Time `json:"at"`
	StartedAt time.Time `json:"started_at"`
	// BoundsSeconds are the upper ends of RouteStats.Buckets but the last, which
	// has none.
	BoundsSeconds []float64    `json:"bounds_seconds"`
	Routes        []RouteStats `json:"routes"`
}

// RouteStats counts the requests of one route.
type RouteStats struct {
	Namespace string `json:"namespace"`
	// Route is its name; empty for requests that no route has answered.
	Route string `json:"route"`
	// Statuses counts answers by status: "200".
	Statuses map[string]uint64 `json:"statuses"`
	// Buckets counts answers by the time that they took.
	Buckets []uint64 `json:"buckets"`
}

// Stats asks what the gateway has served since it started.
func (c *Client) Stats(ctx context.Context) (*Stats, error) {
	var s Stats
	if err := c.do(ctx, http.MethodGet, nil, &s, "api", "v1", "stats"); err != nil {
		return nil, err
	}
	return &s, nil
}
