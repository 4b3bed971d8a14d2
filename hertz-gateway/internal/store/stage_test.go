package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// dyingKV is a client's KV that dies at its nth transaction: before it is sent,
// or after, when the answer is lost.
type dyingKV struct {
	clientv3.KV
	left   atomic.Int64
	answer bool // the fatal transaction is sent, but not answered
	once   bool // it only faints
	died   func()
	dead   atomic.Bool
}

var errDead = errors.New("killed by the test")

type dyingTxn struct {
	clientv3.Txn
	kv *dyingKV
}

func (kv *dyingKV) Txn(ctx context.Context) clientv3.Txn { return &dyingTxn{kv.KV.Txn(ctx), kv} }

func (t *dyingTxn) If(cs ...clientv3.Cmp) clientv3.Txn   { t.Txn = t.Txn.If(cs...); return t }
func (t *dyingTxn) Then(ops ...clientv3.Op) clientv3.Txn { t.Txn = t.Txn.Then(ops...); return t }
func (t *dyingTxn) Else(ops ...clientv3.Op) clientv3.Txn { t.Txn = t.Txn.Else(ops...); return t }

func (t *dyingTxn) Commit() (*clientv3.TxnResponse, error) {
	last := t.kv.left.Add(-1) == 0
	if last && !t.kv.once {
		defer t.kv.died()
		defer t.kv.dead.Store(true)
	}
	if t.kv.dead.Load() || last && !t.kv.answer {
		return nil, errDead
	}
	r, err := t.Txn.Commit()
	if last {
		return nil, errDead
	}
	return r, err
}

func (kv *dyingKV) Get(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	if kv.dead.Load() {
		return nil, errDead
	}
	return kv.KV.Get(ctx, key, opts...)
}

// largeBatch is one of several transactions: all objects say version, and noisy
// ones are so incompressible that it takes more than one piece.
func largeBatch(version string, noisy int) Batch {
	var b Batch
	for i := range 2 * maxTxnOps {
		b.Puts = append(b.Puts, Put{key(fmt.Sprintf("r%03d", i)), []byte(`{"version":"` + version + `"}`)})
	}
	for i := range noisy {
		noise := make([]byte, pieceBytes/5)
		_, _ = rand.Read(noise)
		b.Puts = append(b.Puts, Put{key(fmt.Sprintf("noise%d", i)), []byte(`{"version":"` + version + `","noise":"` + base64.StdEncoding.EncodeToString(noise) + `"}`)})
	}
	b.Deletes = append(b.Deletes, key("only-"+version), key("nothing"))
	b.Message = version
	return b
}

// version is the one that all objects of a state say, an error if they differ.
func version(st *State) (string, error) {
	v := ""
	for o := range st.All("default", "route") {
		m, ok := o.Decoded.(map[string]any)
		if !ok {
			return "", fmt.Errorf("%s is %q", o.Key, o.Value)
		}
		switch got := fmt.Sprint(m["version"]); v {
		case "", got:
			v = got
		default:
			return "", fmt.Errorf("revision %d: %s is of version %s, others of %s", st.Revision(), o.Key, got, v)
		}
	}
	return v, nil
}

// watchWhole fails the test if the store ever shows objects of two versions.
func watchWhole(t *testing.T, s *Store) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for last := (*State)(nil); ; {
			c, err := s.Next(ctx, last)
			if err != nil {
				return
			}
			if _, err := version(c.State); err != nil {
				t.Errorf("half a change shows: %v", err)
			}
			last = c.State
		}
	})
	return func() { cancel(); wg.Wait() }
}

func TestLargeCommit(t *testing.T) {
	t.Parallel()
	endpoint := newEtcd(t)
	a := openStore(t, Config{Client: testClient(t, endpoint)})
	b := openStore(t, Config{Client: testClient(t, endpoint)})
	defer watchWhole(t, b)()
	var st *State
	for _, v := range []string{"1", "2"} {
		rev := mustCommit(t, a, largeBatch(v, 3))
		st = await(t, b, "the commit", func(st *State) bool { return st.Revision() >= rev })
		if got, err := version(st); got != v || err != nil {
			t.Fatalf("version %s, %v; want %s", got, err, v)
		}
		for o := range st.All("", "") {
			if o.Revision != rev {
				t.Fatalf("%s has revision %d, want %d", o.Key, o.Revision, rev)
			}
		}
		// A small one has to fold first.
		rev = mustCommit(t, b, Batch{Puts: []Put{put("only-"+v, `{"version":"`+v+`"}`)}})
		if _, err := b.Commit(t.Context(), Batch{Deletes: []Key{key("only-" + v)}, If: []Condition{{key("only-" + v), rev}}}); err != nil {
			t.Fatal(err)
		}
	}
	fresh := openStore(t, Config{Client: testClient(t, endpoint)})
	if diff := fresh.Current().Diff(b.Current()); len(diff) > 0 || fresh.Current().Revision() != b.Current().Revision() {
		t.Errorf("listing and watching differ: %v, revisions %d and %d", diff, fresh.Current().Revision(), b.Current().Revision())
	}
	if err := b.audit(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestDeathAtEveryStep kills writers of large commits at each of their
// transactions.
func TestDeathAtEveryStep(t *testing.T) {
	t.Parallel()
	endpoint := newEtcd(t)
	healthy := openStore(t, Config{Client: testClient(t, endpoint)})
	defer watchWhole(t, healthy)()
	mustCommit(t, healthy, largeBatch("first", 0))
	before, deaths := "first", map[int]bool{}
	for _, lost := range []bool{false, true} {
		for step, finished := 1, false; !finished; step++ {
			kv := &dyingKV{answer: lost}
			client := testClient(t, endpoint)
			kv.KV = client.KV
			client.KV = kv
			writer := openStore(t, Config{Client: client})
			name := fmt.Sprintf("step%d-lost-%t", step, lost)
			kv.died = writer.cancel
			kv.left.Store(int64(step))
			_, err := writer.Commit(t.Context(), largeBatch(name, 0))
			for err == nil && !kv.dead.Load() && writer.pending() {
				time.Sleep(time.Millisecond) // it folds in the background
			}
			writer.Close()
			finished = !kv.dead.Load()
			if !finished {
				deaths[step] = true
			}
			if !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrUnavailable) && err != nil {
				t.Errorf("%s: %v", name, err)
			}
			// Somebody else goes on, and finds either all of it or nothing.
			if err := increment(t.Context(), healthy, "!"); err == nil {
				t.Fatal("a bad key was taken")
			}
			rev := mustCommit(t, healthy, Batch{Puts: []Put{{Key{"other", "n", "n"}, []byte(`1`)}}})
			st := await(t, healthy, "the next commit", func(st *State) bool { return st.Revision() >= rev })
			got, verr := version(st)
			if verr != nil {
				t.Fatalf("%s: %v", name, verr)
			}
			if err == nil && got != name {
				t.Errorf("%s was acknowledged, but %s is there", name, got)
			}
			if got != name && got != before {
				t.Errorf("%s: %s is there", name, got)
			}
			before = got
			fresh := openStore(t, Config{Client: testClient(t, endpoint)})
			if diff := fresh.Current().Diff(st); len(diff) > 0 {
				t.Errorf("%s: listing and watching differ: %v", name, diff)
			}
			fresh.Close()
		}
	}
	if len(deaths) < 4 { // lease key, piece, commit, folds unless the healthy one was faster
		t.Errorf("died at steps %v only", deaths)
	}
	checkSwept(t, healthy)
}

// checkSwept checks that only what the history needs is staged once leases have
// gone and a sweep was made.
func checkSwept(t *testing.T, s *Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	keys := func() map[string]bool {
		r, err := s.client.Get(ctx, stagePrefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]bool{}
		for _, kv := range r.Kvs {
			id, rest, _ := strings.Cut(strings.TrimPrefix(string(kv.Key), stagePrefix), "/")
			if rest == "alive" || rest == "fence" {
				if _, err := s.client.Delete(ctx, string(kv.Key)); err != nil { // as if its lease had ended
					t.Fatal(err)
				}
			}
			m[id] = true
		}
		return m
	}
	before := keys()
	if err := s.sweep(ctx); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	entries, err := s.History(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		want[e.ID] = true
	}
	if diff := cmp.Diff(want, keys()); diff != "" {
		t.Errorf("staged after the sweep (-want +got):\n%s", diff)
	}
	if len(before) <= len(want) {
		t.Error("no writer has left anything: the test doesn't test")
	}
}

// TestLostAnswer loses one request or one answer: Commit finds out which.
func TestLostAnswer(t *testing.T) {
	endpoint := newEtcd(t)
	first := openStore(t, Config{Client: testClient(t, endpoint)})
	if err := first.identify(t.Context()); err != nil { // so that no other store has to
		t.Fatal(err)
	}
	for _, lost := range []bool{false, true} {
		client := testClient(t, endpoint)
		kv := &dyingKV{KV: client.KV, once: true, answer: lost}
		client.KV = kv
		s := openStore(t, Config{Client: client})
		before := s.Current().Revision()
		kv.left.Store(1)
		rev, err := s.Commit(t.Context(), Batch{Puts: []Put{put("x", `1`)}})
		switch {
		case lost && (err != nil || rev != s.Current().Revision() || rev <= before):
			t.Errorf("answer lost: revision %d, %v", rev, err)
		case !lost && (!errors.Is(err, ErrUnavailable) || s.Current().Revision() != before):
			t.Errorf("request lost: revision %d, %v", rev, err)
		}
		mustCommit(t, s, Batch{Puts: []Put{put("x", `2`)}})
	}
}

func TestManyNamespaces(t *testing.T) {
	s := openStore(t, Config{Client: testClient(t, newEtcd(t))})
	before := s.Current()
	var b Batch
	for i := range 3 * maxNamespaces {
		b.Puts = append(b.Puts, Put{Key{fmt.Sprintf("ns%d", i), "route", "x"}, []byte(`1`)})
	}
	mustCommit(t, s, b)
	small := Batch{Puts: []Put{{Key{"ns7", "route", "y"}, []byte(`1`)}}, Base: before}
	if _, err := s.Commit(t.Context(), small); !errors.Is(err, ErrGuardMoved) {
		t.Errorf("a small one after a wide one: %v", err)
	}
	b.Base = s.Current()
	small.Base = nil
	mustCommit(t, s, small)
	if _, err := s.Commit(t.Context(), b); !errors.Is(err, ErrGuardMoved) {
		t.Errorf("a wide one after a small one: %v", err)
	}
	if got := len(s.Current().Namespaces()); got != 3*maxNamespaces {
		t.Errorf("%d namespaces", got)
	}
}

func TestTooLarge(t *testing.T) {
	s := openStore(t, Config{Client: testClient(t, newEtcd(t))})
	mustCommit(t, s, Batch{Puts: []Put{put("largest", `"`+strings.Repeat("x", MaxValueBytes-2)+`"`)}})
	tests := []struct {
		name  string
		batch Batch
		want  string
	}{
		{"object", Batch{Puts: []Put{put("x", `"`+strings.Repeat("x", MaxValueBytes)+`"`)}}, fmt.Sprintf("default/route/x: bytes of the object: %d; at most %d", MaxValueBytes+2, MaxValueBytes)},
		{"message", Batch{Deletes: []Key{key("x")}, Message: strings.Repeat("x", MaxMessageBytes+1)}, fmt.Sprintf("bytes of the message: %d; at most %d", MaxMessageBytes+1, MaxMessageBytes)},
		{"author", Batch{Deletes: []Key{key("x")}, Author: strings.Repeat("x", MaxAuthorBytes+1)}, fmt.Sprintf("bytes of the author: %d; at most %d", MaxAuthorBytes+1, MaxAuthorBytes)},
		{"nothing", Batch{}, "the batch is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := s.Commit(t.Context(), tt.batch); err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}
