package telemetry

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
)

// Metrics are what /metrics tells. Safe for concurrent use; a nil *Metrics
// counts nothing.
type Metrics struct {
	// Modules are the metrics that modules make.
	Modules *ModuleMetrics

	registry *prometheus.Registry
	routes   routes
	upstream *prometheus.CounterVec
	modules  *prometheus.CounterVec
	reloads  *prometheus.CounterVec
	revision prometheus.Gauge
	total    prometheus.Gauge
}

// NewMetrics makes metrics of its own: what libraries register for the process
// is not among them.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		Modules:  &ModuleMetrics{},
		registry: prometheus.NewPedanticRegistry(),
		upstream: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dgate_upstream_errors_total", Help: "Calls of services that failed, by the reason.",
		}, []string{"service", "code"}),
		modules: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dgate_module_errors_total", Help: "Hooks of modules that failed, by the reason.",
		}, []string{"module", "hook", "kind"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dgate_reloads_total", Help: "Changes of IDLs, modules and resources, by whether they took effect.",
		}, []string{"result"}),
		revision: prometheus.NewGauge(prometheus.GaugeOpts{Name: "dgate_revision", Help: "Revision of the resources that are served."}),
		total:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "dgate_routes", Help: "Routes that are served."}),
	}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "dgate_build_info", Help: "The version of the gateway.", ConstLabels: prometheus.Labels{"version": version},
	}, func() float64 { return 1 })
	m.registry.MustRegister(&m.routes, m.upstream, m.modules, m.reloads, m.revision, m.total, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// UpstreamError counts a call that failed.
func (m *Metrics) UpstreamError(service, code string) {
	if m != nil {
		m.upstream.WithLabelValues(valid(service), code).Inc()
	}
}

// valid makes a name a label: file names can hold any bytes.
func valid(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }

// ModuleError counts a hook that failed.
func (m *Metrics) ModuleError(module, hook, kind string) {
	if m != nil {
		m.modules.WithLabelValues(valid(module), hook, kind).Inc()
	}
}

// Reloaded counts a change that took effect, and notes what is served now.
func (m *Metrics) Reloaded(revision int64, routes int) {
	if m != nil {
		m.reloads.WithLabelValues("ok").Inc()
		m.revision.Set(float64(revision))
		m.total.Set(float64(routes))
	}
}

// ReloadFailed counts a change that did not take effect.
func (m *Metrics) ReloadFailed() {
	if m != nil {
		m.reloads.WithLabelValues("failed").Inc()
	}
}

// ContentType is that of AppendText.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// AppendText appends all metrics in the text format of Prometheus.
func (m *Metrics) AppendText(b []byte) ([]byte, error) {
	families, err := m.registry.Gather()
	if err != nil {
		return b, fmt.Errorf("metrics: %w", err)
	}
	buf := bytes.NewBuffer(b)
	for _, f := range append(families, m.Modules.gather()...) {
		if _, err := expfmt.MetricFamilyToText(buf, f); err != nil {
			return b, fmt.Errorf("metrics: %w", err)
		}
	}
	return buf.Bytes(), nil
}
