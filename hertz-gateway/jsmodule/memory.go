package jsmodule

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// MemoryHeaders are header lines in memory. The zero value is empty.
type MemoryHeaders struct{ headerList }

// SetHeader implements Headers.
func (h *MemoryHeaders) SetHeader(name, value string) error {
	if err := checkHeader(name, value); err != nil {
		return err
	}
	return h.headerList.SetHeader(name, value)
}

// AddHeader implements Headers.
func (h *MemoryHeaders) AddHeader(name, value string) error {
	if err := checkHeader(name, value); err != nil {
		return err
	}
	return h.headerList.AddHeader(name, value)
}

func checkHeader(name, value string) error {
	if !isToken(name) {
		return fmt.Errorf("%q cannot be the name of a header", name)
	}
	if strings.ContainsAny(value, "\r\n\x00") {
		return fmt.Errorf("header %s: the value holds a line break or NUL", name)
	}
	return nil
}

// HTTP gives a copy as net/http has it.
func (h *MemoryHeaders) HTTP() http.Header {
	header := http.Header{}
	for _, l := range h.list {
		header.Add(l.name, l.value)
	}
	return header
}

// Each calls yield for every line, names as they were written.
func (h *MemoryHeaders) Each(yield func(name, value string) bool) {
	for _, l := range h.list {
		if !yield(l.name, l.value) {
			return
		}
	}
}

// MemoryRequest is a Request that came from nowhere, for tests and tools. Make
// it with NewMemoryRequest.
type MemoryRequest struct {
	MemoryHeaders
	method, scheme, host string
	path, query          string
	ip                   string
	params               []headerLine
	body                 []byte
}

var (
	_ Request  = (*MemoryRequest)(nil)
	_ Response = (*MemoryResponse)(nil)
	_ Binding  = (*MemoryBinding)(nil)
)

// MemoryBinding is a Binding that takes any arguments.
type MemoryBinding struct {
	// Args is a JSON object, the arguments that the request binds to and then
	// those that hooks have made of it; nothing stands for none.
	Args []byte
}

// Bind implements Binding.
func (b *MemoryBinding) Bind() ([]byte, error) {
	if len(b.Args) == 0 {
		return []byte("{}"), nil
	}
	return b.Args, nil
}

// SetArguments implements Binding.
func (b *MemoryBinding) SetArguments(json []byte) error {
	b.Args = slices.Clone(json)
	return nil
}

// Instances implements Binding: there are none.
func (*MemoryBinding) Instances() []string { return nil }

// NewMemoryRequest makes a request. target is an absolute URL, or a path with a
// query on http://localhost; an empty method is GET.
func NewMemoryRequest(method, target string) (*MemoryRequest, error) {
	if method == "" {
		method = http.MethodGet
	}
	if !isToken(method) {
		return nil, fmt.Errorf("%q is not an HTTP method", method)
	}
	if target == "" {
		target = "/"
	}
	u, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL or a path", target)
	}
	r := &MemoryRequest{
		method: method, scheme: "http", host: "localhost", path: u.EscapedPath(), query: u.RawQuery, ip: "127.0.0.1",
	}
	if u.Host != "" {
		r.scheme, r.host = u.Scheme, u.Host
	}
	if r.path == "" {
		r.path = "/"
	}
	if r.path[0] != '/' || r.scheme != "http" && r.scheme != "https" {
		return nil, fmt.Errorf("%q is not a URL or a path", target)
	}
	return r, nil
}

// SetParam sets a parameter of the route's path.
func (r *MemoryRequest) SetParam(name, value string) {
	r.params = append(slices.DeleteFunc(r.params, func(p headerLine) bool { return p.name == name }), headerLine{name, value})
}

// SetIP sets the address of the client.
func (r *MemoryRequest) SetIP(ip string) { r.ip = ip }

// URL is the whole URL.
func (r *MemoryRequest) URL() string { return requestURL(r) }

// Method implements Request.
func (r *MemoryRequest) Method() []byte { return []byte(r.method) }

// SetMethod implements Request.
func (r *MemoryRequest) SetMethod(method string) error {
	if !isToken(method) {
		return fmt.Errorf("%q is not an HTTP method", method)
	}
	r.method = method
	return nil
}

// Path implements Request.
func (r *MemoryRequest) Path() []byte { return []byte(r.path) }

// SetPath implements Request.
func (r *MemoryRequest) SetPath(path string) error { r.path = path; return nil }

// RawQuery implements Request.
func (r *MemoryRequest) RawQuery() []byte { return []byte(r.query) }

// SetRawQuery implements Request.
func (r *MemoryRequest) SetRawQuery(query string) error { r.query = query; return nil }

// Scheme implements Request.
func (r *MemoryRequest) Scheme() string { return r.scheme }

// Host implements Request.
func (r *MemoryRequest) Host() []byte { return []byte(r.host) }

// Proto implements Request.
func (r *MemoryRequest) Proto() string { return "HTTP/1.1" }

// RemoteAddr implements Request.
func (r *MemoryRequest) RemoteAddr() string { return r.ip + ":40000" }

// ClientIP implements Request.
func (r *MemoryRequest) ClientIP() string { return r.ip }

// PathParam implements Request.
func (r *MemoryRequest) PathParam(name string) (string, bool) {
	for _, p := range r.params {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// PathParams implements Request.
func (r *MemoryRequest) PathParams(yield func(name, value string) bool) {
	for _, p := range r.params {
		if !yield(p.name, p.value) {
			return
		}
	}
}

// Body implements Request.
func (r *MemoryRequest) Body() ([]byte, error) { return r.body, nil }

// SetBody implements Request.
func (r *MemoryRequest) SetBody(contentType string, body []byte) {
	r.body = setMemoryBody(&r.MemoryHeaders, contentType, body)
}

// MemoryResponse is a Response that goes nowhere. The zero value has no status
// yet.
type MemoryResponse struct {
	MemoryHeaders
	status int
	body   []byte
}

// Status implements Response; 200 unless one was set.
func (r *MemoryResponse) Status() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// SetStatus implements Response.
func (r *MemoryResponse) SetStatus(code int) { r.status = code }

// Body implements Response.
func (r *MemoryResponse) Body() ([]byte, error) { return r.body, nil }

// SetBody implements Response.
func (r *MemoryResponse) SetBody(contentType string, body []byte) {
	r.body = setMemoryBody(&r.MemoryHeaders, contentType, body)
}

// Clear makes the response empty again.
func (r *MemoryResponse) Clear() { *r = MemoryResponse{} }

func setMemoryBody(h *MemoryHeaders, contentType string, body []byte) []byte {
	if contentType != "" {
		// No content type that the host sets can be refused.
		_ = h.SetHeader("Content-Type", contentType)
	}
	return slices.Clone(body)
}

// Clone is a copy that shares nothing with r.
func (r *MemoryRequest) Clone() *MemoryRequest {
	c := *r
	c.list, c.params, c.body = slices.Clone(r.list), slices.Clone(r.params), slices.Clone(r.body)
	return &c
}
