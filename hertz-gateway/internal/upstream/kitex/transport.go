package kitex

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/cloudwego/kitex/pkg/remote"
	"github.com/cloudwego/kitex/pkg/remote/trans"
	npconn "github.com/cloudwego/kitex/pkg/remote/trans/netpoll"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/netpoll"
)

// transports makes Kitex's default transport with the call's deadline on it.
type transports struct{}

var _ remote.ClientTransHandlerFactory = transports{}

func (transports) NewTransHandler(o *remote.ClientOption) (remote.ClientTransHandler, error) {
	ext := extension{npconn.NewNetpollConnExtension()}
	h, err := trans.NewDefaultCliTransHandler(o, ext)
	if err != nil {
		return nil, err
	}
	return &transHandler{ClientTransHandler: h, ext: ext, opt: o}, nil
}

// extension puts the deadline of the call on reading.
type extension struct{ trans.Extension }

func (e extension) SetReadTimeout(ctx context.Context, c net.Conn, cfg rpcinfo.RPCConfig, role remote.RPCRole) {
	if cl := callOf(ctx); cl != nil {
		_ = c.SetReadDeadline(cl.deadline)
		return
	}
	e.Extension.SetReadTimeout(ctx, c, cfg, role)
}

// transHandler writes with a deadline, and finds out whether anything was sent.
type transHandler struct {
	remote.ClientTransHandler
	ext extension
	opt *remote.ClientOption
}

var (
	errStale    = errors.New("connection closed by the peer before the request was sent")
	errTooLate  = errors.New("deadline passed before the request was sent")
	errDeadline = errors.New("deadline passed while the request was sent")
)

// encodeError is a request that Kitex could not write; nothing was sent.
type encodeError struct{ cause error }

func (e *encodeError) Error() string { return "encode: " + e.cause.Error() }
func (e *encodeError) Unwrap() error { return e.cause }

// Read receives an answer. A panic of a reader is an error here: Kitex would
// recover from it too, but never give the connection back.
func (h *transHandler) Read(ctx context.Context, nc net.Conn, msg remote.Message) (_ context.Context, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = badFrame("panic: %v", p)
		}
	}()
	return h.ClientTransHandler.Read(ctx, nc, msg)
}

// Write sends a request. After an error the connection is closed and nothing
// refers to the request any more, so that its bytes may be reused.
func (h *transHandler) Write(ctx context.Context, nc net.Conn, msg remote.Message) (context.Context, error) {
	c := callOf(ctx)
	err := h.write(ctx, c, nc.(netpoll.Connection), msg)
	if err != nil {
		_ = c.conn.Close()
	}
	return ctx, err
}

func (h *transHandler) write(ctx context.Context, c *call, nc netpoll.Connection, msg remote.Message) (err error) {
	if !time.Now().Before(c.deadline) {
		return errTooLate
	}
	_ = nc.SetWriteDeadline(c.deadline)
	buf := h.ext.NewWriteByteBuffer(ctx, nc, msg)
	defer func() { _ = h.ext.ReleaseBuffer(buf, err) }()
	msg.SetPayloadCodec(h.opt.PayloadCodec)
	if err := h.encode(ctx, msg, buf); err != nil {
		return &encodeError{err}
	}
	err = buf.Flush()
	switch {
	case err == nil:
		c.sent = true
		return nil
	case errors.Is(err, netpoll.ErrWriteTimeout):
		c.sent = true
		return errDeadline
	case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET), nc.Writer().MallocLen() > 0:
		// The first write of the request failed, or netpoll saw the
		// connection closed before it tried one.
		return errStale
	default:
		c.sent = true
		return err
	}
}

func (h *transHandler) encode(ctx context.Context, msg remote.Message, buf remote.ByteBuffer) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return h.opt.Codec.Encode(ctx, msg, buf)
}
