package drill

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestScale fills the cluster with 10,000 routes and 1,000 services and measures
// what a change, a start and the memory then cost, beside the same with few.
func TestScale(t *testing.T) {
	c, _ := long(t)
	const nServices, nRoutes = 1000, 10_000
	one := c.gateways[0]
	measure := func(total int) {
		t.Helper()
		var took []time.Duration
		for n := range 50 {
			path := fmt.Sprintf("/one/%d/%d", total, n)
			began := time.Now()
			one.must("PUT", fmt.Sprintf("/api/v1/route/one-%d-%d", total, n), route(path))
			for one.get(path) != 200 {
				if time.Since(began) > patience {
					t.Fatal("never served")
				}
			}
			took = append(took, time.Since(began))
		}
		figure(t, "≤ 20 ms, independent of the total", "one route changed among %d, sent → served: %s", total, spread(took))
		took = nil
		for n := range 10 {
			began := time.Now()
			one.must("PUT", "/api/v1/service/svc-0?wait=true", fmt.Sprintf(`{"destination":"who","idlService":"WhoSvc","labels":{"n":"%d"}}`, n))
			took = append(took, time.Since(began))
		}
		figure(t, "≤ 20 ms, independent of the total", "one service changed among %d routes, sent → served by all: %s", total, spread(took))
	}
	one.must("PUT", "/api/v1/service/svc-0?wait=true", `{"destination":"who","idlService":"WhoSvc"}`)
	measure(10)

	began := time.Now()
	one.must("POST", "/api/v1/apply?wait=true", set(nServices, nRoutes))
	figure(t, "none", "%d routes and %d services in one set, sent → served by all: %v", nRoutes, nServices, time.Since(began).Round(time.Millisecond))
	measure(nRoutes)

	g := c.gateways[2]
	await(t, "the last good state to be on disk", patience, func() bool {
		text, err := os.ReadFile(g.dir + "/state/state")
		return err == nil && strings.Contains(string(text), fmt.Sprintf("one-%d-49", nRoutes))
	})
	last := fmt.Sprintf("/scale/%d", nRoutes-1)
	start := func() time.Duration {
		g.kill()
		began := time.Now()
		g.start()
		g.serves(last)
		return time.Since(began)
	}
	figure(t, "≤ 3 s", "a start with etcd, until the last route serves: %v", start().Round(time.Millisecond))
	g.ready()
	figure(t, "≤ 150 MB", "memory of that gateway: %s", g.memory())
	c.killEtcd()
	figure(t, "≤ 3 s", "a start without etcd, until the last route serves: %v", start().Round(time.Millisecond))
	figure(t, "≤ 150 MB", "memory of that gateway: %s", g.memory())
}

// memory tells what the metrics say of the process.
func (g *gatewayProcess) memory() string {
	g.c.t.Helper()
	var found []string
	for line := range strings.Lines(g.must("GET", "/metrics", "")) {
		for _, name := range []string{"go_memstats_heap_inuse_bytes ", "go_memstats_alloc_bytes ", "process_resident_memory_bytes "} {
			var v float64
			if rest, ok := strings.CutPrefix(line, name); ok {
				if _, err := fmt.Sscan(rest, &v); err == nil {
					found = append(found, fmt.Sprintf("%s%.0f MB", name, v/1e6))
				}
			}
		}
	}
	return strings.Join(found, ", ")
}

// set is services svc-N and routes scale-N at /scale/N on them.
func set(services, routes int) string {
	var b strings.Builder
	b.WriteString(`{"resources":[`)
	for i := range services {
		fmt.Fprintf(&b, `{"kind":"service","name":"svc-%d","destination":"who","idlService":"WhoSvc"},`, i)
	}
	for i := range routes {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"kind":"route","name":"scale-%d","paths":["/scale/%d"],"methods":["GET"],"service":"svc-%d","rpcMethod":"who"}`, i, i, i%services)
	}
	b.WriteString("]}")
	return b.String()
}
