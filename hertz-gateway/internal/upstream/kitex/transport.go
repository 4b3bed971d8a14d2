package kitex

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote"

	"dgate/hertz-gateway/internal/upstream"
)

// transHandler is the transport below Kitex's client: it writes a request to a
// connection and reads its answer. Kitex's own takes any framing for an answer
// whatever the request had, and lengths at their word; and it needs a
// goroutine, or a poller of its own, to keep a deadline.
type transHandler struct {
	transport upstream.Transport
	maxFrame  int
	json      bool // results are read by Kitex's JSON generic
}

var (
	_ remote.ClientTransHandlerFactory = (*transHandler)(nil)
	_ remote.ClientTransHandler        = (*transHandler)(nil)
)

// NewTransHandler implements remote.ClientTransHandlerFactory; there is no
// state apart from the connections'.
func (h *transHandler) NewTransHandler(*remote.ClientOption) (remote.ClientTransHandler, error) {
	return h, nil
}

// encodeError is a request that could not be encoded; nothing was sent.
type encodeError struct{ cause error }

func (e *encodeError) Error() string { return "encode: " + e.cause.Error() }
func (e *encodeError) Unwrap() error { return e.cause }

// Write sends a request, or prepares a small one for Read to send. After an
// error the connection is closed.
func (h *transHandler) Write(ctx context.Context, nc net.Conn, msg remote.Message) (context.Context, error) {
	c := nc.(*conn)
	err := h.write(ctx, c, msg)
	if err != nil || msg.MessageType() == remote.Oneway {
		c.releaseBuffer()
	}
	if err != nil {
		_ = c.Close()
	}
	return ctx, err
}

func (h *transHandler) write(ctx context.Context, c *conn, msg remote.Message) error {
	if c.since = time.Now(); !c.since.Before(c.call.deadline) {
		return errTooLate
	}
	c.buf, c.got = getBuffer(), 0
	args, err := h.encode(ctx, c, msg)
	if err != nil {
		return &encodeError{err}
	}
	if len(args) > 0 || msg.MessageType() == remote.Oneway {
		return c.send(args)
	}
	return nil
}

// Read receives an answer. A panic of a reader is an error here: Kitex would
// recover from it too, but never give the connection back.
func (h *transHandler) Read(ctx context.Context, nc net.Conn, msg remote.Message) (_ context.Context, err error) {
	c := nc.(*conn)
	defer func() {
		if p := recover(); p != nil {
			err = badFrame("panic: %v", p)
		}
		c.releaseBuffer()
	}()
	frame, err := c.readFrame(h.transport, h.maxFrame)
	if errors.Is(err, errDeadline) {
		err = kerrors.ErrRPCTimeout.WithCause(err)
	}
	if err != nil {
		return ctx, err
	}
	return ctx, h.decode(ctx, c, msg, frame)
}

// decode reads one answer. The frame belongs to the connection's buffer: what
// is kept of it is copied.
func (h *transHandler) decode(ctx context.Context, c *conn, msg remote.Message, frame []byte) error {
	rep, err := parseReply(frame, h.transport)
	if err != nil {
		return err
	}
	inv := msg.RPCInfo().Invocation()
	switch {
	case rep.kind == typeException:
		// Proxies answer with sequence id 0.
		if rep.seq != 0 && rep.seq != inv.SeqID() {
			return badFrame("exception with sequence id %d, not %d", rep.seq, inv.SeqID())
		}
		c.whole = true
		code, text := parseException(rep.payload)
		return remote.NewTransErrorWithMsg(code, text)
	case rep.kind != typeReply:
		return badFrame("message type %d", rep.kind)
	case rep.seq != inv.SeqID():
		return badFrame("sequence id %d, not %d", rep.seq, inv.SeqID())
	case string(rep.method) != inv.MethodName():
		return badFrame("method %.64q, not %q", rep.method, inv.MethodName())
	}
	if rep.info != nil {
		msg.TransInfo().PutTransStrInfo(rep.info)
	}
	res, ok := msg.Data().(*generic.Result)
	if !ok {
		return fmt.Errorf("%T is not a generic result", msg.Data())
	}
	switch {
	case h.json:
		return decodeJSON(ctx, res, inv.MethodName(), bytes.Clone(rep.payload))
	case c.call.req.Reader != nil && !rep.business() && c.call.acceptable(rep.payload):
		c.call.read = true
		c.call.req.Reader.ReadResult(rep.payload)
	default:
		res.Success = bytes.Clone(rep.payload)
	}
	return nil
}

// OnMessage, OnInactive, OnError and SetPipeline are calls of Kitex that a
// client has no use for.
func (h *transHandler) OnMessage(ctx context.Context, _, _ remote.Message) (context.Context, error) {
	return ctx, nil
}

// OnInactive: see OnMessage.
func (h *transHandler) OnInactive(context.Context, net.Conn) {}

// OnError: see OnMessage.
func (h *transHandler) OnError(context.Context, error, net.Conn) {}

// SetPipeline: see OnMessage.
func (h *transHandler) SetPipeline(*remote.TransPipeline) {}
