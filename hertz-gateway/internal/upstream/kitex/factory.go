package kitex

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/client/genericclient"
	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/loadbalance"
	"github.com/cloudwego/kitex/pkg/remote"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/serviceinfo"

	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/internal/upstream/discovery"
)

const (
	// sweepEvery is how often idle connections are looked through.
	sweepEvery = time.Second
)

// Factory makes clients. Safe for concurrent use.
type Factory struct {
	c    Config
	stop context.CancelFunc
	done sync.WaitGroup
	// opened holds a token when a connection has been opened since sweep looked.
	opened chan struct{}

	mu     sync.Mutex
	closed bool
	dests  map[destKey]*destination
}

type destKey struct {
	name      string
	transport upstream.Transport
	// idl is the service and its digest where Kitex converts messages.
	idl string
}

// destination is what the clients of one destination and transport share.
type destination struct {
	key       destKey
	instances *discovery.Destination
	pool      *pool
	kitex     genericclient.Client
	timeout   time.Duration
	downFor   time.Duration
	closed    atomic.Bool
	users     int // guarded by Factory.mu

	weighted   loadbalance.Loadbalancer
	live       atomic.Pointer[live]
	rebuilding sync.Mutex
}

// New returns a factory; Close it when done.
func New(c Config) (*Factory, error) {
	if err := c.defaults(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	f := &Factory{c: c, stop: stop, opened: make(chan struct{}, 1), dests: map[destKey]*destination{}}
	f.done.Go(func() { f.sweep(ctx) })
	return f, nil
}

// Open returns a client. It dials nothing. Clients of the same destination and
// transport share their connections whatever their Thrift service; each is to
// be closed.
func (f *Factory) Open(spec upstream.Spec) (upstream.Client, error) {
	if spec.Destination == "" || spec.Service == "" {
		return nil, errors.New("kitex: a client needs a destination and a service")
	}
	key := destKey{name: spec.Destination, transport: spec.Settings.Transport}
	switch key.transport {
	case "":
		key.transport = upstream.TransportTTHeader
	case upstream.TransportTTHeader, upstream.TransportFramed:
	default:
		return nil, fmt.Errorf("kitex: transport %q is neither ttheader nor framed", key.transport)
	}
	h := &handle{factory: f, service: spec.Service}
	var err error
	switch spec.Settings.Codec {
	case "", upstream.CodecDGate:
		h.dest, err = f.acquire(key, binaryGeneric(spec.Service))
	case upstream.CodecKitexJSON:
		err = f.openJSON(h, key, spec)
	default:
		err = fmt.Errorf("codec %q is neither dgate nor kitex-json", spec.Settings.Codec)
	}
	if err != nil {
		return nil, fmt.Errorf("kitex: client of %s: %w", spec.Destination, err)
	}
	return h, nil
}

func (f *Factory) openJSON(h *handle, key destKey, spec upstream.Spec) error {
	g, err := jsonGeneric(spec.IDL)
	if err != nil {
		return err
	}
	if h.json, err = jsonMethods(spec.IDL); err != nil {
		return errors.Join(err, g.Close())
	}
	if h.dest, err = f.acquire(key, binaryGeneric(spec.Service)); err != nil {
		return errors.Join(err, g.Close())
	}
	key.idl = spec.Service + " " + spec.IDL.Digest
	if h.jsonDest, err = f.acquire(key, g); err != nil {
		return errors.Join(err, f.release(h.dest))
	}
	f.c.Logger.Warn("codec kitex-json trusts the backend: an answer can cost many times its size in memory; use the codec dgate where that matters",
		"service", spec.Service)
	return nil
}

// binaryGeneric is Kitex's binary generic for a service.
func binaryGeneric(service string) generic.Generic {
	return onewayAware{generic.BinaryThriftGenericV2(service)}
}

// acquire returns the destination of key and counts one more user; g, which
// becomes its own, is closed if there is one already.
func (f *Factory) acquire(key destKey, g generic.Generic) (*destination, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errors.Join(errors.New("the factory is closed"), g.Close())
	}
	d := f.dests[key]
	if d == nil {
		var err error
		if d, err = f.connect(key, g); err != nil {
			return nil, errors.Join(err, g.Close())
		}
		f.dests[key] = d
	} else if err := g.Close(); err != nil {
		return nil, err
	}
	d.users++
	return d, nil
}

func (f *Factory) connect(key destKey, g generic.Generic) (*destination, error) {
	d := &destination{
		key:       key,
		instances: f.c.Resolver.Destination(key.name),
		pool:      newPool(&f.c, f.connectionOpened),
		timeout:   f.c.Timeout,
		downFor:   f.c.DownFor,
		weighted:  loadbalance.NewWeightedBalancer(),
	}
	var err error
	d.kitex, err = genericclient.NewClient(key.name, g,
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: f.c.ClientName, Tags: map[string]string{}}),
		client.WithTransportProtocol(protocol(key.transport)),
		client.WithConnectTimeout(f.c.ConnectTimeout),
		client.WithResolver(resolver{}),
		client.WithLoadBalancer(balancer{}, balancerOptions()),
		client.WithConnPool(d.pool),
		client.WithDialer(remote.NewDefaultDialer()),
		client.WithTransHandlerFactory(&transHandler{transport: key.transport, maxFrame: f.c.MaxFrame, json: key.idl != ""}),
		client.WithMetaHandler(headerInfo{}),
		client.WithErrorHandler(plainError),
	)
	return d, err
}

// release gives up one use of d; the last one closes it.
func (f *Factory) release(d *destination) error {
	f.mu.Lock()
	d.users--
	last := d.users == 0
	if last && f.dests[d.key] == d {
		delete(f.dests, d.key)
	}
	f.mu.Unlock()
	if !last {
		return nil
	}
	return d.close()
}

func (d *destination) close() error {
	if d.closed.Swap(true) {
		return nil
	}
	return errors.Join(d.pool.Close(), d.kitex.Close())
}

// Close closes all clients; calls in flight fail.
func (f *Factory) Close() error {
	f.mu.Lock()
	f.closed = true
	var all []*destination
	for _, d := range f.dests {
		all = append(all, d)
	}
	clear(f.dests)
	f.mu.Unlock()
	f.stop()
	f.done.Wait()
	var errs []error
	for _, d := range all {
		errs = append(errs, d.close())
	}
	return errors.Join(errs...)
}

// sweep looks after the connections of all destinations; it sleeps while there
// are none.
func (f *Factory) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	stopped := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.opened:
			if stopped {
				tick.Reset(sweepEvery)
				stopped = false
			}
		case now := <-tick.C:
			stopped = true
			for _, p := range f.pools() {
				p.sweep(now)
				stopped = stopped && p.empty()
			}
			if stopped {
				tick.Stop()
			}
		}
	}
}

func (f *Factory) pools() []*pool {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*pool, 0, len(f.dests))
	for _, d := range f.dests {
		all = append(all, d.pool)
	}
	return all
}

// connectionOpened wakes sweep.
func (f *Factory) connectionOpened() {
	select {
	case f.opened <- struct{}{}:
	default:
	}
}

// onewayAware is the binary generic, which takes every method for two-way,
// with the calls that are not marked so.
type onewayAware struct{ generic.Generic }

func (g onewayAware) GenericMethod() serviceinfo.GenericMethodFunc {
	twoWay := g.Generic.GenericMethod()
	return func(ctx context.Context, method string) serviceinfo.MethodInfo {
		mi := twoWay(ctx, method)
		if c := callOf(ctx); c == nil || !c.req.Oneway || mi == nil {
			return mi
		}
		return serviceinfo.NewMethodInfo(mi.Handler(), mi.NewArgs, mi.NewResult, true)
	}
}
