package snapshot

import "time"

// Trace is what became of one exchange, and when: for explain. All methods may be
// called on nil, which is what exchanges that nobody asks about have.
type Trace struct {
	// Stages in the order in which they ended.
	Stages []Stage
	// Instance that answered, Tried those that refused a connection before.
	Instance string
	Tried    []string
	// Choice is how a module narrowed down the instances; empty: it did not.
	Choice string

	last time.Time
	done chan struct{}
}

// Stage is one part of an exchange.
type Stage struct {
	Name string
	Took time.Duration
}

// NewTrace begins a trace.
func NewTrace() *Trace { return &Trace{last: time.Now(), done: make(chan struct{})} }

// Done is closed when the exchange has ended; what is in the trace may be read then.
func (t *Trace) Done() <-chan struct{} { return t.done }

// End completes the trace.
func (t *Trace) End(instance string) {
	if t != nil {
		t.Instance = instance
		close(t.done)
	}
}

// Mark ends a stage.
func (t *Trace) Mark(name string) {
	if t == nil {
		return
	}
	now := time.Now()
	t.Stages = append(t.Stages, Stage{name, now.Sub(t.last)})
	t.last = now
}
