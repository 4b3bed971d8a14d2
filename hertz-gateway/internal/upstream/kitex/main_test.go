package kitex

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/registry"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/server/genericserver"
	etcdregistry "github.com/kitex-contrib/registry-etcd"
	clientv3 "go.etcd.io/etcd/client/v3"

	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/internal/upstream/discovery"
	"dgate/hertz-gateway/internal/upstream/kitex/kitextest"
)

// childEnv makes the test binary a server process: "<etcd> <destination> <weight>".
const childEnv = "DGATE_TEST_CHILD"

var (
	etcd         *clientv3.Client
	etcdAddr     string
	registryView *discovery.Resolver
	factory      *Factory
)

func TestMain(m *testing.M) {
	RouteLogs(slog.New(slog.DiscardHandler))
	if spec := os.Getenv(childEnv); spec != "" {
		runChild(spec)
		return
	}
	if os.Getenv(dynamicEnv) != "" {
		runDynamic()
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir, err := os.MkdirTemp("", "dgate-kitex-*")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	server, err := store.StartEmbedded(ctx, store.EmbeddedConfig{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		panic(err)
	}
	defer server.Close()
	etcdAddr = server.Endpoint()
	etcd, err = store.NewClient(store.ClientConfig{Endpoints: []string{etcdAddr}})
	if err != nil {
		panic(err)
	}
	defer func() { _ = etcd.Close() }()
	log := slog.New(slog.DiscardHandler)
	if registryView, err = discovery.New(discovery.Config{Client: etcd, Logger: log}); err != nil {
		panic(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = registryView.Run(ctx)
	}()
	defer func() { cancel(); <-done }()
	<-registryView.Synced()
	if factory, err = New(Config{Resolver: registryView, Logger: log}); err != nil {
		panic(err)
	}
	defer func() { _ = factory.Close() }()
	return m.Run()
}

// backend answers every method of a service:
//
//	echo     the argument struct as field 0 (a struct) of the result
//	void     an empty result
//	text     the argument as field 0 of the result; also bin and flag
//	throw    an exception in field 1, or 2 for throwSecond
//	biz      BizStatusError 418 with an extra
//	fail     a plain error
//	panic    a panic
//	sleep    waits for the milliseconds in the argument's i32 field 1
//	meta     the persistent metainfo "user" as a string in field 0
//	oneway   counted
type backend struct {
	name   string
	calls  atomic.Int64
	oneway atomic.Int64
}

func (b *backend) GenericCall(ctx context.Context, method string, request any) (any, error) {
	b.calls.Add(1)
	args, _ := request.([]byte)
	switch method {
	case "echo":
		return append(append([]byte{12, 0, 0}, args...), 0), nil
	case "text", "bin", "flag":
		return append([]byte{args[0], 0, 0}, args[3:]...), nil
	case "throw":
		return []byte{12, 0, 1, 8, 0, 1, 0, 0, 0, 7, 0, 0}, nil
	case "throwSecond":
		return []byte{12, 0, 2, 0, 0}, nil
	case "unknownException":
		return []byte{12, 0, 9, 0, 0}, nil
	case "who":
		return stringResult(b.name), nil
	case "service":
		return stringResult(rpcinfo.GetRPCInfo(ctx).Invocation().ServiceName()), nil
	case "void":
		return []byte{0}, nil
	case "biz":
		return nil, kerrors.NewBizStatusErrorWithExtra(418, "teapot", map[string]string{"k": "v"})
	case "fail":
		return nil, fmt.Errorf("it broke")
	case "panic":
		panic("boom")
	case "sleep":
		time.Sleep(time.Duration(binary.BigEndian.Uint32(args[3:])) * time.Millisecond)
		return []byte{0}, nil
	case "meta":
		v, _ := metainfo.GetPersistentValue(ctx, "user")
		return stringResult(v), nil
	case "oneway":
		b.oneway.Add(1)
		return []byte{0}, nil
	}
	return nil, fmt.Errorf("unknown method %s", method)
}

func stringResult(s string) []byte {
	out := append([]byte{11, 0, 0}, binary.BigEndian.AppendUint32(nil, uint32(len(s)))...)
	return append(append(out, s...), 0)
}

// i32Args is an argument struct with an i32 in field 1.
func i32Args(n int) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{8, 0, 1}, uint32(n)), 0)
}

// running is a server in this process.
type running struct {
	*backend
	addr string
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// serveRegistered starts a server that registers itself, as services do, and
// waits until it is seen; that takes Kitex a second.
func serveRegistered(t testing.TB, destination string, weight int) *running {
	t.Helper()
	reg, err := etcdregistry.NewEtcdRegistry([]string{etcdAddr})
	if err != nil {
		t.Fatal(err)
	}
	l := kitextest.Listen(t, "127.0.0.1:0")
	r := start(t, l, server.WithRegistry(reg),
		server.WithRegistryInfo(&registry.Info{ServiceName: destination, Weight: weight, Addr: l.Addr()}))
	awaitInstance(t, destination, r.addr)
	return r
}

// serve starts a server and registers it.
func serve(t testing.TB, destination string, weight int) *running {
	t.Helper()
	r := start(t, kitextest.Listen(t, "127.0.0.1:0"))
	register(t, destination, r.addr, weight)
	return r
}

func start(t testing.TB, l net.Listener, opts ...server.Option) *running {
	t.Helper()
	r := &running{backend: &backend{name: l.Addr().String()}, addr: l.Addr().String()}
	opts = append(opts, server.WithExitSignal(func() <-chan error { return make(chan error) }))
	svr := newServer(r.backend, l, opts...)
	var stopped atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := svr.Run(); err != nil && !stopped.Load() {
			t.Error("server:", err)
		}
	}()
	await(t, "the server", func() bool {
		c, err := net.Dial("tcp", r.addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	t.Cleanup(func() {
		stopped.Store(true)
		_ = svr.Stop()
		<-done
	})
	return r
}

func newServer(b *backend, l net.Listener, opts ...server.Option) server.Server {
	opts = append([]server.Option{
		server.WithListener(l),
		server.WithMetaHandler(transmeta.ServerTTHeaderHandler),
		server.WithExitWaitTime(10 * time.Millisecond),
	}, opts...)
	svr := genericserver.NewServer(b, generic.BinaryThriftGenericV2("TestService"), opts...)
	// Over framed the name of the service does not reach the server.
	err := genericserver.RegisterUnknownServiceOrMethodHandler(svr, &genericserver.UnknownServiceOrMethodHandler{
		DefaultHandler: func(ctx context.Context, _, method string, request any) (any, error) {
			return b.GenericCall(ctx, method, request)
		},
	})
	if err != nil {
		panic(err)
	}
	return svr
}

func runChild(spec string) {
	f := strings.Fields(spec)
	weight, _ := strconv.Atoi(f[2])
	reg, err := etcdregistry.NewEtcdRegistry([]string{f[0]})
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString(l.Addr().String() + "\n")
	svr := newServer(&backend{name: l.Addr().String()}, l, server.WithRegistry(reg), server.WithRegistryInfo(&registry.Info{ServiceName: f[1], Weight: weight, Addr: l.Addr()}))
	_ = svr.Run()
}

// register puts an instance into the registry, for backends that don't do it themselves.
func register(t testing.TB, destination, addr string, weight int) {
	t.Helper()
	put(t, destination, addr, fmt.Sprintf(`{"network":"tcp","address":%q,"weight":%d}`, addr, weight))
	awaitInstance(t, destination, addr)
}

func put(t testing.TB, destination, addr, value string) {
	t.Helper()
	if _, err := etcd.Put(t.Context(), discovery.DefaultPrefix+"/"+destination+"/"+addr, value); err != nil {
		t.Fatal(err)
	}
}

func deregister(t testing.TB, destination, addr string) {
	t.Helper()
	if _, err := etcd.Delete(t.Context(), discovery.DefaultPrefix+"/"+destination+"/"+addr); err != nil {
		t.Fatal(err)
	}
}

func awaitInstance(t testing.TB, destination, addr string) {
	t.Helper()
	await(t, "instance "+addr, func() bool { return instance(destination, addr) != nil })
}

func instance(destination, addr string) *discovery.Instance {
	for _, i := range registryView.Instances(destination).Instances {
		if i.Address == addr {
			return i
		}
	}
	return nil
}

// await polls a condition that a background goroutine makes true.
func await(t testing.TB, what string, ok func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for !ok() {
		if time.Since(start) > 10*time.Second {
			t.Fatal("timed out waiting for", what)
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(start)
}

func newClient(t testing.TB, destination string, tr upstream.Transport) upstream.Client {
	t.Helper()
	c, err := factory.Open(upstream.Spec{Destination: destination, Service: "TestService", Settings: upstream.Settings{Transport: tr}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// busy counts the connections that calls of c use.
func busy(c upstream.Client) int {
	p := c.(*handle).dest.pool
	n := len(p.open())
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, pr := range p.peers {
		pr.mu.Lock()
		n -= len(pr.idle)
		pr.mu.Unlock()
	}
	return n
}

// name makes a destination of one test.
func name(t testing.TB) string { return strings.ReplaceAll(t.Name(), "/", "-") }
