package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// decodeJSON is the Config.Decode of the tests.
func decodeJSON(_ Key, value []byte) (any, error) {
	var v any
	err := json.Unmarshal(value, &v)
	if m, ok := v.(map[string]any); ok && m["bad"] != nil {
		return nil, errors.New("it says that it is bad")
	}
	return v, err
}

// newEtcd starts an etcd and returns its endpoint.
func newEtcd(t *testing.T) string {
	t.Helper()
	return startEtcd(t, t.TempDir()).Endpoint()
}

func testClient(t *testing.T, endpoints ...string) *clientv3.Client {
	t.Helper()
	return newClient(t, ClientConfig{Endpoints: endpoints})
}

func openStore(t *testing.T, cfg Config) *Store {
	t.Helper()
	if cfg.Decode == nil {
		cfg.Decode = decodeJSON
	}
	if cfg.BootTimeout == 0 {
		cfg.BootTimeout = 20 * time.Second
	}
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func key(name string) Key { return Key{"default", "route", name} }

func put(name, value string) Put { return Put{key(name), []byte(value)} }

// mustCommit commits b, on the newest state if it says none.
func mustCommit(t *testing.T, s *Store, b Batch) int64 {
	t.Helper()
	for {
		rev, err := s.Commit(t.Context(), b)
		if err == nil {
			return rev
		}
		if b.Base != nil || !errors.Is(err, ErrGuardMoved) {
			t.Fatalf("Commit: %v", err)
		}
	}
}

// await calls cond each time that the state moves until it holds.
func await(t *testing.T, s *Store, what string, cond func(*State) bool) *State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	var last *State
	for {
		c, err := s.Next(ctx, last)
		if err != nil {
			t.Fatalf("waiting for %s: %v; status %+v", what, err, s.Status())
		}
		if last = c.State; cond(last) {
			return last
		}
	}
}

// contents is what a state holds, for comparing.
func contents(st *State) map[string]string {
	m := map[string]string{}
	for o := range st.All("", "") {
		m[o.Key.String()] = string(o.Value)
	}
	return m
}

func TestCommitAndFollow(t *testing.T) {
	endpoint := newEtcd(t)
	a := openStore(t, Config{Client: testClient(t, endpoint)})
	b := openStore(t, Config{Client: testClient(t, endpoint)})

	rev := mustCommit(t, a, Batch{Puts: []Put{put("x", ` {"a": 1, "h": "<&>"} `), put("y", `{}`)}, Author: "me"})
	if got := a.Current(); got.Revision() != rev || got.Len() != 2 {
		t.Errorf("after Commit: revision %d of %d, %d objects", got.Revision(), rev, got.Len())
	}
	st := await(t, b, "the other's change", func(st *State) bool { return st.Revision() >= rev })
	o := st.Get(key("x"))
	if string(o.Value) != `{"a":1,"h":"<&>"}` || o.Revision != rev || o.CreatedAt.IsZero() || o.Decoded == nil {
		t.Errorf("object %+v", o)
	}
	rev2 := mustCommit(t, b, Batch{Puts: []Put{put("x", `{"a":2}`)}, Deletes: []Key{key("y")}})
	st2 := await(t, a, "its answer", func(st *State) bool { return st.Revision() >= rev2 })
	if got := st2.Diff(st); !slices.Equal(got, []Key{key("x"), key("y")}) {
		t.Errorf("changed: %v", got)
	}
	p := st2.Get(key("x"))
	if !p.CreatedAt.Equal(o.CreatedAt) || p.UpdatedAt.Before(o.UpdatedAt) || st2.Get(key("y")) != nil {
		t.Errorf("object %+v", p)
	}
	if string(st.Get(key("x")).Value) != `{"a":1,"h":"<&>"}` || st.Len() != 2 {
		t.Error("a state has changed")
	}
	fresh := openStore(t, Config{Client: testClient(t, endpoint)})
	if got := fresh.Current(); got.Revision() != rev2 || len(got.Diff(st2)) != 0 {
		t.Errorf("a fresh one sees revision %d, %v", got.Revision(), contents(got))
	}
}

func TestGuardsAndConditions(t *testing.T) {
	s := openStore(t, Config{Client: testClient(t, newEtcd(t))})
	before := s.Current()
	rev := mustCommit(t, s, Batch{Puts: []Put{put("x", `1`)}})
	tests := []struct {
		name  string
		batch Batch
		want  string
	}{
		{"base is old", Batch{Puts: []Put{put("z", `1`)}, Base: before}, ErrGuardMoved.Error() + ": !guard/default at revision " + fmt.Sprint(rev)},
		{"guard of another namespace", Batch{Puts: []Put{{Key{"other", "route", "x"}, []byte(`1`)}}, Guards: []string{"default"}, Base: before}, ErrGuardMoved.Error() + ": !guard/default at revision " + fmt.Sprint(rev)},
		{"must not exist", Batch{Puts: []Put{put("x", `2`)}, If: []Condition{{key("x"), 0}}}, fmt.Sprintf("default/route/x exists already, at revision %d", rev)},
		{"must exist", Batch{Puts: []Put{put("y", `2`)}, If: []Condition{{key("y"), rev}}}, fmt.Sprintf("default/route/y does not exist; revision %d was asked for", rev)},
		{"other revision", Batch{Puts: []Put{put("x", `2`)}, If: []Condition{{key("x"), rev - 1}}}, fmt.Sprintf("default/route/x is at revision %d; revision %d was asked for", rev, rev-1)},
		{"condition on an old base", Batch{Puts: []Put{put("x", `2`)}, If: []Condition{{key("x"), rev}}, Base: before}, ErrGuardMoved.Error() + ": !guard/default at revision " + fmt.Sprint(rev)},
		{"not JSON", Batch{Puts: []Put{put("x", `{`)}}, "default/route/x: not JSON: unexpected end of JSON input"},
		{"not UTF-8", Batch{Puts: []Put{put("x", "\"\xff\"")}}, "default/route/x: not UTF-8"},
		{"bad key", Batch{Deletes: []Key{{"default", "route", "a/b"}}}, `name "a/b": 1 to 255 characters of A-Z a-z 0-9 . _ ~ -`},
		{"twice", Batch{Puts: []Put{put("x", `2`)}, Deletes: []Key{key("x")}}, "default/route/x is in the batch twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.Commit(t.Context(), tt.batch)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
	if got := s.Current().Revision(); got != rev {
		t.Errorf("revision %d, want %d", got, rev)
	}
	mustCommit(t, s, Batch{Puts: []Put{put("x", `2`)}, If: []Condition{{key("x"), rev}, {key("n"), 0}}})
	mustCommit(t, s, Batch{Puts: []Put{{Key{"third", "route", "x"}, []byte(`1`)}}, Base: before})
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	t.Parallel()
	endpoint := newEtcd(t)
	const writers, each = 4, 15
	var wg sync.WaitGroup
	for range writers {
		s := openStore(t, Config{Client: testClient(t, endpoint)})
		wg.Go(func() {
			for range each {
				if err := increment(t.Context(), s, "n"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	s := openStore(t, Config{Client: testClient(t, endpoint)})
	if got := string(s.Current().Get(key("n")).Value); got != fmt.Sprint(writers*each) {
		t.Errorf("%s increments of %d", got, writers*each)
	}
}

// increment adds one to a number, as an admin call would: read, check, commit
// on that base.
func increment(ctx context.Context, s *Store, name string) error {
	for {
		base, n, rev := s.Current(), 0, int64(0)
		if o := base.Get(key(name)); o != nil {
			if err := json.Unmarshal(o.Value, &n); err != nil {
				return err
			}
			rev = o.Revision
		}
		_, err := s.Commit(ctx, Batch{Puts: []Put{put(name, fmt.Sprint(n+1))}, Base: base, If: []Condition{{key(name), rev}}})
		if !errors.Is(err, ErrGuardMoved) {
			return err
		}
	}
}
