package jsmodule_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/jsmodule"
)

// metricLog is a jsmodule.Metrics that notes what it is told.
type metricLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *metricLog) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

func (l *metricLog) Counter(namespace, module, name, help string, labels []string) (func(float64, []string), error) {
	if name == "bad" {
		return nil, errors.New("not that name")
	}
	l.note("counter %s/%s/%s %q %v", namespace, module, name, help, labels)
	return func(n float64, values []string) { l.note("%s %q %v", name, values, n) }, nil
}

func (l *metricLog) Histogram(namespace, module, name, help string, labels []string, buckets []float64) (func(float64, []string), error) {
	l.note("histogram %s/%s/%s %q %v %v", namespace, module, name, help, labels, buckets)
	return func(n float64, values []string) { l.note("%s %q %v", name, values, n) }, nil
}

func TestMetrics(t *testing.T) {
	log := &metricLog{}
	c := chain(t, jsmodule.Config{Metrics: log}, `import { counter, histogram } from "dgate/metrics";
		const orders = counter("orders", { help: "Orders.", labels: ["country", "kind"] });
		const plain = counter("plain");
		const took = histogram("took", { labels: ["kind"], buckets: [0.1, 1] });
		export function requestHandler(ctx) {
			orders.inc({ country: "at", kind: 7 });
			orders.inc({ kind: "x" }, 3);
			orders.inc(2, { country: "de" });
			orders.inc();
			plain.inc(0.5);
			took.observe(0.25, { kind: "a" });
			const error = (f) => { try { f() } catch (e) { return e.name + ": " + e.message } };
			return [error(() => orders.inc({ city: "x" })), error(() => plain.inc(-1)), error(() => took.observe()), error(() => plain.inc(NaN)), error(() => counter("bad"))];
		}`)
	x := open(t, c)
	if _, err := x.Handle(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`counter default/m0/orders "Orders." [country kind]`, `counter default/m0/plain "" []`, `histogram default/m0/took "" [kind] [0.1 1]`,
		`orders ["at" "7"] 1`, `orders ["" "x"] 3`, `orders ["de" ""] 2`, `orders ["" ""] 1`, `plain [] 0.5`, `took ["a"] 0.25`,
	}
	if diff := cmp.Diff(want, log.lines); diff != "" {
		t.Error(diff)
	}
	const errs = `["TypeError: metric orders has no label \"city\"","RangeError: metric plain: -1 cannot be counted","RangeError: metric took: undefined cannot be counted","RangeError: metric plain: NaN cannot be counted","TypeError: not that name"]`
	if diff := cmp.Diff(errs, string(x.r.body)); diff != "" {
		t.Error(diff)
	}
}
