package kitex

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/pkg/kerrors"

	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/transcode"
)

// handle is one client of a destination.
type handle struct {
	factory *Factory
	dest    *destination
	service string
	closed  atomic.Bool

	// Codec kitex-json: its methods, and the destination that calls them.
	json     map[string]*jsonMethod
	jsonDest *destination
}

var _ upstream.Client = (*handle)(nil)

// maxStale bounds how many connections may turn out closed while a request is
// about to be written to them, which takes a close in the microseconds since
// they were seen open.
const maxStale = 8

var emptyStruct = []byte{0}

// Call implements upstream.Client. Of ctx only the values count.
func (h *handle) Call(ctx context.Context, req *upstream.Call) (upstream.Reply, error) {
	d := h.dest
	c := &call{values: ctx, req: req, dest: d, service: h.service, deadline: req.Deadline}
	if req.Service != "" {
		c.service = req.Service
	}
	if h.closed.Load() || d.closed.Load() {
		return upstream.Reply{}, c.fail(upstream.Closed, errPoolClosed)
	}
	if c.deadline.IsZero() {
		c.deadline = time.Now().Add(d.timeout)
	}
	kctx := context.Context(c)
	for k, v := range req.Header {
		kctx = metainfo.WithPersistentValue(kctx, k, v)
	}
	args := req.Args
	if len(args) == 0 {
		args = emptyStruct
	}
	if m := h.json[req.Method]; m != nil && args[0] != transcode.WireStop {
		text, err := m.request(args)
		if err != nil {
			return upstream.Reply{}, c.fail(upstream.Broken, err)
		}
		c.dest, c.json = h.jsonDest, m
		return c.run(kctx, text)
	}
	return c.run(kctx, args)
}

// Instances implements upstream.Lister.
func (h *handle) Instances() []string {
	var addresses []string
	for _, inst := range h.dest.instances.Instances().Instances {
		if inst.Weight > 0 {
			addresses = append(addresses, inst.Address)
		}
	}
	slices.Sort(addresses)
	return addresses
}

// run makes attempts until one got through to an instance.
func (c *call) run(ctx context.Context, args any) (upstream.Reply, error) {
	var refused error
	for stale := 0; ; {
		c.sent = false
		result, err := c.dest.kitex.GenericCall(ctx, c.req.Method, args)
		if err == nil {
			return c.answer(result)
		}
		var dial *dialError
		switch {
		case errors.As(err, &dial):
			switch {
			case errors.Is(dial, errPoolClosed), errors.Is(dial, errNoTime):
				return upstream.Reply{}, c.failure(dial)
			case dial.theirs:
				c.node.inst.MarkDown(c.dest.downFor)
			}
			refused = dial
			c.tried = append(c.tried, c.node.inst.Address)
			if c.req.Tried != nil {
				*c.req.Tried = append(*c.req.Tried, c.node.inst.Address)
			}
		case errors.Is(err, errStale) && stale < maxStale:
			stale++
		case errors.Is(err, kerrors.ErrNoMoreInstance):
			return upstream.Reply{}, c.none(refused)
		default:
			return upstream.Reply{}, c.failure(err)
		}
	}
}

// none is the error of a call for which no instance is left.
func (c *call) none(refused error) *upstream.Error {
	if refused != nil {
		return c.fail(upstream.Refused, refused)
	}
	if c.req.Choice != nil {
		return c.fail(upstream.NoInstance, fmt.Errorf("no instance of %s fits %+v", c.dest.key.name, *c.req.Choice))
	}
	for _, inst := range c.dest.instances.Instances().Instances {
		if inst.Weight > 0 {
			return c.fail(upstream.Refused, errors.New("every instance refused a connection a moment ago"))
		}
	}
	return c.fail(upstream.NoInstance, errors.New("no instance of "+c.dest.key.name+" is registered"))
}

func (c *call) answer(result any) (upstream.Reply, error) {
	r := upstream.Reply{Instance: c.instance()}
	if c.req.Oneway || c.read {
		return r, nil
	}
	switch v := result.(type) {
	case []byte:
		r.Result = v
	case string:
		var err error
		if r.Result, err = c.json.reply(v); err != nil {
			return upstream.Reply{}, c.fail(upstream.Unreadable, err)
		}
	}
	if !c.acceptable(r.Result) {
		// Over framed a business error comes like this.
		return upstream.Reply{}, c.fail(upstream.Unreadable, errors.New("empty result of a method that is not void"))
	}
	return r, nil
}

// acceptable says whether a result struct may be an answer of the method: an
// empty one is not always.
func (c *call) acceptable(result []byte) bool {
	emptyOK := c.req.Void || c.req.NilResult && c.dest.key.transport == upstream.TransportTTHeader
	return len(result) > 0 && (emptyOK || result[0] != transcode.WireStop)
}

// Close implements upstream.Client.
func (h *handle) Close() error {
	if h.closed.Swap(true) {
		return nil
	}
	err := h.factory.release(h.dest)
	if h.jsonDest != nil {
		err = errors.Join(err, h.factory.release(h.jsonDest))
	}
	return err
}
