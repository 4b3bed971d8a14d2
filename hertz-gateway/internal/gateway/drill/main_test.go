package drill

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/cloudwego/kitex/pkg/klog"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"dgate/hertz-gateway/internal/gateway"
)

// memberEnv and gatewayEnv make the test binary a member of an etcd cluster, or
// a gateway, until its standard input ends.
const (
	memberEnv  = "DGATE_DRILL_MEMBER"
	gatewayEnv = "DGATE_DRILL_GATEWAY"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(memberEnv); text != "" {
		runMember(text)
		return
	}
	if os.Getenv(gatewayEnv) != "" {
		os.Exit(runGateway())
	}
	klog.SetOutput(io.Discard)
	os.Exit(m.Run())
}

func runGateway() int {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1) // the test is gone
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return gateway.Main(ctx, os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr)
}

// memberConfig is the value of memberEnv, as JSON.
type memberConfig struct{ Name, Dir, Client, Peer, Initial string }

func runMember(text string) {
	var m memberConfig
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		panic(err)
	}
	cfg := embed.NewConfig()
	cfg.Name, cfg.Dir, cfg.InitialCluster = m.Name, m.Dir, m.Initial
	cfg.ListenClientUrls = []url.URL{{Scheme: "http", Host: m.Client}}
	cfg.ListenPeerUrls = []url.URL{{Scheme: "http", Host: m.Peer}}
	cfg.AdvertiseClientUrls, cfg.AdvertisePeerUrls = cfg.ListenClientUrls, cfg.ListenPeerUrls
	cfg.TickMs, cfg.ElectionMs = 50, 500
	cfg.EnableGRPCGateway = false
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	if _, err := embed.StartEtcd(cfg); err != nil {
		panic(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}
