package gateway

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// metrics reads /metrics of the admin listener.
func (r *running) metrics() string {
	r.t.Helper()
	res, err := http.Get("http://" + r.AdminAddr() + "/metrics")
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		r.t.Fatalf("%d %v %s", res.StatusCode, res.Header, body)
	}
	return string(body)
}

func TestMetrics(t *testing.T) {
	var calls atomic.Int64
	g := start(t, map[string]string{
		"greet.thrift": greetIDL,
		"modules/named.ts": `import { counter } from "dgate/metrics";
			const seen = counter("seen_total", { help: "Requests seen.", labels: ["tone"] });
			export function requestModifier(ctx: any) {
				seen.inc({ tone: ctx.pathParam("tone") });
				if (ctx.queryParam("name") === "throw") throw new Error("x");
			}`,
	})
	if a := g.get("/plain?name=x"); a.status != 503 { // no instance yet
		t.Fatalf("%d %s", a.status, a.body)
	}
	g.serve("greet", 10, greeter(&calls))
	for _, path := range []string{"/greet/loud?name=a", "/greet/loud?name=b", "/greet/soft?name=throw", "/plain?name=x", "/nowhere"} {
		g.get(path)
	}
	got := g.metrics()
	for _, want := range []string{
		`dgate_requests_total{namespace="default",route="GreetSvc.greet",status="200"} 2`,
		`dgate_requests_total{namespace="default",route="GreetSvc.greet",status="500"} 1`,
		`dgate_requests_total{namespace="default",route="GreetSvc.plain",status="200"} 1`,
		`dgate_requests_total{namespace="default",route="GreetSvc.plain",status="503"} 1`,
		`dgate_requests_total{namespace="",route="",status="404"} 1`,
		`dgate_request_duration_seconds_count{namespace="default",route="GreetSvc.greet"} 3`,
		`dgate_upstream_errors_total{code="no_instance",service="GreetSvc"} 1`,
		`dgate_module_errors_total{hook="requestModifier",kind="exception",module="named"} 1`,
		`dgate_module_seen_total{namespace="default",module="named",tone="loud"} 2`,
		`# HELP dgate_module_seen_total Requests seen.`,
		`dgate_reloads_total{result="ok"} `,
		`go_goroutines `,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}
