package gateway

import (
	"errors"
	"log/slog"
	"sync"

	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
)

// shared hands out things that snapshots have in common, one for each key, and
// closes each when the last snapshot that wants it has gone. Safe for
// concurrent use.
type shared[T any] struct {
	close func(T)
	mu    sync.Mutex
	live  map[string]*sharedEntry[T]
}

type sharedEntry[T any] struct {
	value T
	users int
}

// acquire gives the thing for key, made by open if need be; release it once.
func (s *shared[T]) acquire(key string, open func() (T, error)) (value T, release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.live[key]
	if e == nil {
		if value, err = open(); err != nil {
			return value, nil, err
		}
		if s.live == nil {
			s.live = map[string]*sharedEntry[T]{}
		}
		e = &sharedEntry[T]{value: value}
		s.live[key] = e
	}
	e.users++
	return e.value, func() { s.release(key, e) }, nil
}

func (s *shared[T]) release(key string, e *sharedEntry[T]) {
	s.mu.Lock()
	e.users--
	last := e.users == 0
	if last {
		delete(s.live, key)
	}
	s.mu.Unlock()
	if last {
		s.close(e.value)
	}
}

// resources are the clients and module chains that snapshots share.
type resources struct {
	open    func(upstream.Spec) (upstream.Client, error)
	host    *jsmodule.Host
	clients shared[upstream.Client]
	chains  shared[*jsmodule.Chain]
}

var _ snapshot.Resources = (*resources)(nil)

func newResources(open func(upstream.Spec) (upstream.Client, error), host *jsmodule.Host, log *slog.Logger) *resources {
	return &resources{
		open: open,
		host: host,
		clients: shared[upstream.Client]{close: func(c upstream.Client) {
			if err := c.Close(); err != nil {
				log.Warn("closing a client", "error", err)
			}
		}},
		chains: shared[*jsmodule.Chain]{close: (*jsmodule.Chain).Close},
	}
}

// Client gives the client for spec.
func (r *resources) Client(spec upstream.Spec) (upstream.Client, func(), error) {
	if spec.Destination == "" {
		return nil, nil, errors.New("the registry name is not known: two IDL files share a base name; set dgate.service on the service")
	}
	return r.clients.acquire(spec.Key(), func() (upstream.Client, error) { return r.open(spec) })
}

// Chain gives the chain of programs in that order.
func (r *resources) Chain(programs []*jsmodule.Program) (*jsmodule.Chain, func(), error) {
	key := ""
	for _, p := range programs {
		key += p.Name() + "@" + p.Digest() + "\x00"
	}
	return r.chains.acquire(key, func() (*jsmodule.Chain, error) { return r.host.NewChain(defaultNamespace, programs...) })
}

// defaultNamespace is the namespace of everything read from files.
const defaultNamespace = "default"
