package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/cloudwego/hertz/pkg/network/standard"
	"github.com/cloudwego/hertz/pkg/protocol"
	"github.com/cloudwego/hertz/pkg/protocol/http1"
	"github.com/cloudwego/hertz/pkg/protocol/suite"

	"dgate/hertz-gateway/internal/message"
)

// Handler answers one request. It is called on the connection's goroutine, must
// not keep what it is given, and does not panic.
type Handler interface {
	Serve(ctx context.Context, req *message.Request, resp *message.Response)
}

// Config of a Server. The zero value of a limit means its default.
type Config struct {
	// Addr to listen on, "host:port".
	Addr string
	// Flag is the name of the flag that sets Addr, for the error of a taken port.
	Flag string
	// MaxHeader bounds the head of a request in bytes; default 64 KiB.
	MaxHeader int
	// ReadTimeout closes a connection that is idle for so long, and bounds the
	// time from the first byte of a request (of a connection, for its first) to
	// the last; default 60 s.
	ReadTimeout time.Duration
	// WriteTimeout bounds the time in which a client takes nothing of an
	// answer; default 30 s.
	WriteTimeout time.Duration
	// TLS encrypts the connections; nil: plain text.
	TLS *tls.Config
	// Log takes what goes wrong with connections; nil drops it.
	Log *slog.Logger
}

// Server is one HTTP listener. Routing is not its business: every request,
// whatever its method and path, goes to the one handler.
type Server struct {
	engine   *server.Hertz
	listener *listener
	handler  Handler
	draining atomic.Bool
}

// New binds the address; a port that is taken is an error of one line that
// names the port and the flag.
func New(cfg Config, h Handler) (*Server, error) {
	ln, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("%s is taken by another process; choose another address with %s", cfg.Addr, cfg.Flag)
		}
		return nil, fmt.Errorf("cannot listen on %s (%s): %w", cfg.Addr, cfg.Flag, err)
	}
	read := orDefault(cfg.ReadTimeout, 60*time.Second)
	log := orDefault(cfg.Log, slog.New(slog.DiscardHandler))
	s := &Server{listener: newListener(ln, read, orDefault(cfg.WriteTimeout, 30*time.Second), cfg.TLS, log), handler: h}
	s.engine = server.New(
		server.WithListener(s.listener),
		server.WithTransport(standard.NewTransporter),
		server.WithReadTimeout(read),
		server.WithDisablePrintRoute(true),
		server.WithOnAccept(func(c net.Conn) context.Context {
			return context.WithValue(context.Background(), connKey{}, c)
		}),
	)
	s.engine.AddProtocol(suite.HTTP1, &protocolFactory{server: s, option: http1.Option{
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true,
		NoDefaultContentType:         true,
		NoDefaultServerHeader:        true,
		MaxRequestBodySize:           8 << 10, // what is read ahead of the handler; limits are the handler's
		MaxHeaderBytes:               orDefault(cfg.MaxHeader, 64<<10),
		IdleTimeout:                  read,
		ReadTimeout:                  read,
	}})
	return s, nil
}

// Addr is the bound address.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Serve accepts until Shutdown; it returns nil then.
func (s *Server) Serve() error { return s.engine.Run() }

// Drain makes every further answer close its connection, so that clients move
// away while requests are still accepted.
func (s *Server) Drain() { s.draining.Store(true) }

// Open is the number of open connections.
func (s *Server) Open() int { return s.listener.open() }

// Shutdown stops accepting, closes idle connections, waits for requests under
// way until ctx ends, then closes what is left.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	s.listener.stop()
	// Hertz would wait for idle connections too: it gets no time, and the
	// waiting is done here.
	expired, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.engine.Shutdown(expired); err != nil && !errors.Is(err, context.Canceled) {
		_ = s.listener.Close()
	}
	for _, c := range s.listener.list() {
		c.closeIdle()
	}
	select {
	case <-s.listener.empty:
		return nil
	case <-ctx.Done():
		left := s.listener.list()
		for _, c := range left {
			_ = c.Conn.Close()
		}
		return fmt.Errorf("%d connections were cut: %w", len(left), ctx.Err())
	}
}

// Close ends the listener and every connection at once.
func (s *Server) Close() {
	s.listener.stop()
	_ = s.listener.Close() // closing twice is an error nobody needs
	for _, c := range s.listener.list() {
		_ = c.Conn.Close()
	}
}

// SetLogOutput takes what Hertz prints on its own, for the whole process.
func SetLogOutput(w io.Writer) { hlog.SetOutput(w) }

type connKey struct{}

// protocolFactory puts our handler where Hertz's router would be called.
type protocolFactory struct {
	server *Server
	option http1.Option
}

var _ suite.ServerFactory = (*protocolFactory)(nil)

// New is called by Hertz when the engine starts.
func (f *protocolFactory) New(core suite.Core) (protocol.Server, error) {
	srv := http1.NewServer()
	srv.Option = f.option
	srv.Core = &dispatch{Core: core, server: f.server}
	return srv, nil
}

// dispatch is Hertz's engine with another ServeHTTP.
type dispatch struct {
	suite.Core
	server *Server
}

func (d *dispatch) ServeHTTP(ctx context.Context, c *app.RequestContext) {
	m := messages.Get().(*pair)
	m.req.Reset(c)
	m.resp.Reset(c)
	conn, ours := ctx.Value(connKey{}).(*conn)
	if ours && conn.owner.tls != nil {
		m.req.TLS, m.req.Peer = true, conn.peer()
	}
	d.server.handler.Serve(ctx, &m.req, &m.resp)
	if m.req.BodyUnread() {
		c.SetConnectionClose()
	}
	m.req.Release()
	m.resp.Release()
	messages.Put(m)
	if d.server.draining.Load() {
		c.SetConnectionClose()
	}
	if ours {
		conn.state.CompareAndSwap(busy, answered)
		if !c.Response.IsBodyStream() && !c.Response.MustSkipBody() && !c.Request.Header.IsHead() {
			conn.expectBody(len(c.Response.BodyBytes()))
		}
	}
}

// pair is what one request needs; pooled.
type pair struct {
	req  message.Request
	resp message.Response
}

var messages = sync.Pool{New: func() any { return new(pair) }}

// IsRunning keeps connections alive while draining: closing is announced by
// dispatch itself.
func (d *dispatch) IsRunning() bool { return true }

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
