package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/internal/store/storetest"
)

// TestSlowReader commits many times while a reader looks elsewhere: it gets one
// change with all of it.
func TestSlowReader(t *testing.T) {
	endpoint := newEtcd(t)
	s := openStore(t, Config{Client: testClient(t, endpoint)})
	follower := openStore(t, Config{Client: testClient(t, endpoint)})
	first, err := follower.Next(t.Context(), nil)
	if err != nil || !first.Full {
		t.Fatalf("%+v, %v", first, err)
	}
	var rev int64
	for i := range 50 {
		rev = mustCommit(t, s, Batch{Puts: []Put{put("x", fmt.Sprint(i)), put(fmt.Sprintf("y%d", i%3), `1`)}})
	}
	mustCommit(t, s, Batch{Puts: []Put{put("z", `1`)}})
	rev = mustCommit(t, s, Batch{Deletes: []Key{key("z")}})
	await(t, follower, "the last commit", func(st *State) bool { return st.Revision() >= rev })
	c, err := follower.Next(t.Context(), first.State)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Key{key("x"), key("y0"), key("y1"), key("y2")}, c.Keys); diff != "" || c.Full {
		t.Errorf("one change of all: %s", diff)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := follower.Next(ctx, c.State); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without a change: %v", err)
	}
	follower.Close()
	if _, err := follower.Next(t.Context(), c.State); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if _, err := follower.Commit(t.Context(), Batch{Deletes: []Key{key("x")}}); !errors.Is(err, ErrClosed) {
		t.Errorf("commit after Close: %v", err)
	}
}

func TestWatchOnly(t *testing.T) {
	endpoint := newEtcd(t)
	s := openStore(t, Config{Client: testClient(t, endpoint)})
	w := openStore(t, Config{Client: testClient(t, endpoint), WatchOnly: true})
	if _, err := w.Commit(t.Context(), Batch{Puts: []Put{put("x", `1`)}}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("commit: %v", err)
	}
	if _, err := w.Documents(nil).Put(t.Context(), "default", "c", "x", []byte(`1`), nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("document: %v", err)
	}
	rev := mustCommit(t, s, Batch{Puts: []Put{put("x", `1`)}})
	await(t, w, "the commit", func(st *State) bool { return st.Revision() == rev })
}

// A change that changes nothing is confirmed on what etcd holds, not on what this
// gateway has heard of.
func TestConfirm(t *testing.T) {
	s := openStore(t, Config{Client: testClient(t, newEtcd(t))})
	first := mustCommit(t, s, Batch{Puts: []Put{put("x", `1`)}})
	behind := s.Current()
	confirm := func(base *State, revision int64) error {
		return s.Confirm(t.Context(), base, []string{"default"}, []Condition{{key("x"), revision}})
	}
	if err := confirm(behind, first); err != nil {
		t.Error(err)
	}
	var condition *ConditionError
	if err := confirm(behind, first+1); !errors.As(err, &condition) {
		t.Errorf("wrong condition: %v", err)
	}
	second := mustCommit(t, s, Batch{Puts: []Put{put("x", `2`)}})
	if err := confirm(behind, first); !errors.Is(err, ErrGuardMoved) {
		t.Errorf("a state that is behind: %v", err)
	}
	if err := confirm(s.Current(), second); err != nil {
		t.Error(err)
	}
}

// TestCompactionWhileCutOff cuts one gateway off, changes the state, compacts
// what it missed, and lets it come back.
func TestCompactionWhileCutOff(t *testing.T) {
	t.Parallel()
	endpoint := newEtcd(t)
	s := openStore(t, Config{Client: testClient(t, endpoint)})
	cut := storetest.NewCutter(t, endpoint)
	far := openStore(t, quick(Config{Client: testClient(t, cut.Endpoint())}))
	for i := range 20 {
		mustCommit(t, s, Batch{Puts: []Put{put(fmt.Sprintf("k%d", i), `1`)}})
	}
	rev := s.Current().Revision()
	seen := await(t, far, "the first commits", func(st *State) bool { return st.Revision() >= rev })
	cut.Cut(true)
	awaitStatus(t, far, "the cut", func(st Status) bool { return !st.Connected })
	for i := range 10 {
		mustCommit(t, s, Batch{Puts: []Put{put(fmt.Sprintf("n%d", i), `1`), put("k19", fmt.Sprint(i))}, Deletes: []Key{key(fmt.Sprintf("k%d", i))}})
	}
	rev = s.Current().Revision()
	if _, err := s.client.Compact(t.Context(), rev); err != nil {
		t.Fatal(err)
	}
	if far.Current() != seen {
		t.Error("the state has changed without etcd")
	}
	began := time.Now()
	cut.Cut(false)
	await(t, far, "all that was missed", func(st *State) bool { return cmp.Equal(contents(st), contents(s.Current())) })
	t.Logf("exact %v after the end of the cut", time.Since(began))
	mustCommit(t, far, Batch{Puts: []Put{put("back", `1`)}})
}

// TestPoison writes bad values past the store.
func TestPoison(t *testing.T) {
	t.Parallel()
	endpoint := newEtcd(t)
	s := openStore(t, Config{Client: testClient(t, endpoint), Decode: func(k Key, value []byte) (any, error) {
		if k.Name == "panics" {
			panic("by the test")
		}
		return decodeJSON(k, value)
	}})
	good := func(value string) string {
		return `{"createdAt":"2026-01-02T03:04:05Z","updatedAt":"2026-01-02T03:04:05Z","resource":` + value + `}`
	}
	var b Batch
	for i := range 1000 {
		b.Puts = append(b.Puts, put(fmt.Sprintf("good%d", i), `{"v":1}`))
	}
	mustCommit(t, s, b)
	tests := []struct{ name, path, value, want string }{
		{"not JSON", "default/route/a", "poison", "not an object of ours: invalid character 'p'"},
		{"nothing", "default/route/b", "", "not an object of ours: EOF"},
		{"not UTF-8", "default/route/c", good("\"\xff\""), "not UTF-8"},
		{"no envelope", "default/route/d", `{"name":"d"}`, `json: unknown field "name"`},
		{"no resource", "default/route/e", `{}`, `no "resource"`},
		{"two values", "default/route/f", good(`1`) + `{}`, "more than one"},
		{"huge", "default/route/g", good(`"` + strings.Repeat("x", MaxValueBytes+1) + `"`), "bytes; an object has"},
		{"refused", "default/route/h", good(`{"bad":1}`), "it says that it is bad"},
		{"decoding panics", "default/route/panics", good(`1`), "decoding panicked: by the test"},
		{"deep", "default/route/i", good(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)), "exceeded max depth"},
		{"key too long", "default/route/x/y", good(`1`), "the key has 4 parts"},
		{"key too short", "default", good(`1`), "the key has 1 parts"},
		{"empty key", "", good(`1`), "the key has 1 parts"},
		{"bad name", "default/route/\xff", good(`1`), `name "\xff"`},
		{"over a good one", "default/route/good7", "poison", "invalid character"},
		{"commit key", commitPath, "poison", errDamaged.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := s.client.Put(t.Context(), configPrefix+tt.path, tt.value); err != nil {
				t.Fatal(err)
			}
			st := await(t, s, "the quarantine", func(st *State) bool { _, ok := st.broken.Get(tt.path); return ok })
			list := st.Broken()
			if len(list) != 1 || list[0].Path != tt.path || !strings.Contains(list[0].Err.Error(), tt.want) {
				t.Errorf("quarantined: %.300v; want %s", list, tt.want)
			}
			if got := list[0].Serving; got != (tt.path == "default/route/good7") || st.Len() != 1000 {
				t.Errorf("serving %t, %d objects", got, st.Len())
			}
			if tt.path != commitPath {
				fresh := openStore(t, Config{Client: testClient(t, endpoint), Decode: s.cfg.Decode})
				if got := fresh.Current().Broken(); len(got) != 1 || got[0].Path != tt.path {
					t.Errorf("listing quarantines %v", got)
				}
				if err := s.audit(t.Context()); err != nil {
					t.Error(err)
				}
				fresh.Close()
			}
			// It stops nobody, and goes with the key.
			mustCommit(t, s, Batch{Puts: []Put{put("good1", `2`)}})
			if _, err := s.client.Delete(t.Context(), configPrefix+tt.path); err != nil {
				t.Fatal(err)
			}
			await(t, s, "the end of the quarantine", func(st *State) bool { return st.broken.Len() == 0 })
			if tt.path == "default/route/good7" {
				mustCommit(t, s, Batch{Puts: []Put{put("good7", `{"v":1}`)}})
			}
		})
	}
	// A commit over a broken object mends it.
	if _, err := s.client.Put(t.Context(), configPrefix+"default/route/good9", "poison"); err != nil {
		t.Fatal(err)
	}
	await(t, s, "the quarantine", func(st *State) bool { return st.broken.Len() == 1 })
	mustCommit(t, s, Batch{Puts: []Put{put("good9", `3`)}})
	if st := s.Current(); st.broken.Len() != 0 || string(st.Get(key("good9")).Value) != "3" {
		t.Errorf("still broken: %v", st.Broken())
	}
}

// TestAudit makes the state differ from etcd, as no watch would.
func TestAudit(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{Client: testClient(t, newEtcd(t)), AuditInterval: 50 * time.Millisecond})
	mustCommit(t, s, Batch{Puts: []Put{put("x", `1`), put("y", `1`)}})
	want := contents(s.Current())
	tests := []struct {
		name    string
		corrupt func(*State)
	}{
		{"one missing", func(st *State) { st.objects = st.objects.Without(key("x").String()) }},
		{"one too many", func(st *State) {
			st.objects = st.objects.With(key("z").String(), &Object{Key: key("z"), Value: []byte(`1`), modRevision: 3})
		}},
		{"an old one", func(st *State) {
			o := *st.Get(key("x"))
			o.modRevision, o.Value = 1, []byte(`0`)
			st.objects = st.objects.With(key("x").String(), &o)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.mu.Lock()
			st := *s.mirror
			tt.corrupt(&st)
			s.takeLocked(&st, s.applied)
			s.movedLocked()
			s.mu.Unlock()
			await(t, s, "the audit", func(st *State) bool { return cmp.Equal(want, contents(st)) })
		})
	}
}
