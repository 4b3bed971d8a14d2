package servicemapping

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"testing"
	"testing/fstest"

	"dgate/hertz-gateway/internal/wiretext"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/transcode"
)

// fakeRequest is a Request read from the text of an HTTP request.
type fakeRequest struct {
	*http.Request
	target string
	query  []byte
	body   []byte
	params router.Params
	err    error
}

func (r *fakeRequest) Verb() string                         { return r.Method }
func (r *fakeRequest) PathParam(name string) (string, bool) { return r.params.Get(name) }
func (r *fakeRequest) RawQuery() []byte                     { return r.query }
func (r *fakeRequest) RequestURI() []byte                   { return []byte(r.target) }
func (r *fakeRequest) ContentType() []byte                  { return []byte(r.Request.Header.Get("Content-Type")) }
func (r *fakeRequest) Body() ([]byte, error)                { return r.body, r.err }

func (r *fakeRequest) Header(name string, yield func([]byte) bool) {
	for _, v := range r.Request.Header.Values(name) {
		if !yield([]byte(v)) {
			return
		}
	}
}

// readRequest parses HTTP/1.1 text with LF line ends; all that follows the
// blank line is the body.
func readRequest(t testing.TB, text string) *fakeRequest {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	head = strings.TrimRight(head, "\n")
	line, headers, _ := strings.Cut(head, "\n")
	if !strings.Contains(line, " HTTP/") {
		line += " HTTP/1.1"
	}
	head = line + "\r\nHost: example.com\r\n"
	if headers != "" {
		head += strings.ReplaceAll(headers, "\n", "\r\n") + "\r\n"
	}
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body)))
	if err != nil {
		t.Fatalf("request: %v\n%s", err, text)
	}
	content, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &fakeRequest{Request: req, target: req.RequestURI, query: []byte(req.URL.RawQuery), body: content}
}

// fakeResponse records what a plan writes.
type fakeResponse struct {
	status      int
	header      http.Header
	contentType string
	body        []byte
}

func (w *fakeResponse) SetStatus(code int) { w.status = code }
func (w *fakeResponse) SetHeader(name, value string) error {
	if strings.ContainsAny(value, "\r\n\x00") {
		return errors.New("bad header value")
	}
	w.header.Set(name, value)
	return nil
}
func (w *fakeResponse) AddHeader(name, value string) error {
	if strings.ContainsAny(value, "\r\n\x00") {
		return errors.New("bad header value")
	}
	w.header.Add(name, value)
	return nil
}
func (w *fakeResponse) SetBody(contentType string, body []byte) {
	w.contentType, w.body = contentType, body
}
func (w *fakeResponse) BodyBuffer() []byte { return w.body[:0] }

// String shows status, headers and body.
func (w *fakeResponse) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, w.status)
	if w.contentType != "" {
		fmt.Fprintln(&b, "Content-Type:", w.contentType)
	}
	names := make([]string, 0, len(w.header))
	for name := range w.header {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, v := range w.header[name] {
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	if len(w.body) > 0 {
		b.WriteByte('\n')
		b.Write(w.body)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// mustLoad compiles one IDL that has nothing wrong with it.
func mustLoad(t testing.TB, idl string) *Mapping {
	t.Helper()
	return mustLoadWith(t, idl, Settings{})
}

func mustLoadWith(t testing.TB, idl string, s Settings) *Mapping {
	t.Helper()
	m, err := Load(fstest.MapFS{"test.thrift": {Data: []byte(idl)}}, Options{Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range m.Diagnostics {
		if d.Severity == Error {
			t.Fatalf("%s:%d: %s: %s", d.File, d.Line, d.Rule, d.Message)
		}
	}
	return m
}

// route finds the plan for a request, and its path parameters.
func route(t testing.TB, m *Mapping, r *fakeRequest) *Plan {
	t.Helper()
	b := new(router.Builder[*Plan])
	for _, s := range m.Services {
		for _, method := range s.Methods {
			for _, binding := range method.Bindings {
				tmpl, err := router.Parse(binding.Path)
				if err != nil {
					t.Fatal(err)
				}
				if err := b.Add(binding.Verb, tmpl, binding.Plan); err != nil {
					t.Fatal(err)
				}
			}
			if p, ok := strings.CutPrefix(r.URL.Path, "/gateway/"); ok && p == s.Name+"/"+method.Name {
				return method.Generic
			}
		}
	}
	path, _, _ := strings.Cut(r.target, "?")
	p, outcome := b.Build().Match(r.Method, path, &r.params)
	if outcome.Kind != router.Found {
		t.Fatalf("%s %s: %v", r.Method, path, outcome.Kind)
	}
	return p
}

// bind shows what a request becomes: the arguments, or all that is wrong.
func bind(t testing.TB, m *Mapping, request string) string {
	t.Helper()
	r := readRequest(t, request)
	wire, err := route(t, m, r).AppendRequest([]byte("before"), r)
	if !bytes.HasPrefix(wire, []byte("before")) {
		t.Fatalf("what was in dst is lost: %q", wire)
	}
	if err != nil {
		if len(wire) != len("before") {
			t.Errorf("dst has grown to %q beside the error %v", wire, err)
		}
		return showError(err)
	}
	text, err := wiretext.Dump(wire[len("before"):])
	if err != nil {
		t.Fatalf("%v: %q", err, wire)
	}
	return strings.TrimSuffix(text, "\n")
}

func showError(err error) string {
	var bad *transcode.InvalidError
	if !errors.As(err, &bad) {
		return "error: " + err.Error()
	}
	var lines []string
	for _, v := range bad.Violations {
		lines = append(lines, strings.TrimSpace(v.Parameter+v.Pointer+" "+v.Code))
	}
	return strings.Join(lines, "\n")
}

// fields shows the lines of the request struct alone.
func fields(s string) string {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "1 struct {\n"), "\n}")
	return strings.ReplaceAll(strings.TrimPrefix(s, "  "), "\n  ", "\n")
}
