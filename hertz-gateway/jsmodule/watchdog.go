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

const (
	// tick is how late a budget may be noticed.
	tick = 3 * time.Millisecond
	// grace is the CPU time that is left to who is overdue. It is more than
	// the 10 ms after which Go lets the next goroutine run, so that everybody
	// has had a turn. Budgets are called over headStart early for it.
	grace     = int64(12 * time.Millisecond)
	headStart = int64(5 * time.Millisecond)
	// maxRun ends what has regular expressions and runs without a pause,
	// whatever else the machine does: one that is still matching soon gives
	// up, and says that nothing matches.
	maxRun = int64(matchTimeout - 50*time.Millisecond)
	// idleTicks is after how many ticks without work the watchdog sleeps.
	idleTicks = 300
)

// States of watch.until beside a time.
const (
	disarmed    = 0
	firedBudget = -1
	firedMemory = -2
	// unseen and below: armed, and the watchdog has not seen it yet. The
	// distance is the time that is left from when it does.
	unseen = -3
)

func isFired(until int64) bool { return until == firedBudget || until == firedMemory }

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
	// since is when it was armed.
	since atomic.Int64
	// matches is set when the code has regular expressions.
	matches bool
	// grace is the CPU time that is left after the budget has run out.
	grace atomic.Int64
}

func (w *watch) arm(since, until int64) {
	w.since.Store(since)
	w.until.Store(until)
}

// disarm returns what has fired, or disarmed.
func (w *watch) disarm() int64 {
	if until := w.release(); isFired(until) {
		return until
	}
	return disarmed
}

// release disarms and returns the state it was in.
func (w *watch) release() int64 { return w.until.Swap(disarmed) }

// fired says, while armed, whether the code has to stop. Host functions that
// loop ask it; goja asks on its own account between instructions.
func (w *watch) fired() bool { return isFired(w.until.Load()) }

// see starts the clock of one that was armed without looking at it.
func (w *watch) see(t, until int64) int64 {
	if until <= unseen {
		w.since.Store(t)
		if left := unseen - until; w.until.CompareAndSwap(until, t+left) {
			return t + left
		}
		until = w.until.Load()
	}
	return until
}

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
// Budgets are of CPU time, but until is a time on the clock: nothing tells the
// CPU time of a goroutine. On a machine that is busy with other things, or with
// other scripts, a harmless one may thus look overdue. So who is overdue gets a
// grace, which is counted in CPU time as far as that is known.
type watchdog struct {
	heap uint64

	// times are those of the scan before, nil when nothing was overdue then.
	times    map[string]threadTime
	lastScan int64

	mu      sync.Mutex
	watches []*watch

	// quiet counts the ticks since somebody armed a watch.
	quiet  atomic.Int32
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
func (d *watchdog) arm(w *watch, since, until int64) {
	w.arm(since, until)
	d.awake()
}

// armUnseen arms w without looking at the clock: it starts when the watchdog
// sees w, a tick later at most.
func (d *watchdog) armUnseen(w *watch, left int64) {
	w.until.Store(unseen - left)
	d.awake()
}

// awake wakes the watchdog if it sleeps.
func (d *watchdog) awake() {
	if d.quiet.Load() != 0 {
		d.quiet.Store(0)
	}
	if d.parked.Load() && d.parked.CompareAndSwap(true, false) {
		d.wake <- struct{}{}
	}
}

func (d *watchdog) run() {
	defer close(d.done)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-d.stop:
			return
		}
		if d.scan() > 0 {
			d.quiet.Store(0)
		} else if d.quiet.Add(1) > idleTicks && !d.park(ticker) {
			return
		}
	}
}

// park sleeps until a watch is armed. It returns false when the watchdog is to
// stop.
func (d *watchdog) park(ticker *time.Ticker) bool {
	ticker.Stop()
	defer ticker.Reset(tick)
	// Who arms after this store sees it; who armed before is seen by the scan.
	d.parked.Store(true)
	if d.scan() > 0 && d.parked.CompareAndSwap(true, false) {
		return true
	}
	select {
	case <-d.wake:
		d.times = nil
		return true
	case <-d.stop:
		return false
	}
}

// scan fires what is due and returns how many watches are armed.
func (d *watchdog) scan() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := now()
	armed, oldest, oldestUntil := 0, (*watch)(nil), int64(math.MaxInt64)
	for _, w := range d.watches {
		if until := w.see(t, w.until.Load()); until > disarmed {
			armed++
			if until < oldestUntil {
				oldest, oldestUntil = w, until
			}
		}
	}
	if oldestUntil < t {
		d.charge(t, armed)
	} else {
		d.times = nil
	}
	d.lastScan = t
	if oldest != nil && heapBytes() > d.heap {
		oldest.fire(oldestUntil, firedMemory)
	}
	return armed
}

// charge takes the CPU time since the scan before off the grace of all who are
// overdue, and fires those who have none left.
func (d *watchdog) charge(t int64, armed int) {
	used := d.used(t, armed)
	for _, w := range d.watches {
		until := w.until.Load()
		if until > disarmed && until < t && (w.grace.Add(-used) <= 0 || w.matches && t-w.since.Load() > maxRun) {
			w.fire(until, firedBudget)
		}
	}
}

// used is how much CPU time one of the armed can be charged with since the scan
// before: no more than the busiest thread used, nor, as they take turns, than
// its share of what all threads used, nor than is left when it ran in the
// thread that waited most. It is nothing when the scan before did not look.
func (d *watchdog) used(t int64, armed int) int64 {
	before, passed := d.times, t-d.lastScan
	if d.times = threadTimes(); d.times == nil {
		return passed / int64(armed)
	}
	if before == nil {
		return 0
	}
	most, total, waited := int64(0), int64(0), int64(0)
	for thread, now := range d.times {
		used := now.used - before[thread].used
		most, total = max(most, used), total+used
		waited = max(waited, now.waited-before[thread].waited)
	}
	return max(0, min(most, total/int64(armed), passed-waited))
}

// heapBytes is the memory of the objects that the last garbage collection
// found alive.
func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
