package jsmodule

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Chain is the modules of a route in written order, with a pool of runtimes
// that have loaded them. Runtimes are never shared between chains, so neither
// between namespaces. All methods may be called concurrently.
type Chain struct {
	host      *Host
	namespace string
	plan      *plan
	has       [hookCount]bool
	// fresh is set when every session gets a new runtime.
	fresh bool

	mu     sync.Mutex
	idle   []*vmRuntime // last in, first out: the warmest first
	closed bool
	// used counts the runtimes in use, waiting the sessions that wait for one.
	// Who gives one up while somebody waits, passes its place on through slots.
	used, waiting int
	slots         chan struct{}
	// peak is the most runtimes that were in use at once since the last trim,
	// before the same between the two trims before. trimming is set while a
	// trim is due.
	peak, before int
	trimming     bool
}

// NewChain makes a chain and loads it into a first runtime. The error is an
// *Error when a module fails to load.
func (h *Host) NewChain(namespace string, programs ...*Program) (*Chain, error) {
	c := &Chain{host: h, namespace: namespace, plan: planOf(programs), slots: make(chan struct{}, h.limits.Runtimes)}
	for _, p := range programs {
		c.fresh = c.fresh || p.isolation == IsolationRequest
		for hook, ok := range p.hooks {
			c.has[hook] = c.has[hook] || ok
		}
	}
	rt, err := newRuntime(h, namespace, c.plan)
	if err != nil {
		return nil, err
	}
	if c.fresh {
		rt.discard()
	} else {
		c.idle = append(c.idle, rt)
	}
	return c, nil
}

// Has says whether a module of the chain exports the hook.
func (c *Chain) Has(h Hook) bool { return c.has[h] }

// Programs are the modules in written order. The slice is not to be changed.
func (c *Chain) Programs() []*Program { return c.plan.programs }

// Close drops the idle runtimes, and those in use when their sessions end.
// Sessions may still begin; they pay for a runtime of their own.
func (c *Chain) Close() {
	c.mu.Lock()
	idle := c.idle
	c.idle, c.closed = nil, true
	c.mu.Unlock()
	for _, rt := range idle {
		rt.discard()
	}
}

// Begin opens the session of one exchange. It takes no runtime before a hook
// runs. ctx ends waiting, along with the deadline.
func (c *Chain) Begin(ctx context.Context, call *Call) *Session {
	s := new(Session)
	c.BeginIn(ctx, s, call)
	return s
}

// BeginIn is Begin in memory of the caller's, which may be that of a session
// that was closed before.
func (c *Chain) BeginIn(ctx context.Context, s *Session, call *Call) {
	*s = Session{chain: c, ctx: ctx, call: call}
}

// acquire takes an idle runtime, or makes one, or waits for one.
func (c *Chain) acquire(ctx context.Context, deadline time.Time) (*vmRuntime, error) {
	rt, ok := c.takeIdle()
	if !ok {
		if err := c.waitForSlot(ctx, deadline); err != nil {
			return nil, err
		}
		rt = c.popIdle()
	}
	if rt != nil {
		return rt, nil
	}
	rt, err := newRuntime(c.host, c.namespace, c.plan)
	if err != nil {
		c.freeSlot()
		return nil, err
	}
	return rt, nil
}

// takeIdle takes a slot, and the runtime to go with it unless there is none. It
// is false when no slot is free: the caller counts as waiting then.
func (c *Chain) takeIdle() (*vmRuntime, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used >= c.host.limits.Runtimes {
		c.waiting++
		return nil, false
	}
	c.used++
	c.peak = max(c.peak, c.used)
	return c.popIdleLocked(), true
}

func (c *Chain) popIdle() *vmRuntime {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.popIdleLocked()
}

func (c *Chain) popIdleLocked() *vmRuntime {
	last := len(c.idle) - 1
	if last < 0 {
		return nil
	}
	rt := c.idle[last]
	c.idle[last] = nil
	c.idle = c.idle[:last]
	return rt
}

func (c *Chain) waitForSlot(ctx context.Context, deadline time.Time) error {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	var err *Error
	select {
	case <-c.slots:
		return nil
	case <-ctx.Done():
		err = &Error{Module: c.name(), Kind: KindCanceled, Message: "gave up waiting for a runtime", cause: context.Cause(ctx)}
	case <-timer.C:
		err = &Error{Module: c.name(), Kind: KindBusy, Message: "all runtimes are in use"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.slots: // it came at the last moment
		c.freeSlotLocked()
	default:
		c.waiting--
	}
	return err
}

// freeSlotLocked gives a slot up.
func (c *Chain) freeSlotLocked() {
	if c.waiting == 0 {
		c.used--
		return
	}
	c.waiting--
	c.slots <- struct{}{}
}

func (c *Chain) name() string {
	if len(c.plan.programs) == 0 {
		return ""
	}
	return c.plan.programs[0].name
}

// maxServed is after how many sessions a runtime makes room for a new one, so
// that what modules forget to forget does not grow without end.
const maxServed = 5000

// release takes a runtime back that is fit for another session.
func (c *Chain) release(rt *vmRuntime) {
	c.mu.Lock()
	rt.served++
	keep := !c.fresh && !c.closed && rt.served < maxServed && len(c.idle)+c.used <= c.wantedLocked()
	if keep {
		c.idle = append(c.idle, rt)
		c.trimLaterLocked()
	}
	c.freeSlotLocked()
	c.mu.Unlock()
	if !keep {
		rt.discard()
	}
}

// wantedLocked is how many runtimes are kept, in use or idle: as many as load
// has lately needed, since making one costs as much as many calls.
func (c *Chain) wantedLocked() int { return max(c.host.limits.Idle, c.peak, c.before) }

// trimEvery is how long a runtime stays, more or less, that nobody needs.
const trimEvery = 30 * time.Second

func (c *Chain) trimLaterLocked() {
	if !c.trimming && len(c.idle) > c.host.limits.Idle {
		c.trimming = true
		time.AfterFunc(trimEvery, c.trim)
	}
}

// trim drops the idle runtimes that were not needed since the last trim but one.
func (c *Chain) trim() {
	c.mu.Lock()
	c.before, c.peak = c.peak, c.used
	excess := min(max(0, len(c.idle)+c.used-c.wantedLocked()), len(c.idle))
	gone := slices.Clone(c.idle[:excess]) // the coldest
	c.idle = slices.Delete(c.idle, 0, excess)
	c.trimming = false
	c.trimLaterLocked()
	c.mu.Unlock()
	for _, rt := range gone {
		rt.discard()
	}
}

// throwAway takes a runtime back that is not.
func (c *Chain) throwAway(rt *vmRuntime) {
	rt.discard()
	c.freeSlot()
}

func (c *Chain) freeSlot() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.freeSlotLocked()
}
