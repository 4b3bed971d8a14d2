package store

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkChange is what one change of one object costs, committed and applied
// by the gateway that makes it, among 100 and 10,000 objects: about the same.
func BenchmarkChange(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("objects=%d", n), func(b *testing.B) {
			s := benchStore(b, n)
			last := s.Current()
			i := 0
			for b.Loop() {
				i++
				if _, err := s.Commit(b.Context(), Batch{Puts: []Put{put("k0", fmt.Sprint(i))}}); err != nil {
					b.Fatal(err)
				}
				c, err := s.Next(b.Context(), last)
				if err != nil || len(c.Keys) != 1 {
					b.Fatalf("%v, %v", c.Keys, err)
				}
				last = c.State
			}
		})
	}
}

// BenchmarkCandidate is a state with one object changed and what differs, with
// no etcd in it.
func BenchmarkCandidate(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("objects=%d", n), func(b *testing.B) {
			st := stateOf("v", n)
			o := &Object{Key: key("k7"), Value: []byte(`2`)}
			for b.Loop() {
				if c := st.With([]*Object{o}, []Key{key("k8")}); len(c.Diff(st)) != 2 {
					b.Fatal("not two")
				}
			}
		})
	}
}

// BenchmarkOpen is a cold start with 10,000 objects in etcd.
func BenchmarkOpen(b *testing.B) {
	s := benchStore(b, 10_000)
	for b.Loop() {
		fresh, err := Open(b.Context(), s.cfg)
		if err != nil || fresh.Current().Len() != 10_000 {
			b.Fatalf("%d objects, %v", fresh.Current().Len(), err)
		}
		fresh.Close()
	}
}

func benchStore(b *testing.B, n int) *Store {
	b.Helper()
	e, err := StartEmbedded(b.Context(), EmbeddedConfig{Dir: b.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(e.Close)
	client, err := NewClient(ClientConfig{Endpoints: []string{e.Endpoint()}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Close() })
	s, err := Open(b.Context(), Config{Client: client, Decode: decodeJSON, BootTimeout: 10 * time.Second})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	var batch Batch
	for i := range n {
		batch.Puts = append(batch.Puts, put(fmt.Sprintf("k%d", i), fmt.Sprintf(`{"paths":["/api/v1/things/%d/{id}"],"methods":["GET","POST"],"service":"things"}`, i)))
	}
	if _, err := s.Commit(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
	for s.pending() {
		time.Sleep(time.Millisecond)
	}
	return s
}
