package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
)

// drillEnv makes TestLeaderKills go on that long, with 8 s between two kills,
// instead of killing twice.
const drillEnv = "DGATE_DRILL"

// memberEnv makes the test binary the member of a cluster that it describes,
// until its standard input ends.
const memberEnv = "DGATE_TEST_MEMBER"

// memberConfig is the value of memberEnv, as JSON.
type memberConfig struct{ Name, Dir, Client, Peer, Initial string }

func runMember(text string) {
	var m memberConfig
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		panic(err)
	}
	cfg := embed.NewConfig()
	cfg.Name, cfg.Dir, cfg.InitialCluster = m.Name, m.Dir, m.Initial
	cfg.ListenClientUrls = []url.URL{{Scheme: "http", Host: m.Client}}
	cfg.ListenPeerUrls = []url.URL{{Scheme: "http", Host: m.Peer}}
	cfg.AdvertiseClientUrls, cfg.AdvertisePeerUrls = cfg.ListenClientUrls, cfg.ListenPeerUrls
	cfg.TickMs, cfg.ElectionMs = 50, 500
	cfg.EnableGRPCGateway = false
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(newZap(nil, nil))
	if _, err := embed.StartEtcd(cfg); err != nil {
		panic(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// cluster is an etcd of three members, each a process of its own.
type cluster struct {
	t         *testing.T
	members   []*member
	endpoints []string
	client    *clientv3.Client
}

type member struct {
	config memberConfig
	cmd    *exec.Cmd
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t}
	var initial []string
	for i := range 3 {
		m := &member{config: memberConfig{Name: fmt.Sprintf("m%d", i), Dir: t.TempDir()}}
		for _, addr := range []*string{&m.config.Client, &m.config.Peer} {
			var err error
			if *addr, err = reserve("127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
		}
		initial = append(initial, m.config.Name+"=http://"+m.config.Peer)
		c.members, c.endpoints = append(c.members, m), append(c.endpoints, m.config.Client)
	}
	t.Cleanup(func() {
		for i := range c.members {
			c.kill(i)
		}
	})
	for i, m := range c.members {
		m.config.Initial = strings.Join(initial, ",")
		c.start(i)
	}
	c.client = testClient(t, c.endpoints...)
	return c
}

func (c *cluster) start(i int) {
	c.t.Helper()
	m := c.members[i]
	m.cmd = exec.Command(os.Args[0])
	m.cmd.Env = append(os.Environ(), memberEnv+"="+string(marshal(m.config)))
	_, err := m.cmd.StdinPipe() // closes when this process ends, however it does
	if err == nil {
		err = m.cmd.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// kill is kill -9.
func (c *cluster) kill(i int) {
	if m := c.members[i]; m.cmd != nil && m.cmd.Process != nil {
		_ = m.cmd.Process.Kill()
		_ = m.cmd.Wait()
		m.cmd = nil
	}
}

// leader waits until all members serve and agree on one.
func (c *cluster) leader() int {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		leader, agree := -1, 0
		for i, endpoint := range c.endpoints {
			ctx, cancel := context.WithTimeout(c.t.Context(), time.Second)
			st, err := c.client.Status(ctx, endpoint)
			cancel()
			if err != nil || st.Leader == 0 {
				continue
			}
			if st.Leader == st.Header.MemberId {
				leader = i
			}
			agree++
		}
		if leader >= 0 && agree == len(c.members) {
			return leader
		}
	}
	c.t.Fatal("no leader")
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
	kills, pause, until := 2, time.Duration(0), time.Now()
	if text := os.Getenv(drillEnv); text != "" {
		duration, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		pause, until = 8*time.Second, until.Add(duration)
	}
	c := newCluster(t)
	stores := make([]*Store, 3)
	for i := range stores {
		stores[i] = openStore(t, quick(Config{Client: testClient(t, c.endpoints...), StateDir: t.TempDir(), BootTimeout: 10 * time.Second}))
	}
	ctx, cancel := context.WithCancel(t.Context())
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
	// progress waits until so many more additions were acknowledged.
	progress := func(more int) {
		t.Helper()
		written := func() int { mu.Lock(); defer mu.Unlock(); return len(acked) }
		want, deadline := written()+more, time.Now().Add(time.Minute)
		for written() < want {
			if time.Now().After(deadline) {
				t.Fatal("no writes for a minute")
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	began, killed := time.Now(), 0
	for ; killed < kills || time.Now().Before(until); killed++ {
		progress(20)
		i := c.leader()
		c.kill(i)
		progress(20)
		time.Sleep(pause)
		c.start(i)
	}
	cancel()
	wg.Wait()
	c.leader()
	fresh := openStore(t, Config{Client: testClient(t, c.endpoints...), BootTimeout: 10 * time.Second})
	rev := mustCommit(t, fresh, Batch{Puts: []Put{put("end", `1`)}})
	for i, s := range stores {
		st := await(t, s, "the end", func(st *State) bool { return st.Revision() >= rev })
		if diff := st.Diff(fresh.Current()); len(diff) > 0 {
			t.Errorf("gateway %d differs: %v", i, diff)
		}
	}
	checkCounters(t, fresh.Current(), acked, unknown)
	t.Logf("%d kills of the leader in %v; %d additions acknowledged, %d unknown, %d refused; the longest without an acknowledgement: %v",
		killed, time.Since(began).Round(time.Second), len(acked), unknown["counter0"]+unknown["counter1"], refusals, time.Duration(longest.Load()))
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
