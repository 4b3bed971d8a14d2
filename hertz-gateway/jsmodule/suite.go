package jsmodule

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dop251/goja"
)

const (
	// testBudget is the JavaScript time of a test itself; the hooks that it
	// calls have the budget of Limits.
	testBudget = maxBudget
	// testWait is how long, on the simulated clock, a test may wait.
	testWait = 10 * time.Minute
)

// Suite is a file of tests, which import "dgate/test". Each test runs in a
// runtime of its own, offline, with mocks for what lies outside, time and
// chance the same in every run. A Suite serves one goroutine.
type Suite struct {
	program *Program
	cfg     Config
	tests   []Test
}

// Test is one test of a file.
type Test struct {
	// Name has the names of the groups around it before its own, " > " between.
	Name string `json:"name"`
	Skip bool   `json:"skip"`
}

// TestResult is the outcome of a test.
type TestResult struct {
	// Err is nil for a test that passed, else an *Error.
	Err error
	// Logs are the lines that test and modules wrote.
	Logs []LogLine
}

// NewSuite compiles a file of tests and lists what is in it. Modules and
// packages are read from disk, as by BuildFile. Of cfg, Limits and Version
// count. Modules that name permissions have those of all of them, others may do
// everything.
func NewSuite(file string, cfg Config) (*Suite, error) {
	b, err := diskBuild(file)
	if err != nil {
		return nil, err
	}
	p, err := b.program()
	if err != nil {
		return nil, err
	}
	if p.permissions == nil {
		p.permissions = b.linkedPermissions()
	}
	cfg.Simulated = true
	cfg.DefaultPermissions = []string{"rpc:*", "http:*", "secret:*", "state:*"}
	s := &Suite{program: p, cfg: cfg}
	err = Patiently(func() error {
		return s.load(func(_ *Host, rt *vmRuntime) (err error) {
			if rt.kit == nil {
				return Errors{{Module: p.name, Kind: KindException, File: p.file, Message: "the file holds no tests: import { it } from \"dgate/test\""}}
			}
			s.tests, err = rt.kit.tests()
			return err
		})
	})
	return s, err
}

// Tests lists the tests in the order of the file.
func (s *Suite) Tests() []Test { return s.tests }

// load makes a host and a runtime with the file loaded, for f.
func (s *Suite) load(f func(*Host, *vmRuntime) error) error {
	lines := &LogRecorder{}
	kit := &kitOf{}
	cfg := s.cfg
	documents := NewMemoryDocuments()
	cfg.Logger, cfg.Caller, cfg.Secrets, cfg.Documents, cfg.Fetcher = slog.New(lines), kit, kit, documents, kit
	h, err := NewHost(cfg)
	if err != nil {
		return err
	}
	defer h.Close()
	h.lines, documents.now = lines, h.now
	rt, failed := newRuntime(h, "default", planOf([]*Program{s.program}))
	if failed != nil {
		return Errors{failed}
	}
	defer rt.discard()
	kit.testKit = rt.kit
	return f(h, rt)
}

// kitOf passes calls on to the kit of the one runtime there is.
type kitOf struct{ *testKit }

// Run runs the test with the index i of Tests.
func (s *Suite) Run(ctx context.Context, i int) (r TestResult) {
	_ = Patiently(func() error {
		r = s.run(ctx, i)
		return r.Err
	})
	return r
}

// Patiently calls f again, twice at most, while a module runs out of its CPU
// budget: on a busy machine that can happen to any code. It is for tests, where
// f begins anew each time.
func Patiently(f func() error) error {
	const attempts = 3
	for i := 1; ; i++ {
		err := f()
		var e *Error
		if i == attempts || !errors.As(err, &e) || e.Kind != KindBudget {
			return err
		}
	}
}

func (s *Suite) run(ctx context.Context, i int) (r TestResult) {
	err := s.load(func(h *Host, rt *vmRuntime) error {
		defer func() { r.Logs = h.lines.Lines() }()
		session := &Session{
			chain: &Chain{host: h, namespace: rt.namespace}, ctx: ctx, call: &Call{ID: "test"}, rt: rt,
			deadline: h.now().Add(testWait), budget: testBudget,
		}
		session.chain.has[RequestHandler] = true
		rt.session = session
		m := rt.modules[0]
		run := func(goja.FunctionCall) goja.Value { return must1(rt.kit.run(goja.Undefined(), rt.vm.ToValue(i))) }
		m.hooks[RequestHandler] = hookFunc{call: run, this: goja.Undefined()}
		session.turn.hook = RequestHandler
		rt.watch.grace.Store(grace)
		err := session.phase()
		session.loop.close()
		rt.end()
		var failed *Error
		if errors.As(err, &failed) && failed.Hook == RequestHandler.String() {
			failed.Hook = "" // the test itself
		}
		return err
	})
	r.Err = err
	return r
}

// linkedPermissions are what the modules name that a file of tests imports,
// together; nil when none of them does.
func (b *build) linkedPermissions() []string {
	var all []string
	for _, file := range b.files {
		src, err := readSource(os.DirFS(filepath.Dir(file)), filepath.Base(file))
		if err != nil || src.Permissions == nil {
			continue
		}
		if all == nil {
			all = []string{}
		}
		for _, grant := range src.Permissions {
			if !slices.Contains(all, grant) {
				all = append(all, grant)
			}
		}
	}
	return all
}
