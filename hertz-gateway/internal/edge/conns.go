package edge

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
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

	readUntil, writeUntil time.Time // the deadlines that are set

	// body is the length of the body that the next writes will bring; its head
	// is held back to go out with it, in one system call.
	body int
	head []byte
	vec  net.Buffers
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

// Write gives up on a client that takes nothing for a while.
func (c *conn) Write(p []byte) (int, error) {
	if c.body > 0 && len(p) != c.body {
		c.head = append(c.head[:0], p...)
		return len(p), nil
	}
	if err := c.SetWriteDeadline(time.Now().Add(c.owner.writeTimeout)); err != nil {
		return 0, err
	}
	if c.body == 0 {
		return c.Conn.Write(p)
	}
	c.body = 0
	c.vec = append(c.vec[:0], c.head, p)
	vec := c.vec // WriteTo consumes what it is given
	n, err := vec.WriteTo(c.Conn)
	clear(c.vec)
	return max(0, int(n)-len(c.head)), err
}

// splitBody is the size from which Hertz writes a body apart from its head.
const splitBody = 4096

// expectBody announces the answer that is about to be written.
func (c *conn) expectBody(length int) {
	if length >= splitBody {
		c.body = length
	}
}

// peer is the common name of the client's certificate; empty without one.
func (c *conn) peer() string {
	t, ok := c.Conn.(*tls.Conn)
	if !ok {
		return ""
	}
	if chain := t.ConnectionState().PeerCertificates; len(chain) > 0 {
		return chain[0].Subject.CommonName
	}
	return ""
}

// slack is the part of a timeout by which a deadline may come early.
const slack = 16

// SetReadDeadline moves the deadline only if it would move far: each move is
// a change of the runtime's timers, and a busy connection asks for several with
// every request.
func (c *conn) SetReadDeadline(t time.Time) error {
	if later := t.Sub(c.readUntil); later >= 0 && later < c.owner.readTimeout/slack {
		return nil
	}
	c.readUntil = t
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline does as SetReadDeadline does.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if later := t.Sub(c.writeUntil); later >= 0 && later < c.owner.writeTimeout/slack {
		return nil
	}
	c.writeUntil = t
	return c.Conn.SetWriteDeadline(t)
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
	readTimeout, writeTimeout time.Duration
	tls                       *tls.Config // nil: plain text
	log                       *slog.Logger

	mu       sync.Mutex
	conns    map[*conn]struct{}
	empty    chan struct{} // closed when there is no connection left after stop
	stopping atomic.Bool
}

func newListener(ln net.Listener, read, write time.Duration, tls *tls.Config, log *slog.Logger) *listener {
	return &listener{
		Listener: ln, readTimeout: read, writeTimeout: write, tls: tls, log: log,
		conns: map[*conn]struct{}{}, empty: make(chan struct{}),
	}
}

// Accept fails only when the listener is closed: a process that is out of
// descriptors for a moment goes on serving when it has some again.
func (l *listener) Accept() (net.Conn, error) {
	for pause := time.Duration(0); ; {
		raw, err := l.Listener.Accept()
		if err == nil {
			if c := l.add(raw); c != nil {
				return c, nil
			}
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		l.log.Warn("no connection could be accepted", "error", err, "next_try", pause)
		time.Sleep(pause)
	}
}

// add takes a connection into the set; nil: it is of no use.
func (l *listener) add(raw net.Conn) *conn {
	if l.tls != nil {
		raw = tls.Server(raw, l.tls) // the first read shakes hands, under its deadline
	}
	// Hertz sets a deadline for every request but the first.
	c := &conn{Conn: raw, owner: l}
	if err := c.SetReadDeadline(time.Now().Add(l.readTimeout)); err != nil {
		_ = raw.Close()
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping.Load() {
		_ = raw.Close()
		return nil
	}
	l.conns[c] = struct{}{}
	return c
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
