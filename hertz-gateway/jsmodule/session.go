package jsmodule

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/dop251/goja"
)

// Session runs the hooks of one exchange. All of them see the same ctx and,
// from the first hook until Close, the same runtime; a chain whose work ends
// with the request gives the runtime back before the upstream is called. A
// Session belongs to one goroutine.
type Session struct {
	chain *Chain
	ctx   context.Context
	call  *Call

	rt     *vmRuntime
	broken bool // the runtime must not serve again
	// wrecked is set when JavaScript was left without being unwound.
	wrecked bool
	// borrowed is set when the runtime is that of a test, which keeps it: what
	// has been interrupted then runs no further hooks.
	borrowed bool
	closed   bool

	deadline time.Time
	budget   time.Duration // instead of the host's, unless zero
	spent    int64         // nanoseconds of JavaScript in this phase
	started  int64         // when JavaScript was entered
	fired    int64         // what interrupted the runtime, disarmed when nothing did
	aborted  error         // why a host function ended the script
	logged   int           // lines written to console
	fetches  int           // HTTP requests made
	// refused is the error object that reading ctx.rpc.request threw, refusal
	// the error behind it.
	refused goja.Value
	refusal error

	loop *loop
	// waits are the promises given to ctx.waitUntil.
	waits []*goja.Promise
}

// FetchUpstream runs the last fetchUpstream hook of the chain. ok is false
// when it made no choice, or there is none.
func (s *Session) FetchUpstream() (target Target, ok bool, err error) {
	err = s.phase(FetchUpstream, func(rt *vmRuntime) *Error {
		return s.run(rt.last(FetchUpstream), FetchUpstream, func(v goja.Value) (err error) {
			target, ok, err = rt.target(v)
			return err
		}, rt.context.value())
	})
	return target, ok, err
}

// Request runs the requestModifier hooks in written order. answered means that
// one of them has written the Response: the upstream is not to be called.
func (s *Session) Request() (answered bool, err error) {
	err = s.phase(RequestModifier, func(rt *vmRuntime) *Error {
		for _, m := range rt.modules {
			if m.hooks[RequestModifier].call == nil {
				continue
			}
			if err := s.run(m, RequestModifier, rt.takeAnswer, rt.context.value()); err != nil {
				return err
			}
			if rt.response.answered {
				answered = true
				return nil
			}
		}
		return nil
	})
	if has := &s.chain.has; err == nil && !answered && !has[ResponseModifier] && !has[ErrorHandler] {
		s.giveBack()
	}
	return answered, err
}

// Handle runs the last requestHandler hook of the chain, which writes the
// Response. handled is false when no module has one.
func (s *Session) Handle() (handled bool, err error) {
	err = s.phase(RequestHandler, func(rt *vmRuntime) *Error {
		handled = true
		return s.run(rt.last(RequestHandler), RequestHandler, rt.takeHandled, rt.context.value())
	})
	return handled && err == nil, err
}

// Response runs the responseModifier hooks in reverse order.
func (s *Session) Response() error {
	return s.phase(ResponseModifier, func(rt *vmRuntime) *Error {
		rt.response.arrived()
		rt.bound.close()
		for _, m := range slices.Backward(rt.modules) {
			if m.hooks[ResponseModifier].call == nil {
				continue
			}
			if err := s.run(m, ResponseModifier, rt.takeAnswer, rt.context.value(), rt.response.value()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Fail runs the last errorHandler hook of the chain. handled means that it has
// written the Response.
func (s *Session) Fail(f Failure) (handled bool, err error) {
	err = s.phase(ErrorHandler, func(rt *vmRuntime) *Error {
		rt.response.forget()
		err := s.run(rt.last(ErrorHandler), ErrorHandler, rt.takeHandled, rt.context.value(), rt.failure(f))
		handled = rt.response.answered
		return err
	})
	return handled && err == nil, err
}

// Close ends the exchange: every object that hooks got of it throws from now
// on. Promises given to ctx.waitUntil go on without it. Close may be called
// twice.
func (s *Session) Close() {
	if s.closed {
		return
	}
	s.closed = true
	s.giveBack()
}

// phase runs the hooks of one kind, if the chain has any.
func (s *Session) phase(hook Hook, f func(*vmRuntime) *Error) error {
	if !s.chain.has[hook] || s.closed {
		return nil
	}
	s.spent = 0
	s.deadline = s.call.Deadline
	if s.deadline.IsZero() {
		s.deadline = s.chain.host.now().Add(s.chain.host.limits.Wait)
	}
	if s.broken {
		if s.borrowed && s.wrecked {
			return nil
		}
		s.giveBack()
	}
	if s.rt == nil {
		rt, err := s.chain.acquire(s.ctx, s.deadline)
		if err != nil {
			return err
		}
		s.rt = rt
		rt.session = s
	}
	s.rt.watch.grace.Store(grace)
	if err := f(s.rt); err != nil {
		return err
	}
	return nil
}

// run calls one hook, waits for its promise, hands the result to take, and
// applies what the hook edited. Bodies are left alone by hooks that fail.
func (s *Session) run(m *moduleInstance, hook Hook, take func(goja.Value) error, args ...goja.Value) *Error {
	rt := s.rt
	rt.current = m
	var pending *goja.Promise
	finish := func(v goja.Value) error {
		if err := take(v); err != nil {
			return err
		}
		return rt.flush()
	}
	err := s.enter(func() error {
		h := m.hooks[hook]
		v, err := h.call(h.this, args...)
		if err != nil {
			return err
		}
		if pending, err = rt.promiseOf(v); err != nil {
			return err
		}
		if pending == nil {
			return finish(v)
		}
		if pending.State() == goja.PromiseStatePending {
			return nil
		}
		v, err = rt.outcome(pending)
		pending = nil
		if err != nil {
			return err
		}
		return finish(v)
	})
	if err == nil && pending != nil {
		if err = s.settle(pending); err == nil {
			err = s.enter(func() error {
				v, err := rt.outcome(pending)
				if err != nil {
					return err
				}
				return finish(v)
			})
		}
	}
	s.reportRejections()
	if err != nil {
		rt.request.forget()
		rt.bound.forget()
		rt.response.forget()
		return s.failed(m, hook, err)
	}
	return nil
}

// failed describes why a hook failed. A refusal that the module let through is
// not its own mistake.
func (s *Session) failed(m *moduleInstance, hook Hook, err error) *Error {
	e := newError(m, hook, err, s.fired)
	var thrown *thrownError
	if s.refused != nil && errors.As(err, &thrown) && thrown.value == s.refused {
		e.Kind, e.cause = KindRefused, s.refusal
	}
	return e
}

// errInterrupted stands for an interrupt that the code did not live to see.
var errInterrupted = errors.New("interrupted")

// enter runs f with the watch armed for what is left of the budget.
func (s *Session) enter(f func() error) error {
	s.start()
	err := s.rt.guarded(f)
	s.pause()
	if s.aborted != nil {
		err, s.aborted, s.broken, s.wrecked = s.aborted, nil, true, true
	} else if s.fired != disarmed && err == nil {
		err = errInterrupted
	}
	if s.fired != disarmed || unfit(err) {
		s.broken, s.wrecked = true, true
	}
	return err
}

// start arms the watch.
func (s *Session) start() {
	s.started = now()
	budget := s.chain.host.limits.Budget
	if s.budget > 0 {
		budget = s.budget
	}
	left := int64(budget) - headStart - s.spent
	s.chain.host.dog.arm(&s.rt.watch, s.started, s.started+max(0, left))
}

// pause disarms it. Host functions that wait, pause meanwhile.
func (s *Session) pause() {
	ran := now() - s.started
	if fired := s.rt.watch.disarm(); fired != disarmed {
		s.fired = fired
	} else if s.rt.watch.matches && ran > int64(matchTimeout) {
		// The watchdog was late, and a match may have been given up.
		s.fired = firedBudget
	}
	s.spent += ran
}

// unfit says whether a runtime that ended with err must not be used again.
func unfit(err error) bool {
	if err == nil {
		return false
	}
	var (
		interrupt *goja.InterruptedError
		overflow  *goja.StackOverflowError
		known     *Error
	)
	return errors.As(err, &interrupt) || errors.As(err, &overflow) || errors.As(err, &known) && known.Kind == KindPanic
}

// settle waits until p is no longer pending.
func (s *Session) settle(p *goja.Promise) error {
	for p.State() == goja.PromiseStatePending {
		if err := s.step(); err != nil {
			return err
		}
	}
	return nil
}

// giveBack returns the runtime to the chain, or leaves it to the promises of
// ctx.waitUntil.
func (s *Session) giveBack() {
	rt := s.rt
	if rt == nil || s.borrowed {
		return
	}
	s.rt = nil
	waits, loop, broken := s.waits, s.loop, s.broken
	s.waits, s.loop, s.broken, s.fired = nil, nil, false, disarmed
	if len(waits) > 0 && !broken {
		tail := &Session{chain: s.chain, ctx: s.chain.host.work, call: &Call{ID: s.call.ID}, rt: rt, loop: loop, waits: waits}
		rt.end()
		rt.session = tail
		s.chain.host.tails.Go(tail.finish)
		return
	}
	loop.close()
	rt.end()
	if broken {
		s.chain.throwAway(rt)
		return
	}
	s.chain.release(rt)
}

// finish waits for the promises of ctx.waitUntil after an exchange.
func (s *Session) finish() {
	s.deadline = s.chain.host.now().Add(s.chain.host.limits.Tail)
	for _, p := range s.waits {
		if err := s.settle(p); err != nil {
			s.rt.current.log().Warn("ctx.waitUntil: the promise was given up", "request_id", s.call.ID, "error", err)
			break
		}
	}
	s.reportRejections()
	s.waits = nil
	s.Close()
}
