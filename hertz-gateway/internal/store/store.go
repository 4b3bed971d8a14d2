package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Defaults of Config.
const (
	defaultBootTimeout   = time.Second
	defaultProbeInterval = 2 * time.Second
	defaultAuditInterval = 5 * time.Minute
	defaultHistoryCount  = 1000
	defaultHistoryBytes  = 64 << 20
)

// Config says where the state is kept.
type Config struct {
	// Client of the etcd; the caller closes it, after the Store.
	Client *clientv3.Client
	// Decode makes of an object's JSON what Object.Decoded is to be; an object
	// it refuses is quarantined. It runs on one goroutine at a time per call
	// path, for every object that was changed, and must be pure. nil: none.
	Decode func(Key, []byte) (any, error)
	// StateDir is the directory for the last good state, made if need be; ""
	// keeps none.
	StateDir string
	// WatchOnly refuses all writes but Announce.
	WatchOnly bool
	// Logger, nil for none.
	Logger *slog.Logger
	// Now is the clock for what is stored; nil for time.Now.
	Now func() time.Time
	// BootTimeout is how long Open waits for etcd; 1 s by default.
	BootTimeout time.Duration
	// ProbeInterval is how often etcd is asked whether it is still there and
	// still the same; 2 s by default.
	ProbeInterval time.Duration
	// AuditInterval is how often the state is compared with etcd; 5 min by
	// default.
	AuditInterval time.Duration
	// HistoryCount and HistoryBytes bound the history, in entries and in bytes
	// stored; 1000 and 64 MiB by default.
	HistoryCount, HistoryBytes int
}

func (c *Config) defaults() {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.BootTimeout, defaultBootTimeout)
	def(&c.ProbeInterval, defaultProbeInterval)
	def(&c.AuditInterval, defaultAuditInterval)
	if c.HistoryCount == 0 {
		c.HistoryCount = defaultHistoryCount
	}
	if c.HistoryBytes == 0 {
		c.HistoryBytes = defaultHistoryBytes
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

// Store keeps the current State, which follows etcd, and commits changes of
// it. Its methods may be called concurrently.
type Store struct {
	cfg    Config
	log    *slog.Logger
	client *clientv3.Client

	// ctx ends with Close; run starts what has to be waited for then.
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	current atomic.Pointer[State] // what is served

	mu sync.Mutex
	// mirror is what etcd holds: current, except while an etcd that lost
	// everything is held off.
	mirror *State
	// origin is the etcd that mirror was read from.
	origin origin
	// heldGuard is the last guard that etcd had when it had lost everything.
	heldGuard int64
	// lost is what was served before etcd went back, nil for nothing.
	lost *State
	// applied is the revision of etcd up to which mirror is known to be right.
	applied int64
	moved   chan struct{} // closed and made anew when current or applied moves
	status  Status
	closed  bool

	// What this gateway added to the history since it last trimmed it.
	newEntries, newBytes atomic.Int64

	lostFile  sync.Mutex
	lostSaved *State // what the file of that name holds, nil for no file
}

// Status is how the store stands with etcd.
type Status struct {
	// Source of the state: "none", "file" or "etcd".
	Source string
	// Connected says that etcd answered when it was last asked.
	Connected bool
	// Since is when Connected last changed.
	Since time.Time
	// Contact is when etcd last answered; zero for never.
	Contact time.Time
	// Err is why it isn't connected, or what else the operator has to know; nil
	// if all is well.
	Err error
	// Held says that etcd lost everything and the last good state serves on,
	// until Restore or Accept.
	Held bool
	// Revision of the state served; Applied is up to where etcd was followed.
	Revision, Applied int64
	// Quarantined is the number of objects put aside.
	Quarantined int
	// Notice says that etcd went back to an older state, or was replaced by
	// another, and that the state served before is kept, for Restore; "" if not.
	Notice string
}

// Open loads the state and follows it until Close. With etcd away it waits
// BootTimeout, then goes on with the last good state from StateDir, or an empty
// one: Status tells which; etcd is taken up when it answers. Its errors are
// about the directory only.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Client == nil {
		return nil, errors.New("store: no client")
	}
	cfg.defaults()
	s := &Store{
		cfg: cfg, log: cfg.Logger, client: cfg.Client,
		mirror: &State{}, moved: make(chan struct{}),
		status: Status{Source: "none", Since: cfg.Now()},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.current.Store(s.mirror)
	if err := s.loadState(); err != nil {
		s.cancel()
		return nil, err
	}

	saved, synced := s.Current(), make(chan struct{})
	s.run(func(ctx context.Context) { s.follow(ctx, synced) })
	s.run(s.housekeep)
	if cfg.StateDir != "" {
		s.run(func(ctx context.Context) { s.save(ctx, saved) })
	}
	timer := time.NewTimer(cfg.BootTimeout)
	defer timer.Stop()
	select {
	case <-synced:
	case <-timer.C:
		s.log.Warn("etcd does not answer; going on without", "state", s.Status().Source)
	case <-ctx.Done():
		s.Close()
		return nil, ctx.Err()
	}
	return s, nil
}

// run starts f on a goroutine that Close waits for.
func (s *Store) run(f func(context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.wg.Go(func() { f(s.ctx) })
}

// Close ends following etcd, writes the last good state and waits for all that
// the store started. Current goes on answering.
func (s *Store) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.wg.Wait()
}

// Current is the state that is served.
func (s *Store) Current() *State { return s.current.Load() }

// Change is what a reader has to take over.
type Change struct {
	State *State
	// Keys are those of the objects that differ; there may be none, when only the
	// revision or the quarantine moved.
	Keys []Key
	// Full says that the reader had no state before: Keys are all.
	Full bool
}

// Next waits until Current is another than since and returns it, with what
// differs from since; nil stands for no state at all and returns at once.
// However many changes there were meanwhile, it is one. Any number of readers
// may wait, and none of them holds up the store.
func (s *Store) Next(ctx context.Context, since *State) (Change, error) {
	for {
		s.mu.Lock()
		st, moved := s.Current(), s.moved
		s.mu.Unlock()
		if since == nil || !st.stands(since) {
			return Change{State: st, Keys: st.Diff(since), Full: since == nil}, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return Change{}, ctx.Err()
		case <-s.ctx.Done():
			return Change{}, ErrClosed
		}
	}
}

// Status tells how the store stands with etcd.
func (s *Store) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	st.Revision, st.Applied = s.Current().revision, s.applied
	st.Quarantined = s.Current().broken.Len()
	if st.Held && st.Err == nil {
		st.Err = ErrHeld
	}
	return st
}

// Synced says whether the state served is that of an etcd which answers.
func (s *Store) Synced() bool {
	st := s.Status()
	return st.Connected && !st.Held
}

// Err is Status().Err.
func (s *Store) Err() error { return s.Status().Err }

// publish makes st what etcd holds, as of revision applied.
func (s *Store) publish(st *State, applied int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takeLocked(st, applied)
	s.movedLocked()
}

func (s *Store) movedLocked() {
	close(s.moved)
	s.moved = make(chan struct{})
}

// connected notes that etcd answers.
func (s *Store) connected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connectedLocked()
}

// probed notes that etcd answers, and which it is.
func (s *Store) probed(now origin) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.knowLocked(now)
	s.connectedLocked()
}

// knowLocked notes which etcd it is. An identity that is missing is known still.
func (s *Store) knowLocked(now origin) {
	if now.Identity == "" {
		now.Identity = s.origin.Identity
	}
	s.origin = now
}

func (s *Store) connectedLocked() {
	now := s.cfg.Now()
	s.status.Contact = now
	if !s.status.Connected {
		s.status.Connected, s.status.Since, s.status.Err = true, now, nil
		s.log.Info("following etcd", "revision", s.Current().revision)
	}
}

// disconnected notes that it doesn't, and why.
func (s *Store) disconnected(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status.Connected {
		s.status.Connected, s.status.Since = false, s.cfg.Now()
		s.log.Warn("lost etcd; going on with the last state", "error", err, "revision", s.Current().revision)
	}
	s.status.Err = err
}

// waitApplied waits until etcd was followed up to revision.
func (s *Store) waitApplied(ctx context.Context, revision int64) error {
	for {
		s.mu.Lock()
		applied, moved := s.applied, s.moved
		s.mu.Unlock()
		if applied >= revision {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return ErrClosed
		}
	}
}
