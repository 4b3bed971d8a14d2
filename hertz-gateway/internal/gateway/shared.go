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
	if err := registryNamed(spec); err != nil {
		return nil, nil, err
	}
	return r.clients.acquire(spec.Key(), func() (upstream.Client, error) { return r.open(spec) })
}

func registryNamed(spec upstream.Spec) error {
	if spec.Destination == "" {
		return errors.New("the registry name is not known: two IDL files share a base name; set dgate.service on the service")
	}
	return nil
}

// Chain gives the chain of programs in that order.
func (r *resources) Chain(namespace string, programs []*jsmodule.Program) (*jsmodule.Chain, func(), error) {
	key := namespace + "\x00"
	for _, p := range programs {
		key += p.Name() + "@" + p.Digest() + "\x00"
	}
	return r.chains.acquire(key, func() (*jsmodule.Chain, error) { return r.host.NewChain(namespace, programs...) })
}

// trial stands in for resources when a change is only checked: it dials nothing
// and makes no runtimes.
type trial struct{ *resources }

var _ snapshot.Resources = trial{}

// Client says what would be wrong with a client for spec.
func (trial) Client(spec upstream.Spec) (upstream.Client, func(), error) {
	return nil, func() {}, registryNamed(spec)
}

// Chain makes none: each program has run once when it was built.
func (trial) Chain(string, []*jsmodule.Program) (*jsmodule.Chain, func(), error) {
	return nil, func() {}, nil
}
