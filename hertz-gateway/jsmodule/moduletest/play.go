package moduletest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"dgate/hertz-gateway/jsmodule"
)

// namespace is where modules run.
const namespace = "default"

// granted is what modules may do that do not name permissions.
var granted = []string{"rpc:*", "http:*", "secret:*", "state:*"}

// Exchange is a request to play through the hooks of a module.
type Exchange struct {
	Request *jsmodule.MemoryRequest
	// Service is "Service.method" of the route, empty for one without.
	Service string
	// Hook is the one hook to run; empty: all of them, as a gateway does.
	Hook string
	// Args are the arguments that the request binds to: ctx.rpc.request.
	Args  json.RawMessage
	Mocks Mocks
	// Simulated stops the clock and repeats random values.
	Simulated bool
	Limits    jsmodule.Limits
	// Version is what "dgate" exports as its version.
	Version string
}

// Outcome is what an exchange led to. Request and Response are as the hooks
// left them.
type Outcome struct {
	jsmodule.Played
	Request  *jsmodule.MemoryRequest
	Response *jsmodule.MemoryResponse
	Binding  *jsmodule.MemoryBinding // nil without a service
	Calls    []Call
	Logs     []jsmodule.LogLine
}

// Stage is a host with a module on it.
type Stage struct {
	x        Exchange
	world    *world
	host     *jsmodule.Host
	chain    *jsmodule.Chain
	lines    *jsmodule.LogRecorder
	upstream jsmodule.Upstream
	hook     jsmodule.Hook
}

// NewStage prepares to play x, any number of times.
func NewStage(p *jsmodule.Program, x Exchange) (*Stage, error) {
	s := &Stage{x: x, world: &world{mocks: x.Mocks}, lines: &jsmodule.LogRecorder{}}
	if x.Hook != "" {
		hook, ok := jsmodule.HookNamed(x.Hook)
		if !ok {
			return nil, fmt.Errorf("there is no hook %q", x.Hook)
		}
		if !p.Has(hook) {
			return nil, fmt.Errorf("%s has no %s", p.File(), x.Hook)
		}
		s.hook = hook
	}
	var err error
	if s.upstream, err = x.Mocks.upstream(); err != nil {
		return nil, err
	}
	documents, err := s.world.documents()
	if err != nil {
		return nil, err
	}
	s.host, err = jsmodule.NewHost(jsmodule.Config{
		Logger: slog.New(s.lines), Caller: s.world, Fetcher: s.world, Secrets: s.world, Documents: documents,
		DefaultPermissions: granted, Limits: x.Limits, Version: x.Version, Simulated: x.Simulated,
	})
	if err != nil {
		return nil, err
	}
	if s.chain, err = s.host.NewChain(namespace, p); err != nil {
		s.host.Close()
		return nil, err
	}
	return s, nil
}

// Close ends what the module still does.
func (s *Stage) Close() {
	s.chain.Close()
	s.host.Close()
}

// Play plays the exchange once, on copies of its messages. The error is that of
// the module or of the upstream, when no hook handled it.
func (s *Stage) Play(ctx context.Context) (Outcome, error) {
	o := Outcome{Request: s.x.Request.Clone(), Response: &jsmodule.MemoryResponse{}}
	service, method, _ := strings.Cut(s.x.Service, ".")
	call := &jsmodule.Call{
		ID: "run", Service: service, Method: method, Request: o.Request, Response: o.Response,
		Route: jsmodule.Route{Methods: []string{string(o.Request.Method())}, Paths: []string{string(o.Request.Path())}},
	}
	if service != "" {
		o.Binding = &jsmodule.MemoryBinding{Args: s.x.Args}
		call.Binding = o.Binding
	}
	session := s.chain.Begin(ctx, call)
	defer session.Close()
	var err error
	if s.x.Hook == "" {
		o.Played, err = session.Play(s.upstream)
	} else {
		failure := (&Failure{}).failure()
		if s.upstream.Failure != nil {
			failure = s.upstream.Failure
		}
		if s.upstream.Answer != nil {
			s.upstream.Answer(o.Response)
		}
		o.Played, err = session.PlayHook(s.hook, *failure)
	}
	return o, err
}

// Play plays an exchange once, waits for what the module still does, and tells
// what came of it.
func Play(ctx context.Context, p *jsmodule.Program, x Exchange) (Outcome, error) {
	s, err := NewStage(p, x)
	if err != nil {
		return Outcome{}, err
	}
	o, err := s.Play(ctx)
	s.Close()
	o.Logs, o.Calls = s.lines.Lines(), s.world.calls
	return o, err
}

// Place is where in the sources an error came about.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String is "file:line:column", as far as that is known.
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Explain gives the place, message and stack of what a module failed with.
func Explain(err error) (at Place, message, stack string) {
	var (
		e    *jsmodule.Error
		read *caseError
	)
	if errors.As(err, &read) {
		return read.place, strings.TrimPrefix(read.err.Error(), "json: "), ""
	}
	if !errors.As(err, &e) {
		return Place{}, err.Error(), ""
	}
	message = e.Message
	if e.Name != "" && e.Name != "AssertionError" {
		message = e.Name + ": " + message
	}
	if e.Hook != "" {
		message = e.Hook + ": " + message
	}
	return Place{e.File, e.Line, e.Column}, message, e.Stack
}
