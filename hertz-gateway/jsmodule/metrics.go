package jsmodule

import (
	"math"
	"slices"

	"github.com/dop251/goja"
)

// Metrics takes what modules count, for "dgate/metrics". Many goroutines use it
// at once. Modules declare their metrics while they load, every runtime of one
// the same ones.
type Metrics interface {
	// Counter declares a counter and gives the function that adds to it, with
	// one value for each label. The error is for the module's author.
	Counter(namespace, module, name, help string, labels []string) (add func(value float64, labels []string), err error)
	// Histogram does the same for a histogram; nil buckets are up to it.
	Histogram(namespace, module, name, help string, labels []string, buckets []float64) (observe func(value float64, labels []string), err error)
}

// makeMetrics makes `import { counter, histogram } from "dgate/metrics"`.
func (m *moduleInstance) makeMetrics() goja.Value {
	rt := m.rt
	o := rt.vm.NewObject()
	rt.method(o, "counter", 2, func(c goja.FunctionCall) goja.Value {
		d := m.declaration(c)
		return m.metric(d, "inc", func(source Metrics) (func(float64, []string), error) {
			return source.Counter(rt.namespace, m.program.name, d.name, d.help, d.labels)
		})
	})
	rt.method(o, "histogram", 2, func(c goja.FunctionCall) goja.Value {
		d := m.declaration(c)
		return m.metric(d, "observe", func(source Metrics) (func(float64, []string), error) {
			return source.Histogram(rt.namespace, m.program.name, d.name, d.help, d.labels, d.buckets)
		})
	})
	return o
}

// metricDeclaration is what counter and histogram are called with.
type metricDeclaration struct {
	name, help string
	labels     []string
	buckets    []float64
}

func (m *moduleInstance) declaration(c goja.FunctionCall) (d metricDeclaration) {
	rt := m.rt
	d.name = str(c.Argument(0))
	options, ok := c.Argument(1).(*goja.Object)
	if !ok {
		return d
	}
	d.help = str(options.Get("help"))
	if list, ok := options.Get("labels").(*goja.Object); ok && rt.isArray(list) {
		for _, v := range rt.list(list) {
			d.labels = append(d.labels, str(v))
		}
	}
	if list, ok := options.Get("buckets").(*goja.Object); ok && rt.isArray(list) {
		for _, v := range rt.list(list) {
			d.buckets = append(d.buckets, v.ToFloat())
		}
	}
	return d
}

// metric makes the object of a declared metric. Its one function takes a value
// and an object of labels, in any order; inc without a value adds 1.
func (m *moduleInstance) metric(d metricDeclaration, name string, declare func(Metrics) (func(float64, []string), error)) goja.Value {
	rt := m.rt
	add := func(float64, []string) {}
	if source := rt.host.cfg.Metrics; source != nil {
		var err error
		if add, err = declare(source); err != nil {
			rt.throwType("%v", err)
		}
	}
	o := rt.vm.NewObject()
	rt.method(o, name, 2, func(c goja.FunctionCall) goja.Value {
		value, labels := c.Argument(0), c.Argument(1)
		if _, ok := value.(*goja.Object); ok {
			value, labels = labels, value
		}
		n := 1.0
		if name != "inc" || !isNil(value) {
			n = value.ToFloat()
		}
		if math.IsNaN(n) || math.IsInf(n, 0) || name == "inc" && n < 0 {
			rt.throwRange("metric %s: %s cannot be counted", d.name, value)
		}
		add(n, m.labelValues(&d, labels))
		return goja.Undefined()
	})
	return o
}

// labelValues are the values in the order of the labels.
func (m *moduleInstance) labelValues(d *metricDeclaration, given goja.Value) []string {
	values := make([]string, len(d.labels))
	o, ok := given.(*goja.Object)
	if !ok {
		return values
	}
	for _, key := range o.Keys() {
		i := slices.Index(d.labels, key)
		if i < 0 {
			m.rt.throwType("metric %s has no label %q", d.name, key)
		}
		values[i] = str(o.Get(key))
	}
	return values
}
