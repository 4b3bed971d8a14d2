package snapshot

import (
	"context"
	"errors"

	"dgate/hertz-gateway/internal/upstream"
)

// unavailable stands in for a client that could not be made.
type unavailable struct{ why error }

var _ upstream.Client = unavailable{}

func (u unavailable) Call(_ context.Context, c *upstream.Call) (upstream.Reply, error) {
	return upstream.Reply{}, &upstream.Error{Code: upstream.NoInstance, Service: c.Service, Method: c.Method, Cause: u.why}
}

func (u unavailable) Close() error { return nil }

// broken stands in for the action of a route that cannot serve as it is meant.
type broken struct{ why error }

var _ Action = broken{}

func (b broken) Serve(context.Context, *Exchange) error { return b.why }

// ErrNotServed is what routes to HTTP services end with.
var ErrNotServed = errors.New("HTTP services are not served by this version")

// notServed is the action of a route to an HTTP service.
type notServed struct{}

var _ Action = notServed{}

func (notServed) Serve(context.Context, *Exchange) error { return ErrNotServed }
