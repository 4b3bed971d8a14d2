package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// machine is an etcd that can be stopped, wiped and set back.
type machine struct {
	t      *testing.T
	dir    string
	listen string
	etcd   *Embedded
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir(), listen: "127.0.0.1:0"}
	m.start()
	t.Cleanup(m.stop)
	return m
}

func (m *machine) start() {
	m.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		e, err := StartEmbedded(m.t.Context(), EmbeddedConfig{Dir: m.dir, Listen: m.listen})
		if err == nil {
			m.etcd, m.listen = e, e.Endpoint()
			return
		}
		// A client that dials the port again and again may have got it for its own.
		if !strings.Contains(err.Error(), "already in use") || time.Now().After(deadline) {
			m.t.Fatal(err)
		}
	}
}

func (m *machine) stop() { m.etcd.Close() }

func (m *machine) wipe() {
	m.t.Helper()
	m.stop()
	if err := os.RemoveAll(filepath.Join(m.dir, "etcd")); err != nil {
		m.t.Fatal(err)
	}
	m.start()
}

// backup copies the data of a stopped etcd.
func (m *machine) backup() (restore func()) {
	m.t.Helper()
	dir, data := filepath.Join(m.t.TempDir(), "backup"), filepath.Join(m.dir, "etcd")
	if err := os.CopyFS(dir, os.DirFS(data)); err != nil {
		m.t.Fatal(err)
	}
	return func() {
		m.t.Helper()
		if err := errors.Join(os.RemoveAll(data), os.CopyFS(data, os.DirFS(dir))); err != nil {
			m.t.Fatal(err)
		}
	}
}

// quick are intervals for tests of what is noticed by probing.
func quick(c Config) Config {
	c.ProbeInterval = 50 * time.Millisecond
	return c
}

// awaitStatus waits for what no reader of the state is woken for.
func awaitStatus(t *testing.T, s *Store, what string, cond func(Status) bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !cond(s.Status()) {
		if time.Now().After(deadline) {
			t.Fatalf("waiting for %s: status %+v", what, s.Status())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func connected(s Status) bool { return s.Connected }

func TestEtcdAway(t *testing.T) {
	m := newMachine(t)
	dir := t.TempDir()
	s := openStore(t, quick(Config{Client: testClient(t, m.listen), StateDir: dir}))
	rev := mustCommit(t, s, Batch{Puts: []Put{put("x", `{"v":1}`), put("y", `2`)}})
	want := s.Current()
	m.stop()
	awaitStatus(t, s, "the loss of etcd", func(st Status) bool { return !st.Connected && st.Err != nil })
	began := time.Now()
	if _, err := s.Commit(t.Context(), Batch{Puts: []Put{put("x", `3`)}}); !errors.Is(err, ErrUnavailable) || time.Since(began) > time.Second {
		t.Errorf("commit without etcd: %v after %v", err, time.Since(began))
	}
	if s.Current() != want || s.Synced() {
		t.Error("the state has changed")
	}
	s.Close()

	cold := openStore(t, quick(Config{Client: testClient(t, m.listen), StateDir: dir, BootTimeout: 300 * time.Millisecond}))
	got := cold.Current()
	if diff := cmp.Diff(contents(want), contents(got)); diff != "" || got.Revision() != rev || cold.Status().Source != "file" {
		t.Errorf("cold start: %s, status %+v", diff, cold.Status())
	}
	if o := got.Get(key("x")); o.Decoded == nil || !o.CreatedAt.Equal(want.Get(key("x")).CreatedAt) || o.Revision != rev {
		t.Errorf("object %+v", o)
	}
	m.start()
	awaitStatus(t, cold, "etcd", connected)
	if c := cold.Current(); len(c.Diff(got)) != 0 || cold.Err() != nil || !cold.Synced() {
		t.Errorf("after its return: %v, %v", c.Diff(got), cold.Err())
	}
	mustCommit(t, cold, Batch{Puts: []Put{put("x", `4`)}})

	empty := openStore(t, Config{Client: testClient(t, "127.0.0.1:1"), StateDir: t.TempDir(), BootTimeout: 50 * time.Millisecond})
	if st := empty.Status(); st.Source != "none" || st.Connected || empty.Current().Len() != 0 {
		t.Errorf("with neither etcd nor file: %+v", st)
	}
}

func TestWipedEtcd(t *testing.T) {
	wipes := []struct {
		name string
		wipe func(*machine, *Store)
	}{
		{"data lost", func(m *machine, _ *Store) { m.wipe() }},
		{"keys deleted", func(m *machine, _ *Store) {
			if _, err := testClient(m.t, m.listen).Delete(m.t.Context(), "/dgate/", clientv3.WithPrefix()); err != nil {
				m.t.Fatal(err)
			}
		}},
		{"objects deleted past us", func(m *machine, _ *Store) {
			if _, err := testClient(m.t, m.listen).Delete(m.t.Context(), configPrefix+"default/", clientv3.WithPrefix()); err != nil {
				m.t.Fatal(err)
			}
		}},
		{"while we were stopped", func(m *machine, s *Store) { s.Close(); m.wipe() }},
	}
	for _, tt := range wipes {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			cfg := quick(Config{Client: testClient(t, m.listen), StateDir: t.TempDir()})
			other := openStore(t, quick(Config{Client: testClient(t, m.listen)}))
			s := openStore(t, cfg)
			rev := mustCommit(t, s, Batch{Puts: []Put{put("x", `1`), put("y", `2`)}})
			await(t, other, "the commit", func(st *State) bool { return st.Revision() >= rev })
			want := contents(s.Current())
			created := s.Current().Get(key("x")).CreatedAt

			tt.wipe(m, s)
			if s.ctx.Err() != nil {
				s = openStore(t, cfg)
			}
			for _, s := range []*Store{s, other} {
				awaitStatus(t, s, "the hold", func(st Status) bool { return st.Held })
				if diff := cmp.Diff(want, contents(s.Current())); diff != "" {
					t.Errorf("served: %s", diff)
				}
				if !errors.Is(s.Err(), ErrHeld) || s.Synced() {
					t.Errorf("Err %v", s.Err())
				}
				if _, err := s.Commit(t.Context(), Batch{Puts: []Put{put("z", `1`)}}); !errors.Is(err, ErrHeld) {
					t.Errorf("commit: %v", err)
				}
			}
			if _, err := s.Restore(t.Context(), "me"); err != nil {
				t.Fatal(err)
			}
			for _, s := range []*Store{s, other} {
				awaitStatus(t, s, "the end of the hold", func(st Status) bool { return !st.Held && st.Connected })
				if diff := cmp.Diff(want, contents(s.Current())); diff != "" || s.Err() != nil {
					t.Errorf("restored: %s, %v", diff, s.Err())
				}
			}
			if got := s.Current().Get(key("x")).CreatedAt; !got.Equal(created) {
				t.Errorf("created at %v, was %v", got, created)
			}
			mustCommit(t, other, Batch{Deletes: []Key{key("x")}})
			if _, err := s.Restore(t.Context(), "me"); !errors.Is(err, ErrNothingLost) {
				t.Errorf("a second time: %v", err)
			}
		})
	}
}

func TestAcceptedWipe(t *testing.T) {
	m := newMachine(t)
	s := openStore(t, quick(Config{Client: testClient(t, m.listen), StateDir: t.TempDir()}))
	other := openStore(t, quick(Config{Client: testClient(t, m.listen)}))
	var rev int64
	for range 20 { // so that the revision is one that the new etcd has not
		rev = mustCommit(t, s, Batch{Puts: []Put{put("x", `1`)}})
	}
	await(t, other, "the commit", func(st *State) bool { return st.Revision() >= rev })
	m.wipe()
	awaitStatus(t, s, "the hold", func(st Status) bool { return st.Held })
	if err := s.Accept(t.Context(), "me"); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Store{s, other} {
		await(t, s, "the empty state", func(st *State) bool { return st.Len() == 0 })
		awaitStatus(t, s, "the end of the hold", func(st Status) bool { return !st.Held })
	}
	mustCommit(t, s, Batch{Puts: []Put{put("z", `1`)}})
	// What was deleted in order is no loss.
	mustCommit(t, s, Batch{Deletes: []Key{key("z")}})
	if st := await(t, other, "an empty state", func(st *State) bool { return st.Revision() >= s.Current().Revision() }); st.Len() != 0 || other.Status().Held {
		t.Errorf("%v, held %t", contents(st), other.Status().Held)
	}
}

func TestOlderEtcd(t *testing.T) {
	for _, away := range []bool{false, true} {
		t.Run(fmt.Sprintf("stopped meanwhile %t", away), func(t *testing.T) {
			m := newMachine(t)
			cfg := quick(Config{Client: testClient(t, m.listen), StateDir: t.TempDir()})
			s := openStore(t, cfg)
			mustCommit(t, s, Batch{Puts: []Put{put("x", `1`), put("gone", `1`)}})
			older := contents(s.Current())
			m.stop()
			restore := m.backup()
			m.start()
			awaitStatus(t, s, "etcd", func(st Status) bool { return st.Connected && st.Err == nil })
			for i := range 5 {
				mustCommitConnected(t, s, Batch{Puts: []Put{put("x", fmt.Sprint(i+2)), put("new", `1`)}, Deletes: []Key{key("gone")}})
			}
			newer := contents(s.Current())
			if away {
				s.Close()
			}
			m.stop()
			restore()
			m.start()
			if away {
				s = openStore(t, cfg)
			}
			await(t, s, "the older state", func(st *State) bool { return cmp.Equal(contents(st), older) })
			if st := s.Status(); !strings.Contains(st.Notice, "went back") || !strings.Contains(st.Notice, "3 objects") {
				t.Errorf("notice %q", st.Notice)
			}
			// It can still be had after a restart.
			s.Close()
			s = openStore(t, cfg)
			awaitStatus(t, s, "etcd", connected)
			if s.Status().Notice == "" {
				t.Fatal("the notice is gone")
			}
			if _, err := s.Restore(t.Context(), "me"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(newer, contents(s.Current())); diff != "" || s.Status().Notice != "" {
				t.Errorf("restored: %s; notice %q", diff, s.Status().Notice)
			}
			if err := s.Accept(t.Context(), "me"); !errors.Is(err, ErrNothingLost) {
				t.Errorf("nothing to accept: %v", err)
			}
		})
	}
}

// TestBackupAfterWipe wipes etcd, and then somebody restores a backup of it
// that is older than what is served.
func TestBackupAfterWipe(t *testing.T) {
	m := newMachine(t)
	s := openStore(t, quick(Config{Client: testClient(t, m.listen), StateDir: t.TempDir()}))
	mustCommit(t, s, Batch{Puts: []Put{put("x", `1`), put("y", `1`)}})
	older := contents(s.Current())
	m.stop()
	restore := m.backup()
	m.start()
	mustCommitConnected(t, s, Batch{Puts: []Put{put("x", `2`)}})
	newer := contents(s.Current())
	m.wipe()
	awaitStatus(t, s, "the hold", func(st Status) bool { return st.Held })
	m.stop()
	restore()
	m.start()
	await(t, s, "the backup", func(st *State) bool { return cmp.Equal(contents(st), older) })
	awaitStatus(t, s, "the notice", func(st Status) bool {
		return !st.Held && st.Connected && strings.Contains(st.Notice, "1 objects are not as they were")
	})
	if _, err := s.Restore(t.Context(), "me"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(newer, contents(s.Current())); diff != "" {
		t.Error(diff)
	}
}

// mustCommitConnected commits as soon as etcd is there.
func mustCommitConnected(t *testing.T, s *Store, b Batch) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, err := s.Commit(t.Context(), b)
		if err == nil {
			return
		}
		if !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrGuardMoved) || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestIdentityKeyComesBack(t *testing.T) {
	endpoint := newEtcd(t)
	s := openStore(t, quick(Config{Client: testClient(t, endpoint)}))
	mustCommit(t, s, Batch{Puts: []Put{put("x", `1`)}})
	id := func() string {
		r, err := s.client.Get(t.Context(), identityKey)
		if err != nil {
			t.Fatal(err)
		}
		return firstValue(r)
	}
	await := func(cond func(string) bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); !cond(id()); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("identity %q", id())
			}
		}
	}
	await(func(id string) bool { return id != "" })
	awaitStatus(t, s, "a probe", func(Status) bool { s.mu.Lock(); defer s.mu.Unlock(); return s.origin.Identity != "" })
	if _, err := s.client.Delete(t.Context(), identityKey); err != nil {
		t.Fatal(err)
	}
	await(func(id string) bool { return id != "" })
	if s.Status().Held || s.Current().Len() != 1 {
		t.Error("the state is gone with the identity")
	}
}

func TestBehind(t *testing.T) {
	guards := func(revisions map[string]int64) *State {
		st := &State{}
		for namespace, r := range revisions {
			st.guards = st.guards.With(namespace, r)
		}
		return st
	}
	known := guards(map[string]int64{"a": 5, "b": 7})
	for name, tt := range map[string]struct {
		now  map[string]int64
		want bool
	}{
		"the same": {map[string]int64{"a": 5, "b": 7}, false},
		"newer":    {map[string]int64{"a": 9, "b": 7, "c": 8}, false},
		"older":    {map[string]int64{"a": 4, "b": 12}, true},
		"missing":  {map[string]int64{"b": 12}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := guards(tt.now).behind(known); got != tt.want {
				t.Errorf("behind: %v", got)
			}
		})
	}
}
