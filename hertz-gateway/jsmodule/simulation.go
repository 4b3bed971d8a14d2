package jsmodule

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"iter"
	mathrand "math/rand/v2"
	"time"
)

// simulationStart is the time at which a simulated host begins.
var simulationStart = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// simulation makes what a module can see the same in every run: a clock that
// stands still while JavaScript runs and moves on when everything waits, random
// values from one seed, and work that goes on in the order in which it was
// begun. It serves one session at a time.
type simulation struct {
	time   time.Time
	random *mathrand.ChaCha8
}

func newSimulation() *simulation {
	return &simulation{time: simulationStart, random: mathrand.NewChaCha8([32]byte{})}
}

// install makes a runtime see the simulation.
func (sim *simulation) install(rt *vmRuntime) {
	rt.vm.SetTimeSource(func() time.Time { return sim.time })
	rt.vm.SetRandSource(func() float64 { return float64(sim.random.Uint64()>>11) / (1 << 53) })
}

// now is the time as modules see it.
func (h *Host) now() time.Time {
	if h.sim != nil {
		return h.sim.time
	}
	return time.Now()
}

// elapsed is the time since a fixed moment, as performance.now counts it.
func (h *Host) elapsed() time.Duration {
	if h.sim != nil {
		return h.sim.time.Sub(simulationStart)
	}
	return time.Duration(now())
}

// random is where modules get random bytes from.
func (h *Host) random() io.Reader {
	if h.sim != nil {
		return h.sim.random
	}
	return rand.Reader
}

// until gives ctx a deadline in the time that modules see. A simulated one is
// only told: who works under it looks at the time alone.
func (h *Host) until(ctx context.Context, deadline time.Time) (context.Context, context.CancelFunc) {
	if h.sim != nil {
		return &simulatedDeadline{ctx, deadline}, func() {}
	}
	c := &deadlineContext{Context: ctx, deadline: deadline}
	return c, c.cancel
}

type simulatedDeadline struct {
	context.Context
	deadline time.Time
}

func (d *simulatedDeadline) Deadline() (time.Time, bool) { return d.deadline, true }

// jump moves the clock to the next thing that happens.
func (s *Session) jump(wake time.Time) error {
	if err := s.ctx.Err(); err != nil {
		return s.canceled(endedWaiting)
	}
	sim := s.chain.host.sim
	if wake.After(sim.time) {
		sim.time = wake
	}
	if !sim.time.Before(s.deadline) {
		return s.late(lateWaiting)
	}
	return nil
}

// operation is work of a simulated session: a coroutine that stops where it
// needs an answer out of JavaScript.
type operation struct {
	loop *loop
	next func() (struct{}, bool)
	stop func()
	// yield is what the coroutine stops with.
	yield func(struct{}) bool
}

type operationKey struct{}

var errDropped = errors.New("the exchange has ended")

// simulate runs work until it ends or stops for an answer.
func (l *loop) simulate(f work) {
	l.open()
	op := &operation{loop: l}
	ctx := context.WithValue(l.ctx, operationKey{}, op)
	op.next, op.stop = iter.Pull(func(yield func(struct{}) bool) {
		op.yield = yield
		l.post(perform(ctx, f))
	})
	l.operations = append(l.operations, op)
	op.next()
}

// ask has the session run f, which calls answer once, and waits until that has
// happened or the deadline of ctx has passed. It works in simulations only.
func ask[T any](ctx context.Context, f func(answer func(T, error)) error) (result T, err error) {
	op, ok := ctx.Value(operationKey{}).(*operation)
	if !ok {
		return result, errDropped
	}
	done := false
	answer := func(v T, e error) {
		if !done {
			done, result, err = true, v, e
			op.next()
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		id := op.loop.at(deadline, func() error {
			var zero T
			answer(zero, context.DeadlineExceeded)
			return nil
		})
		op.loop.limiters++
		defer func() {
			op.loop.clear(id)
			op.loop.limiters--
		}()
	}
	op.loop.questions = append(op.loop.questions, func() error { return f(answer) })
	if !op.yield(struct{}{}) {
		return result, errDropped
	}
	return result, err
}
