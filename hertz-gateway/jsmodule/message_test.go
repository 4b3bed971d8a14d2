package jsmodule_test

import (
	"strings"

	"dgate/hertz-gateway/jsmodule"
)

// lines is a header block in memory.
type lines struct{ list [][2]string }

func (l *lines) Header(name string, yield func([]byte) bool) {
	for _, h := range l.list {
		if strings.EqualFold(h[0], name) && !yield([]byte(h[1])) {
			return
		}
	}
}

func (l *lines) EachHeader(yield func(name, value []byte) bool) {
	for _, h := range l.list {
		if !yield([]byte(h[0]), []byte(h[1])) {
			return
		}
	}
}

func (l *lines) SetHeader(name, value string) error {
	for i, h := range l.list {
		if strings.EqualFold(h[0], name) {
			l.list[i][1] = value
			return nil
		}
	}
	return l.AddHeader(name, value)
}

func (l *lines) AddHeader(name, value string) error {
	l.list = append(l.list, [2]string{name, value})
	return nil
}

func (l *lines) DelHeader(name string) {
	kept := l.list[:0]
	for _, h := range l.list {
		if !strings.EqualFold(h[0], name) {
			kept = append(kept, h)
		}
	}
	l.list = kept
}

func (l *lines) get(name string) string {
	var all []string
	l.Header(name, func(v []byte) bool {
		all = append(all, string(v))
		return true
	})
	return strings.Join(all, "|")
}

// request and response are messages in memory.
type request struct {
	lines
	method, path, query, host string
	params                    [][2]string
	body                      []byte
	bodyErr                   error
	bodySet                   int
}

var _ jsmodule.Request = (*request)(nil)

func (r *request) Method() []byte             { return []byte(r.method) }
func (r *request) SetMethod(m string) error   { r.method = m; return nil }
func (r *request) Path() []byte               { return []byte(r.path) }
func (r *request) SetPath(p string) error     { r.path = p; return nil }
func (r *request) RawQuery() []byte           { return []byte(r.query) }
func (r *request) SetRawQuery(q string) error { r.query = q; return nil }
func (r *request) Scheme() string             { return "http" }
func (r *request) Host() []byte               { return []byte(r.host) }
func (r *request) Proto() string              { return "HTTP/1.1" }
func (r *request) RemoteAddr() string         { return "192.0.2.7:4711" }
func (r *request) ClientIP() string           { return "203.0.113.9" }
func (r *request) Body() ([]byte, error)      { return r.body, r.bodyErr }
func (r *request) SetBody(ct string, b []byte) {
	r.bodySet++
	r.body = b
	setType(&r.lines, ct)
}

func (r *request) PathParam(n string) (string, bool) {
	for _, p := range r.params {
		if p[0] == n {
			return p[1], true
		}
	}
	return "", false
}

func (r *request) PathParams(yield func(name, value string) bool) {
	for _, p := range r.params {
		if !yield(p[0], p[1]) {
			return
		}
	}
}

type response struct {
	lines
	status  int
	body    []byte
	bodySet int
}

var _ jsmodule.Response = (*response)(nil)

func (r *response) Status() int           { return r.status }
func (r *response) SetStatus(code int)    { r.status = code }
func (r *response) Body() ([]byte, error) { return r.body, nil }
func (r *response) SetBody(ct string, b []byte) {
	r.bodySet++
	r.body = b
	setType(&r.lines, ct)
}

func setType(l *lines, contentType string) {
	if contentType != "" {
		_ = l.SetHeader("Content-Type", contentType)
	}
}
