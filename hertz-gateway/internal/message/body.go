package message

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cloudwego/hertz/pkg/app"
)

// keepBody is the largest body buffer that is kept for the next request.
const keepBody = 256 << 10

// firstBody bounds what is allocated for a body of which nothing has come yet.
const firstBody = 64 << 10

// TooLargeError is a body above the limit.
type TooLargeError struct{ Limit int }

func (e *TooLargeError) Error() string { return fmt.Sprintf("body above %d bytes", e.Limit) }

// CodingError is a Content-Encoding that is unknown or does not hold.
type CodingError struct {
	Coding string
	// Unknown tells an unsupported coding (415) from a broken one (400).
	Unknown bool
}

func (e *CodingError) Error() string {
	if e.Unknown {
		return fmt.Sprintf("content coding %q is not supported", e.Coding)
	}
	return fmt.Sprintf("the body is not valid %s", e.Coding)
}

// ReadError is a body that did not arrive whole.
type ReadError struct{ Cause error }

func (e *ReadError) Error() string { return "reading the body: " + e.Cause.Error() }

func (e *ReadError) Unwrap() error { return e.Cause }

// body is read at most once, and only if somebody asks for it.
type body struct {
	c      *app.RequestContext
	buf    []byte
	out    []byte
	err    error
	limit  int
	loaded bool
}

func (b *body) reset(c *app.RequestContext, limit int) {
	b.c, b.limit = c, limit
	b.out, b.err, b.loaded = nil, nil, false
}

func (b *body) release() {
	b.c, b.out, b.err = nil, nil, nil
	if cap(b.buf) > keepBody {
		b.buf = nil
	}
}

func (b *body) set(v []byte) { b.out, b.err, b.loaded = v, nil, true }

// unread is true while the connection still holds bytes of this body.
func (b *body) unread() bool {
	return b.c.Request.Header.ContentLength() != 0 && b.c.Request.IsBodyStream() && (!b.loaded || b.err != nil)
}

func (b *body) bytes(r *Request) ([]byte, error) {
	if b.loaded {
		return b.out, b.err
	}
	b.loaded = true
	b.out, b.err = b.load()
	if b.err == nil {
		b.out, b.err = b.decode(r, b.out)
	}
	return b.out, b.err
}

func (b *body) load() ([]byte, error) {
	req := &b.c.Request
	if !req.IsBodyStream() {
		raw := req.BodyBytes()
		if len(raw) > b.limit {
			return nil, &TooLargeError{b.limit}
		}
		return raw, nil
	}
	stream := req.BodyStream()
	if n := req.Header.ContentLength(); n >= 0 {
		if n > b.limit {
			return nil, &TooLargeError{b.limit}
		}
		return b.fixed(stream, n)
	}
	return b.upTo(stream)
}

// fixed reads exactly n bytes. It never offers the stream more room than is
// left of the body, since Hertz fills all of it, from the next request's bytes
// too. The buffer grows with what came, not with what was announced.
func (b *body) fixed(stream io.Reader, n int) ([]byte, error) {
	buf := b.buf[:0]
	for len(buf) < n {
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, min(n, max(2*cap(buf), firstBody))), buf...)
		}
		m, err := stream.Read(buf[len(buf):min(n, cap(buf))])
		buf = buf[:len(buf)+m]
		if err != nil && len(buf) < n {
			return nil, &ReadError{err}
		}
	}
	b.buf = buf
	return buf, nil
}

// upTo reads a chunked body to its end.
func (b *body) upTo(stream io.Reader) ([]byte, error) {
	w := bytes.NewBuffer(b.buf[:0])
	n, err := io.Copy(w, io.LimitReader(stream, int64(b.limit)+1))
	b.buf = w.Bytes()
	switch {
	case err != nil:
		return nil, &ReadError{err}
	case n > int64(b.limit):
		return nil, &TooLargeError{b.limit}
	}
	return b.buf, nil
}

// decode undoes the content codings, within the same limit.
func (b *body) decode(r *Request, raw []byte) ([]byte, error) {
	var coding string
	r.Header("Content-Encoding", func(v []byte) bool {
		if coding != "" {
			coding += ","
		}
		coding += strings.ToLower(string(v))
		return true
	})
	switch coding {
	case "", "identity":
		return raw, nil
	case "gzip", "x-gzip":
	default:
		return nil, &CodingError{coding, true}
	}
	zr, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, &CodingError{Coding: coding}
	}
	out, err := io.ReadAll(io.LimitReader(zr, int64(b.limit)+1))
	if err == nil && len(out) > b.limit {
		return nil, &TooLargeError{b.limit}
	}
	if err = errors.Join(err, zr.Close()); err != nil {
		return nil, &CodingError{Coding: coding}
	}
	return out, nil
}
