package jsmodule_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"dgate/hertz-gateway/jsmodule"
)

// build compiles a module or fails the test.
func build(t testing.TB, name, text string) *jsmodule.Program {
	t.Helper()
	for attempt := 1; ; attempt++ {
		p, err := jsmodule.Build(jsmodule.Source{Name: name, File: name + ".ts", Text: text}, nil)
		if err == nil {
			return p
		}
		if !tooSlow(err) || attempt == attempts {
			t.Fatalf("build %s: %v", name, err)
		}
	}
}

// attempts is how often a test tries what a busy machine may not have given the
// CPU time for.
const attempts = 5

// tooSlow tells whether JavaScript was interrupted, and did not fail by itself.
func tooSlow(err error) bool {
	var e *jsmodule.Error
	return errors.As(err, &e) && e.Kind == jsmodule.KindBudget
}

// newHost starts a host that stops with the test.
func newHost(t testing.TB, cfg jsmodule.Config) *jsmodule.Host {
	t.Helper()
	if cfg.Limits.Budget == 0 { // tests of the budget name one
		cfg.Limits.Budget = 500 * time.Millisecond
	}
	h, err := jsmodule.NewHost(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

// chain loads modules, given as text, under cfg.
func chain(t testing.TB, cfg jsmodule.Config, texts ...string) *jsmodule.Chain {
	t.Helper()
	return chainOn(t, newHost(t, cfg), texts...)
}

func chainOn(t testing.TB, h *jsmodule.Host, texts ...string) *jsmodule.Chain {
	t.Helper()
	var programs []*jsmodule.Program
	for i, text := range texts {
		programs = append(programs, build(t, "m"+string(rune('0'+i)), text))
	}
	c, err := h.NewChain("default", programs...)
	if err != nil {
		t.Fatalf("chain: %v", err)
	}
	t.Cleanup(c.Close)
	return c
}

// exchange is a call over messages in memory.
type exchange struct {
	q *request
	r *response
	*jsmodule.Session
}

func open(t testing.TB, c *jsmodule.Chain, edit ...func(*jsmodule.Call, *request, *response)) *exchange {
	t.Helper()
	e := &exchange{
		q: &request{
			method: "GET", path: "/book/query", query: "num=7&tag=a&tag=b%20c", host: "shop.example",
			params: [][2]string{{"id", "42"}, {"name", "Zoë"}},
			lines:  lines{[][2]string{{"User-Agent", "test/1"}, {"Cookie", "sid=abc; theme=dark"}}},
		},
		r: &response{status: 200},
	}
	call := &jsmodule.Call{
		ID: "req-1", Service: "BookSvc", Method: "queryBook", Request: e.q, Response: e.r,
		Route: jsmodule.Route{Name: "book", Methods: []string{"GET"}, Paths: []string{"/book/query"}},
	}
	for _, f := range edit {
		f(call, e.q, e.r)
	}
	e.Session = c.Begin(context.Background(), call)
	t.Cleanup(e.Close)
	return e
}

// withBody gives the request a JSON body.
func withBody(body string) func(*jsmodule.Call, *request, *response) {
	return func(_ *jsmodule.Call, q *request, _ *response) {
		q.method, q.body = "POST", []byte(body)
		_ = q.SetHeader("Content-Type", "application/json")
	}
}

// mustRequest runs the request phase and fails the test on an error.
func (e *exchange) mustRequest(t testing.TB) *exchange {
	t.Helper()
	if _, err := e.Request(); err != nil {
		t.Fatalf("request: %v", err)
	}
	return e
}

// moduleError takes the *Error out of err.
func moduleError(t testing.TB, err error) *jsmodule.Error {
	t.Helper()
	var e *jsmodule.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want an *Error", err, err)
	}
	return e
}

// logBuffer collects log lines of concurrent writers.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// callerFunc is a jsmodule.Caller.
type callerFunc func(context.Context, jsmodule.RPC) ([]byte, error)

func (f callerFunc) Call(ctx context.Context, call jsmodule.RPC) ([]byte, error) { return f(ctx, call) }

// eval runs an expression in a requestHandler and gives the JSON answer.
func eval(t testing.TB, expression string) string {
	t.Helper()
	e := open(t, chain(t, jsmodule.Config{}, "export async function requestHandler(ctx) { return Response.json(await (async () => { "+expression+" })()) }"))
	if _, err := e.Handle(); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return strings.TrimSpace(string(e.r.body))
}
