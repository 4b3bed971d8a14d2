package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/discovery"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/loadbalance"
	"github.com/cloudwego/kitex/pkg/loadbalance/lbcache"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/transport"
	etcdregistry "github.com/kitex-contrib/registry-etcd"
	clientv3 "go.etcd.io/etcd/client/v3"

	"dgate/kitex-server/internal/etcdtest"
	api "dgate/kitex-server/kitex_gen/book"
	"dgate/kitex-server/kitex_gen/book/booksvc"
)

func TestMain(m *testing.M) {
	RouteKitexLog()
	m.Run()
}

// entry is an instance as registry-etcd writes it.
type entry struct {
	Network string            `json:"network"`
	Address string            `json:"address"`
	Weight  int               `json:"weight"`
	Tags    map[string]string `json:"tags"`
}

// entries reads what is registered under a service's name: key → entry.
func entries(t testing.TB, etcd *clientv3.Client, service string) map[string]entry {
	t.Helper()
	got, err := etcd.Get(t.Context(), "kitex/registry-etcd/"+service+"/", clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]entry)
	for _, kv := range got.Kvs {
		var e entry
		if err := json.Unmarshal(kv.Value, &e); err != nil {
			t.Fatalf("%s: %v", kv.Key, err)
		}
		all[string(kv.Key)] = e
	}
	return all
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// instance is a server that runs in the test.
type instance struct {
	name    string // its tag "name"
	address string
	cancel  context.CancelFunc
	done    chan error
	stopped bool
}

// start runs an instance and returns when it is registered.
func start(t testing.TB, etcd *etcdtest.Server, service, name string, change func(*Config)) *instance {
	t.Helper()
	c := Config{Service: service, Listen: "127.0.0.1:0", Etcd: []string{etcd.Endpoint}, Weight: 10, Tags: map[string]string{"name": name}}
	if change != nil {
		change(&c)
	}
	ctx, cancel := context.WithCancel(context.Background())
	i := &instance{name: name, cancel: cancel, done: make(chan error, 1)}
	go func() { i.done <- Run(ctx, c) }()
	t.Cleanup(func() { i.stop(t) })
	reader := etcd.Client(t)
	eventually(t, "the instance is registered", func() bool {
		select {
		case err := <-i.done:
			t.Fatalf("Run returned %v", err)
		default:
		}
		for _, e := range entries(t, reader, service) {
			if e.Tags["name"] == name {
				i.address = e.Address
			}
		}
		return i.address != ""
	})
	return i
}

// stop stops the instance and waits for its end.
func (i *instance) stop(t testing.TB) {
	if i.stopped {
		return
	}
	i.stopped = true
	i.cancel()
	select {
	case err := <-i.done:
		if err != nil {
			t.Errorf("Run of %s: %v", i.name, err)
		}
	case <-time.After(30 * time.Second):
		t.Errorf("Run of %s does not end", i.name)
	}
}

// namedResolver has a name of its own: Kitex shares instances by that name.
type namedResolver struct {
	discovery.Resolver
	name string
}

func (r namedResolver) Name() string { return r.name }

// dial returns a client that finds the instances through etcd.
func dial(t testing.TB, etcd *etcdtest.Server, service string) booksvc.Client {
	t.Helper()
	resolver, err := etcdregistry.NewEtcdResolver([]string{etcd.Endpoint})
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, service,
		client.WithResolver(namedResolver{resolver, t.Name()}),
		client.WithLoadBalancer(loadbalance.NewWeightedBalancer(), &lbcache.Options{
			RefreshInterval: 50 * time.Millisecond, ExpireInterval: time.Minute, Cacheable: true,
		}))
}

func newClient(t testing.TB, service string, options ...client.Option) booksvc.Client {
	t.Helper()
	c, err := booksvc.NewClient(service, append(options,
		client.WithTransportProtocol(transport.TTHeader),
		client.WithMetaHandler(transmeta.ClientTTHeaderHandler),
		client.WithRPCTimeout(10*time.Second))...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestServer runs its tests on one etcd, each with a service of its own. (Kitex
// refreshes the instances of all clients in one go: an etcd that is gone with
// its test would hold up the clients of the next.)
func TestServer(t *testing.T) {
	etcd := etcdtest.Start(t, "")
	for name, test := range map[string]func(t *testing.T, etcd *etcdtest.Server, service string){
		"two-instances":     testTwoInstances,
		"graceful-stop":     testGracefulStopUnderLoad,
		"call-in-flight":    testCallInFlightEnds,
		"registration":      testRegistrationAlive,
		"faults":            testFaults,
		"failures-at-start": testRunFailsToStart,
	} {
		t.Run(name, func(t *testing.T) { test(t, etcd, name) })
	}
}

func testTwoInstances(t *testing.T, etcd *etcdtest.Server, service string) {
	light := start(t, etcd, service, "light", nil)
	heavy := start(t, etcd, service, "heavy", func(c *Config) { c.Weight = 20; c.Tags["zone"] = "b" })

	want := map[string]entry{
		"kitex/registry-etcd/two-instances/" + light.address: {"tcp", light.address, 10, map[string]string{"name": "light"}},
		"kitex/registry-etcd/two-instances/" + heavy.address: {"tcp", heavy.address, 20, map[string]string{"name": "heavy", "zone": "b"}},
	}
	if got := entries(t, etcd.Client(t), service); !reflect.DeepEqual(got, want) {
		t.Errorf("registered:\n got %+v\nwant %+v", got, want)
	}
	for _, i := range []*instance{light, heavy} {
		if host, port, err := net.SplitHostPort(i.address); err != nil || host != "127.0.0.1" || port == "0" {
			t.Errorf("address %s, %v", i.address, err)
		}
	}

	c := dial(t, etcd, service)
	ctx := t.Context()
	book, err := c.QueryBook(ctx, &api.QueryBookReq{Num: 1})
	if err != nil || book.ID != "1" || book.Title != "Moby-Dick" || book.Author != "Herman Melville" || book.Content == "" {
		t.Fatalf("book 1: %v, %v", book, err)
	}
	for n := range 60 { // over both instances
		id := int32(100 + n)
		_, err := c.QueryBook(ctx, &api.QueryBookReq{Num: id})
		biz, ok := kerrors.FromBizStatusError(err)
		if !ok || biz.BizStatusCode() != 404 || biz.BizMessage() != fmt.Sprintf("there is no book number %d", id) {
			t.Fatalf("a book that is not there: %v", err)
		}
		req := &api.InsertBookReq{ID: fmt.Sprint(id), Title: "Dune", Author: "Herbert"}
		if resp, err := c.InsertBook(ctx, req); err != nil || !resp.Ok || resp.Msg == "" {
			t.Fatalf("insert: %v, %v", resp, err)
		}
		for range 3 {
			book, err := c.QueryBook(ctx, &api.QueryBookReq{Num: id})
			if err != nil || book.ID != req.ID || book.Title != "Dune" || book.Author != "Herbert" {
				t.Fatalf("the inserted book: %v, %v", book, err)
			}
		}
		if resp, err := c.InsertBook(ctx, req); err != nil || resp.Ok || !strings.Contains(resp.Msg, "exists already") {
			t.Fatalf("second insert: %v, %v", resp, err)
		}
	}
	for _, req := range []*api.InsertBookReq{{Title: "T"}, {ID: "500"}} {
		if resp, err := c.InsertBook(ctx, req); err != nil || resp.Ok || !strings.HasSuffix(resp.Msg, " is empty") {
			t.Errorf("insert of %v: %v, %v", req, resp, err)
		}
	}
}

// One of two instances stops while calls come in; none of them fails, those in
// flight included, and the registry forgets the instance before it stops to serve.
func testGracefulStopUnderLoad(t *testing.T, etcd *etcdtest.Server, service string) {
	slow := func(c *Config) { c.Latency = 20 * time.Millisecond; c.Drain = 500 * time.Millisecond }
	leaving := start(t, etcd, service, "leaving", slow)
	start(t, etcd, service, "staying", slow)
	c := dial(t, etcd, service)

	var calls, failed atomic.Int64
	var workers sync.WaitGroup
	end := make(chan struct{})
	for range 8 {
		workers.Go(func() {
			for {
				select {
				case <-end:
					return
				default:
				}
				if _, err := c.QueryBook(context.Background(), &api.QueryBookReq{Num: 1}); err != nil {
					failed.Add(1)
					t.Logf("failed: %v", err)
				}
				calls.Add(1)
			}
		})
	}
	eventually(t, "100 calls", func() bool { return calls.Load() > 100 })

	direct := newClient(t, service, client.WithHostPorts(leaving.address))
	reader := etcd.Client(t)
	leaving.cancel()
	eventually(t, "one entry is left", func() bool { return len(entries(t, reader, service)) == 1 })
	if _, err := direct.QueryBook(t.Context(), &api.QueryBookReq{Num: 1}); err != nil {
		t.Errorf("the instance refuses calls right after it left the registry: %v", err)
	}
	leaving.stop(t)
	if conn, err := net.DialTimeout("tcp", leaving.address, time.Second); err == nil {
		_ = conn.Close() // only that it opened matters
		t.Error("the listener is open after the stop")
	}
	before := calls.Load()
	eventually(t, "100 calls more", func() bool { return calls.Load() > before+100 })
	close(end)
	workers.Wait()
	if n := failed.Load(); n > 0 {
		t.Errorf("%d of %d calls failed", n, calls.Load())
	}
}

func testCallInFlightEnds(t *testing.T, etcd *etcdtest.Server, service string) {
	i := start(t, etcd, service, "only", func(c *Config) { c.Latency = 700 * time.Millisecond })
	c := newClient(t, service, client.WithHostPorts(i.address))
	reader := etcd.Client(t)
	answered := make(chan error, 1)
	go func() {
		_, err := c.QueryBook(context.Background(), &api.QueryBookReq{Num: 1})
		answered <- err
	}()
	time.Sleep(200 * time.Millisecond) // until the call is in the handler, which has no voice
	i.cancel()
	eventually(t, "no entry is left", func() bool { return len(entries(t, reader, service)) == 0 })
	if err := <-answered; err != nil {
		t.Errorf("the call in flight: %v", err)
	}
	i.stop(t)
}

// An etcd that comes back without its data gets the registration again.
func TestRegistersAgain(t *testing.T) {
	const service = "book"
	etcd := etcdtest.Start(t, "")
	i := start(t, etcd, service, "only", nil)
	before := entries(t, etcd.Client(t), service)
	etcd.Stop()
	etcd = etcdtest.Start(t, etcd.Endpoint)
	reader := etcd.Client(t)
	if len(entries(t, reader, service)) != 0 {
		t.Fatal("the new etcd is not empty")
	}
	eventually(t, "the instance is registered again", func() bool { return reflect.DeepEqual(entries(t, reader, service), before) })
	i.stop(t)
	if left := entries(t, reader, service); len(left) != 0 {
		t.Errorf("left in the registry after the stop: %v", left)
	}
}

func testRegistrationAlive(t *testing.T, etcd *etcdtest.Server, service string) {
	store := etcd.Client(t)
	c := Config{Service: service, Etcd: []string{etcd.Endpoint}, Weight: 10}
	for _, address := range []string{"127.0.0.1:7001", "[::1]:7002"} {
		addr, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		g, err := register(c, store, addr)
		if err != nil {
			t.Fatal(err)
		}
		alive := func() bool {
			t.Helper()
			ok, err := g.alive(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		put := func(value string, options ...clientv3.OpOption) {
			t.Helper()
			if _, err := store.Put(t.Context(), g.key, value, options...); err != nil {
				t.Fatal(err)
			}
		}
		if !alive() {
			t.Errorf("%s: not alive after registering", address)
		}
		put(`{"weight":0}`)
		if !alive() {
			t.Errorf("%s: not alive after the key was rewritten to drain it", address)
		}
		lease, err := store.Grant(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		put("{}", clientv3.WithLease(lease.ID))
		eventually(t, "a lease that nobody renews counts as lost", func() bool { return !alive() })
		if err := g.remove(); err != nil {
			t.Errorf("%s: remove: %v", address, err)
		}
		if alive() || len(entries(t, store, service)) != 0 {
			t.Errorf("%s: still in the registry after the removal", address)
		}
	}
}

func TestAdvertised(t *testing.T) {
	tests := []struct{ listening, want string }{
		{"127.0.0.1:80", "127.0.0.1:80"},
		{"[::1]:80", "[::1]:80"},
		{"10.1.2.3:80", "10.1.2.3:80"},
	}
	for _, tt := range tests {
		addr, err := net.ResolveTCPAddr("tcp", tt.listening)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := advertised(addr); err != nil || got.String() != tt.want {
			t.Errorf("advertised(%s) = %v, %v; want %s", addr, got, err, tt.want)
		}
	}
	for _, ip := range []net.IP{net.IPv4zero, net.IPv6unspecified} {
		got, err := advertised(&net.TCPAddr{IP: ip, Port: 80})
		if err != nil {
			continue // a machine with loopback only
		}
		if tcp := got.(*net.TCPAddr); tcp.Port != 80 || tcp.IP.IsUnspecified() || tcp.IP.IsLoopback() {
			t.Errorf("advertised(%s) = %v", ip, got)
		}
	}
}

func testFaults(t *testing.T, etcd *etcdtest.Server, service string) {
	i := start(t, etcd, service, "only", func(c *Config) { c.Latency = 30 * time.Millisecond; c.ErrorRate = 1 })
	c := newClient(t, service, client.WithHostPorts(i.address))
	begun := time.Now()
	_, err := c.QueryBook(t.Context(), &api.QueryBookReq{Num: 1})
	if _, biz := kerrors.FromBizStatusError(err); err == nil || biz || !strings.Contains(err.Error(), errFault.Error()) {
		t.Errorf("with an error rate of 1: %v", err)
	}
	if took := time.Since(begun); took < 30*time.Millisecond {
		t.Errorf("took %s, with a latency of 30ms", took)
	}
}

func testRunFailsToStart(t *testing.T, etcd *etcdtest.Server, service string) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := taken.Close(); err != nil {
			t.Error(err)
		}
	})
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"port taken", func(c *Config) { c.Listen = taken.Addr().String() }, "--listen " + taken.Addr().String()},
		{"bad address", func(c *Config) { c.Listen = "nowhere" }, "--listen nowhere"},
		{"no etcd", func(c *Config) { c.Etcd = []string{"127.0.0.1:1"} }, "etcd at 127.0.0.1:1 does not serve; start it, or name another with --etcd"},
		{"invalid", func(c *Config) { c.Weight = 0 }, "--weight 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Config{Service: service, Listen: "127.0.0.1:0", Etcd: []string{etcd.Endpoint}, Weight: 10}
			tt.change(&c)
			err := Run(t.Context(), c)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v; want one line with %s", err, tt.want)
			}
		})
	}
	if left := entries(t, etcd.Client(t), service); len(left) != 0 {
		t.Errorf("registered though it did not start: %v", left)
	}
}
