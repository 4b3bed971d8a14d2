package edge

import (
	"net"
	"sync"
	"sync/atomic"
)

// The states of a connection. It is idle until the first byte of a request has
// arrived, answered when its handler has returned, and idle again when the next
// read begins: by then the answer is written.
const (
	idle int32 = iota
	busy
	answered
	closed
)

// conn knows whether a request is under way on it, so that a stop can close
// idle connections at once and wait for the others.
type conn struct {
	net.Conn
	state atomic.Int32
	owner *listener
}

func (c *conn) Read(p []byte) (int, error) {
	if c.state.CompareAndSwap(answered, idle) && c.owner.stopping.Load() {
		c.closeIdle()
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(p)
	if n > 0 && !c.state.CompareAndSwap(idle, busy) && c.state.Load() == closed {
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *conn) Close() error {
	c.owner.remove(c)
	return c.Conn.Close()
}

// closeIdle closes the connection unless a request is under way.
func (c *conn) closeIdle() {
	if c.state.CompareAndSwap(idle, closed) {
		_ = c.Conn.Close()
	}
}

// listener keeps the set of its open connections.
type listener struct {
	net.Listener
	mu       sync.Mutex
	conns    map[*conn]struct{}
	empty    chan struct{} // closed when there is no connection left after stop
	stopping atomic.Bool
}

func newListener(ln net.Listener) *listener {
	return &listener{Listener: ln, conns: map[*conn]struct{}{}, empty: make(chan struct{})}
}

func (l *listener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, owner: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping.Load() {
		_ = raw.Close()
		return nil, net.ErrClosed
	}
	l.conns[c] = struct{}{}
	return c, nil
}

func (l *listener) remove(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	l.signalLocked()
}

func (l *listener) signalLocked() {
	if l.stopping.Load() && len(l.conns) == 0 {
		select {
		case <-l.empty:
		default:
			close(l.empty)
		}
	}
}

// open is the number of connections.
func (l *listener) open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// list copies the set, so that closing does not hold the lock.
func (l *listener) list() []*conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]*conn, 0, len(l.conns))
	for c := range l.conns {
		out = append(out, c)
	}
	return out
}

// stop makes empty close as soon as the last connection has gone.
func (l *listener) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopping.Store(true)
	l.signalLocked()
}
