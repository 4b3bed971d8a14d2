package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	kitexserver "github.com/cloudwego/kitex/server"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"dgate/kitex-server/internal/book"
	"dgate/kitex-server/kitex_gen/book/booksvc"
)

const (
	// operationTimeout bounds dialling etcd and single requests to it.
	operationTimeout = 3 * time.Second
	// exitTimeout bounds the wait for calls in flight at the end.
	exitTimeout = 10 * time.Second
)

// Run serves and is registered until ctx is done. Then it leaves the registry,
// takes calls for the drain time, stops accepting, and returns when the calls
// in flight have ended. An error before the line "ready" means that it could
// not start.
func Run(ctx context.Context, c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	etcd, err := clientv3.New(clientv3.Config{Endpoints: c.Etcd, DialTimeout: operationTimeout, Logger: zap.NewNop()})
	if err != nil {
		return fmt.Errorf("etcd at %s: %w", strings.Join(c.Etcd, ", "), err)
	}
	defer func() { _ = etcd.Close() }() // it only reports that it is closed
	books, err := book.Open(ctx, etcd, c.Service)
	if err != nil {
		if ctx.Err() != nil {
			return nil // stopped before it started
		}
		return fmt.Errorf("etcd at %s does not serve; start it, or name another with --etcd: %w", strings.Join(c.Etcd, ", "), err)
	}

	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", c.Listen, err)
	}
	serving := serve(c, listener, &handler{books: books})
	reg, err := register(c, etcd, listener.Addr())
	if err != nil {
		if serr := serving.stop(); serr != nil {
			slog.Warn("stop after a failed registration", "error", serr)
		}
		return fmt.Errorf("register %q in etcd at %s: %w", c.Service, strings.Join(c.Etcd, ", "), err)
	}
	slog.Info("ready", "address", reg.info.Addr.String(), "service", c.Service, "weight", c.Weight, "tags", c.Tags)

	keeping, stopKeeping := context.WithCancel(context.Background())
	var keeper sync.WaitGroup
	keeper.Go(func() { reg.keep(keeping) })

	var failed error
	select {
	case <-ctx.Done():
	case <-serving.done:
		failed = errors.New("the server ended by itself")
	}
	slog.Info("stopping")
	stopKeeping()
	keeper.Wait()
	if err := reg.remove(); err != nil {
		slog.Warn("the instance could not be taken out of the registry; it stays there until its lease ends", "error", err)
	}
	if failed == nil {
		time.Sleep(c.Drain)
	}
	if err := errors.Join(failed, serving.stop()); err != nil {
		return err
	}
	slog.Info("stopped")
	return nil
}

// running is a Kitex server that serves.
type running struct {
	server kitexserver.Server
	done   chan struct{} // closed when Run has returned
	err    error         // of Run; to be read when done is closed
}

// serve starts to answer calls that come in on the listener.
func serve(c Config, listener net.Listener, h *handler) *running {
	never := make(chan error)
	r := &running{done: make(chan struct{})}
	r.server = booksvc.NewServer(h,
		kitexserver.WithListener(listener),
		kitexserver.WithServerBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: c.Service}),
		// Business errors travel in the header of TTHeader.
		kitexserver.WithMetaHandler(transmeta.ServerTTHeaderHandler),
		kitexserver.WithMiddleware(faults(c.Latency, c.ErrorRate)),
		kitexserver.WithExitWaitTime(exitTimeout),
		// Signals are the business of main.
		kitexserver.WithExitSignal(func() <-chan error { return never }),
	)
	go func() {
		defer close(r.done)
		r.err = r.server.Run()
	}()
	return r
}

// stop closes the listener and waits for the calls in flight, for exitTimeout
// at most.
func (r *running) stop() error {
	err := r.server.Stop()
	select {
	case <-r.done:
		return errors.Join(err, r.err)
	case <-time.After(exitTimeout):
		return errors.Join(err, errors.New("the server does not end"))
	}
}
