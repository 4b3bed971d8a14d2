package kitex

import (
	"context"
	"net"
	"slices"
	"time"

	kdiscovery "github.com/cloudwego/kitex/pkg/discovery"
	"github.com/cloudwego/kitex/pkg/loadbalance"
	"github.com/cloudwego/kitex/pkg/loadbalance/lbcache"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/utils"

	"dgate/hertz-gateway/internal/upstream/discovery"
)

// Kitex's balancer cache polls a resolver and may serve what it has for
// seconds. So what it caches is empty: resolver and balancer hold nothing and
// are the same for every client of the process, and the picker finds the live
// set through the call. A change is effective at the next pick.
type (
	resolver struct{}
	balancer struct{}
	picker   struct{}
)

var (
	_ kdiscovery.Resolver      = resolver{}
	_ loadbalance.Loadbalancer = balancer{}
	_ loadbalance.Picker       = picker{}
)

// balancerOptions make Kitex share one cache, with one goroutine, for the process.
func balancerOptions() *lbcache.Options {
	return &lbcache.Options{Cacheable: true, RefreshInterval: time.Hour, ExpireInterval: time.Hour}
}

func (resolver) Name() string { return "dgate" }

func (resolver) Target(_ context.Context, to rpcinfo.EndpointInfo) string { return to.ServiceName() }

func (resolver) Resolve(_ context.Context, name string) (kdiscovery.Result, error) {
	return kdiscovery.Result{Cacheable: true, CacheKey: name}, nil
}

func (resolver) Diff(string, kdiscovery.Result, kdiscovery.Result) (kdiscovery.Change, bool) {
	return kdiscovery.Change{}, false
}

func (balancer) Name() string { return "dgate" }

func (balancer) GetPicker(kdiscovery.Result) loadbalance.Picker { return picker{} }

func (picker) Next(ctx context.Context, _ any) kdiscovery.Instance {
	c := callOf(ctx)
	if c == nil {
		return nil
	}
	n := c.dest.next(c)
	if n == nil {
		return nil // a nil *node would not be a nil Instance
	}
	return n
}

// node is an instance as Kitex sees it.
type node struct {
	inst   *discovery.Instance
	addr   net.Addr
	weight int
}

func (n *node) Address() net.Addr { return n.addr }
func (n *node) Weight() int       { return n.weight }

func (n *node) Tag(key string) (string, bool) {
	v, ok := n.inst.Tags[key]
	return v, ok
}

// live is what calls are spread over: Kitex's smooth weighted round robin over
// the instances of one set that are neither draining nor down.
type live struct {
	set    *discovery.Set
	nodes  []*node
	picker loadbalance.Picker
	until  time.Time // when an instance that is down is due again; zero: none is
}

func (l *live) current(set *discovery.Set) bool {
	return l != nil && l.set == set && (l.until.IsZero() || time.Now().Before(l.until))
}

// next picks an instance that has not refused c; nil when there is none.
func (d *destination) next(c *call) *node {
	if c.req.Choice != nil {
		c.node = d.choose(c, c.req.Choice)
		return c.node
	}
	l := d.current()
	for range 2 * len(l.nodes) {
		n, ok := l.picker.Next(c, nil).(*node)
		switch {
		case !ok:
			return nil
		case n.inst.Down():
			l = d.rebuild()
		case !c.hasTried(n):
			c.node = n
			return n
		}
	}
	// A heavy instance that was tried can hide the others for a while.
	for _, n := range l.nodes {
		if !n.inst.Down() && !c.hasTried(n) {
			c.node = n
			return n
		}
	}
	return nil
}

func (d *destination) current() *live {
	if l := d.live.Load(); l.current(d.instances.Instances()) {
		return l
	}
	return d.rebuild()
}

// rebuild makes the picker for the instances as they are now.
func (d *destination) rebuild() *live {
	d.rebuilding.Lock()
	defer d.rebuilding.Unlock()
	set := d.instances.Instances()
	old := d.live.Load()
	if old.current(set) && !slices.ContainsFunc(old.nodes, func(n *node) bool { return n.inst.Down() }) {
		return old
	}
	l := &live{set: set}
	for _, inst := range set.Instances {
		switch {
		case inst.Weight == 0:
		case inst.Down():
			if due := inst.DownUntil(); l.until.IsZero() || due.Before(l.until) {
				l.until = due
			}
		default:
			l.nodes = append(l.nodes, &node{inst: inst, addr: utils.NewNetAddr("tcp", inst.Address), weight: inst.Weight})
		}
	}
	scaleWeights(l.nodes)
	instances := make([]kdiscovery.Instance, len(l.nodes))
	for i, n := range l.nodes {
		instances[i] = n
	}
	l.picker = d.weighted.GetPicker(kdiscovery.Result{Instances: instances})
	d.live.Store(l)
	return l
}

// maxRound is the longest round of picks; Kitex keeps every pick of a round.
const maxRound = 1 << 13

// scaleWeights bounds the length of a round, which is the sum of the weights
// over their common divisor: a registry that says 1000003 and 1000033 would
// cost 32 MB.
func scaleWeights(nodes []*node) {
	sum, divisor := 0, 0
	for _, n := range nodes {
		sum += n.weight
		divisor = gcd(divisor, n.weight)
	}
	if divisor == 0 || sum/divisor <= maxRound {
		return
	}
	for _, n := range nodes {
		n.weight = max(1, n.weight*maxRound/sum)
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
