package jsmodule

import (
	"context"
	"errors"
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
	started  int64         // when JavaScript was entered; zero: see watchdog.armUnseen
	fired    int64         // what interrupted the runtime, disarmed when nothing did
	aborted  error         // why a host function ended the script
	logged   int           // lines written to console
	fetches  int           // HTTP requests made
	// refused is the error object that reading ctx.rpc.request threw, refusal
	// the error behind it.
	refused goja.Value
	refusal error

	turn turn
	loop *loop
	// waits are the promises given to ctx.waitUntil.
	waits []*goja.Promise
}

// turn is the run of the hooks of one kind.
type turn struct {
	hook Hook
	// at is how many of the chain's modules have had theirs; done is set when
	// none is left.
	at   int
	done bool
	// awaited is the promise that a hook has returned and that was pending.
	awaited *goja.Promise

	failure goja.Value // the err of errorHandler
	target  Target     // what fetchUpstream chose, if chosen is set
	chosen  bool
}

// FetchUpstream runs the last fetchUpstream hook of the chain. ok is false
// when it made no choice, or there is none.
func (s *Session) FetchUpstream() (target Target, ok bool, err error) {
	if ran, err := s.begins(FetchUpstream); !ran {
		return Target{}, false, err
	}
	if err := s.phase(); err != nil {
		return Target{}, false, err
	}
	return s.turn.target, s.turn.chosen, nil
}

// Request runs the requestModifier hooks in written order. answered means that
// one of them has written the Response: the upstream is not to be called.
func (s *Session) Request() (answered bool, err error) {
	ran, err := s.begins(RequestModifier)
	if ran {
		err = s.phase()
		answered = err == nil && s.rt.response.answered
	}
	if has := &s.chain.has; err == nil && !answered && !has[ResponseModifier] && !has[ErrorHandler] {
		s.giveBack()
	}
	return answered, err
}

// Handle runs the last requestHandler hook of the chain, which writes the
// Response. handled is false when no module has one.
func (s *Session) Handle() (handled bool, err error) {
	if ran, err := s.begins(RequestHandler); !ran {
		return false, err
	}
	err = s.phase()
	return err == nil, err
}

// Response runs the responseModifier hooks in reverse order.
func (s *Session) Response() error {
	if ran, err := s.begins(ResponseModifier); !ran {
		return err
	}
	s.rt.response.arrived()
	s.rt.bound.close()
	return s.phase()
}

// Fail runs the last errorHandler hook of the chain. handled means that it has
// written the Response.
func (s *Session) Fail(f Failure) (handled bool, err error) {
	if ran, err := s.begins(ErrorHandler); !ran {
		return false, err
	}
	s.rt.response.forget()
	s.turn.failure = s.rt.failure(f)
	err = s.phase()
	return err == nil && s.rt.response.answered, err
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

// begins prepares the run of the hooks of one kind. It is false when the chain
// has none, or there is no runtime for them.
func (s *Session) begins(hook Hook) (bool, error) {
	if !s.chain.has[hook] || s.closed {
		return false, nil
	}
	s.spent = 0
	t := &s.turn
	t.hook, t.at, t.done, t.awaited = hook, 0, false, nil
	s.deadline = s.call.Deadline
	if s.deadline.IsZero() {
		s.deadline = s.chain.host.now().Add(s.chain.host.limits.Wait)
	}
	if s.broken {
		if s.borrowed && s.wrecked {
			return false, nil
		}
		s.giveBack()
	}
	if s.rt == nil {
		rt, err := s.chain.acquire(s.ctx, s.deadline)
		if err != nil {
			return false, err
		}
		s.rt = rt
		rt.session = s
	}
	s.rt.watch.grace.Store(grace)
	return true, nil
}

// phase runs the hooks that begins has prepared and waits for their promises.
// Bodies are left alone by hooks that fail.
func (s *Session) phase() error {
	defer s.launch() // what nobody waits for
	rt, t := s.rt, &s.turn
	for !t.done {
		err := s.enter(rt.advance)
		if err == nil && t.awaited != nil {
			if err = s.settle(t.awaited); err == nil {
				continue
			}
		}
		s.reportRejections()
		if err != nil {
			rt.request.forget()
			rt.bound.forget()
			rt.response.forget()
			return s.failed(rt.current, t.hook, err)
		}
	}
	return nil
}

// advance calls one hook after the other and takes what they return, until one
// has to be waited for or something has to be reported.
func (s *Session) advance() error {
	rt, t := s.rt, &s.turn
	if p := t.awaited; p != nil {
		t.awaited = nil
		if err := s.settled(p); err != nil {
			return err
		}
	}
	for len(rt.rejected) == 0 {
		m := s.next()
		if t.done = m == nil; t.done {
			break
		}
		rt.current = m
		v, err := s.invoke(&m.hooks[t.hook])
		if err != nil {
			return err
		}
		p, err := rt.promiseOf(v)
		switch {
		case err != nil:
		case p == nil:
			err = s.take(v)
		case p.State() == goja.PromiseStatePending:
			t.awaited = p
			return nil
		default:
			err = s.settled(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settled takes the outcome of a hook's promise.
func (s *Session) settled(p *goja.Promise) error {
	v, err := s.rt.outcome(p)
	if err != nil {
		return err
	}
	return s.take(v)
}

// next is the module whose hook comes next.
func (s *Session) next() *moduleInstance {
	rt, t := s.rt, &s.turn
	switch t.hook {
	case RequestModifier:
		if t.at > 0 && rt.response.answered {
			return nil
		}
		for t.at < len(rt.modules) {
			m := rt.modules[t.at]
			if t.at++; m.hooks[t.hook].call != nil {
				return m
			}
		}
	case ResponseModifier:
		for t.at < len(rt.modules) {
			t.at++
			if m := rt.modules[len(rt.modules)-t.at]; m.hooks[t.hook].call != nil {
				return m
			}
		}
	default:
		if t.at++; t.at == 1 {
			return rt.last(t.hook)
		}
	}
	return nil
}

// invoke calls a hook.
func (s *Session) invoke(h *hookFunc) (goja.Value, error) {
	rt := s.rt
	args := rt.args[:1]
	args[0] = rt.context.value()
	switch s.turn.hook {
	case ResponseModifier:
		args = append(args, rt.response.value())
	case ErrorHandler:
		args = append(args, s.turn.failure)
	default:
	}
	return rt.call(h, args)
}

// take applies what a hook has returned, and what it has edited.
func (s *Session) take(v goja.Value) (err error) {
	rt, t := s.rt, &s.turn
	switch t.hook {
	case FetchUpstream:
		t.target, t.chosen, err = rt.target(v)
	case RequestModifier, ResponseModifier:
		err = rt.takeAnswer(v)
	default:
		err = rt.takeHandled(v)
	}
	if err != nil {
		return err
	}
	return rt.flush()
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
	rt, dog := s.rt, s.chain.host.dog
	budget := s.chain.host.limits.Budget
	if s.budget > 0 {
		budget = s.budget
	}
	left := max(0, int64(budget)-headStart-s.spent)
	if s.spent == 0 && !rt.watch.matches {
		// All that it runs for is likely over before the watchdog looks.
		s.started = 0
		dog.armUnseen(&rt.watch, left)
		return
	}
	s.started = now()
	dog.arm(&rt.watch, s.started, s.started+left)
}

// pause disarms it. Host functions that wait, pause meanwhile.
func (s *Session) pause() {
	w := &s.rt.watch
	switch left := w.release(); {
	case isFired(left):
		s.fired = left
	case s.started != 0:
		ran := now() - s.started
		if w.matches && ran > int64(matchTimeout) {
			// The watchdog was late, and a match may have been given up.
			s.fired = firedBudget
		}
		s.spent += ran
	case left > disarmed:
		s.spent += now() - w.since.Load() + int64(tick)
	default:
		s.spent += int64(tick)
	}
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
