package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// What happens when etcd is not what it was:
//
//   - It holds no object, we serve some, and no commit deleted them, which its
//     guard would show: it was wiped. The state that is served stays (held),
//     commits are refused, and that ends when Restore writes it back, Accept
//     says that nothing is right, or somebody else puts objects there.
//   - It went back to an older revision, is another cluster, or got other
//     objects after it was wiped: what etcd holds is taken, because whoever
//     restored a backup wants that. What was served before is kept, on disk
//     too, for Restore, until that or Accept.

// take makes st what etcd holds, as of revision applied, and decides what is
// served.
func (s *Store) takeLocked(st *State, applied int64) {
	s.mirror, s.applied = st, applied
	s.status.Source = "etcd"
	served := s.Current()
	switch {
	case s.status.Held && (!st.empty() || st.lastGuard() != 0 && st.lastGuard() != s.heldGuard):
		s.status.Held = false
		s.log.Warn("etcd has a state again", "objects", st.Len(), "revision", st.revision)
		if !st.empty() {
			s.keepLocked("etcd had lost everything and has other objects now", st)
		}
	case s.status.Held:
		s.heldGuard = st.lastGuard() // it may have been wiped again
		return
	case st.empty() && served.Len() > 0 && (st.lastGuard() == 0 || st.lastGuard() == served.lastGuard()):
		s.status.Held, s.heldGuard = true, st.lastGuard()
		s.log.Error("etcd has lost all objects; the last good state goes on serving until it is restored or the loss accepted",
			"objects", served.Len(), "revision", served.revision)
		return
	}
	if st != served {
		s.current.Store(st)
	}
}

// keepLocked keeps the state that is served for Restore, where st, which takes
// its place, has other objects.
func (s *Store) keepLocked(why string, st *State) {
	served := s.Current()
	if differ := len(differences(served, st)); differ > 0 {
		s.lost = served
		s.status.Notice = fmt.Sprintf("%s: %d objects are not as they were at revision %d; that state can be restored", why, differ, served.revision)
		s.log.Error(s.status.Notice)
	}
}

// differences are the keys of objects whose values differ, or that one of the
// states has not.
func differences(a, b *State) (keys []Key) {
	for _, k := range a.Diff(b) {
		if o, p := a.Get(k), b.Get(k); o == nil || p == nil || !bytes.Equal(o.Value, p.Value) {
			keys = append(keys, k)
		}
	}
	return keys
}

// install takes over a listing.
func (s *Store) install(l *listing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, now := s.origin, l.origin
	s.knowLocked(now)
	switch {
	case old == (origin{}) || l.state.empty() || s.status.Held:
	case l.revision < s.applied || now.Cluster == old.Cluster && now.Term < old.Term || l.state.behind(s.mirror):
		s.keepLocked(fmt.Sprintf("etcd went back from revision %d to %d", s.applied, l.revision), l.state)
	case now.Cluster != old.Cluster || now.Identity != old.Identity && now.Identity != "" && old.Identity != "":
		s.keepLocked("etcd is another one than before", l.state)
	}
	s.takeLocked(l.state, l.revision)
	s.movedLocked()
}

// behind says whether a guard is older than in prev. Guards only grow, so etcd
// went back, even if it has come past prev's revision again since.
func (st *State) behind(prev *State) bool {
	for namespace, revision := range prev.guards.From("") {
		if st.ownGuard(namespace) < revision {
			return true
		}
	}
	return false
}

// Restore writes back what etcd lost, in one change: the state served while
// etcd holds nothing (Status.Held), or the one from before etcd went back
// (Status.Notice). ErrNothingLost, and the errors of Commit.
func (s *Store) Restore(ctx context.Context, author string) (revision int64, err error) {
	target, base, err := s.whatIsLost()
	if err != nil {
		return 0, err
	}
	b := Batch{
		Base: base, Guards: []string{everyNamespace}, Author: author, created: map[Key]time.Time{},
		Message: fmt.Sprintf("restore the state of revision %d, which etcd had lost", target.revision),
	}
	for _, k := range differences(target, base) {
		if o := target.Get(k); o != nil {
			b.Puts, b.created[k] = append(b.Puts, Put{k, o.Value}), o.CreatedAt
		} else {
			b.Deletes = append(b.Deletes, k)
		}
	}
	if revision, err = s.commit(ctx, b); err == nil {
		s.forget()
	}
	return revision, err
}

// Accept says that what etcd holds is right: while it holds nothing, for all
// gateways; after it went back, that this one need not keep what was before.
// ErrNothingLost, and the errors of Commit.
func (s *Store) Accept(ctx context.Context, author string) error {
	_, base, err := s.whatIsLost()
	if err != nil {
		return err
	}
	if s.Status().Held {
		b := Batch{Base: base, Guards: []string{everyNamespace}, Author: author, Message: "accept that etcd has lost everything"}
		if _, err := s.commit(ctx, b); err != nil {
			return err
		}
	}
	s.forget()
	return nil
}

// whatIsLost returns it and what etcd holds instead.
func (s *Store) whatIsLost() (lost, base *State, err error) {
	if err := s.Writable(); err != nil && !errors.Is(err, ErrHeld) {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.status.Held:
		return s.Current(), s.mirror, nil
	case s.lost != nil:
		return s.lost, s.mirror, nil
	}
	return nil, nil, ErrNothingLost
}

// forget drops what was kept for Restore.
func (s *Store) forget() {
	s.mu.Lock()
	s.lost, s.status.Notice = nil, ""
	s.mu.Unlock()
	s.saveLost()
}

// identify puts the identity key, if it isn't there.
func (s *Store) identify(ctx context.Context) error {
	s.mu.Lock()
	held, id := s.status.Held, s.origin.Identity
	s.mu.Unlock()
	if held || s.cfg.WatchOnly {
		return nil
	}
	if id == "" {
		id = s.newID()
	}
	_, err := s.txn(ctx, []clientv3.Cmp{absent(identityKey)}, clientv3.OpPut(identityKey, id))
	return err
}
