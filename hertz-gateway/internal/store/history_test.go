package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestHistoryAgainstModel commits at random and looks at every revision again.
func TestHistoryAgainstModel(t *testing.T) {
	t.Parallel()
	endpoint := newEtcd(t)
	s := openStore(t, Config{Client: testClient(t, endpoint)})
	r := rand.New(rand.NewPCG(3, 4))
	model := map[string]string{}
	past := map[int64]map[string]string{0: {}}
	var revisions []int64
	for i := range 40 {
		var b Batch
		n := 1 + r.IntN(6)
		if i%10 == 9 {
			n = maxTxnOps + r.IntN(50)
		}
		for _, j := range r.Perm(200)[:n] {
			k := key(fmt.Sprintf("k%d", j))
			if r.IntN(3) == 0 {
				b.Deletes = append(b.Deletes, k)
				delete(model, k.String())
				continue
			}
			b.Puts = append(b.Puts, Put{k, fmt.Appendf(nil, `{"i":%d,"r":%d}`, i, r.IntN(3))})
			model[k.String()] = string(b.Puts[len(b.Puts)-1].Value)
		}
		b.Author, b.Message = "me", fmt.Sprint(i)
		rev := mustCommit(t, s, b)
		past[rev] = maps.Clone(model)
		revisions = append(revisions, rev)
		if diff := cmp.Diff(model, contents(s.Current())); diff != "" {
			t.Fatalf("after commit %d: %s", i, diff)
		}
	}
	for rev, want := range past {
		st, err := s.At(t.Context(), rev)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, contents(st)); diff != "" {
			t.Errorf("at revision %d: %s", rev, diff)
		}
	}
	entries, err := s.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		if j := len(entries) - 1 - i; e.Revision != revisions[j] || e.Message != fmt.Sprint(j) || e.Author != "me" || e.Time.IsZero() || len(e.Keys) == 0 {
			t.Errorf("entry %d: %+v; revision %d", i, e, revisions[j])
		}
	}
	if _, err := s.At(t.Context(), s.Current().Revision()+1); err == nil {
		t.Error("the future is known")
	}

	// A bound leaves the newest.
	trimmer := openStore(t, Config{Client: testClient(t, endpoint), HistoryCount: 10})
	if err := trimmer.trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if entries, err = s.History(t.Context()); err != nil || len(entries) != 10 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for i, rev := range revisions {
		_, err := s.At(t.Context(), rev)
		if kept := i >= len(revisions)-11; kept != (err == nil) || !kept && !errors.Is(err, ErrTrimmed) {
			t.Errorf("commit %d of %d: %v", i, len(revisions), err)
		}
	}
	trimmer.Close()
	byBytes := openStore(t, Config{Client: testClient(t, endpoint), HistoryBytes: entries[0].size})
	if err := byBytes.trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if entries, err = s.History(t.Context()); err != nil || len(entries) != 1 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

func TestHistoryIsTrimmedInTheBackground(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{Client: testClient(t, newEtcd(t)), HistoryCount: 5})
	for range 10 {
		mustCommit(t, s, Batch{Puts: []Put{put("x", `1`)}, Message: strings.Repeat("m", 100)})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*trimPause)
	defer cancel()
	for {
		entries, err := s.History(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 5 {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%d entries", len(entries))
		}
	}
}
