package halfduplex

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// pair returns both ends of a connection.
func pair(t testing.TB) (*Conn, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close() })
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	c, err := New(near)
	if err != nil {
		t.Fatal(err)
	}
	return c, far.(*net.TCPConn)
}

// echo answers every read with what it got.
func echo(far net.Conn) {
	b := make([]byte, 1<<16)
	for {
		n, err := far.Read(b)
		if err != nil {
			return
		}
		if _, err := far.Write(b[:n]); err != nil {
			return
		}
	}
}

// TestTurns has many answers come as fast as they can: none goes unnoticed.
func TestTurns(t *testing.T) {
	c, far := pair(t)
	go echo(far)
	if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	in := make([]byte, 64)
	for i := range 20_000 {
		out := bytes.Repeat([]byte{byte(i)}, 1+i%64)
		wrote, n, err := c.WriteRead(out, in)
		if err != nil || wrote != len(out) || !bytes.Equal(in[:n], out) {
			t.Fatalf("turn %d: %d written, %q, %v", i, wrote, in[:n], err)
		}
	}
}

func TestEnds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		serve func(c *Conn, far *net.TCPConn)
		want  error
	}{
		{"closed", func(_ *Conn, far *net.TCPConn) {
			_, _ = far.Read(make([]byte, 1))
			_ = far.CloseWrite()
		}, io.EOF},
		{"reset", func(_ *Conn, far *net.TCPConn) {
			_, _ = far.Read(make([]byte, 1))
			_ = far.SetLinger(0)
			_ = far.Close()
		}, syscall.ECONNRESET},
		{"deadline", func(c *Conn, far *net.TCPConn) {
			_, _ = far.Read(make([]byte, 1))
			_ = c.SetReadDeadline(time.Unix(1, 0))
		}, os.ErrDeadlineExceeded},
		{"closed here", func(c *Conn, far *net.TCPConn) {
			_, _ = far.Read(make([]byte, 1))
			_ = c.Close()
		}, net.ErrClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, far := pair(t)
			go tt.serve(c, far)
			wrote, n, err := c.WriteRead([]byte("x"), make([]byte, 1))
			if wrote != 1 || n != 0 || !errors.Is(err, tt.want) {
				t.Errorf("%d written, %d read, %v; want %v", wrote, n, err, tt.want)
			}
		})
	}
	t.Run("before it is written", func(t *testing.T) {
		c, _ := pair(t)
		if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		if wrote, _, err := c.WriteRead([]byte("x"), make([]byte, 1)); wrote != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d written, %v", wrote, err)
		}
	})
}

func TestBlocked(t *testing.T) {
	c, far := pair(t)
	out := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	wrote, n, err := c.WriteRead(out, make([]byte, 1))
	if wrote == 0 || wrote == len(out) || n != 0 || !errors.Is(err, ErrBlocked) {
		t.Fatalf("%d written, %d read, %v", wrote, n, err)
	}
	got := make(chan []byte)
	go func() {
		b := make([]byte, len(out))
		_, _ = io.ReadFull(far, b)
		got <- b
	}()
	if _, err := c.Write(out[wrote:]); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(<-got, out) {
		t.Error("something else arrived")
	}
}

func TestQuiet(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(far *net.TCPConn) error
	}{
		{"bytes", func(far *net.TCPConn) error { _, err := far.Write([]byte("x")); return err }},
		{"closed", func(far *net.TCPConn) error { return far.Close() }},
		{"reset", func(far *net.TCPConn) error { return errors.Join(far.SetLinger(0), far.Close()) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, far := pair(t)
			if !c.Quiet() {
				t.Error("not quiet to begin with")
			}
			if err := tt.end(far); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(10 * time.Second); c.Quiet(); runtime.Gosched() {
				if time.Now().After(end) {
					t.Fatal("still quiet")
				}
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	near, far := net.Pipe()
	defer func() { _, _ = near.Close(), far.Close() }()
	if _, err := New(near); err == nil {
		t.Error("a pipe was taken")
	}
}
