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
	"github.com/cloudwego/kitex/pkg/transmeta"

	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/internal/upstream/discovery"
)

const (
	// watchEvery bounds how long a backend can pour bytes into a connection
	// that nobody reads: at 2 GB/s, 20 MB.
	watchEvery = 10 * time.Millisecond
	// sweepEvery is how often idle connections are looked through.
	sweepEvery = 10 * watchEvery
)

// Factory makes clients. Safe for concurrent use.
type Factory struct {
	c    Config
	stop context.CancelFunc
	done sync.WaitGroup

	mu     sync.Mutex
	closed bool
	dests  map[destKey]*destination
}

type destKey struct {
	name      string
	transport upstream.Transport
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
	f := &Factory{c: c, stop: stop, dests: map[destKey]*destination{}}
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
	switch spec.Settings.Codec {
	case "", upstream.CodecDGate:
	default:
		return nil, fmt.Errorf("kitex: codec %q is not known", spec.Settings.Codec)
	}
	key := destKey{spec.Destination, upstream.TransportTTHeader}
	switch spec.Settings.Transport {
	case "", upstream.TransportTTHeader:
	case upstream.TransportFramed:
		key.transport = upstream.TransportFramed
	default:
		return nil, fmt.Errorf("kitex: transport %q is neither ttheader nor framed", spec.Settings.Transport)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errors.New("kitex: the factory is closed")
	}
	d := f.dests[key]
	if d == nil {
		var err error
		if d, err = f.connect(key, spec.Service); err != nil {
			return nil, fmt.Errorf("kitex: client of %s: %w", spec.Destination, err)
		}
		f.dests[key] = d
	}
	d.users++
	return &handle{factory: f, dest: d, service: spec.Service}, nil
}

func (f *Factory) connect(key destKey, service string) (*destination, error) {
	d := &destination{
		key:       key,
		instances: f.c.Resolver.Destination(key.name),
		pool:      newPool(&f.c),
		timeout:   f.c.Timeout,
		downFor:   f.c.DownFor,
		weighted:  loadbalance.NewWeightedBalancer(),
	}
	var err error
	d.kitex, err = genericclient.NewClient(key.name, onewayAware{generic.BinaryThriftGenericV2(service)},
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: f.c.ClientName, Tags: map[string]string{}}),
		client.WithTransportProtocol(protocol(key.transport)),
		client.WithConnectTimeout(f.c.ConnectTimeout),
		client.WithResolver(resolver{}),
		client.WithLoadBalancer(balancer{}, balancerOptions()),
		client.WithConnPool(d.pool),
		client.WithTransHandlerFactory(transports{}),
		client.WithCodec(newCodec(key.transport, f.c.MaxFrame)),
		client.WithMetaHandler(serviceName{}),
		client.WithMetaHandler(transmeta.ClientTTHeaderHandler),
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

func (f *Factory) sweep(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var pools []*pool
	var swept time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			f.mu.Lock()
			pools = pools[:0]
			for _, d := range f.dests {
				pools = append(pools, d.pool)
			}
			f.mu.Unlock()
			due := now.Sub(swept) >= sweepEvery
			if due {
				swept = now
			}
			for _, p := range pools {
				p.watch()
				if due {
					p.sweep(now)
				}
			}
			clear(pools)
		}
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

// serviceName tells the Thrift service of each call, which clients of one
// destination need not have in common. It comes before the handler that
// writes the name into the header.
type serviceName struct{}

var _ remote.MetaHandler = serviceName{}

func (serviceName) WriteMeta(ctx context.Context, msg remote.Message) (context.Context, error) {
	if c := callOf(ctx); c != nil {
		if inv, ok := msg.RPCInfo().Invocation().(rpcinfo.InvocationSetter); ok {
			inv.SetServiceName(c.service)
		}
	}
	return ctx, nil
}

func (serviceName) ReadMeta(ctx context.Context, _ remote.Message) (context.Context, error) {
	return ctx, nil
}
