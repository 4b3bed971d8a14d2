package telemetry

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
)

const (
	// maxModuleMetrics bounds the metrics of all modules.
	maxModuleMetrics = 500
	// maxLabels bounds the labels of a metric, maxSeries the combinations of
	// their values: further ones are counted together, as "_other".
	maxLabels = 5
	maxSeries = 1000
	// maxLabelValue is where the value of a label is cut, in bytes.
	maxLabelValue = 128
	maxBuckets    = 30
	otherValue    = "_other"
	modulePrefix  = "dgate_module_"
)

var metricName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// reservedLabels are written by the gateway and by Prometheus.
var reservedLabels = []string{"namespace", "module", "le", "quantile"}

// ModuleMetrics are the counters and histograms that modules declare. Their
// names begin with "dgate_module_", and they carry the namespace and the module
// as labels. The zero value is empty; safe for concurrent use.
type ModuleMetrics struct {
	mu  sync.Mutex
	all map[metricKey]*moduleMetric
}

type metricKey struct{ name, namespace, module string }

// moduleMetric is one metric of one module.
type moduleMetric struct {
	key     metricKey
	kind    dto.MetricType
	help    string
	labels  []string
	buckets []float64 // of a histogram

	mu     sync.Mutex
	series map[string]*series
}

// series are the values for one combination of labels.
type series struct {
	values []string
	sum    float64
	counts []uint64 // of a histogram, the last beyond every bucket
}

// Counter declares a counter and gives the function that adds to it, with the
// values of its labels in their order. Declared again with other labels it
// begins anew. The error is for the module's author.
func (m *ModuleMetrics) Counter(namespace, module, name, help string, labels []string) (func(float64, []string), error) {
	return m.declare(&moduleMetric{key: metricKey{name, namespace, valid(module)}, kind: dto.MetricType_COUNTER, help: valid(help), labels: labels})
}

// Histogram declares a histogram and gives the function that adds an
// observation. Without buckets it has those of Prometheus: 5 ms to 10 s.
func (m *ModuleMetrics) Histogram(namespace, module, name, help string, labels []string, buckets []float64) (func(float64, []string), error) {
	if len(buckets) == 0 {
		buckets = prometheus.DefBuckets
	}
	if len(buckets) > maxBuckets || !slices.IsSorted(buckets) || slices.ContainsFunc(buckets, notFinite) || len(slices.Compact(slices.Clone(buckets))) != len(buckets) {
		return nil, fmt.Errorf("metric %s: buckets are at most %d numbers, each larger than the one before", name, maxBuckets)
	}
	return m.declare(&moduleMetric{key: metricKey{name, namespace, valid(module)}, kind: dto.MetricType_HISTOGRAM, help: valid(help), labels: labels, buckets: buckets})
}

func notFinite(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }

func (m *ModuleMetrics) declare(d *moduleMetric) (func(float64, []string), error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, other := range m.all {
		if key.name == d.key.name && key != d.key && other.kind != d.kind {
			return nil, fmt.Errorf("metric %s is a %s in module %s", key.name, strings.ToLower(other.kind.String()), key.module)
		}
	}
	if known := m.all[d.key]; known != nil {
		if known.sameAs(d) {
			return known.add, nil
		}
	} else if len(m.all) >= maxModuleMetrics {
		return nil, fmt.Errorf("metric %s: modules have %d metrics already, which is the most", d.key.name, maxModuleMetrics)
	}
	if m.all == nil {
		m.all = map[metricKey]*moduleMetric{}
	}
	d.series = map[string]*series{}
	m.all[d.key] = d
	return d.add, nil
}

func (d *moduleMetric) check() error {
	if !metricName.MatchString(d.key.name) {
		return fmt.Errorf("%q cannot be the name of a metric: lower case letters, digits and underscores", d.key.name)
	}
	if len(d.labels) > maxLabels {
		return fmt.Errorf("metric %s: %d labels are the most", d.key.name, maxLabels)
	}
	for i, l := range d.labels {
		if !metricName.MatchString(l) || slices.Contains(reservedLabels, l) || slices.Contains(d.labels[:i], l) {
			return fmt.Errorf("metric %s: %q cannot be the name of a label", d.key.name, l)
		}
	}
	if len(d.help) > 1024 {
		return errors.New("metric " + d.key.name + ": the help is too long")
	}
	return nil
}

func (d *moduleMetric) sameAs(o *moduleMetric) bool {
	return d.kind == o.kind && d.help == o.help && slices.Equal(d.labels, o.labels) && slices.Equal(d.buckets, o.buckets)
}

func (d *moduleMetric) add(value float64, values []string) {
	values = slices.Clone(values)
	for i, v := range values {
		if len(v) > maxLabelValue {
			v = v[:maxLabelValue]
		}
		values[i] = valid(v)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.get(values)
	s.sum += value
	if d.kind == dto.MetricType_HISTOGRAM {
		i, _ := slices.BinarySearch(d.buckets, value)
		s.counts[i]++
	}
}

// get finds or makes the series, under the lock.
func (d *moduleMetric) get(values []string) *series {
	key := strings.Join(values, "\xff") // no byte of UTF-8
	if s := d.series[key]; s != nil {
		return s
	}
	if len(d.series) >= maxSeries {
		for i := range values {
			values[i] = otherValue
		}
		key = strings.Join(values, "\xff")
		if s := d.series[key]; s != nil {
			return s
		}
	}
	s := &series{values: values, counts: make([]uint64, len(d.buckets)+1)}
	d.series[key] = s
	return s
}

// gather gives one family for each name.
func (m *ModuleMetrics) gather() []*dto.MetricFamily {
	m.mu.Lock()
	all := slices.Collect(maps.Values(m.all))
	m.mu.Unlock()
	slices.SortFunc(all, func(a, b *moduleMetric) int {
		return strings.Compare(a.key.name+"\x00"+a.key.namespace+"\x00"+a.key.module, b.key.name+"\x00"+b.key.namespace+"\x00"+b.key.module)
	})
	var families []*dto.MetricFamily
	for _, d := range all {
		name := modulePrefix + d.key.name
		if n := len(families); n == 0 || families[n-1].GetName() != name {
			families = append(families, &dto.MetricFamily{Name: proto.String(name), Help: proto.String(d.help), Type: d.kind.Enum()})
		}
		f := families[len(families)-1]
		f.Metric = append(f.Metric, d.gather()...)
	}
	return families
}

func (d *moduleMetric) gather() []*dto.Metric {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []*dto.Metric
	for _, key := range slices.Sorted(maps.Keys(d.series)) {
		s := d.series[key]
		metric := &dto.Metric{Label: []*dto.LabelPair{
			{Name: proto.String("namespace"), Value: proto.String(d.key.namespace)},
			{Name: proto.String("module"), Value: proto.String(d.key.module)},
		}}
		for i, l := range d.labels {
			metric.Label = append(metric.Label, &dto.LabelPair{Name: proto.String(l), Value: proto.String(s.values[i])})
		}
		if d.kind == dto.MetricType_COUNTER {
			metric.Counter = &dto.Counter{Value: proto.Float64(s.sum)}
		} else {
			metric.Histogram = s.histogram(d.buckets)
		}
		list = append(list, metric)
	}
	return list
}

func (s *series) histogram(buckets []float64) *dto.Histogram {
	h := &dto.Histogram{SampleSum: proto.Float64(s.sum)}
	var count uint64
	for i, b := range buckets {
		count += s.counts[i]
		h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: proto.Float64(b), CumulativeCount: proto.Uint64(count)})
	}
	h.SampleCount = proto.Uint64(count + s.counts[len(buckets)])
	return h
}
