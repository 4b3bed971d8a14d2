package gateway

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/admin"
	"dgate/hertz-gateway/internal/control"
	"dgate/hertz-gateway/internal/edge"
	"dgate/hertz-gateway/internal/fetch"
	"dgate/hertz-gateway/internal/proxy"
	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/telemetry"
	"dgate/hertz-gateway/internal/upstream/discovery"
	"dgate/hertz-gateway/internal/upstream/kitex"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/schema"
)

const (
	// finishWithin bounds the wait for requests under way when stopping.
	finishWithin = 30 * time.Second
	// syncWithin is how long a start waits for the registry before it serves
	// with whatever is known; readyz tells.
	syncWithin = 2 * time.Second
)

// Gateway is one running gateway. Make it with New, then call Run once.
type Gateway struct {
	cfg Config
	log *slog.Logger
	// tail keeps the last lines of log.
	tail      *telemetry.Tail
	id        string
	started   time.Time
	embedded  *store.Embedded // nil with a cluster
	store     *store.Store
	control   *control.Control
	documents *store.Documents
	// schemas of collections and certificates of domains, as they are needed.
	schemas      derived[*schema.Schema]
	certificates derived[*tls.Certificate]
	keyring      *store.Keyring // nil: secrets are refused
	// announce tells the cluster that the status of this gateway has changed.
	announce  func()
	resolver  *discovery.Resolver
	instances *instanceFile
	// seeded: the instances of an earlier run are known.
	seeded   bool
	secrets  *fileSecrets
	metrics  *telemetry.Metrics
	shared   *resources
	current  snapshot.Current
	loop     *reconciler
	proxy    *proxy.Handler
	data     *edge.Server
	dataTLS  *edge.Server // nil: no TLS
	admin    *edge.Server
	serving  atomic.Bool // since the listener of the data plane accepts
	draining atomic.Bool
	// refused are what is wrong with the resources of the configuration.
	refused atomic.Pointer[[]api.Diagnostic]
	// closers undo what New has started, last first.
	closers []func()
}

// New binds the listeners, starts or finds etcd, reads the IDLs and builds the
// first snapshot. An error is one line for people. Everything started is
// stopped again by Run, or by Close if Run is never called.
func New(ctx context.Context, cfg Config, log *slog.Logger) (_ *Gateway, err error) {
	tail := telemetry.NewTail()
	log = slog.New(tail.Handler(log.Handler()))
	g := &Gateway{cfg: cfg, log: log, tail: tail, id: newID(), started: time.Now()}
	defer func() {
		if err != nil {
			g.Close()
		}
	}()
	g.metrics = telemetry.NewMetrics(api.Version())
	g.proxy = &proxy.Handler{Current: &g.current, Log: log, Metrics: g.metrics, MaxBody: cfg.MaxBody, Tracer: new(proxy.Tracer)}
	g.data, err = edge.New(edge.Config{Addr: cfg.Listen, Flag: "--listen", Log: log}, g.proxy)
	if err != nil {
		return nil, err
	}
	g.onClose(func() { g.data.Close() })
	if cfg.TLSListen != "" {
		g.dataTLS, err = edge.New(edge.Config{Addr: cfg.TLSListen, Flag: "--tls-listen", TLS: g.dataTLSConfig(), Log: log}, g.proxy)
		if err != nil {
			return nil, err
		}
		g.onClose(func() { g.dataTLS.Close() })
	}
	handler, err := admin.New(g, admin.Options{Credentials: cfg.AdminAuth, Hosts: cfg.AdminHosts}, log)
	if err != nil {
		return nil, fmt.Errorf("admin.auth: %w", err)
	}
	encrypted, err := adminTLS(&cfg)
	if err != nil {
		return nil, err
	}
	g.admin, err = edge.New(edge.Config{Addr: cfg.AdminListen, Flag: "--admin-listen", TLS: encrypted, Log: log}, handler)
	if err != nil {
		return nil, err
	}
	g.onClose(func() { g.admin.Close() })
	if err := g.connect(ctx); err != nil {
		return nil, err
	}
	g.loop = newReconciler(g)
	change := control.Config{Store: g.store, Check: g.loop.check}
	if g.keyring != nil {
		change.Seal = g.keyring
	}
	g.control = control.New(change)
	if err := g.loop.reconcile(); err != nil {
		return nil, err
	}
	if g.announce, err = g.store.Announce(g.id, g.announcement); err != nil {
		return nil, err
	}
	return g, nil
}

// connect starts the embedded etcd if need be, all that talks to etcd and to
// services, and the host of the modules.
func (g *Gateway) connect(ctx context.Context) (err error) {
	endpoints := g.cfg.EtcdEndpoints
	if len(endpoints) == 0 {
		g.embedded, err = store.StartEmbedded(ctx, store.EmbeddedConfig{
			Dir: filepath.Join(g.cfg.Data, "etcd"), Listen: g.cfg.EtcdListen, Logger: g.log,
		})
		if err != nil {
			return err
		}
		g.onClose(g.embedded.Close)
		endpoints = []string{g.embedded.Endpoint()}
	}
	client, err := store.NewClient(store.ClientConfig{Endpoints: endpoints, Logger: g.log})
	if err != nil {
		return err
	}
	g.onClose(func() { _ = client.Close() }) // it only reports that the context ended
	state, err := store.NewClient(store.ClientConfig{Endpoints: endpoints, Prefix: g.cfg.EtcdPrefix, Logger: g.log})
	if err != nil {
		return err
	}
	g.onClose(func() { _ = state.Close() })
	lastGood := filepath.Join(g.cfg.Data, "state")
	g.store, err = store.Open(ctx, store.Config{
		Client: state, Decode: control.Decode, StateDir: lastGood, WatchOnly: g.cfg.WatchOnly, Logger: g.log,
	})
	if err != nil {
		return err
	}
	g.onClose(g.store.Close)
	g.documents = g.store.Documents(g.checkDocument)
	if g.keyring, err = openKeyring(&g.cfg); err != nil {
		return err
	}
	g.instances = openInstances(lastGood, g.log)
	g.seeded = g.instances.known != nil
	g.resolver, err = discovery.New(discovery.Config{
		Client: client, Prefix: g.cfg.RegistryPrefix, Seed: g.instances.known, Logger: g.log,
	})
	if err != nil {
		return err
	}
	factory, err := kitex.New(kitex.Config{Resolver: g.resolver, Logger: g.log})
	if err != nil {
		return err
	}
	g.onClose(func() { _ = factory.Close() }) // every client has been closed before
	g.secrets, err = openSecrets(g.cfg.Secrets, g.log)
	if err != nil {
		return err
	}
	fetcher := fetch.New()
	g.onClose(fetcher.Close)
	host, err := jsmodule.NewHost(jsmodule.Config{
		Logger: g.log, Version: api.Version(), DefaultPermissions: g.cfg.ModulePermissions,
		Caller:    &proxy.Caller{Current: &g.current, Metrics: g.metrics},
		Fetcher:   fetcher,
		Metrics:   g.metrics.Modules,
		Secrets:   secrets{g, g.secrets},
		Documents: documents{g},
	})
	if err != nil {
		return err
	}
	g.onClose(host.Close)
	g.shared = newResources(factory.Open, host, g.log)
	return nil
}

// Run serves until ctx ends or something it cannot do without has failed, then
// stops in order: readyz says no, clients move away, listeners close, requests
// under way finish.
func (g *Gateway) Run(ctx context.Context) error {
	defer g.Close()
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	failed := make(chan error, 4)
	work.Go(func() {
		if err := g.resolver.Run(inner); err != nil && !errors.Is(err, context.Canceled) {
			failed <- fmt.Errorf("discovery: %w", err)
		}
	})
	work.Go(func() { g.instances.run(inner, g.resolver) })
	work.Go(func() { g.loop.run(inner) })
	work.Go(func() { g.loop.follow(inner) })
	if g.cfg.Modules != "" {
		work.Go(func() { newDirWatch(g.cfg.Modules, g.log, g.loop.modulesChanged).Run(inner) })
	}
	if g.cfg.Secrets != "" {
		work.Go(func() { newDirWatch(g.cfg.Secrets, g.log, g.secrets.reload).Run(inner) })
	}
	work.Go(func() { g.watchEtcd(inner) })
	work.Go(func() { g.declare(inner) })
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	work.Go(func() { g.reread(inner, hangups) })
	work.Go(func() { newDirWatch(g.cfg.IDL, g.log, g.loop.idlChanged).Run(inner) })
	work.Go(func() { failed <- g.admin.Serve() })
	g.awaitInstances(ctx)
	g.serving.Store(true)
	work.Go(func() { failed <- g.data.Serve() })
	if g.dataTLS != nil {
		work.Go(func() { failed <- g.dataTLS.Serve() })
		g.log.Info("serving TLS", "listen", g.dataTLS.Addr())
	}
	g.log.Info("ready", "listen", g.data.Addr(), "admin", g.admin.Addr(), "etcd", strings.Join(g.endpoints(), ","), "id", g.id)

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	g.stop()
	cancel()
	work.Wait()
	return err
}

// awaitInstances waits a while for the registry, unless there is no use in it:
// etcd is known to be away and the instances last seen are on disk.
func (g *Gateway) awaitInstances(ctx context.Context) {
	if g.seeded && !g.store.Status().Connected {
		g.log.Warn("etcd is away; serving with the last good state and the instances last seen", "revision", g.store.Current().Revision())
		return
	}
	select {
	case <-g.resolver.Synced():
	case <-time.After(syncWithin):
		g.log.Warn("the registry does not answer yet; serving with the instances last seen", "endpoints", strings.Join(g.endpoints(), ","))
	case <-ctx.Done():
	}
}

// stop lets clients move away, then finishes what is under way.
func (g *Gateway) stop() {
	g.draining.Store(true)
	servers := map[string]*edge.Server{"data": g.data, "admin": g.admin}
	g.data.Drain()
	if g.dataTLS != nil {
		g.dataTLS.Drain()
		servers["TLS"] = g.dataTLS
	}
	g.log.Info("stopping", "drain", g.cfg.Drain)
	time.Sleep(g.cfg.Drain)
	g.tail.Close() // who follows the log would hold up the admin listener
	ctx, cancel := context.WithTimeout(context.Background(), finishWithin)
	defer cancel()
	for name, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			g.log.Warn("stopping a listener", "listener", name, "error", err)
		}
	}
}

// Close stops what New has started and Run has not. It is called by Run.
func (g *Gateway) Close() {
	if g.loop != nil {
		g.loop.close()
	}
	for i := len(g.closers) - 1; i >= 0; i-- {
		g.closers[i]()
	}
	g.closers = nil
}

func (g *Gateway) onClose(f func()) { g.closers = append(g.closers, f) }

// Logs are the last lines of the log.
func (g *Gateway) Logs() *telemetry.Tail { return g.tail }

// Addr is the bound address of the data plane.
func (g *Gateway) Addr() string { return g.data.Addr() }

// AdminAddr is the bound address of the admin API.
func (g *Gateway) AdminAddr() string { return g.admin.Addr() }

func (g *Gateway) endpoints() []string {
	if g.embedded != nil {
		return []string{g.embedded.Endpoint()}
	}
	return g.cfg.EtcdEndpoints
}

// watchEtcd tells when the embedded etcd fails. What is known goes on serving.
func (g *Gateway) watchEtcd(ctx context.Context) {
	if g.embedded == nil {
		return
	}
	select {
	case <-ctx.Done():
	case err := <-g.embedded.Err():
		g.log.Error("the embedded etcd has ended; what is known goes on serving", "error", err)
	}
}

// reread has IDLs and modules read again at every hangup signal.
func (g *Gateway) reread(ctx context.Context, hangups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
			g.log.Info("reading IDLs and modules again", "signal", "SIGHUP")
			g.loop.modulesChanged()
			g.loop.idlChanged()
		}
	}
}

func newID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "gateway"
	}
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails
	return host + "-" + hex.EncodeToString(b[:])
}
