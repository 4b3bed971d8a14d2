package load

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config of one measurement.
type Config struct {
	Addr    string
	Request []byte
	Conns   int
	// Warm is how long requests go out before anything is counted.
	Warm, Measure time.Duration
	// Rate, in requests per second over all connections, makes the loop an
	// open one; 0 is a closed loop.
	Rate float64
	// Mark is called when counting begins and when it ends. It may be nil.
	Mark func() error
}

// Result of one measurement.
type Result struct {
	// Requests that were answered, and the part of them whose status was not 2xx.
	Requests, Bad int
	Elapsed       time.Duration
	P50, P99      time.Duration
}

// PerSecond is how many requests were answered in a second.
func (r Result) PerSecond() float64 { return float64(r.Requests) / r.Elapsed.Seconds() }

type worker struct {
	*conn
	latencies []time.Duration
	bad       int
	err       error
}

// Run measures. A connection that breaks, or an answer that cannot be read, is
// an error.
func Run(c Config) (Result, error) {
	workers := make([]*worker, c.Conns)
	defer func() {
		for _, w := range workers {
			if w != nil {
				_ = w.Close() // nothing is lost: all answers are in
			}
		}
	}()
	deadline := time.Now().Add(c.Warm + c.Measure + hung)
	for i := range workers {
		conn, err := dial(c.Addr)
		if err != nil {
			return Result{}, err
		}
		workers[i] = &worker{conn: conn}
		if err := conn.SetDeadline(deadline); err != nil {
			return Result{}, fmt.Errorf("load: %w", err)
		}
	}

	var counting, stop atomic.Bool
	var wait sync.WaitGroup
	start := time.Now()
	for i, w := range workers {
		due := closedLoop
		if c.Rate > 0 {
			due = schedule(start, i, c.Conns, c.Rate)
		}
		wait.Go(func() { w.run(c.Request, due, &counting, &stop) })
	}
	result, err := window(c, &counting)
	stop.Store(true)
	wait.Wait()

	var all []time.Duration
	errs := []error{err}
	for _, w := range workers {
		all = append(all, w.latencies...)
		result.Bad += w.bad
		errs = append(errs, w.err)
	}
	if err := errors.Join(errs...); err != nil {
		return Result{}, err
	}
	if len(all) == 0 {
		return Result{}, errors.New("load: no request was answered")
	}
	slices.Sort(all)
	result.Requests = len(all)
	result.P50, result.P99 = all[len(all)/2], all[len(all)*99/100]
	return result, nil
}

// window lets the workers count for as long as c says.
func window(c Config, counting *atomic.Bool) (Result, error) {
	mark := func() error {
		if c.Mark == nil {
			return nil
		}
		return c.Mark()
	}
	time.Sleep(c.Warm)
	if err := mark(); err != nil {
		return Result{}, err
	}
	begin := time.Now()
	counting.Store(true)
	time.Sleep(c.Measure)
	counting.Store(false)
	r := Result{Elapsed: time.Since(begin)}
	return r, mark()
}

// closedLoop sends at once.
func closedLoop() time.Time { return time.Now() }

// schedule gives connection i of n its share of a rate, evenly spaced over all
// of them. The times do not depend on when answers come.
func schedule(start time.Time, i, n int, rate float64) func() time.Time {
	next := float64(i)
	return func() time.Time {
		due := start.Add(time.Duration(next / rate * float64(time.Second)))
		next += float64(n)
		return due
	}
}

// run sends requests when they are due until stop. Latency counts from when a
// request was due, not from when it could be sent.
func (w *worker) run(request []byte, due func() time.Time, counting, stop *atomic.Bool) {
	for !stop.Load() {
		at := due()
		if wait := time.Until(at); wait > 0 {
			time.Sleep(wait)
		}
		status, err := w.roundTrip(request, nil, nil)
		if err != nil {
			w.err = err
			return
		}
		if !counting.Load() {
			continue
		}
		w.latencies = append(w.latencies, time.Since(at))
		if status < 200 || status > 299 {
			w.bad++
		}
	}
}
