package top

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

var started = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func stats(at int, ok, failed uint64, buckets ...uint64) *api.Stats {
	return &api.Stats{
		Gateway: "g", StartedAt: started, At: started.Add(time.Duration(at) * time.Second), BoundsSeconds: []float64{0.001, 0.01},
		Routes: []api.RouteStats{{Namespace: "default", Route: "r", Statuses: map[string]uint64{"200": ok, "503": failed}, Buckets: buckets}},
	}
}

func TestCompare(t *testing.T) {
	again := stats(30, 10, 0, 10, 0, 0)
	again.StartedAt = started.Add(20 * time.Second)
	for _, tt := range []struct {
		name        string
		before, now *api.Stats
		want        figure
	}{
		{
			"between two counts", stats(10, 100, 0, 100, 0, 0), stats(12, 190, 10, 190, 8, 2),
			figure{total: total{Rate: 50, ServerErrors: 0.1}, P50: "≤1ms", P99: ">10ms", Total: 200},
		},
		{"nothing happened", stats(10, 100, 0, 100, 0, 0), stats(12, 100, 0, 100, 0, 0), figure{Total: 100}},
		{
			"the gateway has started again", stats(10, 100, 0, 100, 0, 0), again,
			figure{total: total{Rate: 1}, P50: "≤1ms", P99: "≤1ms", Total: 10},
		},
		{
			"a route that is new", &api.Stats{Gateway: "g", StartedAt: started, At: started}, stats(2, 4, 0, 0, 4, 0),
			figure{total: total{Rate: 2}, P50: "≤10ms", P99: "≤10ms", Total: 4},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Namespace, tt.want.Route = "default", "r"
			got := compare(tt.before, tt.now)
			if len(got.Routes) != 1 {
				t.Fatalf("%+v", got)
			}
			if d := cmp.Diff(tt.want, got.Routes[0], cmp.AllowUnexported(figure{}, total{}), cmpopts.IgnoreFields(figure{}, "p99")); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if got.Rate != tt.want.Rate || got.ServerErrors != tt.want.ServerErrors {
				t.Errorf("together %+v", got.total)
			}
		})
	}
}

func TestQuantile(t *testing.T) {
	bounds := []float64{0.001, 0.01}
	for _, tt := range []struct {
		name    string
		share   float64
		buckets []uint64
		want    string
		seconds float64
	}{
		{"the first", 0.5, []uint64{5, 5, 0}, "≤1ms", 0.001},
		{"the second", 0.5, []uint64{4, 5, 1}, "≤10ms", 0.01},
		{"beyond", 0.99, []uint64{4, 5, 1}, ">10ms", math.Inf(1)},
		{"none", 0.5, []uint64{0, 0, 0}, "", 0},
		{"of a strange gateway", 0.5, nil, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, s := quantile(tt.share, bounds, tt.buckets); got != tt.want || s != tt.seconds {
				t.Errorf("%q %v", got, s)
			}
		})
	}
}

// A terminal gets one table over the other until it is interrupted.
func TestRedraws(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n++; n == 4 {
			cancel()
		}
		if err := json.NewEncoder(w).Encode(stats(n, uint64(n), 0, uint64(n), 0, 0)); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	var out bytes.Buffer
	env := &cli.Env{Stdout: &out, Terminal: true, Output: cli.OutputTable, AdminURL: srv.URL, Getenv: func(string) string { return "" }}
	cmd := New(env)
	cmd.SetArgs([]string{"--interval", "1ms"})
	if err := cmd.ExecuteContext(ctx); err != nil {
		t.Fatal(err)
	}
	screens := strings.Split(out.String(), clearScreen)
	if len(screens) < 3 || screens[0] != "" || !strings.Contains(screens[1], "ROUTE") || !strings.Contains(screens[2], " 3") {
		t.Errorf("%q", screens)
	}
}
