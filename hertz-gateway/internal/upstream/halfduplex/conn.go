package halfduplex

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// ErrBlocked tells that a connection does not take all at once.
var ErrBlocked = errors.New("the connection takes no more for now")

// Conn is a connection of the operating system.
type Conn struct {
	net.Conn

	raw  syscall.RawConn
	fd   int
	step func(fd uintptr) (done bool) // c.turn, made once

	// Of the WriteRead under way.
	out, in     []byte
	wrote, read int
	err         error
}

// New returns a Conn on nc, which is one of package net's.
func New(nc net.Conn) (*Conn, error) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("%T is not a connection of the operating system", nc)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &Conn{Conn: nc, raw: raw}
	c.step = c.turn
	return c, raw.Control(func(fd uintptr) { c.fd = int(fd) })
}

// WriteRead writes out, which must not be empty, then waits for an answer and
// reads what there is of it into in. The read deadline bounds the waiting.
// Nothing may arrive before out has been written, as with pipelining it may:
// that would not be noticed until more does.
//
// When the connection does not take all of out at once, WriteRead returns
// ErrBlocked: the rest is to be written with Write. wrote counts what has been
// written, whatever the error.
func (c *Conn) WriteRead(out, in []byte) (wrote, read int, err error) {
	c.out, c.in = out, in
	c.wrote, c.read, c.err = 0, 0, nil
	if err = c.raw.Read(c.step); err == nil {
		err = c.err
	}
	c.out, c.in = nil, nil
	return c.wrote, c.read, err
}

// Quiet tells whether the connection is open and nothing has arrived on it. It
// must not be called while the connection may be closed.
func (c *Conn) Quiet() bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(c.fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return errors.Is(err, syscall.EAGAIN)
}

// turn does what can be done without waiting; it returns false to be called
// again when there is something to read. The runtime forgets what it knew of
// the connection before the first call, and watches from then on: so the write
// belongs here, where it cannot be answered unnoticed, and reading need not be
// tried before it is worth while.
func (c *Conn) turn(uintptr) (done bool) {
	if c.wrote < len(c.out) {
		return c.write()
	}
	for {
		n, err := syscall.Read(c.fd, c.in)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return false
		case err != nil:
			c.err = os.NewSyscallError("read", err)
		case n == 0:
			c.err = io.EOF
		default:
			c.read = n
		}
		return true
	}
}

func (c *Conn) write() (done bool) {
	n, err := syscall.Write(c.fd, c.out)
	for errors.Is(err, syscall.EINTR) {
		n, err = syscall.Write(c.fd, c.out)
	}
	c.wrote = max(n, 0)
	switch {
	case errors.Is(err, syscall.EAGAIN), err == nil && n < len(c.out):
		c.err = ErrBlocked
	case err != nil:
		c.err = os.NewSyscallError("write", err)
	}
	return c.err != nil
}
