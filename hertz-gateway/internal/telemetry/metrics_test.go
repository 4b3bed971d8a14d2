package telemetry

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// text is what /metrics shows of ours, without what the Go runtime and the
// process tell.
func text(t *testing.T, m *Metrics) string {
	t.Helper()
	b, err := m.AppendText([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(b[1:])) {
		if strings.HasPrefix(line, "dgate_") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func TestMetricsText(t *testing.T) {
	m := NewMetrics("1.2.3")
	var book, other RouteSlot
	m.Observe(&book, "default", "BookSvc.queryBook", 200, 300*time.Microsecond)
	m.Observe(&book, "default", "BookSvc.queryBook", 200, time.Millisecond)
	m.Observe(&book, "default", "BookSvc.queryBook", 502, time.Minute)
	m.Observe(&other, "default", "a\"b\xff", 204, 0)
	m.ObserveUnrouted(404, 0)
	m.UpstreamError("BookSvc", "timeout")
	m.ModuleError("m\xff", "requestModifier", "budget")
	m.Reloaded(7, 3)
	m.ReloadFailed()
	got := text(t, m)
	for _, want := range []string{
		`dgate_build_info{version="1.2.3"} 1`,
		`dgate_module_errors_total{hook="requestModifier",kind="budget",module="m�"} 1`,
		`dgate_reloads_total{result="failed"} 1`,
		`dgate_reloads_total{result="ok"} 1`,
		`dgate_request_duration_seconds_bucket{namespace="default",route="BookSvc.queryBook",le="0.00025"} 0`,
		`dgate_request_duration_seconds_bucket{namespace="default",route="BookSvc.queryBook",le="0.0005"} 1`,
		`dgate_request_duration_seconds_bucket{namespace="default",route="BookSvc.queryBook",le="0.001"} 2`,
		`dgate_request_duration_seconds_bucket{namespace="default",route="BookSvc.queryBook",le="10"} 2`,
		`dgate_request_duration_seconds_bucket{namespace="default",route="BookSvc.queryBook",le="+Inf"} 3`,
		`dgate_request_duration_seconds_sum{namespace="default",route="BookSvc.queryBook"} 60.0013`,
		`dgate_request_duration_seconds_count{namespace="default",route="BookSvc.queryBook"} 3`,
		`dgate_requests_total{namespace="",route="",status="404"} 1`,
		`dgate_requests_total{namespace="default",route="BookSvc.queryBook",status="200"} 2`,
		`dgate_requests_total{namespace="default",route="BookSvc.queryBook",status="502"} 1`,
		`dgate_requests_total{namespace="default",route="a\"b�",status="204"} 1`,
		`dgate_revision 7`,
		`dgate_routes 3`,
		`dgate_upstream_errors_total{code="timeout",service="BookSvc"} 1`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}

// A nil *Metrics counts nothing.
func TestNoMetrics(*testing.T) {
	var m *Metrics
	m.Observe(&RouteSlot{}, "", "", 200, 0)
	m.ObserveUnrouted(404, 0)
	m.UpstreamError("", "")
	m.ModuleError("", "", "")
	m.Reloaded(1, 1)
	m.ReloadFailed()
}

func TestStatusesAreBounded(t *testing.T) {
	m := NewMetrics("")
	var slot RouteSlot
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for status := 200; status < 300; status++ {
				m.Observe(&slot, "", "r", status, 0)
			}
		})
	}
	all.Wait()
	got := text(t, m)
	if n := strings.Count(got, "dgate_requests_total{"); n != maxStatuses {
		t.Errorf("%d statuses", n)
	}
	if want := fmt.Sprintf(`status="other"} %d`, 4*(100-maxStatuses+1)); !strings.Contains(got, want) {
		t.Errorf("no %s in\n%s", want, got)
	}
}

func TestRoutesAreBounded(t *testing.T) {
	m := NewMetrics("")
	for i := range maxRoutes + 5 {
		m.Observe(&RouteSlot{}, "", fmt.Sprint("r", i), 200, 0)
	}
	if got := text(t, m); !strings.Contains(got, `dgate_requests_total{namespace="",route="(other)",status="200"} 5`) {
		t.Error("no line for the others")
	}
}

func TestModuleMetrics(t *testing.T) {
	m := NewMetrics("")
	must := func(add func(float64, []string), err error) func(float64, []string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return add
	}
	orders := must(m.Modules.Counter("default", "shop", "orders", "Orders.", []string{"country"}))
	orders(2, []string{"at"})
	must(m.Modules.Counter("default", "shop", "orders", "Orders.", []string{"country"}))(1, []string{"at"}) // another runtime
	must(m.Modules.Counter("default", "other", "orders", "", nil))(1, nil)
	took := must(m.Modules.Histogram("default", "shop", "took", "", []string{"a"}, []float64{0.1, 1}))
	took(0.1, []string{"\"\n\xff"})
	took(5, []string{"\"\n\xff"})
	want := `dgate_module_orders{namespace="default",module="other"} 1
dgate_module_orders{namespace="default",module="shop",country="at"} 3
dgate_module_took_bucket{namespace="default",module="shop",a="\"\n�",le="0.1"} 1
dgate_module_took_bucket{namespace="default",module="shop",a="\"\n�",le="1"} 1
dgate_module_took_bucket{namespace="default",module="shop",a="\"\n�",le="+Inf"} 2
dgate_module_took_sum{namespace="default",module="shop",a="\"\n�"} 5.1
dgate_module_took_count{namespace="default",module="shop",a="\"\n�"} 2
`
	got := text(t, m)
	if i := strings.Index(got, "dgate_module_"); i < 0 || got[i:] != want {
		t.Error(cmp.Diff(want, got))
	}

	// A new version of the module has other labels.
	must(m.Modules.Counter("default", "shop", "orders", "Orders.", []string{"city"}))(1, []string{"wien"})
	orders(1, []string{"at"})
	if got := text(t, m); !strings.Contains(got, `module="shop",city="wien"} 1`) || strings.Contains(got, "country") {
		t.Error(got)
	}
	for i := range maxSeries + 10 {
		took(1, []string{fmt.Sprint(i)})
	}
	if got := text(t, m); !strings.Contains(got, `took_count{namespace="default",module="shop",a="_other"} 11`) {
		t.Error("labels are not bounded")
	}
}

func TestModuleMetricsRefuse(t *testing.T) {
	m := NewMetrics("").Modules
	if _, err := m.Counter("default", "a", "taken", "", nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, want string
		declare    func() error
	}{
		{"name", `"A-b" cannot be the name of a metric: lower case letters, digits and underscores`, func() error { _, err := m.Counter("", "", "A-b", "", nil); return err }},
		{"label", `metric a: "le" cannot be the name of a label`, func() error { _, err := m.Counter("", "", "a", "", []string{"le"}); return err }},
		{"label twice", `metric a: "b" cannot be the name of a label`, func() error { _, err := m.Counter("", "", "a", "", []string{"b", "b"}); return err }},
		{"labels", "metric a: 5 labels are the most", func() error {
			_, err := m.Counter("", "", "a", "", []string{"b", "c", "d", "e", "f", "g"})
			return err
		}},
		{"kind", "metric taken is a counter in module a", func() error { _, err := m.Histogram("default", "b", "taken", "", nil, nil); return err }},
		{"buckets", "metric a: buckets are at most 30 numbers, each larger than the one before", func() error { _, err := m.Histogram("", "", "a", "", nil, []float64{1, 1}); return err }},
		{"infinite bucket", "metric a: buckets are at most 30 numbers, each larger than the one before", func() error {
			_, err := m.Histogram("", "", "a", "", nil, []float64{1, math.Inf(1)})
			return err
		}},
		{"help", "metric a: the help is too long", func() error { _, err := m.Counter("", "", "a", strings.Repeat("x", 1025), nil); return err }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.declare(); err == nil || err.Error() != tt.want {
				t.Errorf("got %v", err)
			}
		})
	}
	var err error
	for i := 0; i < maxModuleMetrics && err == nil; i++ {
		_, err = m.Counter("default", "a", fmt.Sprint("c", i), "", nil)
	}
	if err == nil || !strings.Contains(err.Error(), "500 metrics already") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkObserve(b *testing.B) {
	m := NewMetrics("")
	var slot RouteSlot
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Observe(&slot, "default", "r", 200, 3*time.Millisecond)
		}
	})
}
