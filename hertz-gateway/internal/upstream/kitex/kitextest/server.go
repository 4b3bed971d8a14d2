package kitextest

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/server/genericserver"
)

// Handler answers a call with a result struct in Thrift binary, or with an error
// that Kitex's server understands.
type Handler func(ctx context.Context, method string, args []byte) ([]byte, error)

// GenericCall makes Handler a generic service; Kitex wants a pointer.
func (h *Handler) GenericCall(ctx context.Context, method string, request any) (any, error) {
	args, _ := request.([]byte)
	return (*h)(ctx, method, args)
}

// Server is a running Kitex server.
type Server struct {
	Addr string
	stop func()
}

// Stop stops it; it may be called twice.
func (s *Server) Stop() { s.stop() }

// Serve starts a server that takes every service and method, and stops it when
// the test ends. It registers nowhere.
func Serve(t testing.TB, addr string, h Handler) *Server {
	t.Helper()
	ln := Listen(t, addr)
	svr := genericserver.NewServer(&h, generic.BinaryThriftGenericV2("Any"),
		server.WithListener(ln),
		server.WithMetaHandler(transmeta.ServerTTHeaderHandler),
		server.WithExitWaitTime(10*time.Millisecond),
		server.WithExitSignal(func() <-chan error { return make(chan error) }),
	)
	err := genericserver.RegisterUnknownServiceOrMethodHandler(svr, &genericserver.UnknownServiceOrMethodHandler{
		DefaultHandler: func(ctx context.Context, _, method string, request any) (any, error) {
			return h.GenericCall(ctx, method, request)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var stopping atomic.Bool // closing a listener ends Run with an error
	go func() {
		defer close(done)
		if err := svr.Run(); err != nil && !stopping.Load() {
			t.Error("backend:", err)
		}
	}()
	s := &Server{Addr: ln.Addr().String()}
	s.stop = sync.OnceFunc(func() {
		stopping.Store(true)
		_ = svr.Stop() // it was never started if this fails, and Run said why
		<-done
	})
	t.Cleanup(s.stop)
	return s
}
