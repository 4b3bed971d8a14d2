package jsmodule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// Config is what a Host needs. The zero value works: no log, no RPC.
type Config struct {
	// Logger takes what modules write to console; nil discards it.
	Logger *slog.Logger
	// Caller serves "dgate/rpc"; without it calls fail.
	Caller Caller
	// Fetcher serves fetch; without it fetches fail.
	Fetcher Fetcher
	// Metrics takes what "dgate/metrics" counts; without it that is dropped.
	Metrics Metrics
	// Secrets serves "dgate/secrets"; without it there are none.
	Secrets Secrets
	// Documents serves "dgate/state"; without it calls fail.
	Documents Documents
	// DefaultPermissions hold for modules that do not name their own.
	DefaultPermissions []string
	// Version is what `import { version } from "dgate"` gives.
	Version string
	Limits  Limits
	// Simulated is for tests of modules: time stands still unless everything
	// waits, random values repeat, and "dgate/test" can be imported. Such a
	// host serves one session at a time.
	Simulated bool
}

// Limits bound what modules can take. Zero values mean the defaults.
type Limits struct {
	// Budget is the time JavaScript may run in one phase of an exchange, all
	// modules together, waiting not counted. Default 50 ms, at most 500 ms.
	Budget time.Duration
	// Load is the same for loading a chain into a runtime. Default and at
	// most 500 ms.
	Load time.Duration
	// Wait is the deadline of a phase whose Call has none. Default 10 s.
	Wait time.Duration
	// Tail is how long promises given to ctx.waitUntil may go on after the
	// exchange. Default 5 s.
	Tail time.Duration
	// Runtimes bounds the runtimes of a chain; a session waits for one until
	// its deadline. Default 1024.
	Runtimes int
	// Idle is how many unused runtimes a chain keeps for good; it keeps as many
	// as were in use at once for a minute. Default 4 per CPU.
	Idle int
	// Operations bounds the calls and timers that one exchange may have
	// under way. Default 64.
	Operations int
	// Fetches bounds the HTTP requests that one exchange makes. Default 50.
	Fetches int
	// FetchBody bounds the body that a fetch reads, in bytes. Default 8 MiB.
	FetchBody int64
	// CacheBytes and CacheEntries bound what the modules of a namespace keep
	// with "dgate/storage". Default 16 MiB and 10,000.
	CacheBytes   int
	CacheEntries int
	// Heap is the size of the process's live objects, in bytes, above which
	// the longest running module is interrupted. Default: three
	// quarters of GOMEMLIMIT, or 2 GiB.
	Heap uint64
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Budget, 50*time.Millisecond)
	setDefault(&l.Load, maxBudget)
	setDefault(&l.Wait, 10*time.Second)
	setDefault(&l.Tail, 5*time.Second)
	setDefault(&l.Runtimes, 1024)
	setDefault(&l.Idle, 4*runtime.GOMAXPROCS(0))
	setDefault(&l.Operations, 64)
	setDefault(&l.Fetches, 50)
	setDefault(&l.FetchBody, 8<<20)
	setDefault(&l.CacheBytes, 16<<20)
	setDefault(&l.CacheEntries, 10_000)
	heap := uint64(2 << 30)
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		heap = uint64(limit) / 4 * 3
	}
	setDefault(&l.Heap, heap)
	return l
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (l Limits) validate() error {
	var errs []error
	for _, d := range []struct {
		name  string
		value time.Duration
		most  time.Duration
	}{
		{"Budget", l.Budget, maxBudget},
		{"Load", l.Load, maxBudget},
		{"Wait", l.Wait, math.MaxInt64},
		{"Tail", l.Tail, math.MaxInt64},
	} {
		if d.value < 0 || d.value > d.most {
			errs = append(errs, fmt.Errorf("jsmodule: limit %s is %v, must be between 0 and %v", d.name, d.value, d.most))
		}
	}
	for _, n := range []struct {
		name  string
		value int
	}{
		{"Runtimes", l.Runtimes},
		{"Idle", l.Idle},
		{"Operations", l.Operations},
		{"Fetches", l.Fetches},
		{"FetchBody", int(l.FetchBody)},
		{"CacheBytes", l.CacheBytes},
		{"CacheEntries", l.CacheEntries},
	} {
		if n.value < 0 {
			errs = append(errs, fmt.Errorf("jsmodule: limit %s is %d, must not be negative", n.name, n.value))
		}
	}
	return errors.Join(errs...)
}

// Host runs chains of modules. It owns the watchdog of all their runtimes.
type Host struct {
	cfg    Config
	limits Limits
	dog    *watchdog
	// work ends what outlives an exchange: calls that were given up and the
	// promises of ctx.waitUntil.
	work   context.Context
	cancel context.CancelFunc
	tails  sync.WaitGroup
	caches caches
	// sim is nil but in tests of modules, lines but where a Suite runs them.
	sim   *simulation
	lines *LogRecorder
}

// NewHost starts a Host. It fails on limits out of range and on permissions that
// are none.
func NewHost(cfg Config) (*Host, error) {
	if err := cfg.Limits.validate(); err != nil {
		return nil, err
	}
	for _, grant := range cfg.DefaultPermissions {
		if err := CheckPermission(grant); err != nil {
			return nil, fmt.Errorf("jsmodule: default permissions: %w", err)
		}
	}
	boundMatching()
	limits := cfg.Limits.withDefaults()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	h := &Host{cfg: cfg, limits: limits, dog: startWatchdog(limits.Heap)}
	if cfg.Simulated {
		h.sim = newSimulation()
	}
	h.work, h.cancel = context.WithCancel(context.Background())
	return h, nil
}

// Close ends what modules still do after their exchanges and waits for it,
// then stops the watchdog. Close it after the last Session.
func (h *Host) Close() {
	h.cancel()
	h.tails.Wait()
	h.dog.close()
}
