package store

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

// FuzzKeyOfState puts a foreign key with a foreign value into a state, and
// takes it out again.
func FuzzKeyOfState(f *testing.F) {
	good := envelope{CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(1, 0), Resource: json.RawMessage(`{"a":"<&>"}`)}
	f.Add("default/route/x", good.encode())
	f.Add("!guard/default", []byte("x"))
	f.Add("a/b", []byte(`{"resource":null}`))
	s := fileStore("")
	f.Fuzz(func(t *testing.T, path string, value []byte) {
		before := stateOf("v", 3)
		st := *before
		kv := &mvccpb.KeyValue{Key: []byte(configPrefix + path), Value: value, ModRevision: 9}
		st.put(s, kv, before)
		if st.objects.Len()+st.guards.Len()+st.broken.Len() == before.objects.Len() && st.objects.Is(before.objects) {
			t.Errorf("%q: neither taken nor put aside", path)
		}
		if o, ok := st.objects.Get(path); ok {
			if !json.Valid(o.Value) || o.Key.String() != path {
				t.Errorf("%q: took %q", path, o.Value)
			}
			if e, err := decodeEnvelope(o.stored().encode()); err != nil || !compactEqual(e.Resource, o.Value) {
				t.Errorf("%q does not survive being written: %q, %v", o.Value, e.Resource, err)
			}
		}
		st.remove(kv)
		if _, ok := st.objects.Get(path); ok || st.broken.Len() > 0 {
			t.Errorf("%q: still there", path)
		}
	})
}

func compactEqual(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// FuzzForeignEntries reads foreign packed changes, history entries, documents,
// gateways and secrets.
func FuzzForeignEntries(f *testing.F) {
	c := &commit{changes: []change{{Path: "a/b/c", Next: &envelope{Resource: json.RawMessage(`1`)}}}}
	if err := c.pack(); err != nil {
		f.Fatal(err)
	}
	f.Add(c.packed)
	f.Add(marshal(historyEntry{Author: "a", Changes: 1, Keys: []string{"a/b/c"}}))
	f.Add(marshal(storedDocument{Collection: 1, Data: json.RawMessage(`1`)}))
	f.Add([]byte(`{"revision":1}`))
	ring, err := NewKeyring(NewSecretKey("k"))
	if err != nil {
		f.Fatal(err)
	}
	collection := &Object{Key: Key{"default", CollectionKind, "c"}, CreatedAt: time.Unix(0, 1)}
	f.Fuzz(func(t *testing.T, value []byte) {
		if list, err := unpack(value); err == nil && len(list) > MaxBatchChanges {
			t.Error("too many changes")
		}
		_ = readEntry(&mvccpb.KeyValue{Key: []byte(entryPrefix + "id"), Value: value})
		if d, err := readDocument(collection, &mvccpb.KeyValue{Key: []byte(documentsPrefix(collection.Key) + "id"), Value: value}); err == nil && d != nil && !json.Valid(d.Data) {
			t.Errorf("document %q", d.Data)
		}
		_ = readGateway(&mvccpb.KeyValue{Key: []byte(gatewaysPrefix + "id"), Value: value})
		if secret, err := ring.Open(collection.Key, value); err == nil {
			t.Errorf("opened %q", secret)
		}
		if _, err := NewKeyring(string(value)); err != nil && strings.Contains(err.Error(), string(value)) && len(value) > 50 {
			t.Errorf("the error shows the keys: %v", err)
		}
	})
}
