package book_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"dgate/kitex-server/internal/book"
	"dgate/kitex-server/internal/etcdtest"
)

func open(t *testing.T, etcd *etcdtest.Server, library string) *book.Store {
	t.Helper()
	s, err := book.Open(t.Context(), etcd.Client(t), library)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	etcd := etcdtest.Start(t, "")
	ctx := t.Context()
	a, b, other := open(t, etcd, "book"), open(t, etcd, "book"), open(t, etcd, "other")

	for _, id := range []string{"1", "2", "3", "4", "5"} {
		if got, err := a.Find(ctx, id); err != nil || got.ID != id || got.Title == "" || got.Author == "" || got.Content == "" {
			t.Errorf("Find(%q) = %+v, %v; want a book of the start", id, got, err)
		}
	}
	dune := book.Book{ID: "42", Title: "Dune", Author: "Herbert"}
	if _, err := b.Find(ctx, "42"); !errors.Is(err, book.ErrNotFound) {
		t.Errorf("before the insert: %v", err)
	}
	if err := a.Insert(ctx, dune); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*book.Store{"the same": a, "another": b, "a new": open(t, etcd, "book")} {
		if got, err := s.Find(ctx, "42"); err != nil || got != dune {
			t.Errorf("Find in %s store = %+v, %v; want %+v", name, got, err, dune)
		}
		if err := s.Insert(ctx, dune); !isRefused(err, `a book with the ID "42" exists already`) {
			t.Errorf("second Insert in %s store: %v", name, err)
		}
	}
	if _, err := other.Find(ctx, "42"); !errors.Is(err, book.ErrNotFound) {
		t.Errorf("in another library: %v", err)
	}
}

func isRefused(err error, reason string) bool {
	var refused *book.RefusedError
	return errors.As(err, &refused) && refused.Reason == reason
}

func TestInsertRefuses(t *testing.T) {
	etcd := etcdtest.Start(t, "")
	s := open(t, etcd, "book")
	long := strings.Repeat("x", book.MaxText+1)
	tests := []struct {
		name string
		book book.Book
		want string // empty: taken
	}{
		{"of the start", book.Book{ID: "1", Title: "T"}, `a book with the ID "1" exists already`},
		{"no ID", book.Book{Title: "T", Author: "A"}, "the ID is empty"},
		{"no title", book.Book{ID: "50", Author: "A"}, "the title is empty"},
		{"no author", book.Book{ID: "51", Title: "T"}, ""},
		{"long ID", book.Book{ID: strings.Repeat("9", book.MaxID+1), Title: "T"}, "the ID is longer than 255 bytes"},
		{"longest ID", book.Book{ID: strings.Repeat("9", book.MaxID), Title: "T"}, ""},
		{"long title", book.Book{ID: "52", Title: long}, "the title is longer than 1024 bytes"},
		{"long author", book.Book{ID: "53", Title: "T", Author: long}, "the author is longer than 1024 bytes"},
		{"strange texts", book.Book{ID: "a/../b \x00\"é", Title: "{\"}", Author: "\n"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := s.Insert(t.Context(), tt.book)
			if tt.want != "" {
				if !isRefused(err, tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := open(t, etcd, "book").Find(t.Context(), tt.book.ID); err != nil || got != tt.book {
				t.Errorf("found %+v, %v; want %+v", got, err, tt.book)
			}
		})
	}
}

// Many stores race for the same IDs: each ID is taken once, and every store
// finds the book that won.
func TestConcurrentInserts(t *testing.T) {
	etcd := etcdtest.Start(t, "")
	const stores, ids = 4, 20
	var inserted [ids]atomic.Int32
	var wg sync.WaitGroup
	all := make([]*book.Store, stores)
	for i := range all {
		all[i] = open(t, etcd, "book")
	}
	for i, s := range all {
		wg.Go(func() {
			for id := range ids {
				b := book.Book{ID: fmt.Sprint(100 + id), Title: fmt.Sprintf("by %d", i)}
				switch err := s.Insert(t.Context(), b); {
				case err == nil:
					inserted[id].Add(1)
				case !isRefused(err, fmt.Sprintf("a book with the ID %q exists already", b.ID)):
					t.Errorf("Insert: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for id := range ids {
		if n := inserted[id].Load(); n != 1 {
			t.Errorf("ID %d was inserted %d times", 100+id, n)
		}
		first, err := all[0].Find(t.Context(), fmt.Sprint(100+id))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all[1:] {
			if got, err := s.Find(t.Context(), first.ID); err != nil || got != first {
				t.Errorf("stores disagree: %+v and %+v, %v", first, got, err)
			}
		}
	}
}

func TestEtcdAway(t *testing.T) {
	etcd := etcdtest.Start(t, "")
	client := etcd.Client(t)
	s, err := book.Open(t.Context(), client, "book")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Insert(t.Context(), book.Book{ID: "42", Title: "Dune"}); err != nil {
		t.Fatal(err)
	}
	etcd.Stop()
	for _, id := range []string{"1", "42"} {
		if _, err := s.Find(t.Context(), id); err != nil {
			t.Errorf("known book %s: %v", id, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // what matters is the kind of error, not the wait for it
	if _, err := s.Find(ctx, "99"); err == nil || errors.Is(err, book.ErrNotFound) {
		t.Errorf("Find of a book that nobody can look up: %v", err)
	}
	if err := s.Insert(ctx, book.Book{ID: "99", Title: "T"}); err == nil || isRefused(err, err.Error()) {
		t.Errorf("Insert: %v", err)
	}
	if _, err := book.Open(ctx, client, "book"); err == nil {
		t.Error("a store opened without etcd")
	}
}
