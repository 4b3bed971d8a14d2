package jsmodule

import (
	"math"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
)

// tick is how late a budget may be noticed.
const tick = 4 * time.Millisecond

// States of watch.until beside a time.
const (
	disarmed    = 0
	firedBudget = -1
	firedMemory = -2
)

// clockStart is the zero of now.
var clockStart = time.Now()

// now is a monotonic time in nanoseconds, never zero or negative.
func now() int64 { return int64(time.Since(clockStart)) + 1 }

// watch interrupts one runtime. Arming and firing race for the same word: who
// disarms first sees that nothing has fired, and nothing will; who finds that
// it has fired throws the runtime away, so that an interrupt which arrives late
// hits nobody.
type watch struct {
	vm    *goja.Runtime
	until atomic.Int64
	// granted is by how much until was put off since it was armed.
	granted atomic.Int64
}

func (w *watch) arm(until int64) {
	w.granted.Store(0)
	w.until.Store(until)
}

// putOff moves the end of an armed watch.
func (w *watch) putOff(by int64) {
	if until := w.until.Load(); until > disarmed && w.until.CompareAndSwap(until, until+by) {
		w.granted.Add(by)
	}
}

// disarm returns what has fired, or disarmed.
func (w *watch) disarm() int64 { return min(w.until.Swap(disarmed), disarmed) }

// fired says, while armed, whether the code has to stop. Host functions that
// loop ask it; goja asks on its own account between instructions.
func (w *watch) fired() bool { return w.until.Load() < disarmed }

func (w *watch) fire(until, why int64) {
	if until > disarmed && w.until.CompareAndSwap(until, why) {
		w.vm.Interrupt(kindOf(why))
	}
}

func kindOf(fired int64) Kind {
	if fired == firedMemory {
		return KindMemory
	}
	return KindBudget
}

// watchdog fires the watches whose time is up. It sleeps while none is armed.
//
// A budget is CPU time, but all there is to measure it by is the clock, and the
// CPU time of the whole process. When the process got less CPU than time went
// by, because the machine is busy with other things, the difference is put on
// every budget: a module is not to blame for it.
type watchdog struct {
	heap uint64

	// lastTime and lastCPU are of the scan before, 0 after a sleep.
	lastTime, lastCPU int64

	mu      sync.Mutex
	watches []*watch

	parked atomic.Bool
	wake   chan struct{}
	stop   chan struct{}
	done   chan struct{}
}

func startWatchdog(heap uint64) *watchdog {
	d := &watchdog{heap: heap, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go d.run()
	return d
}

func (d *watchdog) close() {
	close(d.stop)
	<-d.done
}

func (d *watchdog) add(w *watch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watches = append(d.watches, w)
}

func (d *watchdog) remove(w *watch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.Index(d.watches, w); i >= 0 {
		last := len(d.watches) - 1
		d.watches[i], d.watches[last] = d.watches[last], nil
		d.watches = d.watches[:last]
	}
}

// arm starts the clock of w, and the watchdog if it sleeps.
func (d *watchdog) arm(w *watch, until int64) {
	w.arm(until)
	if d.parked.Load() && d.parked.CompareAndSwap(true, false) {
		d.wake <- struct{}{}
	}
}

func (d *watchdog) run() {
	defer close(d.done)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		if d.scan() == 0 {
			// Whoever arms after this store sees it; whoever armed before is
			// seen by the second look.
			d.parked.Store(true)
			if d.scan() > 0 && d.parked.CompareAndSwap(true, false) {
				continue
			}
			ticker.Stop()
			select {
			case <-d.wake:
			case <-d.stop:
				return
			}
			d.lastTime = 0
			ticker.Reset(tick)
		}
		select {
		case <-ticker.C:
		case <-d.stop:
			return
		}
	}
}

// scan fires what is due and returns how many watches are armed.
func (d *watchdog) scan() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := now()
	starved := d.starved(t)
	armed, oldest, oldestUntil := 0, (*watch)(nil), int64(math.MaxInt64)
	for _, w := range d.watches {
		if starved > 0 {
			w.putOff(starved)
		}
		until := w.until.Load()
		if until <= disarmed {
			continue
		}
		armed++
		if until < t {
			w.fire(until, firedBudget)
		} else if until < oldestUntil {
			oldest, oldestUntil = w, until
		}
	}
	if oldest != nil && heapBytes() > d.heap {
		oldest.fire(oldestUntil, firedMemory)
	}
	return armed
}

// starved is for how long, since the scan before, the process had to wait for a
// CPU.
func (d *watchdog) starved(t int64) (waited int64) {
	cpu, ok := processCPU()
	if ok && d.lastTime != 0 {
		waited = (t - d.lastTime) - (cpu - d.lastCPU)
	}
	d.lastTime, d.lastCPU = t, cpu
	return waited
}

// heapBytes is the memory of the objects that the last garbage collection
// found alive.
func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
