package kitex

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"dgate/hertz-gateway/internal/upstream/halfduplex"
)

// conn is a connection, in use by one call or idle.
type conn struct {
	*halfduplex.Conn
	pool  *pool
	peer  *peer
	since time.Time // when the last call began; guarded by peer.mu while idle
	// whole: the call failed, but its answer was read to the end.
	whole bool

	call  *call     // that uses the connection
	until time.Time // the read deadline that is set

	buf    *buffer // what is written, then what is read; nil between calls
	unsent []byte  // the part of buf that is to be written
	got    int     // how much of buf has been read
}

var (
	errStale    = errors.New("connection closed by the peer before the request was sent")
	errTooLate  = errors.New("deadline passed before the request was sent")
	errDeadline = errors.New("deadline passed")
)

// newConn takes over nc.
func newConn(nc net.Conn, p *pool) (*conn, error) {
	hd, err := halfduplex.New(nc)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: hd, pool: p}, nil
}

// Close frees the connection. Only the call that uses it may close it, or the
// pool while it is idle.
func (c *conn) Close() error {
	c.pool.forget(c)
	return c.Conn.Close()
}

// end makes a connection that a call uses fail; the call closes it.
func (c *conn) end() {
	if t, ok := c.Conn.Conn.(interface {
		CloseRead() error
		CloseWrite() error
	}); ok {
		_ = t.CloseWrite() // fails on a connection that has ended already
		_ = t.CloseRead()
	}
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

// send writes what is in buf and args behind it.
func (c *conn) send(args []byte) error {
	if err := c.SetWriteDeadline(c.call.deadline); err != nil {
		return err
	}
	parts := net.Buffers{c.unsent}
	if len(args) > 0 {
		parts = append(parts, args)
	}
	c.unsent = nil
	n, err := parts.WriteTo(c.Conn.Conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errDeadline
	}
	return c.wrote(int(n), err)
}

// wrote notes that n bytes have left, and says what an error of writing means.
func (c *conn) wrote(n int, err error) error {
	c.call.sent = c.call.sent || n > 0
	if !c.call.sent && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)) {
		return errStale
	}
	return err
}

// fill makes buf begin with n bytes of the answer, after the request has been
// written as far as it has not. What was read before stays, at another place.
func (c *conn) fill(n int) error {
	for now := c.since; c.got < n; now = time.Now() {
		if err := c.setReadDeadline(now); err != nil {
			return err
		}
		m, err := c.more(n)
		c.got += m
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			if !time.Now().Before(c.call.deadline) {
				return errDeadline
			}
			c.until = time.Time{} // that was the deadline of an earlier call
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		default:
			return err
		}
	}
	return nil
}

// more writes what is left of the request, and reads some of an answer that is
// to have n bytes.
func (c *conn) more(n int) (int, error) {
	if len(c.unsent) == 0 {
		var free []byte
		c.buf, free = c.buf.room(c.got, n)
		return c.Read(free)
	}
	wrote, read, err := c.WriteRead(c.unsent, c.buf.b)
	c.unsent = c.unsent[wrote:]
	if err = c.wrote(wrote, err); errors.Is(err, halfduplex.ErrBlocked) {
		return 0, c.send(nil)
	}
	return read, err
}

// setReadDeadline sees to it that reading ends at the deadline of the call, or
// before, to be resumed: each change is one of the runtime's timers, so what an
// earlier call has set is used as long as it leaves half of the time.
func (c *conn) setReadDeadline(now time.Time) error {
	deadline := c.call.deadline
	if slack := deadline.Sub(c.until); slack >= 0 && !c.until.IsZero() && slack < deadline.Sub(now)/2 {
		return nil
	}
	c.until = deadline
	return c.SetReadDeadline(deadline)
}
