package servicemapping

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"dgate/hertz-gateway/internal/corpus"
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

// readRequest parses HTTP/1.1 text with LF line ends, as in the corpus.
func readRequest(t testing.TB, text string) *fakeRequest {
	t.Helper()
	line, rest, _ := strings.Cut(text, "\n")
	message, err := (&corpus.Case{Request: line + " HTTP/1.1\n" + rest}).Message()
	if err != nil {
		t.Fatal(err)
	}
	return newFakeRequest(message)
}

// newFakeRequest sends the message through the parser of net/http.
func newFakeRequest(m *corpus.Message) *fakeRequest {
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: example.com\r\nContent-Length: %d\r\n", m.Verb, m.Target, len(m.Body))
	for _, h := range m.Headers {
		fmt.Fprintf(&head, "%s: %s\r\n", h.Name, h.Value)
	}
	head.WriteString("\r\n")
	head.Write(m.Body)
	r := &fakeRequest{target: m.Target}
	_, query, _ := strings.Cut(m.Target, "?")
	r.query = []byte(query)
	req, err := http.ReadRequest(bufio.NewReader(&head))
	if err != nil {
		panic(err)
	}
	if r.body, err = io.ReadAll(req.Body); err != nil {
		panic(err)
	}
	r.Request = req
	return r
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
	for _, name := range slices.Sorted(maps.Keys(w.header)) {
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

// route finds the plan for a request.
func route(t testing.TB, m *Mapping, r *fakeRequest) *Plan {
	t.Helper()
	p, ok := match(t, m, r)
	if !ok {
		t.Fatalf("no route for %s %s", r.Method, r.target)
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

func newFakeResponse() *fakeResponse { return &fakeResponse{header: http.Header{}} }
