package gateway

import (
	"errors"
	"log/slog"
	"sync"

	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/upstream"
)

// clients shares one client among all snapshots that want the same, and closes
// it when the last of them has gone. Safe for concurrent use.
type clients struct {
	open func(upstream.Spec) (upstream.Client, error)
	log  *slog.Logger
	mu   sync.Mutex
	live map[string]*sharedClient
}

type sharedClient struct {
	upstream.Client
	users int
}

var _ snapshot.Upstreams = (*clients)(nil)

func newClients(open func(upstream.Spec) (upstream.Client, error), log *slog.Logger) *clients {
	return &clients{open: open, log: log, live: map[string]*sharedClient{}}
}

// Acquire gives the client for spec; release it once.
func (c *clients) Acquire(spec upstream.Spec) (upstream.Client, func(), error) {
	if spec.Destination == "" {
		return nil, nil, errors.New("the registry name is not known: two IDL files share a base name; set dgate.service on the service")
	}
	key := spec.Key()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.live[key]
	if s == nil {
		client, err := c.open(spec)
		if err != nil {
			return nil, nil, err
		}
		s = &sharedClient{Client: client}
		c.live[key] = s
	}
	s.users++
	return s.Client, func() { c.release(key, s) }, nil
}

func (c *clients) release(key string, s *sharedClient) {
	c.mu.Lock()
	s.users--
	last := s.users == 0
	if last {
		delete(c.live, key)
	}
	c.mu.Unlock()
	if last {
		if err := s.Close(); err != nil {
			c.log.Warn("closing a client", "error", err)
		}
	}
}
