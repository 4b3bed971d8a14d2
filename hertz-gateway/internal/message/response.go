package message

import (
	"io"
	"strings"

	"github.com/cloudwego/hertz/pkg/app"
)

// Response is the answer being made. Nothing is sent before the exchange ends.
// Not safe for concurrent use.
type Response struct {
	c *app.RequestContext
}

// Reset makes r the view of c's response.
func (r *Response) Reset(c *app.RequestContext) { r.c = c }

// Release forgets the context.
func (r *Response) Release() { r.c = nil }

// Status is the status code; 200 unless set.
func (r *Response) Status() int { return r.c.Response.StatusCode() }

// SetStatus sets the status code.
func (r *Response) SetStatus(code int) { r.c.Response.SetStatusCode(code) }

// framing headers belong to the server alone.
func framing(name string) bool {
	switch strings.ToLower(name) {
	case "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer", "te", "proxy-connection":
		return true
	}
	return false
}

func (r *Response) check(name, value string) error {
	if framing(name) {
		return &HeaderError{name, "it belongs to the connection and cannot be set"}
	}
	return checkHeader(name, value)
}

// SetHeader replaces every line of that name. An error is a *HeaderError.
func (r *Response) SetHeader(name, value string) error {
	if err := r.check(name, value); err != nil {
		return err
	}
	if strings.EqualFold(name, "Set-Cookie") {
		r.c.Response.Header.DelAllCookies()
	}
	r.c.Response.Header.Set(name, value)
	return nil
}

// AddHeader adds a line. An error is a *HeaderError.
func (r *Response) AddHeader(name, value string) error {
	if err := r.check(name, value); err != nil {
		return err
	}
	r.c.Response.Header.Add(name, value)
	return nil
}

// DelHeader removes every line of that name.
func (r *Response) DelHeader(name string) {
	if strings.EqualFold(name, "Set-Cookie") {
		r.c.Response.Header.DelAllCookies()
		return
	}
	r.c.Response.Header.Del(name)
}

// Header calls yield for each line of that name, case-insensitively.
func (r *Response) Header(name string, yield func(value []byte) bool) {
	r.EachHeader(func(n, v []byte) bool {
		if !equalFold(n, name) {
			return true
		}
		return yield(v)
	})
}

// EachHeader calls yield for every header line.
func (r *Response) EachHeader(yield func(name, value []byte) bool) {
	more := true
	r.c.Response.Header.VisitAll(func(k, v []byte) {
		if more {
			more = yield(k, v)
		}
	})
}

// BodyBuffer is an empty buffer to append a body to; SetBody hands it over.
func (r *Response) BodyBuffer() []byte { return r.c.Response.BodyBuffer().B[:0] }

// SetBody makes body the body; an empty contentType leaves the header as it is.
func (r *Response) SetBody(contentType string, body []byte) {
	if contentType != "" {
		r.c.Response.Header.SetContentType(contentType)
	}
	r.c.Response.BodyBuffer().B = body
}

// SetBodyStream makes what r gives the body, sent as it comes; each Read is one
// piece. If r is an io.Closer it is closed at the end, however that comes.
func (r *Response) SetBodyStream(contentType string, body io.Reader) {
	r.c.Response.Header.SetContentType(contentType)
	r.c.Response.SetBodyStream(body, -1)
}

// Body is the body so far; the error is for answers that are streams.
func (r *Response) Body() ([]byte, error) { return r.c.Response.BodyBytes(), nil }

// Clear takes back everything that was set.
func (r *Response) Clear() {
	r.c.Response.Reset()
	r.c.Response.Header.SetNoDefaultContentType(true)
}

// CloseAfter closes the connection once the answer is written.
func (r *Response) CloseAfter() { r.c.SetConnectionClose() }
