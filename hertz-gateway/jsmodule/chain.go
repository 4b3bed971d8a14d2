package jsmodule

import (
	"context"
	"sync"
	"time"
)

// Chain is the modules of a route in written order, with a pool of runtimes
// that have loaded them. Runtimes are never shared between chains, so neither
// between namespaces. All methods may be called concurrently.
type Chain struct {
	host      *Host
	namespace string
	programs  []*Program
	has       [hookCount]bool
	// fresh is set when every session gets a new runtime.
	fresh bool

	// slots holds a token for every runtime in use.
	slots chan struct{}

	mu     sync.Mutex
	idle   []*vmRuntime // last in, first out: the warmest first
	closed bool
}

// NewChain makes a chain and loads it into a first runtime. The error is an
// *Error when a module fails to load.
func (h *Host) NewChain(namespace string, programs ...*Program) (*Chain, error) {
	c := &Chain{host: h, namespace: namespace, programs: programs, slots: make(chan struct{}, h.limits.Runtimes)}
	for _, p := range programs {
		c.fresh = c.fresh || p.isolation == IsolationRequest
		for hook, ok := range p.hooks {
			c.has[hook] = c.has[hook] || ok
		}
	}
	rt, err := newRuntime(h, namespace, programs)
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
func (c *Chain) Programs() []*Program { return c.programs }

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
	return &Session{chain: c, ctx: ctx, call: call}
}

// acquire takes an idle runtime, or makes one, or waits for one.
func (c *Chain) acquire(ctx context.Context, deadline time.Time) (*vmRuntime, error) {
	select {
	case c.slots <- struct{}{}:
	default:
		if err := c.waitForSlot(ctx, deadline); err != nil {
			return nil, err
		}
	}
	if rt := c.takeIdle(); rt != nil {
		return rt, nil
	}
	rt, err := newRuntime(c.host, c.namespace, c.programs)
	if err != nil {
		<-c.slots
		return nil, err
	}
	return rt, nil
}

func (c *Chain) takeIdle() *vmRuntime {
	c.mu.Lock()
	defer c.mu.Unlock()
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
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &Error{Module: c.name(), Kind: KindCanceled, Message: "gave up waiting for a runtime", cause: context.Cause(ctx)}
	case <-timer.C:
		return &Error{Module: c.name(), Kind: KindBusy, Message: "all runtimes are in use"}
	}
}

func (c *Chain) name() string {
	if len(c.programs) == 0 {
		return ""
	}
	return c.programs[0].name
}

// maxServed is after how many sessions a runtime makes room for a new one, so
// that what modules forget to forget does not grow without end.
const maxServed = 5000

// release takes a runtime back that is fit for another session.
func (c *Chain) release(rt *vmRuntime) {
	c.mu.Lock()
	rt.served++
	keep := !c.fresh && !c.closed && rt.served < maxServed && len(c.idle) < c.host.limits.Idle
	if keep {
		c.idle = append(c.idle, rt)
	}
	c.mu.Unlock()
	if !keep {
		rt.discard()
	}
	<-c.slots
}

// throwAway takes a runtime back that is not.
func (c *Chain) throwAway(rt *vmRuntime) {
	rt.discard()
	<-c.slots
}
