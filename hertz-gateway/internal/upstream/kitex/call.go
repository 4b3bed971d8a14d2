package kitex

import (
	"context"
	"slices"
	"time"

	"dgate/hertz-gateway/internal/upstream"
)

// call is one call on its way through Kitex. It is also the context that
// Kitex gets: it has the caller's values but never ends, since a context that
// can end makes Kitex move the call to another goroutine.
type call struct {
	values   context.Context
	req      *upstream.Call
	dest     *destination
	service  string // Thrift service
	deadline time.Time

	json *jsonMethod // how Kitex's JSON becomes the result; nil: it is Thrift

	node  *node    // picked last
	tried []string // addresses that refused this call a connection
	sent  bool     // something of the request may have left
	read  bool     // the Reader of req has had the result
}

type callKey struct{}

// callOf returns the call that ctx came from.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

var _ context.Context = (*call)(nil)

func (c *call) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c *call) Done() <-chan struct{}       { return nil }
func (c *call) Err() error                  { return nil }

func (c *call) Value(key any) any {
	if _, ok := key.(callKey); ok {
		return c
	}
	return c.values.Value(key)
}

// left is the time to the deadline.
func (c *call) left() time.Duration { return time.Until(c.deadline) }

func (c *call) hasTried(n *node) bool { return slices.Contains(c.tried, n.inst.Address) }

func (c *call) instance() string {
	if c.node == nil {
		return ""
	}
	return c.node.inst.Address
}
