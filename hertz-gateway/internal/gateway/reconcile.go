package gateway

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"dgate/hertz-gateway/internal/control"
	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/servicemapping"
)

// reconciler is the only writer of the current snapshot: whatever changes, it
// reads what is wanted, builds a snapshot and swaps the pointer.
type reconciler struct {
	g *Gateway
	// wake holds a token when something has changed; the flags say what.
	wake         chan struct{}
	idlStale     atomic.Bool
	modulesStale atomic.Bool
	retiring     sync.WaitGroup
	retired      chan struct{} // closed when the last retired snapshot is closed
	mapping      *servicemapping.Mapping
	modules      *jsmodule.Set
	gate         idlGate
	lastError    atomic.Pointer[string]
}

func newReconciler(g *Gateway) *reconciler {
	r := &reconciler{g: g, wake: make(chan struct{}, 1), gate: idlGate{mode: g.cfg.IDLGate, log: g.log}}
	r.idlStale.Store(true)
	r.modulesStale.Store(true)
	return r
}

// idlChanged asks for the IDLs to be read again. Safe for concurrent use.
func (r *reconciler) idlChanged() {
	r.idlStale.Store(true)
	r.poke()
}

// modulesChanged asks for the modules to be read again. Safe for concurrent use.
func (r *reconciler) modulesChanged() {
	r.modulesStale.Store(true)
	r.poke()
}

func (r *reconciler) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run reconciles whenever something has changed, until ctx ends.
func (r *reconciler) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
			if err := r.reconcile(); err != nil {
				r.fail(err)
			}
		}
	}
}

func (r *reconciler) fail(err error) {
	text := err.Error()
	r.lastError.Store(&text)
	r.g.metrics.ReloadFailed()
	r.g.log.Error("a change does not take effect; the last good state goes on serving", "error", err)
}

// reconcile brings what is served in line with what is wanted. After an error
// everything goes on as it was.
func (r *reconciler) reconcile() error {
	start := time.Now()
	if r.idlStale.Swap(false) {
		m, err := r.loadIDL()
		if err != nil {
			return err
		}
		r.mapping = m
	}
	if r.modulesStale.Swap(false) && r.g.cfg.Modules != "" {
		if _, err := os.Stat(r.g.cfg.Modules); err != nil {
			return fmt.Errorf("the module directory (--modules): %w", err)
		}
		r.modules = jsmodule.LoadDir(os.DirFS(r.g.cfg.Modules), r.modules)
	}
	prev := r.g.current.Load()
	next := snapshot.Build(snapshot.Inputs{
		State:    r.g.store.Current(),
		Mapping:  r.mapping,
		Modules:  r.modules,
		Services: r.g.cfg.Services,
		Generic:  r.g.cfg.GenericRoute,
		Timeout:  r.g.cfg.RequestTimeout,
	}, prev, r.g.shared)
	r.g.current.Swap(next)
	r.retire(prev, next)
	if r.g.announce != nil {
		r.g.announce()
	}
	r.lastError.Store(nil)
	r.g.metrics.Reloaded(next.Revision, next.Routes())
	r.report(prev, next, time.Since(start))
	return nil
}

func (r *reconciler) loadIDL() (*servicemapping.Mapping, error) {
	if _, err := os.Stat(r.g.cfg.IDL); err != nil {
		return nil, fmt.Errorf("the IDL directory (--idl): %w", err)
	}
	m, err := r.gate.pass(r.mapping, r.usage, func(keep map[string]string) (*servicemapping.Mapping, error) {
		return servicemapping.Load(os.DirFS(r.g.cfg.IDL), servicemapping.Options{Previous: r.mapping, Keep: keep})
	})
	if err != nil {
		return nil, fmt.Errorf("the IDL directory (--idl): %w", err)
	}
	return m, nil
}

// check builds the snapshot that would come of a state of the store.
func (r *reconciler) check(base, candidate *store.State) control.Findings {
	now := r.g.current.Load()
	in := now.Inputs()
	in.State = candidate
	s := snapshot.Build(in, now, trial{r.g.shared})
	defer s.Discard()
	return control.Findings{Problems: s.Problems, Before: now.Problems, Breaks: s.Breaks(base, now)}
}

// retire closes a snapshot after its last exchange, and after those before it.
func (r *reconciler) retire(s, next *snapshot.Snapshot) {
	if s == nil {
		return
	}
	before, done := r.retired, make(chan struct{})
	r.retired = done
	r.retiring.Go(func() {
		defer close(done)
		<-s.Drained()
		if before != nil {
			<-before
		}
		s.Close(next)
	})
}

// close retires the last snapshot and waits until every snapshot is closed. The
// listeners must have stopped before.
func (r *reconciler) close() {
	if s := r.g.current.Swap(nil); s != nil {
		r.retire(s, nil)
	}
	r.retiring.Wait()
}

// follow reconciles when the state of the store has changed, until ctx ends.
func (r *reconciler) follow(ctx context.Context) {
	for seen := r.g.current.Load().Inputs().State; ; {
		change, err := r.g.store.Next(ctx, seen)
		if err != nil {
			return
		}
		seen = change.State
		r.poke()
	}
}

// report logs what a change has brought; findings only when they are new.
func (r *reconciler) report(prev, next *snapshot.Snapshot, took time.Duration) {
	known := map[string]bool{}
	if prev != nil {
		for _, f := range findings(prev) {
			known[f] = true
		}
	}
	for _, f := range findings(next) {
		if !known[f] {
			r.g.log.Warn(f)
		}
	}
	if prev == nil || prev.Mapping.Digest != next.Mapping.Digest || prev.Modules != next.Modules {
		r.g.log.Info("serving", "services", len(next.Mapping.Services), "routes", next.Routes(),
			"modules", next.Modules.Len(), "mapping", next.Mapping.Digest[:12], "took", took)
	}
}

// findings are the texts of everything that does not serve as meant.
func findings(s *snapshot.Snapshot) (out []string) {
	for _, d := range s.Mapping.Diagnostics {
		out = append(out, "idl: "+d.String())
	}
	if s.Modules != nil {
		for _, p := range s.Modules.Problems {
			out = append(out, "module: "+p.Error())
		}
	}
	for _, p := range s.Problems {
		out = append(out, "not served as meant: "+p.Where+": "+p.Message)
	}
	return out
}
