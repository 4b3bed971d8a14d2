package discovery

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/goleak"

	"dgate/hertz-gateway/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registry is an etcd of one test; it can be stopped and started again on the
// same address.
type registry struct {
	t    *testing.T
	dir  string
	addr string
	etcd *store.Embedded
	c    *clientv3.Client
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	r := &registry{t: t, dir: t.TempDir(), addr: "127.0.0.1:0"}
	r.start()
	var err error
	if r.c, err = store.NewClient(store.ClientConfig{Endpoints: []string{r.addr}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.c.Close()
		r.stop()
	})
	return r
}

func (r *registry) start() {
	r.t.Helper()
	var err error
	r.etcd, err = store.StartEmbedded(context.Background(), store.EmbeddedConfig{Dir: r.dir, Listen: r.addr})
	if err != nil {
		r.t.Fatal(err)
	}
	r.addr = r.etcd.Endpoint()
}

func (r *registry) stop() { r.etcd.Close() }

func key(destination, addr string) string { return DefaultPrefix + "/" + destination + "/" + addr }

func (r *registry) put(destination, addr string, weight int) {
	r.t.Helper()
	r.putValue(key(destination, addr), value(addr, weight))
}

func value(addr string, weight int) string {
	return fmt.Sprintf(`{"network":"tcp","address":%q,"weight":%d,"tags":{"zone":"a"}}`, addr, weight)
}

func (r *registry) putValue(key, value string) {
	r.t.Helper()
	if _, err := r.c.Put(r.ctx(), key, value); err != nil {
		r.t.Fatal(err)
	}
}

func (r *registry) delete(keys ...string) {
	r.t.Helper()
	var ops []clientv3.Op
	for _, k := range keys {
		ops = append(ops, clientv3.OpDelete(k))
	}
	if _, err := r.c.Txn(r.ctx()).Then(ops...).Commit(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *registry) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	r.t.Cleanup(cancel)
	return ctx
}

// resolve runs a resolver until the test ends.
func (r *registry) resolve(c Config) *Resolver {
	r.t.Helper()
	c.Client = r.c
	res, err := New(c)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = res.Run(ctx)
	}()
	r.t.Cleanup(func() { cancel(); <-done })
	return res
}

func (r *registry) synced(c Config) *Resolver {
	r.t.Helper()
	res := r.resolve(c)
	select {
	case <-res.Synced():
	case <-time.After(10 * time.Second):
		r.t.Fatal("not synced")
	}
	return res
}

func await(t *testing.T, what string, ok func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for !ok() {
		if time.Since(start) > 15*time.Second {
			t.Fatal("timed out waiting for", what)
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(start)
}

// show renders a set: address=weight, h for held.
func show(s *Set) string {
	out := ""
	for _, i := range s.Instances {
		held := ""
		if i.Held {
			held = "h"
		}
		out += fmt.Sprintf("%s=%d%s ", i.Address, i.Weight, held)
	}
	return out
}

// open listens on n addresses that accept; the closers make them refuse.
func open(t *testing.T, n int) (addrs []string, closers []func()) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		addrs = append(addrs, l.Addr().String())
		closers = append(closers, func() { _ = l.Close() })
	}
	return addrs, closers
}
