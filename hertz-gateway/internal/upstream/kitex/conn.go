package kitex

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// conn is a connection, in use by one call or idle.
//
// Requests and answers alternate on it, which saves system calls: a request is
// written after the runtime's poller has been told to watch for the answer, so
// that nothing has to try whether one is there already.
type conn struct {
	net.Conn
	pool  *pool
	peer  *peer
	since time.Time // idle since; guarded by peer.mu
	// whole: the call failed, but its answer was read to the end.
	whole bool

	raw      syscall.RawConn
	fd       int // valid as long as only the user of the connection closes it
	transfer func(fd uintptr) bool
	call     *call     // that uses the connection
	until    time.Time // the read deadline that is set

	buf     *buffer // what is written, then what is read; nil between calls
	unsent  []byte  // the part of buf that is to be written
	got     int     // how much of buf has been read
	want    int     // how much of it there must be
	outcome error   // of the last transfer
}

var (
	errStale    = errors.New("connection closed by the peer before the request was sent")
	errTooLate  = errors.New("deadline passed before the request was sent")
	errDeadline = errors.New("deadline passed")
	// errBlocked is a request that the connection does not take at once.
	errBlocked = errors.New("the connection takes no more for now")
)

// newConn takes over nc.
func newConn(nc net.Conn, p *pool, pr *peer) (*conn, error) {
	c := &conn{Conn: nc, pool: p, peer: pr}
	c.transfer = c.step
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil, errors.New("not a connection of the operating system")
	}
	var err error
	if c.raw, err = sc.SyscallConn(); err != nil {
		return nil, err
	}
	return c, c.raw.Control(func(fd uintptr) { c.fd = int(fd) })
}

// Close frees the connection. Only the call that uses it may close it, or the
// pool while it is idle.
func (c *conn) Close() error {
	c.pool.forget(c)
	return c.Conn.Close()
}

// end makes a connection that a call uses fail; the call closes it.
func (c *conn) end() {
	if t, ok := c.Conn.(interface {
		CloseRead() error
		CloseWrite() error
	}); ok {
		_ = t.CloseWrite() // fails on a connection that has ended already
		_ = t.CloseRead()
	}
}

// usable tells whether an idle connection can carry a request. Nothing watches
// idle connections, so the kernel is asked whether the peer has closed this
// one; bytes that nobody asked for disqualify too.
func (c *conn) usable() bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(c.fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return errors.Is(err, syscall.EAGAIN)
}

// usedBy gives the connection to a call.
func (c *conn) usedBy(cl *call) *conn {
	c.call = cl
	return c
}

func (c *conn) releaseBuffer() {
	if c.buf != nil {
		c.buf.release()
		c.buf, c.unsent = nil, nil
	}
}

// send writes the whole request, its args behind what is in buf.
func (c *conn) send(args []byte) error {
	if err := c.Conn.SetWriteDeadline(c.call.deadline); err != nil {
		return err
	}
	parts := net.Buffers{c.unsent}
	if len(args) > 0 {
		parts = append(parts, args)
	}
	c.unsent = nil
	n, err := parts.WriteTo(c.Conn)
	c.call.sent = c.call.sent || n > 0
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errDeadline
	case !c.call.sent && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)):
		return errStale
	default:
		return err
	}
}

// fill makes buf begin with n bytes of the answer, after the request has been
// written as far as it has not. What was read before stays, at another place.
func (c *conn) fill(n int) error {
	c.want = n
	for len(c.unsent) > 0 || c.got < n {
		if err := c.setReadDeadline(); err != nil {
			return err
		}
		c.outcome = nil
		err := c.raw.Read(c.transfer)
		if err == nil {
			err = c.outcome
		}
		switch {
		case err == nil:
		case errors.Is(err, errBlocked):
			if err := c.send(nil); err != nil {
				return err
			}
		case errors.Is(err, os.ErrDeadlineExceeded):
			if !time.Now().Before(c.call.deadline) {
				return errDeadline
			}
			c.until = time.Time{} // that was the deadline of an earlier call
		default:
			return err
		}
	}
	return nil
}

// setReadDeadline sees to it that reading ends at the deadline of the call, or
// before, to be resumed: each change is one of the runtime's timers, so what an
// earlier call has set is used as long as it leaves half of the time.
func (c *conn) setReadDeadline() error {
	deadline := c.call.deadline
	if slack := deadline.Sub(c.until); slack >= 0 && !c.until.IsZero() && slack < time.Until(deadline)/2 {
		return nil
	}
	c.until = deadline
	return c.Conn.SetReadDeadline(deadline)
}

// step does what can be done without waiting: it writes the request, or reads
// what has arrived. It returns false to be called again when there is more to
// read; the runtime has begun to watch for that before the first call.
func (c *conn) step(uintptr) bool {
	if len(c.unsent) > 0 {
		return c.write()
	}
	return c.read()
}

func (c *conn) write() (done bool) {
	n, err := syscall.Write(c.fd, c.unsent)
	for errors.Is(err, syscall.EINTR) {
		n, err = syscall.Write(c.fd, c.unsent)
	}
	if n > 0 {
		c.call.sent = true
		c.unsent = c.unsent[n:]
	}
	switch {
	case err == nil && len(c.unsent) == 0:
		return false
	case err == nil || errors.Is(err, syscall.EAGAIN):
		c.outcome = errBlocked
	case !c.call.sent && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)):
		c.outcome = errStale
	default:
		c.outcome = os.NewSyscallError("write", err)
	}
	return true
}

func (c *conn) read() (done bool) {
	for {
		var free []byte
		c.buf, free = c.buf.room(c.got, c.want)
		n, err := syscall.Read(c.fd, free)
		switch {
		case err == nil && n > 0:
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return false
		case err != nil:
			c.outcome = os.NewSyscallError("read", err)
			return true
		default:
			c.outcome = io.ErrUnexpectedEOF
			return true
		}
		c.got += n
		if c.got >= c.want {
			return true
		}
		if n < len(free) {
			return false // that was all; what comes now is another event
		}
	}
}
