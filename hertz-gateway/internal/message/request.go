package message

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
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
	// Params are those of the matched template; Match fills them.
	Params router.Params
	// Peer is the common name of the client's certificate, which was verified;
	// empty without one.
	Peer string
	// TLS tells that the connection is encrypted.
	TLS    bool
	head   head
	body   body
	target error
}

// ErrTarget is a request target that is none of the forms of RFC 9112 section 3.2.
var ErrTarget = errors.New("malformed request target")

// Reset makes r the view of c. Its body is bounded by DefaultMaxBody until
// LimitBody says otherwise.
func (r *Request) Reset(c *app.RequestContext) {
	h := &c.Request.Header
	r.c = c
	r.method = view(h.Method())
	r.head.reset(h.RawHeaders())
	r.body.reset(c, DefaultMaxBody)
	r.target = r.split(h.RequestURI())
	r.Peer, r.TLS = "", false
}

// DefaultMaxBody is the limit of a body in bytes where nobody set another.
const DefaultMaxBody = 4 << 20

// LimitBody sets the limit of the body in bytes; it has no effect on a body
// that has been read.
func (r *Request) LimitBody(n int) { r.body.limit = n }

// TargetError is ErrTarget when the request target could not be understood;
// nothing else of r is to be used then.
func (r *Request) TargetError() error { return r.target }

// Release forgets the context; buffers of ordinary size are kept for the next request.
func (r *Request) Release() {
	r.c = nil
	r.Params.Reset()
	r.method, r.path, r.query = "", "", nil
	r.head.reset(nil)
	r.body.release()
}

// split takes origin-form ("/a?b"), absolute-form ("http://host/a?b") and "*" apart.
func (r *Request) split(target []byte) error {
	if len(target) == 0 {
		return ErrTarget
	}
	if !targetText(view(target)) {
		return ErrTarget
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
	path, query := cutByte(target, '?')
	r.path, r.query = view(path), query
	return nil
}

// Verb is the HTTP method ("GET").
func (r *Request) Verb() string { return r.method }

// Method is Verb as bytes.
func (r *Request) Method() []byte { return unview(r.method) }

// SetMethod changes what hooks and upstreams see; it never chooses another route.
func (r *Request) SetMethod(method string) error {
	if !token(method) {
		return fmt.Errorf("%q is not an HTTP method", method)
	}
	r.method = method
	return nil
}

// Path is the undecoded path, always with a leading slash but for "*".
func (r *Request) Path() []byte { return unview(r.path) }

// RawPath is Path as a string.
func (r *Request) RawPath() string { return r.path }

// SetPath changes what hooks and upstreams see; it never chooses another route.
func (r *Request) SetPath(path string) error {
	if path == "" || path[0] != '/' {
		return fmt.Errorf("path %q does not begin with a slash", path)
	}
	if !targetText(path) || strings.Contains(path, "?") {
		return fmt.Errorf("path %q holds a character that must be percent-encoded", path)
	}
	r.path = path
	return nil
}

// RawQuery is the undecoded query, without "?".
func (r *Request) RawQuery() []byte { return r.query }

// SetRawQuery replaces the query.
func (r *Request) SetRawQuery(query string) error {
	if !targetText(query) {
		return fmt.Errorf("query %q holds a character that must be percent-encoded", query)
	}
	r.query = unview(query)
	return nil
}

// RequestURI is the request target as it came.
func (r *Request) RequestURI() []byte { return r.c.Request.Header.RequestURI() }

// PathParam is the decoded value of a parameter of the matched template.
func (r *Request) PathParam(name string) (string, bool) { return r.Params.Get(name) }

// PathParams calls yield for every parameter of the matched template.
func (r *Request) PathParams(yield func(name, value string) bool) {
	for i := range r.Params.Len() {
		if n, v := r.Params.At(i); !yield(n, v) {
			return
		}
	}
}

// targetText tells whether s can stand in a request target: no space, control
// character or fragment.
func targetText(s string) bool {
	for i := range len(s) {
		if noTarget[s[i]] {
			return false
		}
	}
	return true
}

// noTarget marks the characters that cannot stand in a request target.
var noTarget = func() (t [256]bool) {
	for c := range ' ' + 1 {
		t[c] = true
	}
	t[0x7f], t['#'] = true, true
	return t
}()

// Host is the Host header as it came, port included.
func (r *Request) Host() []byte {
	var host []byte
	r.Header("Host", func(v []byte) bool { host = v; return false })
	return host
}

// Scheme is "http"; listeners with TLS do not exist yet.
func (r *Request) Scheme() string {
	if r.TLS {
		return "https"
	}
	return "http"
}

// ClientIP is the peer's address; no forwarding header is believed.
func (r *Request) ClientIP() string {
	host, _, err := net.SplitHostPort(r.RemoteAddr())
	if err != nil {
		return ""
	}
	return host
}

// Proto is "HTTP/1.1" or "HTTP/1.0".
func (r *Request) Proto() string { return r.c.Request.Header.GetProtocol() }

// RemoteAddr is the peer's "ip:port".
func (r *Request) RemoteAddr() string {
	return r.c.RemoteAddr().String()
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

// SetBody replaces the body; an empty contentType leaves that header alone.
func (r *Request) SetBody(contentType string, b []byte) {
	r.body.set(b)
	r.head.del("Content-Encoding")
	if contentType != "" {
		r.head.del("Content-Type")
		r.head.lines = append(r.head.lines, headLine{[]byte("Content-Type"), []byte(contentType)})
	}
}

// BodyUnread tells whether bytes of the body are still on the connection.
func (r *Request) BodyUnread() bool { return r.body.unread() }

// view makes a string of bytes that live as long as the exchange.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// unview is the way back; the bytes are not to be changed.
func unview(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
