// Package storetest has what tests of etcd clients share.
package storetest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Cutter is a TCP proxy that can be cut: what is open closes, and what is
// opened closes at once.
type Cutter struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

// NewCutter starts a proxy for target, "host:port", that ends with the test.
func NewCutter(t *testing.T, target string) *Cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cutter{listener: l, target: target, conns: map[net.Conn]bool{}}
	c.wg.Go(c.serve)
	t.Cleanup(func() {
		_ = l.Close()
		c.Cut(true)
		c.wg.Wait()
	})
	return c
}

// Endpoint is the address of the proxy.
func (c *Cutter) Endpoint() string { return c.listener.Addr().String() }

func (c *Cutter) serve() {
	for {
		in, err := c.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", c.target)
		if err != nil {
			_ = in.Close()
			continue
		}
		if !c.add(in, out) {
			continue
		}
		pipe := func(dst, src net.Conn) {
			_, _ = io.Copy(dst, src)
			_, _ = dst.Close(), src.Close()
		}
		c.wg.Go(func() { pipe(out, in) })
		c.wg.Go(func() { pipe(in, out) })
	}
}

func (c *Cutter) add(conns ...net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range conns {
		if c.cut {
			_ = conn.Close()
		} else {
			c.conns[conn] = true
		}
	}
	return !c.cut
}

// Cut cuts, or heals with false.
func (c *Cutter) Cut(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
	if cut {
		for conn := range c.conns {
			_ = conn.Close()
		}
		clear(c.conns)
	}
}
