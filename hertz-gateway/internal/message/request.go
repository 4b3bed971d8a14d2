package message

import (
	"bytes"
	"errors"
	"net/url"
	"unsafe"

	"github.com/cloudwego/hertz/pkg/app"

	"dgate/hertz-gateway/router"
)

// Request is a client's request. What it returns is valid until the exchange
// ends. Not safe for concurrent use.
type Request struct {
	c      *app.RequestContext
	method string
	path   string // undecoded, as it came or as a module set it
	query  []byte // undecoded, without "?"
	params *router.Params
	head   head
	body   body
}

// ErrTarget is a request target that is none of the forms of RFC 9112 section 3.2.
var ErrTarget = errors.New("malformed request target")

// Reset makes r the view of c. maxBody bounds its body in bytes.
func (r *Request) Reset(c *app.RequestContext, params *router.Params, maxBody int) error {
	h := &c.Request.Header
	r.c = c
	r.params = params
	r.method = view(h.Method())
	r.head.reset(h.RawHeaders())
	r.body.reset(c, maxBody)
	return r.split(h.RequestURI())
}

// Release forgets the context; buffers of ordinary size are kept for the next request.
func (r *Request) Release() {
	r.c, r.params = nil, nil
	r.method, r.path, r.query = "", "", nil
	r.head.reset(nil)
	r.body.release()
}

// split takes origin-form ("/a?b"), absolute-form ("http://host/a?b") and "*" apart.
func (r *Request) split(target []byte) error {
	if len(target) == 0 {
		return ErrTarget
	}
	for _, c := range target {
		if c <= ' ' || c == 0x7f || c == '#' {
			return ErrTarget
		}
	}
	if target[0] != '/' && !(len(target) == 1 && target[0] == '*') {
		i := bytes.Index(target, []byte("://"))
		if i <= 0 {
			return ErrTarget
		}
		target = target[i+3:]
		if slash := bytes.IndexAny(target, "/?"); slash >= 0 {
			target = target[slash:]
		} else {
			target = nil
		}
		if len(target) == 0 || target[0] == '?' {
			r.path, r.query = "/", bytes.TrimPrefix(target, []byte("?"))
			return nil
		}
	}
	path, query, _ := bytes.Cut(target, []byte("?"))
	r.path, r.query = view(path), query
	return nil
}

// Method is the HTTP method ("GET").
func (r *Request) Method() string { return r.method }

// Verb is Method, under the name that plans know.
func (r *Request) Verb() string { return r.method }

// SetMethod changes what hooks and upstreams see; it never chooses another route.
func (r *Request) SetMethod(m string) { r.method = m }

// Path is the undecoded path, always with a leading slash but for "*".
func (r *Request) Path() string { return r.path }

// SetPath changes what hooks and upstreams see; it never chooses another route.
func (r *Request) SetPath(p string) { r.path = p }

// RawQuery is the undecoded query, without "?".
func (r *Request) RawQuery() []byte { return r.query }

// SetRawQuery replaces the query.
func (r *Request) SetRawQuery(q []byte) { r.query = q }

// RequestURI is the request target as it came.
func (r *Request) RequestURI() []byte { return r.c.Request.Header.RequestURI() }

// PathParam is the decoded value of a parameter of the matched template.
func (r *Request) PathParam(name string) (string, bool) { return r.params.Get(name) }

// EachPathParam calls yield for every parameter of the matched template.
func (r *Request) EachPathParam(yield func(name, value string) bool) {
	for i := range r.params.Len() {
		if n, v := r.params.At(i); !yield(n, v) {
			return
		}
	}
}

// Host is the Host header as it came, port included.
func (r *Request) Host() string {
	var host string
	r.Header("Host", func(v []byte) bool { host = view(v); return false })
	return host
}

// Proto is "HTTP/1.1" or "HTTP/1.0".
func (r *Request) Proto() string { return r.c.Request.Header.GetProtocol() }

// RemoteAddr is the peer's "ip:port".
func (r *Request) RemoteAddr() string {
	if a := r.c.RemoteAddr(); a != nil {
		return a.String()
	}
	return ""
}

// Scheme is "https" on a TLS listener, else "http".
func (r *Request) Scheme() string {
	if r.c.Request.IsTLS() {
		return "https"
	}
	return "http"
}

// URL is the request's URL as the client meant it.
func (r *Request) URL() *url.URL {
	return &url.URL{Scheme: r.Scheme(), Host: r.Host(), RawPath: r.path, RawQuery: string(r.query)}
}

// ContentType is the Content-Type header as it came; nil when there is none.
func (r *Request) ContentType() []byte {
	var ct []byte
	r.Header("Content-Type", func(v []byte) bool { ct = v; return false })
	return ct
}

// Header calls yield for each line of that name, case-insensitively.
func (r *Request) Header(name string, yield func(value []byte) bool) { r.head.each(name, yield) }

// EachHeader calls yield for every header line in the order they came.
func (r *Request) EachHeader(yield func(name, value []byte) bool) { r.head.all(yield) }

// SetHeader replaces every line of that name.
func (r *Request) SetHeader(name, value string) error { return r.head.set(name, value) }

// AddHeader adds a line.
func (r *Request) AddHeader(name, value string) error { return r.head.add(name, value) }

// DelHeader removes every line of that name.
func (r *Request) DelHeader(name string) { r.head.del(name) }

// Body reads the whole body, once; later calls return the same bytes. Errors:
// *TooLargeError, *CodingError, or *ReadError when the client went away.
func (r *Request) Body() ([]byte, error) { return r.body.bytes(r) }

// SetBody replaces the body.
func (r *Request) SetBody(b []byte) { r.body.set(b); r.head.del("Content-Encoding") }

// BodyUnread tells whether bytes of the body are still on the connection.
func (r *Request) BodyUnread() bool { return r.body.unread() }

// view makes a string of bytes that live as long as the exchange.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
