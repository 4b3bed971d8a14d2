package moduletest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"dgate/hertz-gateway/jsmodule"
)

// Mocks answer for the world outside, as they stand in a JSON file.
type Mocks struct {
	// Upstream is what the service behind the route answers; without it 200
	// and no body.
	Upstream *Upstream `json:"upstream,omitempty"`
	// RPC has the answers to calls by "Service.method".
	RPC map[string]Answers `json:"rpc,omitempty"`
	// Fetch has the answers to HTTP requests by "URL" or "METHOD URL"; a * at
	// the end stands for anything.
	Fetch map[string]Upstream `json:"fetch,omitempty"`
	// Secrets are values by name.
	Secrets map[string]string `json:"secrets,omitempty"`
	// State has the documents by collection and id.
	State map[string]map[string]json.RawMessage `json:"state,omitempty"`
}

// Upstream is the answer of a service behind a route, or its failure.
type Upstream struct {
	Message
	Error *Failure `json:"error,omitempty"`
}

// Message is an HTTP message in JSON.
type Message struct {
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	// Body is text when it is a string, anything else is sent as JSON.
	Body json.RawMessage `json:"body,omitempty"`
}

// Failure is how a call fails.
type Failure struct {
	Name    string `json:"name,omitempty"`
	Code    string `json:"code,omitempty"`
	Status  int    `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
}

// Answer is the answer to a call.
type Answer struct {
	// Args, unless empty, are the arguments that it is for.
	Args   json.RawMessage `json:"args,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *Failure        `json:"error,omitempty"`
}

// Answers are the answers to calls of a method: the first whose arguments fit
// is taken. In JSON a single one may stand without the list.
type Answers []Answer

// UnmarshalJSON implements json.Unmarshaler.
func (a *Answers) UnmarshalJSON(data []byte) error {
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '[' {
		return strictUnmarshal(data, (*[]Answer)(a))
	}
	*a = make(Answers, 1)
	return strictUnmarshal(data, &(*a)[0])
}

func strictUnmarshal(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// bytesOf is a body and the content type that goes with it.
func bytesOf(body json.RawMessage) (data []byte, contentType string) {
	var text string
	if json.Unmarshal(body, &text) == nil {
		return []byte(text), "text/plain; charset=utf-8"
	}
	var b bytes.Buffer
	if json.Compact(&b, body) != nil {
		return body, ""
	}
	return b.Bytes(), "application/json"
}

type settable interface {
	jsmodule.Headers
	SetBody(contentType string, body []byte)
}

// fill writes headers and body.
func (m Message) fill(to settable) error {
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		if err := to.SetHeader(name, m.Headers[name]); err != nil {
			return err
		}
	}
	if len(m.Body) == 0 {
		return nil
	}
	data, contentType := bytesOf(m.Body)
	to.Header("Content-Type", func([]byte) bool { contentType = ""; return false })
	to.SetBody(contentType, data)
	return nil
}

// upstream is the answer of the service behind the route.
func (m *Mocks) upstream() (jsmodule.Upstream, error) {
	u := m.Upstream
	if u == nil {
		return jsmodule.Upstream{}, nil
	}
	if e := u.Error; e != nil {
		return jsmodule.Upstream{Failure: e.failure()}, nil
	}
	if err := u.fill(&jsmodule.MemoryResponse{}); err != nil {
		return jsmodule.Upstream{}, fmt.Errorf("upstream: %w", err)
	}
	return jsmodule.Upstream{Answer: func(r jsmodule.Response) {
		if u.Status != 0 {
			r.SetStatus(u.Status)
		}
		_ = u.fill(r) // it went well above
	}}, nil
}

func (f *Failure) failure() *jsmodule.Failure {
	e := &jsmodule.Failure{Name: f.Name, Code: f.Code, Status: f.Status, Message: f.Message}
	if e.Name == "" {
		e.Name = "UpstreamError"
	}
	if e.Code == "" {
		e.Code = "upstream_failed"
	}
	if e.Status == 0 {
		e.Status = http.StatusBadGateway
	}
	return e
}

// maxCalls bounds the calls that are kept.
const maxCalls = 10000

// world is what a host asks, answered by mocks. It keeps the calls.
type world struct {
	mocks Mocks

	mu    sync.Mutex
	calls []Call
}

// Call is a call that a module made.
type Call struct {
	Service string          `json:"service"`
	Method  string          `json:"method"`
	Args    json.RawMessage `json:"args"`
}

var (
	_ jsmodule.Caller  = (*world)(nil)
	_ jsmodule.Fetcher = (*world)(nil)
	_ jsmodule.Secrets = (*world)(nil)
)

// Call implements jsmodule.Caller.
func (w *world) Call(_ context.Context, call jsmodule.RPC) ([]byte, error) {
	w.mu.Lock()
	if len(w.calls) < maxCalls {
		w.calls = append(w.calls, Call{call.Service, call.Method, call.Args})
	}
	w.mu.Unlock()
	name := call.Service + "." + call.Method
	for _, a := range w.mocks.RPC[name] {
		if len(a.Args) > 0 && len(differ("", call.Args, a.Args)) > 0 {
			continue
		}
		if e := a.Error; e != nil {
			f := e.failure()
			if f.Message == "" {
				f.Message = f.Code
			}
			return nil, &jsmodule.CallError{Code: f.Code, Status: f.Status, Message: f.Message}
		}
		return a.Result, nil
	}
	return nil, &jsmodule.CallError{
		Code: "not_mocked", Status: http.StatusBadGateway,
		Message: fmt.Sprintf(`no mock for %s(%s): add it under "rpc" of the mocks`, name, call.Args),
	}
}

// Fetch implements jsmodule.Fetcher.
func (w *world) Fetch(_ context.Context, f jsmodule.Fetch) (jsmodule.Fetched, error) {
	best, found := "", false
	for pattern := range w.mocks.Fetch {
		// The longest pattern says most.
		if matchesURL(pattern, f.Method, f.URL) && (!found || len(pattern) > len(best)) {
			best, found = pattern, true
		}
	}
	if !found {
		return jsmodule.Fetched{}, &jsmodule.CallError{
			Code: "not_mocked", Status: http.StatusBadGateway,
			Message: fmt.Sprintf(`no mock for %s %s: add it under "fetch" of the mocks`, f.Method, f.URL),
		}
	}
	m := w.mocks.Fetch[best]
	if e := m.Error; e != nil {
		failure := e.failure()
		return jsmodule.Fetched{}, &jsmodule.CallError{Code: failure.Code, Status: failure.Status, Message: failure.Message}
	}
	var r jsmodule.MemoryResponse
	if err := m.fill(&r); err != nil {
		return jsmodule.Fetched{}, err
	}
	answer := jsmodule.Fetched{Status: m.Status, URL: f.URL}
	if m.Status == 0 {
		answer.Status = http.StatusOK
	}
	answer.Body, _ = r.Body() // in memory
	r.Each(func(name, value string) bool {
		answer.Headers = append(answer.Headers, [2]string{name, value})
		return true
	})
	return answer, nil
}

func matchesURL(pattern, method, url string) bool {
	if verb, rest, ok := strings.Cut(pattern, " "); ok {
		if verb != method {
			return false
		}
		pattern = rest
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(url, prefix)
	}
	return url == pattern
}

// Secret implements jsmodule.Secrets.
func (w *world) Secret(_, name string) (string, error) {
	if v, ok := w.mocks.Secrets[name]; ok {
		return v, nil
	}
	return "", jsmodule.ErrNoSecret
}

// documents fills a store with the state of the mocks.
func (w *world) documents() (jsmodule.Documents, error) {
	ctx := context.Background()
	store := jsmodule.NewMemoryDocuments()
	for collection, docs := range w.mocks.State {
		_, err := store.PutCollection(ctx, namespace, jsmodule.Collection{Name: collection})
		for id, data := range docs {
			_, e := store.Put(ctx, namespace, jsmodule.Document{ID: id, Collection: collection, Data: data})
			err = errors.Join(err, e)
		}
		if err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
	}
	return store, nil
}

// LoadMocks reads a file with what stands under "mocks" in a case.
func LoadMocks(file string) (m Mocks, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return m, err
	}
	if err := strictUnmarshal(data, &m); err != nil {
		return m, &caseError{at(file, data, err), err}
	}
	return m, nil
}
