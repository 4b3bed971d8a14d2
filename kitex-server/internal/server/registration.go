package server

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"time"

	"github.com/cloudwego/kitex/pkg/registry"
	etcdregistry "github.com/kitex-contrib/registry-etcd"
	"github.com/kitex-contrib/registry-etcd/retry"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// registryPrefix is where registry-etcd keeps instances unless told otherwise.
const registryPrefix = "kitex/registry-etcd"

// watchInterval is how often the registration looks for its key.
const watchInterval = time.Second

// registration keeps one instance in the registry.
//
// registry-etcd v0.2.6 writes and removes the key. Its own watch over the key is
// put to sleep: it looks every 30 s only, gives up for good after five failures,
// may write the key again right after it was removed, and holds on to memory
// with each look. keep does that work.
type registration struct {
	registry registry.Registry
	info     *registry.Info
	etcd     *clientv3.Client
	key      string
}

// register puts the instance into the registry. It fails when etcd does not
// answer within 3 s.
func register(c Config, etcd *clientv3.Client, listening net.Addr) (*registration, error) {
	silent := func(cfg *etcdregistry.Config) { cfg.EtcdConfig.Logger = zap.NewNop() }
	asleep := retry.NewRetryConfig(retry.WithObserveDelay(math.MaxInt64))
	r, err := etcdregistry.NewEtcdRegistryWithRetry(c.Etcd, asleep, silent, etcdregistry.WithDialTimeoutOpt(operationTimeout))
	if err != nil {
		return nil, err
	}
	addr, err := advertised(listening)
	if err != nil {
		return nil, err
	}
	// The address as it is: registry-etcd writes IPv6 without brackets, and
	// takes host and port from the environment.
	etcdregistry.SetFixedAddress(r, addr)
	g := &registration{
		registry: r,
		info:     &registry.Info{ServiceName: c.Service, Addr: addr, Weight: c.Weight, Tags: c.Tags},
		etcd:     etcd,
		key:      fmt.Sprintf("%s/%s/%s", registryPrefix, c.Service, addr),
	}
	return g, r.Register(g.info)
}

// keep registers the instance again when its key is gone or no longer kept
// alive (etcd came back empty, or was away for longer than the lease lasts),
// until ctx is done. A key that somebody else has rewritten is left alone.
func (g *registration) keep(ctx context.Context) {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	away := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		alive, err := g.alive(ctx)
		if err == nil && !alive {
			// Each time this leaves one sleeping goroutine of the former
			// registration behind; the way around it, to deregister first,
			// would make the instance vanish for a moment.
			err = g.registry.Register(g.info)
			if err == nil {
				slog.Warn("registered again: the registration had been lost", "key", g.key)
			}
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !away:
			slog.Warn("the registry does not answer; the instance goes on serving", "error", err)
		case err == nil && away:
			slog.Info("the registry answers again")
		}
		away = err != nil
	}
}

// alive tells whether the key is there and its lease is being renewed. The
// client renews when a third of the time has passed.
func (g *registration) alive(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	got, err := g.etcd.Get(ctx, g.key)
	if err != nil {
		return false, err
	}
	if len(got.Kvs) == 0 {
		return false, nil
	}
	if got.Kvs[0].Lease == 0 {
		return true, nil // written by hand
	}
	lease, err := g.etcd.TimeToLive(ctx, clientv3.LeaseID(got.Kvs[0].Lease))
	if err != nil {
		return false, err
	}
	return lease.TTL > lease.GrantedTTL/3, nil
}

// remove takes the instance out of the registry. keep must have returned.
func (g *registration) remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), operationTimeout)
	defer cancel()
	// First the key itself: registry-etcd may compute another one than it wrote.
	if _, err := g.etcd.Delete(ctx, g.key); err != nil {
		return err
	}
	return g.registry.Deregister(g.info)
}

// advertised returns the address that callers are told. For a listener on all
// addresses that is the first of this machine that is not loopback.
func advertised(listening net.Addr) (net.Addr, error) {
	tcp, ok := listening.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return listening, nil
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && ip.IP.To4() != nil {
			return &net.TCPAddr{IP: ip.IP, Port: tcp.Port}, nil
		}
	}
	return nil, fmt.Errorf("no address of this machine to advertise for %s; name one with --listen", listening)
}
