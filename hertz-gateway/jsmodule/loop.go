package jsmodule

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dop251/goja"
)

// loop is the job queue of a session: timers, and the results of work that
// other goroutines do. Its jobs run on the session's own goroutine, while a
// hook's promise is awaited.
type loop struct {
	session context.Context // that of the session
	// ctx is the one of work on other goroutines, notify wakes the session for
	// it: see open.
	ctx    context.Context
	cancel context.CancelFunc
	notify chan struct{}

	// pending, queued and timers belong to the session's goroutine. What is
	// pending has not come back yet; of that, queued is not under way.
	pending int
	queued  []work
	first   [1]work // the memory of queued
	timers  []*timer
	lastID  int64
	clock   *time.Timer // see wait

	// A simulated session has coroutines, the questions that they wait with,
	// and jobs that enter JavaScript on their own account.
	operations []*operation
	questions  []func() error
	outside    []func() error
	limiters   int // timers that end questions

	mu     sync.Mutex
	mail   []func() error
	closed bool
}

// work runs on any goroutine; the job that it returns runs on the session's.
type work func(ctx context.Context) (job func() error)

type timer struct {
	id  int64
	due time.Time
	run func() error
}

// events gives the session's loop and makes it when there is none.
func (s *Session) events() *loop {
	if s.loop == nil {
		s.loop = &loop{session: s.ctx}
		s.loop.queued = s.loop.first[:0]
	}
	return s.loop
}

// open prepares for work on other goroutines.
func (l *loop) open() {
	if l.cancel == nil {
		l.ctx, l.cancel = context.WithCancel(l.session)
		l.notify = make(chan struct{}, 1)
	}
}

// close drops everything that is under way. A nil loop has nothing.
func (l *loop) close() {
	if l == nil {
		return
	}
	if l.cancel != nil {
		l.cancel()
	}
	defer l.stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed, l.mail = true, nil
}

// stop ends the coroutines.
func (l *loop) stop() {
	for _, op := range l.operations {
		op.stop()
	}
	l.operations = nil
}

// post hands a job to the session's goroutine; after close it is dropped.
func (l *loop) post(job func() error) {
	l.mu.Lock()
	if !l.closed {
		l.mail = append(l.mail, job)
	}
	l.mu.Unlock()
	select {
	case l.notify <- struct{}{}:
	default:
	}
}

func (l *loop) take() []func() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	mail := l.mail
	l.mail = nil
	return mail
}

// begin runs work, and then the job that it returns, while the session waits.
// It is refused when too much is under way.
func (s *Session) begin(f work) bool {
	l := s.events()
	if l.full(s.chain.host) {
		return false
	}
	l.pending++
	if s.chain.host.sim != nil {
		l.simulate(f)
		return true
	}
	l.queued = append(l.queued, f)
	return true
}

// launch runs what is queued, each on a goroutine of its own.
func (s *Session) launch() {
	l := s.loop
	if l == nil || len(l.queued) == 0 {
		return
	}
	l.open()
	for i, f := range l.queued {
		s.chain.host.tails.Go(func() { l.post(perform(l.ctx, f)) })
		l.queued[i] = nil
	}
	l.queued = l.queued[:0]
}

// perform runs work here; if it panics, that is its result.
func perform(ctx context.Context, f work) (job func() error) {
	if err := protect(func() error { job = f(ctx); return nil }); err != nil {
		return func() error { return err }
	}
	return job
}

// alone says whether one piece of work is all that the session waits for, so
// that it need not be able to do anything else meanwhile.
func (l *loop) alone() bool { return l.pending == 1 && len(l.queued) == 1 && len(l.timers) == 0 }

// perform runs the one piece of work that there is on the session's own
// goroutine: to have another do it and wait would cost more than most else.
func (s *Session) perform() error {
	l := s.loop
	f := l.queued[0]
	l.queued[0], l.queued = nil, l.queued[:0]
	job := perform(s.ctx, f)
	l.pending--
	if s.ctx.Err() != nil {
		return s.canceled(endedWaiting)
	}
	if !s.chain.host.now().Before(s.deadline) {
		return s.late(lateWaiting)
	}
	return s.enter(job)
}

// after runs a job once the time has come. Zero means that too much is under
// way.
func (s *Session) after(d time.Duration, run func() error) int64 {
	l := s.events()
	if l.full(s.chain.host) {
		return 0
	}
	return l.at(s.chain.host.now().Add(d), run)
}

// full says whether nothing more may be begun. Timers of coroutines go with
// what is pending.
func (l *loop) full(h *Host) bool {
	return l.pending+len(l.timers)-l.limiters >= h.limits.Operations
}

// at runs a job at a time, however much is under way.
func (l *loop) at(due time.Time, run func() error) int64 {
	l.lastID++
	t := &timer{id: l.lastID, due: due, run: run}
	i, _ := slices.BinarySearchFunc(l.timers, t, func(a, b *timer) int {
		if a.due.After(b.due) {
			return 1
		}
		return -1
	})
	l.timers = slices.Insert(l.timers, i, t)
	return t.id
}

func (l *loop) clear(id int64) {
	if l != nil {
		l.timers = slices.DeleteFunc(l.timers, func(t *timer) bool { return t.id == id })
	}
}

// step runs what is ready, or waits for it.
func (s *Session) step() error {
	l := s.loop
	if l == nil {
		return errNeverSettles
	}
	if mail := l.take(); len(mail) > 0 {
		l.pending -= len(mail)
		for _, job := range mail {
			if err := s.enter(job); err != nil {
				return err
			}
		}
		return nil
	}
	if len(l.questions) > 0 {
		job := l.questions[0]
		l.questions = l.questions[1:]
		return s.enter(job)
	}
	if len(l.outside) > 0 {
		job := l.outside[0]
		l.outside = l.outside[1:]
		return job()
	}
	if l.alone() {
		return s.perform()
	}
	s.launch()
	wake := s.deadline
	if len(l.timers) > 0 {
		if due := l.timers[0].due; !due.After(s.chain.host.now()) {
			run := l.timers[0].run
			l.timers = l.timers[1:]
			return s.enter(run)
		} else if due.Before(wake) {
			wake = due
		}
	} else if l.pending == 0 {
		return errNeverSettles
	}
	return s.wait(wake)
}

var errNeverSettles = &Error{Kind: KindNeverSettles, Message: "waits for a promise that nothing is left to settle"}

// wait sleeps until there is mail or the time has come. A runtime whose hook
// was given up is not used again.
func (s *Session) wait(wake time.Time) error {
	if s.chain.host.sim != nil {
		return s.jump(wake)
	}
	l := s.loop
	if l.clock == nil {
		l.clock = time.NewTimer(time.Until(wake))
	} else {
		l.clock.Reset(time.Until(wake))
	}
	defer l.clock.Stop()
	select {
	case <-l.notify:
		return nil
	case <-s.ctx.Done():
		return s.canceled(endedWaiting)
	case <-l.clock.C:
		if !s.chain.host.now().Before(s.deadline) {
			return s.late(lateWaiting)
		}
		return nil
	}
}

const (
	endedWaiting = "the exchange ended while the module waited"
	lateWaiting  = "waited past the deadline"
)

// late and canceled give a hook up, and its runtime.
func (s *Session) late(what string) error {
	s.broken = true
	return &Error{Kind: KindDeadline, Message: what, cause: context.DeadlineExceeded}
}

func (s *Session) canceled(what string) error {
	s.broken = true
	return &Error{Kind: KindCanceled, Message: what, cause: context.Cause(s.ctx)}
}

// sleep waits in the middle of JavaScript, the clock of the budget stopped.
func (s *Session) sleep(d time.Duration) error {
	s.pause()
	defer s.start()
	s.launch()
	if s.fired != disarmed {
		return errInterrupted
	}
	wake := s.chain.host.now().Add(d)
	if s.chain.host.sim != nil {
		return s.jump(wake)
	}
	late := wake.After(s.deadline)
	if late {
		wake = s.deadline
	}
	clock := time.NewTimer(time.Until(wake))
	defer clock.Stop()
	select {
	case <-s.ctx.Done():
		return s.canceled("the exchange ended while the module slept")
	case <-clock.C:
		if late {
			return s.late("slept past the deadline")
		}
		return nil
	}
}

// promiseOf gives the promise that v is or, when v is a thenable, stands for;
// nil for any other value.
func (rt *vmRuntime) promiseOf(v goja.Value) (*goja.Promise, error) {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil, nil
	}
	if p, ok := dynamic[*goja.Promise](o); ok {
		return p, nil
	}
	if _, ok := goja.AssertFunction(o.Get("then")); !ok {
		return nil, nil
	}
	rt.jobs = true
	v, err := rt.resolved(o)
	if err != nil {
		return nil, err
	}
	p, _ := v.Export().(*goja.Promise)
	return p, nil
}

// outcome is the value of a settled promise, or what it was rejected with.
func (rt *vmRuntime) outcome(p *goja.Promise) (goja.Value, error) {
	rt.forget(p)
	if p.State() == goja.PromiseStateFulfilled {
		return p.Result(), nil
	}
	return nil, rejection(p.Result())
}
