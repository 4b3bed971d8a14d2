package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// announcer is a gateway that announces what it is told to.
func announcer(t *testing.T, endpoint, id string) (s *Store, set func(int64)) {
	t.Helper()
	s = openStore(t, Config{Client: testClient(t, endpoint), WatchOnly: true})
	var revision atomic.Int64
	touch, err := s.Announce(id, func() []byte { return fmt.Appendf(nil, `{"revision":%d,"version":"v1"}`, revision.Load()) })
	if err != nil {
		t.Fatal(err)
	}
	return s, func(r int64) { revision.Store(r); touch() }
}

func awaitGateways(t *testing.T, s *Store, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for {
		list, err := s.Gateways(ctx)
		var got []string
		for _, g := range list {
			got = append(got, fmt.Sprintf("%s:%d", g.ID, g.Revision))
		}
		if err == nil && strings.Join(got, " ") == want {
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("gateways %v, %v; want %s", got, err, want)
		}
	}
}

func TestGateways(t *testing.T) {
	t.Parallel()
	endpoint := newEtcd(t)
	a, setA := announcer(t, endpoint, "a")
	b, setB := announcer(t, endpoint, "b")
	awaitGateways(t, a, "a:0 b:0")
	setA(5)
	awaitGateways(t, b, "a:5 b:0")

	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := a.WaitServed(short, 5)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "gateways that do not serve revision 5 yet: b (at 0)") {
		t.Errorf("b is behind: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- a.WaitServed(t.Context(), 5) }()
	setB(6)
	if err := <-done; err != nil {
		t.Error(err)
	}

	// A key that somebody removes comes back, and so does one whose lease ends.
	leases, err := b.client.Leases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leases.Leases {
		if _, err := b.client.Revoke(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
	}
	awaitGateways(t, a, "a:5 b:6")

	// One that stops is gone at once, and nobody waits for it.
	go func() { done <- a.WaitServed(t.Context(), 7) }()
	setA(7)
	b.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	awaitGateways(t, a, "a:7")
	if _, err := a.Announce("a/b", nil); err == nil {
		t.Error("an id with a slash is taken")
	}
	if _, err := a.client.Put(t.Context(), gatewaysPrefix+"poison", "\xff"); err != nil {
		t.Fatal(err)
	}
	awaitGateways(t, a, "a:7 poison:0")
	if _, err := a.client.Delete(t.Context(), gatewaysPrefix, clientv3.WithPrefix()); err != nil {
		t.Fatal(err)
	}
}
