package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// drillEnv makes TestLeaderKills run that long instead of some seconds.
const drillEnv = "DGATE_DRILL"

// cluster is an etcd of three members in this process.
type cluster struct {
	t         *testing.T
	configs   []*embed.Config
	members   []*embed.Etcd
	endpoints []string
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	const size = 3
	c := &cluster{t: t, members: make([]*embed.Etcd, size)}
	var initial []string
	for i := range size {
		var urls [2]url.URL
		for j := range urls {
			addr, err := reserve("127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			urls[j] = url.URL{Scheme: "http", Host: addr}
		}
		cfg := embed.NewConfig()
		cfg.Name = fmt.Sprintf("m%d", i)
		cfg.Dir = t.TempDir()
		cfg.ListenClientUrls, cfg.AdvertiseClientUrls = urls[:1], urls[:1]
		cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = urls[1:], urls[1:]
		cfg.TickMs, cfg.ElectionMs = 50, 500
		cfg.EnableGRPCGateway = false
		cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(newZap(nil, nil))
		initial = append(initial, cfg.Name+"="+urls[1].String())
		c.configs = append(c.configs, cfg)
		c.endpoints = append(c.endpoints, urls[0].Host)
	}
	for _, cfg := range c.configs {
		cfg.InitialCluster = strings.Join(initial, ",")
	}
	var wg sync.WaitGroup
	for i := range c.members {
		wg.Go(func() { c.start(i) })
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	t.Cleanup(func() {
		var wg sync.WaitGroup
		for i := range c.members {
			wg.Go(func() { c.kill(i) })
		}
		wg.Wait()
	})
	return c
}

func (c *cluster) start(i int) {
	e, err := embed.StartEtcd(c.configs[i])
	if err != nil {
		c.t.Error(err)
		return
	}
	c.members[i] = e
	select {
	case <-e.Server.ReadyNotify():
	case <-time.After(30 * time.Second):
		c.t.Errorf("member %d is not ready", i)
	}
}

// kill stops a member without handing over its leadership.
func (c *cluster) kill(i int) {
	if e := c.members[i]; e != nil {
		e.Server.HardStop()
		e.Close()
		c.members[i] = nil
	}
}

// leader waits for one that all members agree on.
func (c *cluster) leader() int {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		leader, agree := -1, 0
		for i, e := range c.members {
			if e == nil || e.Server.Leader() == 0 {
				continue
			}
			if e.Server.MemberID() == e.Server.Leader() {
				leader = i
			}
			agree++
		}
		if leader >= 0 && agree == len(c.members) {
			return leader
		}
	}
	c.t.Error("no leader")
	return 0
}

// write is an increment that was acknowledged.
type write struct {
	counter  string
	value    int
	revision int64
}

// TestLeaderKills has writers on three gateways add to shared counters while
// the leader is killed and started again and again. No acknowledged addition
// may be lost, none that was refused may have happened, and at the end all
// gateways agree.
func TestLeaderKills(t *testing.T) {
	duration, pause := 5*time.Second, time.Second
	if text := os.Getenv(drillEnv); text != "" {
		var err error
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
		pause = 8 * time.Second
	}
	c := newCluster(t)
	stores := make([]*Store, 3)
	for i := range stores {
		stores[i] = openStore(t, quick(Config{Client: testClient(t, c.endpoints...), StateDir: t.TempDir(), BootTimeout: 10 * time.Second}))
	}
	ctx, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	var (
		mu       sync.Mutex
		acked    []write
		unknown  = map[string]int{}
		refusals int
		longest  atomic.Int64
		wg       sync.WaitGroup
	)
	const writers = 4
	for w := range writers {
		s := stores[w%len(stores)]
		counter := fmt.Sprintf("counter%d", w%2)
		wg.Go(func() {
			last := time.Now()
			for ctx.Err() == nil {
				wr, err := add(ctx, s, counter)
				switch {
				case err == nil:
					longest.Store(max(longest.Load(), int64(time.Since(last))))
					last = time.Now()
					if got := s.Current().Revision(); got < wr.revision && s.Synced() {
						t.Logf("behind its own write at %d: %d", wr.revision, got)
					}
					mu.Lock()
					acked = append(acked, wr)
					mu.Unlock()
				case errors.Is(err, ErrUnknown):
					mu.Lock()
					unknown[counter]++
					mu.Unlock()
				case errors.Is(err, ErrUnavailable), errors.Is(err, ErrGuardMoved), ctx.Err() != nil:
					mu.Lock()
					refusals++
					mu.Unlock()
				default:
					t.Error(err)
				}
				select {
				case <-time.After(5 * time.Millisecond):
				case <-ctx.Done():
				}
			}
		})
	}
	kills := 0
	for ctx.Err() == nil {
		i := c.leader()
		c.kill(i)
		kills++
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		c.start(i)
	}
	wg.Wait()
	c.leader()
	fresh := openStore(t, Config{Client: testClient(t, c.endpoints...), BootTimeout: 10 * time.Second})
	rev := mustCommitRetrying(t, fresh, Batch{Puts: []Put{put("end", `1`)}})
	for i, s := range stores {
		st := await(t, s, "the end", func(st *State) bool { return st.Revision() >= rev })
		if diff := st.Diff(fresh.Current()); len(diff) > 0 {
			t.Errorf("gateway %d differs: %v", i, diff)
		}
	}
	checkCounters(t, fresh.Current(), acked, unknown)
	t.Logf("%d kills of the leader in %v; %d additions acknowledged, %d unknown, %d refused; the longest without an acknowledgement: %v",
		kills, duration, len(acked), unknown["counter0"]+unknown["counter1"], refusals, time.Duration(longest.Load()))
	if len(acked) < 20 {
		t.Errorf("only %d writes", len(acked))
	}
}

// checkCounters checks that in the order of revisions the values grow, none
// twice, and that at the end exactly those are there that may be.
func checkCounters(t *testing.T, st *State, acked []write, unknown map[string]int) {
	t.Helper()
	slices.SortFunc(acked, func(a, b write) int { return int(a.revision - b.revision) })
	last, count := map[string]int{}, map[string]int{}
	for _, w := range acked {
		if w.value <= last[w.counter] {
			t.Errorf("%s at revision %d became %d after %d: an update was lost", w.counter, w.revision, w.value, last[w.counter])
		}
		last[w.counter] = w.value
		count[w.counter]++
	}
	for counter, n := range count {
		var got int
		if err := json.Unmarshal(st.Get(key(counter)).Value, &got); err != nil {
			t.Fatal(err)
		}
		if got < n || got > n+unknown[counter] {
			t.Errorf("%s is %d; %d additions were acknowledged, %d are unknown", counter, got, n, unknown[counter])
		}
	}
}

// add increments a counter on the newest state.
func add(ctx context.Context, s *Store, counter string) (write, error) {
	base, n, rev := s.Current(), 0, int64(0)
	if o := base.Get(key(counter)); o != nil {
		if err := json.Unmarshal(o.Value, &n); err != nil {
			return write{}, err
		}
		rev = o.Revision
	}
	revision, err := s.Commit(ctx, Batch{Puts: []Put{put(counter, fmt.Sprint(n+1))}, Base: base, If: []Condition{{key(counter), rev}}})
	return write{counter, n + 1, revision}, err
}
