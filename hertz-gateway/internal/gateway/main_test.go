package gateway

import (
	"context"
	"io"
	"os"
	"sync/atomic"
	"testing"

	"github.com/cloudwego/kitex/pkg/klog"
	clientv3 "go.etcd.io/etcd/client/v3"

	"dgate/hertz-gateway/internal/edge"
	"dgate/hertz-gateway/internal/store"
)

// One etcd serves all tests; each test has a registry prefix of its own.
var (
	etcd         *clientv3.Client
	etcdEndpoint string
	prefixes     atomic.Int64
)

func TestMain(m *testing.M) { os.Exit(withEtcd(m)) }

func withEtcd(m *testing.M) int {
	klog.SetOutput(io.Discard)
	edge.SetLogOutput(io.Discard)
	dir, err := os.MkdirTemp("", "dgate-gateway-*")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	srv, err := store.StartEmbedded(context.Background(), store.EmbeddedConfig{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	etcdEndpoint = srv.Endpoint()
	if etcd, err = store.NewClient(store.ClientConfig{Endpoints: []string{etcdEndpoint}}); err != nil {
		panic(err)
	}
	defer func() { _ = etcd.Close() }()
	return m.Run()
}
