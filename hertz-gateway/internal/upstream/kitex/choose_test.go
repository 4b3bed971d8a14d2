package kitex

import (
	"fmt"
	"testing"
	"time"

	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/internal/upstream/discovery"
)

func TestByHash(t *testing.T) {
	var nodes []*node
	for i, weight := range []int{10, 10, 20} {
		nodes = append(nodes, &node{inst: &discovery.Instance{Address: fmt.Sprintf("10.0.0.%d:1", i)}, weight: weight})
	}
	const keys = 40_000
	got := map[*node]int{}
	moved := 0
	for i := range keys {
		key := fmt.Sprint("user-", i)
		n := byHash(nodes, key)
		got[n]++
		if without := byHash(nodes[1:], key); without != n && n != nodes[0] {
			moved++
		}
	}
	for i, share := range []int{4, 4, 2} {
		want := keys / share
		if n := got[nodes[i]]; n < want*97/100 || n > want*103/100 {
			t.Errorf("instance %d of weight %d got %d of %d keys", i, nodes[i].weight, n, keys)
		}
	}
	if moved > 0 {
		t.Errorf("%d keys moved between instances that stayed", moved)
	}
	if byHash(nil, "x") != nil || byWeight(nil) != nil {
		t.Error("picked from nothing")
	}
}

func TestHasTag(t *testing.T) {
	tags := map[string]string{"zone": "a", "canary": ""}
	for want, ok := range map[string]bool{"": true, "zone": true, "zone=a": true, "zone=b": false, "canary": true, "other": false} {
		if hasTag(tags, want) != ok {
			t.Errorf("%q: %v", want, !ok)
		}
	}
}

func TestChoose(t *testing.T) {
	const dest = "TestChoose"
	one, two := serve(t, dest, 10), serve(t, dest, 10)
	put(t, dest, two.addr, fmt.Sprintf(`{"network":"tcp","address":%q,"weight":10,"tags":{"zone":"b"}}`, two.addr))
	c := newClient(t, dest, upstream.TransportTTHeader)
	who := func(choice upstream.Choice) (string, error) {
		r, err := c.Call(t.Context(), &upstream.Call{Method: "who", Deadline: in(time.Second), Choice: &choice})
		return r.Instance, err
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		if _, err := who(upstream.Choice{Tag: "zone=b"}); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	for range 20 {
		for choice, want := range map[upstream.Choice]string{{Address: one.addr}: one.addr, {Address: two.addr}: two.addr, {Tag: "zone=b"}: two.addr, {Tag: "zone"}: two.addr} {
			if got, err := who(choice); err != nil || got != want {
				t.Fatalf("%+v: %s, %v, want %s", choice, got, err, want)
			}
		}
	}
	first, err := who(upstream.Choice{HashKey: "k"})
	for range 20 {
		if again, err2 := who(upstream.Choice{HashKey: "k"}); err != nil || err2 != nil || again != first {
			t.Fatalf("the same key went to %s (%v) and %s (%v)", first, err, again, err2)
		}
	}
	for _, choice := range []upstream.Choice{{Address: "127.0.0.1:1"}, {Tag: "zone=c"}} {
		_, err := who(choice)
		wantError(t, err, upstream.NoInstance, false)
	}
}
