package kitex

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cloudwego/kitex/pkg/remote"
)

// pool keeps the long connections of one destination. Unlike Kitex's own it
// knows the call, so that dialling is bounded by its deadline; it never hands
// out a connection the peer has closed; and it can end those in use.
type pool struct {
	maxIdle     int
	idleTimeout time.Duration
	opened      func() // is told of each new connection

	closed atomic.Bool

	mu    sync.RWMutex
	peers map[string]*peer   // those with an open connection, by address
	conns map[*conn]struct{} // all that are open
}

var _ remote.ConnPool = (*pool)(nil)

// peer is the connections to one address.
type peer struct {
	address string
	open    int // how many there are; guarded by pool.mu

	mu   sync.Mutex
	idle []*conn // the youngest last
}

var (
	errPoolClosed = errors.New("client closed")
	errNoTime     = errors.New("no time left to connect")
)

// dialError is a connection that was not had; nothing was sent.
type dialError struct {
	cause error
	// theirs: the instance is to blame, not this process or the deadline.
	theirs bool
}

func (e *dialError) Error() string { return "connect: " + e.cause.Error() }
func (e *dialError) Unwrap() error { return e.cause }

func newPool(c *Config, opened func()) *pool {
	return &pool{
		opened:      opened,
		maxIdle:     c.MaxIdle,
		idleTimeout: c.IdleTimeout,
		peers:       map[string]*peer{},
		conns:       map[*conn]struct{}{},
	}
}

// Get returns an idle connection to the address, or dials.
func (p *pool) Get(ctx context.Context, network, address string, o remote.ConnOption) (net.Conn, error) {
	c := callOf(ctx)
	if p.closed.Load() {
		return nil, &dialError{cause: errPoolClosed}
	}
	for cn := p.peer(address).pop(); cn != nil; cn = cn.peer.pop() {
		if cn.Quiet() {
			return cn.usedBy(c), nil
		}
		_ = cn.Close()
	}
	cn, err := p.dial(c, network, address, o)
	if err != nil {
		return nil, err
	}
	return cn.usedBy(c), nil
}

func (p *pool) dial(c *call, network, address string, o remote.ConnOption) (*conn, error) {
	timeout, left := o.ConnectTimeout, c.left()
	if left <= 0 {
		return nil, &dialError{cause: errNoTime}
	}
	nc, err := o.Dialer.DialTimeout(network, address, min(timeout, left))
	switch {
	case err == nil:
	case left <= timeout && c.left() <= 0:
		return nil, &dialError{cause: errNoTime}
	default:
		return nil, &dialError{cause: err, theirs: !ours(err)}
	}
	cn, err := newConn(nc, p)
	if err != nil {
		return nil, &dialError{cause: errors.Join(err, nc.Close())}
	}
	p.mu.Lock()
	closed := p.closed.Load()
	if !closed {
		cn.peer = p.peers[address]
		if cn.peer == nil {
			cn.peer = &peer{address: address}
			p.peers[address] = cn.peer
		}
		cn.peer.open++
		p.conns[cn] = struct{}{}
		p.opened()
	}
	p.mu.Unlock()
	if closed {
		_ = cn.Close()
		return nil, &dialError{cause: errPoolClosed}
	}
	return cn, nil
}

// ours tells whether dialling failed for want of something on this machine.
func ours(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func (p *pool) peer(address string) *peer {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.peers[address]
}

// pop takes the youngest idle connection; nil: there is none.
func (pr *peer) pop() *conn {
	if pr == nil {
		return nil
	}
	pr.mu.Lock()
	defer pr.mu.Unlock()
	n := len(pr.idle)
	if n == 0 {
		return nil
	}
	c := pr.idle[n-1]
	pr.idle[n-1] = nil
	pr.idle = pr.idle[:n-1]
	return c
}

// Put takes a connection back after a call that succeeded.
func (p *pool) Put(nc net.Conn) error {
	c, ok := nc.(*conn)
	if !ok {
		return nc.Close()
	}
	c.peer.mu.Lock()
	full := len(c.peer.idle) >= p.maxIdle
	if !full {
		c.whole, c.call = false, nil
		c.peer.idle = append(c.peer.idle, c)
	}
	c.peer.mu.Unlock()
	if full {
		return c.Close()
	}
	if p.closed.Load() {
		p.closeIdle(c.peer)
	}
	return nil
}

// Discard closes a connection whose call failed, unless the failure was the
// whole and proper answer of the service.
func (p *pool) Discard(nc net.Conn) error {
	if c, ok := nc.(*conn); ok && c.whole {
		return p.Put(c)
	}
	return nc.Close()
}

// Close ends all connections; calls that use one fail.
func (p *pool) Close() error {
	p.mu.Lock() // dial looks at closed under it
	p.closed.Store(true)
	p.mu.Unlock()
	for _, pr := range p.allPeers() {
		p.closeIdle(pr)
	}
	for _, c := range p.open() {
		c.end()
	}
	return nil
}

func (p *pool) closeIdle(pr *peer) {
	for c := pr.pop(); c != nil; c = pr.pop() {
		_ = c.Close()
	}
}

func (p *pool) forget(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, open := p.conns[c]; !open {
		return
	}
	delete(p.conns, c)
	if c.peer.open--; c.peer.open == 0 {
		delete(p.peers, c.peer.address)
	}
}

func (p *pool) open() []*conn {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.Collect(maps.Keys(p.conns))
}

func (p *pool) allPeers() []*peer {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.Collect(maps.Values(p.peers))
}

// sweep closes idle connections that are too old, or ended by anyone.
func (p *pool) sweep(now time.Time) {
	for _, pr := range p.allPeers() {
		for _, c := range pr.takeStale(now.Add(-p.idleTimeout)) {
			_ = c.Close()
		}
	}
}

// empty tells whether no connection is open.
func (p *pool) empty() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.conns) == 0
}

// takeStale removes and returns the idle connections to be closed.
func (pr *peer) takeStale(before time.Time) []*conn {
	pr.mu.Lock()
	defer pr.mu.Unlock()
	var stale []*conn
	kept := pr.idle[:0]
	for _, c := range pr.idle {
		if c.since.Before(before) || !c.Quiet() {
			stale = append(stale, c)
		} else {
			kept = append(kept, c)
		}
	}
	clear(pr.idle[len(kept):])
	pr.idle = kept
	return stale
}
