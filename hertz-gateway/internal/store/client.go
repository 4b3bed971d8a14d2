package store

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/namespace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

// Timeouts of the client. Connecting to etcd never holds up anything else, so
// they are short; callers put OpTimeout on the context of every operation,
// because etcd's client itself waits for ever when its server is away.
const (
	DialTimeout = 2 * time.Second
	OpTimeout   = 3 * time.Second

	keepAliveTime    = 5 * time.Second
	keepAliveTimeout = 3 * time.Second
	maxReconnectWait = time.Second
)

// ClientConfig says which etcd to talk to, and as whom.
type ClientConfig struct {
	// Endpoints, "host:port" or URLs; at least one.
	Endpoints []string
	// Username and Password log in; both empty: no login.
	Username, Password string
	// Prefix of all keys, so that several gateways' states can share an etcd;
	// empty: none.
	Prefix string
	// TLS, nil for plain text.
	TLS *tls.Config
	// Logger gets the client's errors at level debug; nil drops them.
	Logger *slog.Logger
}

// NewClient returns a client for c. It succeeds with etcd down, logins
// included, and connects in the background. A broken connection is noticed
// within 8 s and retried at least every second. Close it when done.
func NewClient(c ClientConfig) (*clientv3.Client, error) {
	if (c.Username == "") != (c.Password == "") {
		return nil, errors.New("etcd: a user name and a password go together")
	}
	cfg := clientv3.Config{
		Endpoints:            c.Endpoints,
		DialTimeout:          DialTimeout,
		DialKeepAliveTime:    keepAliveTime,
		DialKeepAliveTimeout: keepAliveTimeout,
		TLS:                  c.TLS,
		Logger:               newZap(c.Logger, nil),
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: maxReconnectWait},
			MinConnectTimeout: DialTimeout,
		})},
	}
	if c.Username != "" {
		// With a user name the constructor would log in at once and fail with
		// etcd down. A token that no server knows makes the client log in when
		// the first operation is refused for it.
		cfg.Token = "none yet"
	}
	client, err := clientv3.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("etcd client: %w", err)
	}
	if c.Username != "" {
		client.Token = ""
		client.Username, client.Password = c.Username, c.Password
	}
	if c.Prefix != "" {
		client.KV = namespace.NewKV(client.KV, c.Prefix)
		client.Watcher = namespace.NewWatcher(client.Watcher, c.Prefix)
		client.Lease = namespace.NewLease(client.Lease, c.Prefix)
	}
	return client, nil
}
