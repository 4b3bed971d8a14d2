package kitex

import (
	"context"
	"errors"

	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote"

	"dgate/hertz-gateway/internal/upstream"
)

// plainError is Kitex's error handler. It unwraps failures to connect, which
// Kitex would otherwise retry by itself, with a line of log each; going on to
// another instance is up to handle.Call.
func plainError(_ context.Context, err error) error {
	var dial *dialError
	if errors.As(err, &dial) {
		return dial
	}
	return err
}

// fail makes the error of a call that ends with err.
func (c *call) fail(code upstream.Code, err error) *upstream.Error {
	return &upstream.Error{
		Code:     code,
		Service:  c.service,
		Method:   c.req.Method,
		Instance: c.instance(),
		Sent:     c.sent,
		Cause:    err,
	}
}

// failure classifies the error of an attempt after which there is no other.
func (c *call) failure(err error) *upstream.Error {
	if biz, ok := kerrors.FromBizStatusError(err); ok {
		e := c.fail(upstream.Business, err)
		e.BizCode, e.BizMessage, e.BizExtra = biz.BizStatusCode(), biz.BizMessage(), biz.BizExtra()
		return e
	}
	var (
		app *remote.TransError
		bad *frameError
	)
	switch {
	case c.dest.closed.Load():
		return c.fail(upstream.Closed, errPoolClosed)
	case errors.Is(err, kerrors.ErrRPCTimeout), errors.Is(err, errTooLate), errors.Is(err, errDeadline), errors.Is(err, errNoTime):
		return c.fail(upstream.Timeout, err)
	case errors.As(err, &bad):
		return c.fail(upstream.Unreadable, bad)
	case errors.As(err, &app):
		return c.fail(upstream.Application, app)
	default:
		return c.fail(upstream.Broken, err)
	}
}
