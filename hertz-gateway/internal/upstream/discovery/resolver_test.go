package discovery

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"dgate/hertz-gateway/internal/store"
)

// seen is the time a change may take to be seen here. The target is 100 ms;
// the figure is logged, the limit leaves room for a busy machine.
const seen = time.Second

func TestFollowsTheRegistry(t *testing.T) {
	reg := newRegistry(t)
	reg.put("book", "127.0.0.1:1", 10)
	reg.put("a/b", "[::1]:1", 5)
	r := reg.synced(Config{})
	d := r.Destination("book")
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"what was there", func() {}, "127.0.0.1:1=10 "},
		{"added", func() { reg.put("book", "127.0.0.1:2", 20) }, "127.0.0.1:1=10 127.0.0.1:2=20 "},
		{"re-weighted", func() { reg.put("book", "127.0.0.1:2", 5) }, "127.0.0.1:1=10 127.0.0.1:2=5 "},
		{"draining", func() { reg.put("book", "127.0.0.1:1", 0) }, "127.0.0.1:1=0 127.0.0.1:2=5 "},
		{"removed", func() { reg.delete(key("book", "127.0.0.1:1")) }, "127.0.0.1:2=5 "},
		{"the last removed, which refuses", func() { reg.delete(key("book", "127.0.0.1:2")) }, ""},
		{"back", func() { reg.put("book", "127.0.0.1:2", 7) }, "127.0.0.1:2=7 "},
	}
	version := uint64(0)
	for _, s := range steps {
		s.do()
		took := await(t, s.name+": "+s.want, func() bool { return show(d.Instances()) == s.want })
		t.Logf("%s: %v", s.name, took)
		if took > seen {
			t.Errorf("%s took %v", s.name, took)
		}
		if v := d.Instances().Version; v <= version {
			t.Errorf("%s: version %d after %d", s.name, v, version)
		} else {
			version = v
		}
	}
	if got := show(r.Instances("a/b")); got != "[::1]:1=5 " {
		t.Errorf("IPv6 under a name with a slash: %q", got)
	}
	if got := r.Instances("book").Instances[0].Tags["zone"]; got != "a" {
		t.Errorf("tag %q", got)
	}
	if got := len(r.Destinations()); got != 2 {
		t.Errorf("%d destinations", got)
	}
}

func TestSubscribe(t *testing.T) {
	reg := newRegistry(t)
	r := reg.synced(Config{})
	var mu sync.Mutex
	got := map[string]int{}
	cancel := r.Subscribe(func(d *Destination) {
		mu.Lock()
		defer mu.Unlock()
		got[d.Name()] = len(d.Instances().Instances)
	})
	reg.put("book", "127.0.0.1:1", 10)
	await(t, "a notice", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return got["book"] == 1
	})
	cancel()
	reg.put("book", "127.0.0.1:2", 10)
	await(t, "the change", func() bool { return len(r.Instances("book").Instances) == 2 })
	mu.Lock()
	defer mu.Unlock()
	if got["book"] != 1 {
		t.Error("notified after cancel")
	}
}

func TestInstancesKeepTheirIdentity(t *testing.T) {
	reg := newRegistry(t)
	reg.put("book", "127.0.0.1:1", 10)
	r := reg.synced(Config{RelistEvery: 20 * time.Millisecond})
	first := r.Instances("book").Instances[0]
	first.MarkDown(time.Hour)
	reg.put("book", "127.0.0.1:2", 10)
	await(t, "the second", func() bool { return len(r.Instances("book").Instances) == 2 })
	if r.Instances("book").Instances[0] != first || !first.Down() {
		t.Error("a change elsewhere made a new instance")
	}
	reg.put("book", "127.0.0.1:1", 10)
	await(t, "a new instance", func() bool { return r.Instances("book").Instances[0] != first })
	if r.Instances("book").Instances[0].Down() {
		t.Error("still down after its key was written")
	}
	first.MarkDown(time.Nanosecond)
	await(t, "the mark's end", func() bool { return !first.Down() })
}

func TestBadValues(t *testing.T) {
	tests := []struct{ name, key, value, problem string }{
		{"not JSON", "book/127.0.0.1:1", "{", "value is not the JSON of an instance"},
		{"empty", "book/127.0.0.1:1", "", "value is not the JSON of an instance"},
		{"weight of the wrong type", "book/127.0.0.1:1", `{"address":"127.0.0.1:1","weight":"10"}`, "value is not the JSON of an instance"},
		{"no address", "book/127.0.0.1:1", `{"weight":10}`, `address "" is not ip:port`},
		{"no port", "book/127.0.0.1", `{"address":"127.0.0.1","weight":10}`, `address "127.0.0.1" is not ip:port`},
		{"port 0", "book/127.0.0.1:0", `{"address":"127.0.0.1:0","weight":10}`, `address "127.0.0.1:0" is not ip:port`},
		{"a name", "book/localhost:80", `{"address":"localhost:80","weight":10}`, `address "localhost:80" is not ip:port`},
		{"unspecified", "book/0.0.0.0:80", `{"address":"0.0.0.0:80","weight":10}`, `address "0.0.0.0:80" is not ip:port`},
		{"unix", "book/x", `{"network":"unix","address":"/run/x","weight":10}`, `network "unix" is not tcp`},
		{"udp", "book/127.0.0.1:1", `{"network":"udp","address":"127.0.0.1:1"}`, `network "udp" is not tcp`},
		{"negative weight", "book/127.0.0.1:1", `{"address":"127.0.0.1:1","weight":-1}`, "weight -1 is not between 0 and 1048576"},
		{"huge weight", "book/127.0.0.1:1", `{"address":"127.0.0.1:1","weight":1000000000000}`, "weight 1000000000000 is not between 0 and 1048576"},
		{"huge value", "book/127.0.0.1:1", `{"address":"` + strings.Repeat("x", 1<<17) + `"}`, "value of 131086 bytes, more than 65536"},
		{"key without an address", "book/", `{}`, "key is not <prefix>/<service>/<address>"},
		{"key without a service", "x", `{}`, "key is not <prefix>/<service>/<address>"},
		{"outside the networks", "book/192.0.2.1:1", `{"address":"192.0.2.1:1","weight":1}`, "address 192.0.2.1:1 is outside the allowed networks"},
	}
	reg := newRegistry(t)
	var log syncBuffer
	r := reg.synced(Config{
		Allowed:     []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		RelistEvery: 30 * time.Millisecond,
		Logger:      slog.New(slog.NewTextHandler(&log, nil)),
	})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			log.Reset()
			k := DefaultPrefix + "/" + tt.key
			reg.putValue(k, tt.value)
			want := []Problem{{Key: k, Detail: tt.problem}}
			await(t, "the problem", func() bool { return len(r.Status().Problems) == 1 })
			if diff := cmp.Diff(want, r.Status().Problems); diff != "" {
				t.Error(diff)
			}
			if got := show(r.Instances("book")); got != "" {
				t.Errorf("instances %s", got)
			}
			// Audits meet the key again and say nothing.
			time.Sleep(100 * time.Millisecond)
			if n := strings.Count(log.String(), "registry key ignored"); n != 1 {
				t.Errorf("warned %d times", n)
			}
			reg.delete(k)
			await(t, "no problem", func() bool { return len(r.Status().Problems) == 0 })
		})
	}
	t.Run("a good key that turns bad", func(t *testing.T) {
		addrs, _ := open(t, 1)
		reg.put("turning", addrs[0], 1)
		reg.put("turning", "127.0.0.1:9", 1)
		await(t, "both", func() bool { return len(r.Instances("turning").Instances) == 2 })
		reg.putValue(key("turning", "127.0.0.1:9"), "garbage")
		await(t, "one", func() bool { return show(r.Instances("turning")) == addrs[0]+"=1 " })
	})
	t.Run("default weight, mapped address", func(t *testing.T) {
		reg.putValue(key("defaults", "x"), `{"address":"[::ffff:127.0.0.1]:5"}`)
		await(t, "it", func() bool { return len(r.Instances("defaults").Instances) == 1 })
		if w := r.Instances("defaults").Instances[0].Weight; w != 10 {
			t.Errorf("weight %d", w)
		}
	})
}

// syncBuffer is a bytes.Buffer for several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *syncBuffer) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Reset()
}

func TestHold(t *testing.T) {
	tests := []struct {
		name   string
		n      int   // instances at first
		gone   []int // those whose keys go, in one transaction
		closed []int // those that refuse
		want   int   // instances in the end
		held   int
	}{
		{"the last one, refusing", 1, []int{0}, []int{0}, 0, 0},
		{"the last one, accepting", 1, []int{0}, nil, 1, 1},
		{"one of three is believed", 3, []int{0}, nil, 2, 0},
		{"two of three are believed", 3, []int{0, 1}, nil, 1, 0},
		{"all of three", 3, []int{0, 1, 2}, []int{1}, 2, 2},
		{"half of four is believed", 4, []int{0, 1}, nil, 2, 0},
		{"over half of four", 4, []int{0, 1, 2}, []int{0}, 3, 2},
		{"all of six", 6, []int{0, 1, 2, 3, 4, 5}, nil, 6, 6},
	}
	reg := newRegistry(t)
	r := reg.synced(Config{ProbeEvery: 20 * time.Millisecond})
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dest := fmt.Sprint("d", i)
			addrs, closers := open(t, tt.n)
			for _, a := range addrs {
				reg.put(dest, a, 10)
			}
			await(t, "all", func() bool { return len(r.Instances(dest).Instances) == tt.n })
			for _, c := range tt.closed {
				closers[c]()
			}
			var keys []string
			for _, g := range tt.gone {
				keys = append(keys, key(dest, addrs[g]))
			}
			version := r.Instances(dest).Version
			reg.delete(keys...)
			await(t, "a change", func() bool { return r.Instances(dest).Version > version })
			count := func() (all, held int) {
				for _, inst := range r.Instances(dest).Instances {
					all++
					if inst.Held {
						held++
					}
				}
				return all, held
			}
			await(t, "the outcome", func() bool {
				all, held := count()
				return all == tt.want && held == tt.held
			})
			time.Sleep(60 * time.Millisecond) // a few probes later
			if all, held := count(); all != tt.want || held != tt.held {
				t.Errorf("%d instances, %d held; want %d, %d", all, held, tt.want, tt.held)
			}
			for _, c := range closers {
				c()
			}
			await(t, "refusing ones to go", func() bool { _, held := count(); return held == 0 })
		})
	}
}

func TestHoldEnds(t *testing.T) {
	reg := newRegistry(t)
	r := reg.synced(Config{ProbeEvery: 20 * time.Millisecond, HoldFor: 300 * time.Millisecond})
	addrs, _ := open(t, 2)
	reg.put("book", addrs[0], 10)
	await(t, "it", func() bool { return len(r.Instances("book").Instances) == 1 })
	reg.delete(key("book", addrs[0]))
	await(t, "held", func() bool { return r.Status().Held == 1 })
	// Registered again, it is nobody's exception.
	reg.put("book", addrs[0], 20)
	await(t, "back", func() bool { return show(r.Instances("book")) == addrs[0]+"=20 " })
	if h := r.Status().Held; h != 0 {
		t.Errorf("%d held", h)
	}
	reg.delete(key("book", addrs[0]))
	took := await(t, "the end", func() bool { return show(r.Instances("book")) == "" })
	t.Logf("dropped after %v", took)
	if took < 200*time.Millisecond {
		t.Error("dropped although it accepts connections")
	}
}

func TestLossesWithinTheWindowAddUp(t *testing.T) {
	reg := newRegistry(t)
	r := reg.synced(Config{HoldWindow: 30 * time.Second})
	addrs, _ := open(t, 4)
	for _, a := range addrs {
		reg.put("book", a, 10)
	}
	await(t, "all", func() bool { return len(r.Instances("book").Instances) == 4 })
	for i, want := range []int{0, 0, 3} {
		reg.delete(key("book", addrs[i]))
		await(t, "registered", func() bool { return r.Status().Instances == 3-i })
		if got := r.Status().Held; got != want {
			t.Errorf("after %d losses %d are held, want %d", i+1, got, want)
		}
	}
}

func TestEtcdAway(t *testing.T) {
	reg := newRegistry(t)
	reg.put("book", "127.0.0.1:1", 10)
	r := reg.synced(Config{CheckEvery: 100 * time.Millisecond})
	before := r.Instances("book")
	if s := r.Status(); !s.Connected || s.Since.IsZero() || s.Revision == 0 {
		t.Errorf("status %+v", s)
	}
	reg.stop()
	took := await(t, "stale", func() bool { return !r.Status().Connected })
	t.Logf("stale after %v", took)
	if s := r.Status(); s.Err == nil {
		t.Error("stale without a reason")
	}
	if r.Instances("book") != before {
		t.Error("the set changed")
	}
	reg.start()
	t.Logf("connected after %v", await(t, "connected", func() bool { return r.Status().Connected }))
	reg.put("book", "127.0.0.1:2", 10)
	t.Logf("seen after %v", await(t, "the new one", func() bool { return len(r.Instances("book").Instances) == 2 }))
}

func TestStartWithoutEtcd(t *testing.T) {
	reg := newRegistry(t)
	reg.put("book", "127.0.0.1:1", 10)
	reg.stop()
	r := reg.resolve(Config{CheckEvery: 100 * time.Millisecond})
	await(t, "a failure", func() bool { return r.Status().Err != nil })
	if r.Status().Connected || len(r.Instances("book").Instances) != 0 {
		t.Error("not empty")
	}
	select {
	case <-r.Synced():
		t.Error("synced without etcd")
	default:
	}
	reg.start()
	await(t, "it", func() bool { return len(r.Instances("book").Instances) == 1 })
}

func TestSeed(t *testing.T) {
	reg := newRegistry(t)
	reg.put("book", "127.0.0.1:1", 10)
	reg.put("book", "127.0.0.1:2", 20)
	reg.putValue(key("book", "bad"), "garbage")
	seed := reg.synced(Config{}).Export()
	reg.delete(key("book", "127.0.0.1:1"))
	reg.stop()
	r := reg.resolve(Config{Seed: seed, CheckEvery: 100 * time.Millisecond})
	first := r.Instances("book")
	if got, want := show(first), "127.0.0.1:1=10 127.0.0.1:2=20 "; got != want {
		t.Errorf("seeded with %q, want %q", got, want)
	}
	reg.start()
	want := "127.0.0.1:2=20 "
	await(t, want, func() bool { return show(r.Instances("book")) == want })
	if r.Instances("book").Instances[0] != first.Instances[1] {
		t.Error("the one that stayed is another instance")
	}
}

func TestMissedChanges(t *testing.T) {
	tests := []struct {
		name string
		// away changes the registry while the resolver cannot see it.
		away func(t *testing.T, reg *registry)
	}{
		{"compacted", func(t *testing.T, reg *registry) {
			reg.stop()
			there := &registry{t: t, dir: reg.dir, addr: "127.0.0.1:0"}
			there.start()
			var err error
			if there.c, err = store.NewClient(store.ClientConfig{Endpoints: []string{there.addr}}); err != nil {
				t.Fatal(err)
			}
			there.delete(key("book", "127.0.0.1:1"))
			there.put("book", "127.0.0.1:3", 30)
			resp, err := there.c.Get(there.ctx(), "x")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := there.c.Compact(there.ctx(), resp.Header.Revision); err != nil {
				t.Fatal(err)
			}
			_ = there.c.Close()
			there.stop()
			reg.start()
		}},
		{"another etcd, at a lower revision", func(t *testing.T, reg *registry) {
			reg.stop()
			reg.dir = t.TempDir()
			reg.start()
			reg.put("book", "127.0.0.1:2", 20)
			reg.put("book", "127.0.0.1:3", 30)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reg := newRegistry(t)
			for range 5 {
				reg.put("other", "127.0.0.1:9", 1)
			}
			reg.put("book", "127.0.0.1:1", 10)
			reg.put("book", "127.0.0.1:2", 20)
			r := reg.synced(Config{CheckEvery: 100 * time.Millisecond, HoldWindow: time.Nanosecond})
			tt.away(t, reg)
			want := "127.0.0.1:2=20 127.0.0.1:3=30 "
			took := await(t, want, func() bool { return show(r.Instances("book")) == want })
			t.Logf("exact after %v", took)
			if took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestManyKeys(t *testing.T) {
	reg := newRegistry(t)
	const n = 2*pageSize + 7
	for i := 0; i < n; i += 100 {
		var ops []clientv3.Op
		for j := i; j < min(n, i+100); j++ {
			addr := fmt.Sprintf("127.0.%d.%d:80", j/250, j%250)
			ops = append(ops, clientv3.OpPut(key("book", addr), value(addr, 1)))
		}
		if _, err := reg.c.Txn(reg.ctx()).Then(ops...).Commit(); err != nil {
			t.Fatal(err)
		}
	}
	r := reg.synced(Config{})
	if got := len(r.Instances("book").Instances); got != n {
		t.Errorf("%d instances, want %d", got, n)
	}
}

func FuzzParseInstance(f *testing.F) {
	f.Add([]byte(value("127.0.0.1:80", 10)))
	f.Add([]byte(`{"address":"[fe80::1%eth0]:1","weight":0}`))
	f.Add([]byte(`{"address":1e400}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		inst, err := parseInstance("d", b, 1, nil)
		if err != nil {
			return
		}
		if _, err := netip.ParseAddrPort(inst.Address); err != nil || inst.Weight < 0 || inst.Weight > maxWeight {
			t.Errorf("%q gives %+v", b, inst)
		}
	})
}
