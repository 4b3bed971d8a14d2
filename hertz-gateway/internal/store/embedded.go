package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
)

// Ticks of the embedded server: it has no peers, so an election needs no
// patience. With these it is ready in about 0.1 s, with the defaults in 0.6 s;
// shorter ones cost an idle gateway more than all else that it does.
const (
	tickMillis     = 25
	electionMillis = 250

	readyTimeout = 30 * time.Second
	probeTimeout = time.Second
	// brokenCloseTimeout bounds Close of a server that gave up.
	brokenCloseTimeout = 3 * time.Second
	startAttempts      = 3
	// Every version of the state is a key of its own, so nobody reads old
	// revisions of a key; watchers that were away longer list again.
	compactionHorizon = "1h"
)

// EmbeddedConfig says where the embedded etcd lives.
type EmbeddedConfig struct {
	// Dir holds its data, made if need be. One process at a time.
	Dir string
	// Listen is the address for clients; port 0 takes a free one.
	Listen string
	// Logger gets the server's errors as warnings and its warnings at debug;
	// nil drops them.
	Logger *slog.Logger
}

// Embedded is a running single-member etcd.
type Embedded struct {
	etcd     *embed.Etcd
	lock     *os.File
	tap      *logTap
	endpoint string
	close    sync.Once
}

// StartEmbedded starts an etcd and returns when it serves. The directory may
// be new, or left by an earlier run however that ended. Errors are one line,
// and name the flag to change where one would help.
func StartEmbedded(ctx context.Context, c EmbeddedConfig) (*Embedded, error) {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return nil, fmt.Errorf("--etcd-listen %q is not host:port: %w", c.Listen, err)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the directory of the embedded etcd (--data): %w", err)
	}
	lock, err := lockDir(c.Dir)
	if err != nil {
		return nil, err
	}
	e, err := startLocked(ctx, c)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	e.lock = lock
	return e, nil
}

// startLocked starts the server; the caller holds the directory's lock.
func startLocked(ctx context.Context, c EmbeddedConfig) (*Embedded, error) {
	for attempt := 1; ; attempt++ {
		listen, err := reserve(c.Listen)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, portTaken(ctx, c.Listen)
		}
		if err != nil {
			return nil, fmt.Errorf("--etcd-listen %s: %w", c.Listen, err)
		}
		peer, err := reserve("127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("embedded etcd: a port for its peer listener: %w", err)
		}
		e := &Embedded{tap: newLogTap(), endpoint: listen}
		if e.etcd, err = start(config(c, e.tap, listen, peer), e.tap); err == nil {
			err = e.ready(ctx)
		}
		switch {
		case err == nil:
			return e, nil
		case errors.Is(err, syscall.EADDRINUSE) && attempt < startAttempts:
			// Somebody took a free port between reserve and listening.
		default:
			return nil, fmt.Errorf("embedded etcd in %s: %w", c.Dir, err)
		}
	}
}

func config(c EmbeddedConfig, tap *logTap, listen, peer string) *embed.Config {
	cfg := embed.NewConfig()
	cfg.Name = "dgate"
	cfg.Dir = filepath.Join(c.Dir, "etcd")
	cfg.ListenClientUrls = []url.URL{{Scheme: "http", Host: listen}}
	cfg.AdvertiseClientUrls = cfg.ListenClientUrls
	cfg.ListenPeerUrls = []url.URL{{Scheme: "http", Host: peer}}
	cfg.AdvertisePeerUrls = cfg.ListenPeerUrls
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.TickMs, cfg.ElectionMs = tickMillis, electionMillis
	cfg.EnableGRPCGateway = false
	cfg.AutoCompactionMode, cfg.AutoCompactionRetention = embed.CompactorModePeriodic, compactionHorizon
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(newZap(c.Logger, tap))
	return cfg
}

// ready waits until the server serves, and shuts it down if it does not.
func (e *Embedded) ready(ctx context.Context) error {
	timer := time.NewTimer(readyTimeout)
	defer timer.Stop()
	var err error
	select {
	case <-e.etcd.Server.ReadyNotify():
		return nil
	case <-e.etcd.Server.StopNotify():
		err = errors.New("stopped while starting")
	case <-e.tap.failed:
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = fmt.Errorf("not ready after %v", readyTimeout)
	}
	if why := e.tap.err(); why != nil {
		err = why
	}
	e.shutdown()
	return err
}

// start runs embed.StartEtcd where what etcd calls fatal ends a goroutine
// instead of the process (newZap). Where the others wait for that one without
// end they are left behind: the directory is damaged, and the process about to
// say so and stop.
func start(cfg *embed.Config, tap *logTap) (*embed.Etcd, error) {
	type result struct {
		etcd *embed.Etcd
		err  error
	}
	done := make(chan result, 1)
	go func() {
		r := result{err: errors.New("gave up")}
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("%v", p)
			}
			done <- r
		}()
		r.etcd, r.err = embed.StartEtcd(cfg)
	}()
	select {
	case r := <-done:
		if why := tap.err(); r.err != nil && why != nil {
			return nil, why
		}
		return r.etcd, r.err
	case <-tap.failed:
		return nil, tap.err()
	}
}

// Endpoint is the address for clients, "host:port".
func (e *Embedded) Endpoint() string { return e.endpoint }

// Err delivers the error of a server that failed while running.
func (e *Embedded) Err() <-chan error { return e.etcd.Err() }

// Close stops the server and frees its port and directory. Close clients
// first; it is safe to call again.
func (e *Embedded) Close() {
	e.close.Do(func() {
		e.shutdown()
		_ = e.lock.Close()
	})
}

func (e *Embedded) shutdown() {
	// A stopping etcd logs stack traces about its own listeners.
	e.tap.silent.Store(true)
	if e.tap.err() == nil {
		e.etcd.Close()
		return
	}
	// One of its goroutines ended where it stood, maybe with a lock held.
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.etcd.Close()
	}()
	select {
	case <-done:
	case <-time.After(brokenCloseTimeout):
	}
}

// reserve finds out that addr can be listened on, and which port 0 becomes.
func reserve(addr string) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// portTaken explains why addr cannot be listened on.
func portTaken(ctx context.Context, addr string) error {
	msg := fmt.Sprintf("port of %s is already in use: choose another with --etcd-listen", addr)
	if answersAsEtcd(ctx, addr) {
		msg += fmt.Sprintf(", or use the etcd that answers there: --etcd-endpoints %s", addr)
	}
	return errors.New(msg)
}

func answersAsEtcd(ctx context.Context, addr string) bool {
	client, err := NewClient(ClientConfig{Endpoints: []string{addr}})
	if err != nil {
		return false
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var status *clientv3.StatusResponse
	status, err = client.Status(ctx, addr)
	return err == nil && status.Version != ""
}
