package kitextest

import (
	"net"
	"sync"
	"syscall"
	"testing"

	"github.com/cloudwego/netpoll"
)

// Listen binds addr ("127.0.0.1:0") for a Kitex server that other tests of the
// same process outlive: closing netpoll's own listener closes its descriptor
// twice, and by the second time the number may be somebody else's.
func Listen(t testing.TB, addr string) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := netpoll.ConvertListener(ln)
	if err != nil {
		t.Fatal(err)
	}
	return &listener{Listener: inner, tcp: ln}
}

type listener struct {
	netpoll.Listener
	tcp  net.Listener
	once sync.Once
}

// Close ends listening. The duplicate descriptor that netpoll polls is left to
// the finalizer of its os.File, which closes it once.
func (l *listener) Close() (err error) {
	l.once.Do(func() {
		err = syscall.Shutdown(l.Fd(), syscall.SHUT_RDWR)
		if cerr := l.tcp.Close(); err == nil {
			err = cerr
		}
	})
	return err
}
