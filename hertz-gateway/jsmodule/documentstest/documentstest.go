// Package documentstest is the contract of jsmodule.Documents as a test: call
// Run with each implementation.
package documentstest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/jsmodule"
)

// Run tests d, which holds nothing in the namespaces "default" and "other".
func Run(t *testing.T, d jsmodule.Documents) {
	t.Helper()
	ctx := t.Context()
	check := func(what, want string, err error) {
		t.Helper()
		if got := codeOf(err); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	put := func(id, data string, revision int64) (jsmodule.Document, error) {
		return d.Put(ctx, "default", jsmodule.Document{ID: id, Collection: "links", Data: []byte(data), Revision: revision})
	}
	_, err := put("a", `{}`, 0)
	check("no collection yet", "not_found", err)
	_, err = d.PutCollection(ctx, "default", jsmodule.Collection{Name: "links", Schema: []byte(`{"type":"obj"}`)})
	check("no schema", "schema", err)
	_, err = d.PutCollection(ctx, "default", jsmodule.Collection{Name: "links", Visibility: "private", Schema: []byte(`{"type":"object","required":["url"]}`)})
	check("collection", "", err)

	_, err = d.Get(ctx, "default", "links", "a")
	if !errors.Is(err, jsmodule.ErrNoDocument) {
		t.Errorf("no document: %v", err)
	}
	_, err = put("a", `{"ur":1}`, 0)
	check("does not fit", "schema", err)
	first, err := put("a", `{"url":"x","n":9223372036854775807}`, jsmodule.MustNotExist)
	check("create", "", err)
	if first.Revision <= 0 || first.CreatedAt.IsZero() || first.UpdatedAt != first.CreatedAt {
		t.Errorf("created: %+v", first)
	}
	_, err = put("a", `{"url":"y"}`, jsmodule.MustNotExist)
	check("create again", "conflict", err)
	second, err := put("a", `{"url":"y","n":9223372036854775807}`, first.Revision)
	check("change", "", err)
	if second.Revision <= first.Revision || !second.CreatedAt.Equal(first.CreatedAt) {
		t.Errorf("changed: %+v after %+v", second, first)
	}
	_, err = put("a", `{"url":"z"}`, first.Revision)
	check("change what has changed", "conflict", err)
	_, err = put("none", `{"url":"z"}`, first.Revision)
	check("change what is not there", "conflict", err)
	got, err := d.Get(ctx, "default", "links", "a")
	check("get", "", err)
	if diff := cmp.Diff(second, got); diff != "" {
		t.Error(diff)
	}

	for _, id := range []string{"c", "b", "ä/…", "d"} {
		_, err := put(id, `{"url":"x"}`, 0)
		check("put "+id, "", err)
	}
	for _, page := range []struct {
		offset, limit int
		want          string
	}{{0, 100, "a b c d ä/…"}, {1, 2, "b c"}, {4, 2, "ä/…"}, {9, 2, ""}, {0, 0, ""}} {
		docs, err := d.List(ctx, "default", "links", page.offset, page.limit)
		check("list", "", err)
		if got := ids(docs); got != page.want {
			t.Errorf("list %d, %d: %q, want %q", page.offset, page.limit, got, page.want)
		}
	}

	_, err = d.Get(ctx, "other", "links", "a")
	if !errors.Is(err, jsmodule.ErrNoCollection) {
		t.Errorf("another namespace: %v", err)
	}
	_, err = d.PutCollection(ctx, "default", jsmodule.Collection{Name: "links", Schema: []byte(`{"required":["n"]}`)})
	check("another schema", "", err)
	_, err = d.Get(ctx, "default", "links", "b")
	check("what does not fit it stays", "", err)
	_, err = put("b", `{"url":"x"}`, 0)
	check("but is not written again", "schema", err)
	check("delete a full collection", "conflict", d.DeleteCollection(ctx, "default", "links"))
	for _, id := range []string{"a", "b", "c", "d", "ä/…"} {
		check("delete "+id, "", d.Delete(ctx, "default", "links", id))
	}
	if err := d.Delete(ctx, "default", "links", "a"); !errors.Is(err, jsmodule.ErrNoDocument) {
		t.Errorf("delete again: %v", err)
	}
	_, err = d.PutCollection(ctx, "default", jsmodule.Collection{Name: "links", Tags: []string{"x"}})
	check("change the collection", "", err)
	c, err := d.Collection(ctx, "default", "links")
	check("get the collection", "", err)
	if c.Schema != nil || len(c.Tags) != 1 || c.Revision <= second.Revision {
		t.Errorf("collection: %+v", c)
	}
	check("delete the collection", "", d.DeleteCollection(ctx, "default", "links"))
	check("delete it again", "not_found", d.DeleteCollection(ctx, "default", "links"))
	_, err = d.Collection(ctx, "default", "links")
	check("get it", "not_found", err)

	// Of writers that all read the same revision, one gets through.
	_, err = d.PutCollection(ctx, "default", jsmodule.Collection{Name: "links"})
	check("collection", "", err)
	doc, err := put("n", `0`, 0)
	check("put", "", err)
	var (
		all sync.WaitGroup
		mu  sync.Mutex
		won int
	)
	for i := range 8 {
		all.Go(func() {
			_, err := put("n", fmt.Sprint(i), doc.Revision)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if codeOf(err) != "conflict" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won != 1 {
		t.Errorf("%d writers got through", won)
	}
}

// codeOf is the code of a failed call, "" when there is no error.
func codeOf(err error) string {
	var e *jsmodule.CallError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return err.Error()
}

// ids are the ids of documents.
func ids(docs []jsmodule.Document) string {
	var list []string
	for _, d := range docs {
		list = append(list, d.ID)
	}
	return strings.Join(list, " ")
}
