package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func collectionPut(name string) Put {
	return Put{Key{"default", CollectionKind, name}, []byte(`{}`)}
}

func TestDocuments(t *testing.T) {
	endpoint := newEtcd(t)
	s := openStore(t, Config{Client: testClient(t, endpoint)})
	ctx := t.Context()
	d := s.Documents(func(c *Object, id string, data []byte) error {
		if strings.Contains(string(data), "bad") {
			return fmt.Errorf("%s refuses %s", c.Name, id)
		}
		return nil
	})
	if _, err := d.Put(ctx, "default", "books", "a", []byte(`{}`), nil); !errors.Is(err, ErrNoCollection) {
		t.Errorf("without a collection: %v", err)
	}
	mustCommit(t, s, Batch{Puts: []Put{collectionPut("books"), collectionPut("other")}})
	if _, err := d.Get(ctx, "default", "books", "a"); !errors.Is(err, ErrNoDocument) {
		t.Errorf("without a document: %v", err)
	}
	before := s.Current()
	doc, err := d.Put(ctx, "default", "books", "a/b c", []byte(` {"n": 1} `), new(int64))
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Get(ctx, "default", "books", "a/b c")
	if err != nil || string(got.Data) != `{"n":1}` || got.Revision != doc.Revision || !got.CreatedAt.Equal(doc.CreatedAt) {
		t.Errorf("%+v, %v", got, err)
	}
	var condition *ConditionError
	if _, err := d.Put(ctx, "default", "books", "a/b c", []byte(`2`), new(int64)); !errors.As(err, &condition) || condition.Have != doc.Revision {
		t.Errorf("must not exist: %v", err)
	}
	doc2, err := d.Put(ctx, "default", "books", "a/b c", []byte(`2`), &doc.Revision)
	if err != nil {
		t.Fatal(err)
	}
	if !doc2.CreatedAt.Equal(doc.CreatedAt) || doc2.Revision <= doc.Revision {
		t.Errorf("%+v after %+v", doc2, doc)
	}
	if err := d.Delete(ctx, "default", "books", "a/b c", &doc.Revision); !errors.As(err, &condition) {
		t.Errorf("old revision: %v", err)
	}
	if err := d.Delete(ctx, "default", "books", "a/b c", &doc2.Revision); err != nil {
		t.Error(err)
	}
	if err := d.Delete(ctx, "default", "books", "a/b c", nil); !errors.Is(err, ErrNoDocument) {
		t.Errorf("twice: %v", err)
	}
	bad := []struct{ name, id, data, want string }{
		{"schema", "x", `"bad"`, "books refuses x"},
		{"JSON", "x", `{`, "document: not JSON: unexpected end of JSON input"},
		{"size", "x", `"` + strings.Repeat("x", MaxDocumentBytes) + `"`, fmt.Sprintf("bytes of the document: %d; at most %d", MaxDocumentBytes+2, MaxDocumentBytes)},
		{"no id", "", `1`, `document id "": 1 to 255 bytes of UTF-8 without control characters`},
		{"control character", "a\n", `1`, `document id "a\n": 1 to 255 bytes of UTF-8 without control characters`},
		{"not UTF-8", "\xff", `1`, `document id "\xff": 1 to 255 bytes of UTF-8 without control characters`},
	}
	for _, tt := range bad {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := d.Put(ctx, "default", "books", tt.id, []byte(tt.data), nil); err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
	if s.Current() != before {
		t.Error("documents show in the state")
	}
}

func TestDocumentPages(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{Client: testClient(t, newEtcd(t))})
	mustCommit(t, s, Batch{Puts: []Put{collectionPut("books"), collectionPut("book")}})
	d := s.Documents(nil)
	var ids []string
	for i := range 50 {
		id := fmt.Sprintf("%02d", i)
		ids = append(ids, id)
		if _, err := d.Put(t.Context(), "default", "books", id, []byte(`1`), nil); err != nil {
			t.Fatal(err)
		}
	}
	// What others write is left out, what is replaced works again.
	if _, err := s.client.Put(t.Context(), dataPrefix+"default/books/00x", "poison"); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{1, 7, 16, 50, 0} {
		var got []string
		for p := (Page{Limit: limit}); ; {
			list, next, err := d.List(t.Context(), "default", "books", p)
			if err != nil {
				t.Fatal(err)
			}
			for _, doc := range list {
				got = append(got, doc.ID)
			}
			if p.Continue = next; next == "" {
				break
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(ids) {
			t.Errorf("limit %d: %v", limit, got)
		}
	}
	list, next, err := d.List(t.Context(), "default", "books", Page{Offset: 41, Limit: 5})
	if err != nil || len(list) != 5 || list[0].ID != "40" || next == "" {
		t.Errorf("%d documents, %v", len(list), err)
	}
	if _, err := d.Put(t.Context(), "default", "books", "00x", []byte(`1`), nil); err != nil {
		t.Errorf("a document that is not of ours can't be replaced: %v", err)
	}
	big := []byte(`"` + strings.Repeat("x", MaxDocumentBytes-2) + `"`)
	for _, id := range ids[:18] {
		if _, err := d.Put(t.Context(), "default", "books", id, big, nil); err != nil {
			t.Fatal(err)
		}
	}
	list, next, err = d.List(t.Context(), "default", "books", Page{})
	if err != nil || len(list) >= 50 || next == "" {
		t.Errorf("%d large documents on one page, %v", len(list), err)
	}
	for _, p := range []Page{{Limit: -1}, {Limit: MaxDocuments + 1}, {Offset: -1}, {Offset: MaxDocumentOffset + 1}, {Continue: "*"}} {
		if _, _, err := d.List(t.Context(), "default", "books", p); err == nil {
			t.Errorf("%+v is allowed", p)
		}
	}
}

// TestCollectionsGeneration deletes a collection and makes it anew.
func TestCollectionsGeneration(t *testing.T) {
	t.Parallel()
	endpoint := newEtcd(t)
	s := openStore(t, Config{Client: testClient(t, endpoint)})
	other := openStore(t, Config{Client: testClient(t, endpoint)})
	d := s.Documents(nil)
	documentKeys := func() int64 {
		r, err := s.client.Get(t.Context(), dataPrefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
		if err != nil {
			t.Fatal(err)
		}
		return r.Count
	}
	awaitKeys := func(want int64) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for documentKeys() != want {
			select {
			case <-time.After(5 * time.Millisecond):
			case <-ctx.Done():
				t.Fatalf("%d documents, want %d", documentKeys(), want)
			}
		}
	}
	mustCommit(t, s, Batch{Puts: []Put{collectionPut("books")}})
	for i := range 250 {
		if _, err := d.Put(t.Context(), "default", "books", fmt.Sprint(i), []byte(`1`), nil); err != nil {
			t.Fatal(err)
		}
	}
	mustCommit(t, s, Batch{Deletes: []Key{collectionPut("books").Key}})
	if _, err := d.Get(t.Context(), "default", "books", "1"); !errors.Is(err, ErrNoCollection) {
		t.Errorf("of a deleted collection: %v", err)
	}
	// A gateway that has not heard of it yet can't store.
	if _, err := other.Documents(nil).Put(t.Context(), "default", "books", "late", []byte(`1`), nil); !errors.Is(err, ErrNoCollection) {
		t.Errorf("into a deleted collection: %v", err)
	}
	awaitKeys(0)

	// One whose documents nobody purged: they are invisible, and go when it is
	// made anew.
	mustCommit(t, s, Batch{Puts: []Put{collectionPut("books")}})
	if _, err := d.Put(t.Context(), "default", "books", "new", []byte(`1`), nil); err != nil {
		t.Fatal(err)
	}
	stale := marshal(storedDocument{Collection: 1, Data: []byte(`1`)})
	for i := range 40 {
		if _, err := s.client.Put(t.Context(), fmt.Sprintf("%sdefault/books/old%d", dataPrefix, i), string(stale)); err != nil {
			t.Fatal(err)
		}
	}
	if list, _, err := d.List(t.Context(), "default", "books", Page{}); err != nil || len(list) != 1 {
		t.Errorf("%d documents, %v", len(list), err)
	}
	if _, err := d.Put(t.Context(), "default", "books", "old0", []byte(`2`), new(int64)); err != nil {
		t.Errorf("in the place of a document of the old collection: %v", err)
	}
	if err := s.purge(t.Context(), collectionPut("books").Key); err != nil {
		t.Fatal(err)
	}
	awaitKeys(2)
	// And without a collection, a sweep finds them.
	if _, err := s.client.Put(t.Context(), dataPrefix+"gone/c/x", string(stale)); err != nil {
		t.Fatal(err)
	}
	if err := other.sweepDocuments(t.Context()); err != nil {
		t.Fatal(err)
	}
	awaitKeys(2)
}
