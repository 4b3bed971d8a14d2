package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// listPage is how many keys are read at a time.
	listPage = 256

	retryFirst = 50 * time.Millisecond
	retryMost  = time.Second
)

// follow lists and watches until ctx ends; whatever goes wrong, it lists
// again. It closes synced after the first listing.
func (s *Store) follow(ctx context.Context, synced chan<- struct{}) {
	once := func() {
		if synced != nil {
			close(synced)
			synced = nil
		}
	}
	for wait := retryFirst; ctx.Err() == nil; {
		began := time.Now()
		err := s.followOnce(ctx, once)
		if ctx.Err() != nil {
			return
		}
		s.disconnected(err)
		if time.Since(began) > 2*retryMost {
			wait = retryFirst
		}
		select {
		case <-time.After(wait/2 + rand.N(wait/2)):
		case <-ctx.Done():
		}
		wait = min(2*wait, retryMost)
	}
}

// followOnce lists the state and applies what follows until an error.
func (s *Store) followOnce(ctx context.Context, synced func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := s.list(ctx)
	if err != nil {
		return err
	}
	s.install(l)
	s.connected()
	synced()

	watch := s.client.Watch(clientv3.WithRequireLeader(ctx), configPrefix,
		clientv3.WithPrefix(), clientv3.WithRev(l.revision+1), clientv3.WithProgressNotify())
	probes := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.probe(ctx, l, probes)
	}()
	defer func() { cancel(); <-done }()
	audit := time.NewTicker(s.cfg.AuditInterval)
	defer audit.Stop()
	for {
		select {
		case resp, ok := <-watch:
			if !ok {
				return errors.New("the watch ended")
			}
			if err := resp.Err(); err != nil {
				return fmt.Errorf("watch: %w", err)
			}
			if err := s.apply(ctx, resp); err != nil {
				return err
			}
		case err := <-probes:
			return err
		case <-audit.C:
			if err := s.audit(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// listing is the state at one revision, read page by page.
type listing struct {
	revision int64
	state    *State
	origin   origin
}

// origin is what tells one etcd from another.
type origin struct {
	Cluster  uint64 // etcd's cluster id
	Term     uint64 // of its Raft
	Identity string // value of identityKey, "" if missing
}

// list reads the whole state at one revision.
func (s *Store) list(ctx context.Context) (*listing, error) {
	id, err := s.get(ctx, identityKey)
	if err != nil {
		return nil, err
	}
	l := &listing{revision: id.Header.Revision, state: &State{}, origin: originOf(id)}
	prior := s.Current()
	var staged *mvccpb.KeyValue
	for from := configPrefix; ; {
		page, err := s.get(ctx, from, clientv3.WithRange(clientv3.GetPrefixRangeEnd(configPrefix)),
			clientv3.WithRev(l.revision), clientv3.WithLimit(listPage))
		if err != nil {
			return nil, err
		}
		for _, kv := range page.Kvs {
			if string(kv.Key) == configPrefix+commitPath {
				staged = kv
				continue
			}
			l.state.put(s, kv, prior)
		}
		if !page.More {
			break
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
	if staged != nil {
		if err := s.applyStaged(ctx, l.state, staged, l.revision); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// get reads with a bound on time.
func (s *Store) get(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, OpTimeout)
	defer cancel()
	resp, err := s.client.Get(ctx, key, opts...)
	if err != nil {
		return nil, fmt.Errorf("etcd: %w", err)
	}
	return resp, nil
}

// put takes a key of the state into st, which is being built. What can't be
// used is put aside; the version of prior, if there is one, stays.
func (st *State) put(s *Store, kv *mvccpb.KeyValue, prior *State) {
	path := strings.TrimPrefix(string(kv.Key), configPrefix)
	if namespace, ok := strings.CutPrefix(path, guardPrefix); ok {
		st.guards = st.guards.With(namespace, kv.ModRevision)
		st.revision = max(st.revision, kv.ModRevision)
		return
	}
	last, _ := prior.objects.Get(path)
	o, key, err := s.read(path, kv, last)
	st.set(s, path, key, o, kv.ModRevision, err, prior)
}

// set takes an object into st, or puts its key aside for err.
func (st *State) set(s *Store, path string, key Key, o *Object, revision int64, err error, prior *State) {
	if err == nil {
		st.objects = st.objects.With(path, o)
		st.broken = st.broken.Without(path)
		st.revision = max(st.revision, o.Revision)
		return
	}
	last, serving := prior.objects.Get(path)
	if old, ok := prior.broken.Get(path); !ok || old.Revision != revision {
		s.log.Error("an object in etcd can't be used", "key", clip(path), "revision", revision, "error", err, "serving", serving)
	}
	st.broken = st.broken.With(path, &Quarantined{Path: path, Key: key, Revision: revision, Err: err, Serving: serving})
	if serving {
		st.objects = st.objects.With(path, last)
	}
	st.revision = max(st.revision, revision)
}

// remove takes a deleted key out of st.
func (st *State) remove(kv *mvccpb.KeyValue) {
	path := strings.TrimPrefix(string(kv.Key), configPrefix)
	if namespace, ok := strings.CutPrefix(path, guardPrefix); ok {
		st.guards = st.guards.Without(namespace)
		return
	}
	_, known := st.objects.Get(path)
	if _, broken := st.broken.Get(path); !known && !broken {
		return // a large commit, folded now, showed this earlier
	}
	st.objects, st.broken = st.objects.Without(path), st.broken.Without(path)
	st.revision = max(st.revision, kv.ModRevision)
}

// apply applies a response of the watch, whose revisions are whole.
func (s *Store) apply(ctx context.Context, resp clientv3.WatchResponse) error {
	s.mu.Lock()
	prior := s.mirror
	s.mu.Unlock()
	st := *prior
	for _, ev := range resp.Events {
		isCommit := string(ev.Kv.Key) == configPrefix+commitPath
		switch {
		case ev.Type == mvccpb.DELETE && isCommit:
			st.pending = false
			st.broken = st.broken.Without(commitPath)
		case ev.Type == mvccpb.DELETE:
			st.remove(ev.Kv)
		case isCommit:
			if err := s.applyStaged(ctx, &st, ev.Kv, ev.Kv.ModRevision); err != nil {
				return err
			}
		default:
			st.put(s, ev.Kv, &st)
		}
	}
	s.connected()
	if len(resp.Events) == 0 {
		s.publish(prior, resp.Header.Revision)
		return nil
	}
	// The header may be ahead of the events, where there were too many for one
	// response.
	s.publish(&st, resp.Events[len(resp.Events)-1].Kv.ModRevision)
	return nil
}

func originOf(r *clientv3.GetResponse) origin {
	o := origin{Cluster: r.Header.ClusterId, Term: r.Header.RaftTerm}
	if len(r.Kvs) > 0 {
		o.Identity = string(r.Kvs[0].Value)
	}
	return o
}

// probe asks etcd again and again whether it is there and still the one that
// was listed, and reports once if not. The client resumes a watch silently
// whatever became of the server meanwhile, so the watch alone can't tell.
func (s *Store) probe(ctx context.Context, l *listing, failed chan<- error) {
	tick := time.NewTicker(s.cfg.ProbeInterval)
	defer tick.Stop()
	last, revision := l.origin, l.revision
	for {
		if last.Identity == "" {
			if err := s.identify(ctx); err != nil {
				failed <- err
				return
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		revision = max(revision, s.Status().Applied)
		err := s.guardsStand(ctx)
		if err != nil {
			failed <- err
			return
		}
		r, err := s.get(ctx, identityKey)
		if err != nil {
			failed <- err
			return
		}
		now := originOf(r)
		switch {
		case now.Cluster != last.Cluster:
			err = errors.New("etcd is another cluster than before")
		case now.Term < last.Term, r.Header.Revision < revision:
			err = fmt.Errorf("etcd went back, from revision %d to %d", revision, r.Header.Revision)
		case now.Identity != last.Identity && last.Identity != "" && now.Identity != "":
			err = fmt.Errorf("%s in etcd has changed", identityKey)
		}
		if err != nil {
			failed <- err
			return
		}
		last, revision = now, r.Header.Revision
		s.probed(now)
	}
}

// guardsStand fails where a guard of etcd is older than the one we know: etcd was
// restored to an older state, whatever its revision and its term are by now.
func (s *Store) guardsStand(ctx context.Context) error {
	s.mu.Lock()
	known := s.mirror.guards
	s.mu.Unlock()
	r, err := s.get(ctx, configPrefix+guardPrefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return err
	}
	have := make(map[string]int64, len(r.Kvs))
	for _, kv := range r.Kvs {
		have[strings.TrimPrefix(string(kv.Key), configPrefix+guardPrefix)] = kv.ModRevision
	}
	for namespace, revision := range known.From("") {
		if have[namespace] < revision && r.Header.Revision >= revision {
			return fmt.Errorf("etcd went back: the guard of namespace %s is at revision %d, not %d", namespace, have[namespace], revision)
		}
	}
	return nil
}

// audit compares the revisions of all keys with those of the state.
func (s *Store) audit(ctx context.Context) error {
	s.mu.Lock()
	st, revision := s.mirror, s.applied
	s.mu.Unlock()
	if st.pending {
		return nil
	}
	seen := 0
	for from := configPrefix; ; {
		page, err := s.get(ctx, from, clientv3.WithRange(clientv3.GetPrefixRangeEnd(configPrefix)),
			clientv3.WithRev(revision), clientv3.WithLimit(16*listPage), clientv3.WithKeysOnly())
		if err != nil {
			return err
		}
		for _, kv := range page.Kvs {
			path := strings.TrimPrefix(string(kv.Key), configPrefix)
			have := st.modRevision(path)
			if namespace, ok := strings.CutPrefix(path, guardPrefix); ok {
				have = st.ownGuard(namespace)
			}
			if have != kv.ModRevision {
				return fmt.Errorf("audit at revision %d: %q is at revision %d, not %d", revision, clip(path), kv.ModRevision, have)
			}
			seen++
		}
		if !page.More {
			break
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
	if have := st.keys(); seen != have {
		return fmt.Errorf("audit at revision %d: %d keys, not %d", revision, seen, have)
	}
	return nil
}
