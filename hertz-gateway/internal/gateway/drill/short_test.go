package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// drillFor is DGATE_DRILL: how long drills repeat; 0 in the short test.
func drillFor(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("DGATE_DRILL")
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestCluster is what must hold for three gateways on three members of etcd,
// under load throughout.
func TestCluster(t *testing.T) {
	c := newCluster(t)
	for _, drill := range []struct {
		name string
		run  func(t *testing.T, c *cluster)
	}{
		{"write seen on all", writeSeen},
		{"poison", poison},
		{"leader kills", leaderKills},
		{"etcd away and back", etcdAway},
	} {
		if !t.Run(drill.name, func(t *testing.T) {
			outer := c.t
			defer func() { c.t = outer }()
			c.t = t
			drill.run(t, c)
			c.load.check(t, drill.name)
		}) {
			return
		}
	}
	figure(t, "0 failed", "%d requests of the data plane, %d sent again after a refused and %d after a broken connection",
		c.load.answered.Load(), c.load.refused.Load(), c.load.broken.Load())
}

// writeSeen measures how long after a write was answered all gateways serve it.
func writeSeen(t *testing.T, c *cluster) {
	var after, whole []time.Duration
	until := time.Now().Add(drillFor(t) / 10)
	for n := 0; n < 20 || time.Now().Before(until); n++ {
		path := fmt.Sprintf("/seen/%d", n)
		began := time.Now()
		c.gateways[n%3].must("PUT", fmt.Sprintf("/api/v1/route/seen-%d", n), route(path))
		answered := time.Now()
		var wg sync.WaitGroup
		for _, g := range c.gateways {
			wg.Go(func() {
				for deadline := time.Now().Add(patience); g.get(path) != 200; {
					if time.Now().After(deadline) {
						t.Errorf("%s never served %s", g.listen, path)
						return
					}
				}
			})
		}
		wg.Wait()
		after, whole = append(after, time.Since(answered)), append(whole, time.Since(began))
	}
	figure(t, "within bounds, see status", "on all three gateways after the answer: %s", spread(after))
	figure(t, "within bounds, see status", "on all three gateways after it was sent: %s", spread(whole))
}

// poison writes what no gateway can use straight into etcd, among 1,000 objects.
func poison(t *testing.T, c *cluster) {
	const objects = 1000
	c.gateways[0].must("POST", "/api/v1/apply?wait=true", routes("many", objects))
	bad := map[string]string{
		"/dgate/config/default/route/poison-text": "not JSON at all",
		"/dgate/config/default/route/poison-deep": strings.Repeat("[", 100_000),
		"/dgate/config/default/nothing/poison":    `{"value":{}}`,
		"/dgate/config/poison":                    "\x00\xff",
	}
	for key, value := range bad {
		c.put(key, value)
	}
	for _, g := range c.gateways {
		await(t, "all that is poisoned to be named, and nothing else", patience, func() bool {
			var named []string
			for _, d := range g.state().Diagnostics {
				if d.Rule == "quarantined" {
					named = append(named, d.File)
				}
			}
			return len(named) == len(bad)
		})
		for _, path := range []string{"/who", "/many/0", fmt.Sprintf("/many/%d", objects-1)} {
			if got := g.get(path); got != 200 {
				t.Errorf("%s with poison: %d", path, got)
			}
		}
	}
	figure(t, "only that one quarantined, and named", "%d of %d poisoned objects named by each of 3 gateways, all else serves", len(bad), objects+len(bad))
	for key := range bad {
		if _, err := c.etcd.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range c.gateways {
		await(t, "the poison to be gone", patience, func() bool { return !strings.Contains(g.must("GET", "/api/v1/status", ""), "quarantined") })
	}
}

// leaderKills has four writers count, each in a route of its own, through
// changing gateways, while the leader of etcd is killed again and again. No
// acknowledged step may be lost.
func leaderKills(t *testing.T, c *cluster) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var (
		wg      sync.WaitGroup
		acked   atomic.Int64
		longest atomic.Int64
		writers [4]struct{ acked, tried int }
	)
	for w := range writers {
		state := &writers[w]
		wg.Go(func() {
			last := time.Now()
			for n := 1; ctx.Err() == nil; n++ {
				state.tried = n
				body := fmt.Sprintf(`{"labels":{"n":"%d"},%s`, n, strings.TrimPrefix(route(fmt.Sprintf("/writer/%d", w)), "{"))
				status, _, err := c.gateways[(w+n)%3].request("PUT", fmt.Sprintf("/api/v1/route/writer-%d", w), body)
				if err == nil && status/100 == 2 {
					state.acked = n
					acked.Add(1)
					longest.Store(max(longest.Load(), int64(time.Since(last))))
					last = time.Now()
				} else if status != 503 && status != 409 && ctx.Err() == nil {
					t.Errorf("a write: %d %v", status, err)
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	progress := func() {
		want := acked.Load() + 20
		await(t, "writes to go on", patience, func() bool { return acked.Load() >= want })
	}
	began, kills, pause := time.Now(), 0, time.Duration(0)
	full := drillFor(t)
	if full > 0 {
		pause = 8 * time.Second
	}
	for ; kills == 0 || time.Since(began) < full; kills++ {
		progress()
		i := c.leader()
		c.members[i].kill()
		progress()
		time.Sleep(pause)
		c.startMember(i)
	}
	cancel()
	wg.Wait()
	c.leader()
	// One more write, so that every gateway is known to have come past all of them.
	c.gateways[0].must("PUT", "/api/v1/route/writer-end?wait=true", route("/writer/end"))
	for w, state := range writers {
		for _, g := range c.gateways {
			var r struct{ Labels map[string]string }
			if err := json.Unmarshal([]byte(g.must("GET", fmt.Sprintf("/api/v1/route/writer-%d", w), "")), &r); err != nil {
				t.Fatal(err)
			}
			var n int
			if _, err := fmt.Sscan(r.Labels["n"], &n); err != nil || n < state.acked || n > state.tried {
				t.Errorf("writer %d: %s is stored; %d was acknowledged, %d tried", w, r.Labels["n"], state.acked, state.tried)
			}
		}
	}
	figure(t, "0 acknowledged writes lost; writes blocked ≤ 3 s", "0 of %d acknowledged writes lost in %d kills of the leader; the longest without an acknowledgement: %v",
		acked.Load(), kills, time.Duration(longest.Load()).Round(time.Millisecond))
}

// etcdAway kills all of etcd. Everything goes on serving and says that it is
// stale; a gateway that starts then serves too; all is well after it is back.
func etcdAway(t *testing.T, c *cluster) {
	c.gateways[0].must("PUT", "/api/v1/route/before?wait=true", route("/before"))
	// The last good state is written at most once a second.
	file := c.gateways[2].dir + "/state/state"
	await(t, "the last good state to be on disk", patience, func() bool {
		text, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(text), "default/route/before")
	})

	c.killEtcd()
	var stale time.Duration
	began := time.Now()
	for _, g := range c.gateways {
		await(t, "the gateway to say that it is stale", patience, func() bool { return !g.state().Etcd.Connected })
		stale = time.Since(began)
		if g.get("/before") != 200 {
			t.Error("the data plane has lost a route")
		}
	}
	figure(t, "stale shown < 10 s", "shown by all gateways after %v", stale.Round(time.Millisecond))
	if status, answer, err := c.gateways[0].request("PUT", "/api/v1/route/during", route("/during")); err != nil || status != 503 {
		t.Errorf("a write without etcd: %d %s %v", status, answer, err)
	}

	g := c.gateways[2]
	g.kill()
	began = time.Now()
	g.start()
	g.serves("/before")
	cold := time.Since(began)
	g.ready()
	if g.get("/who") != 200 {
		t.Error("no instances after the cold start")
	}
	figure(t, "serving < 2 s", "a gateway killed and started again without etcd served after %v", cold.Round(time.Millisecond))
	time.Sleep(drillFor(t))

	c.startEtcd()
	c.leader()
	began = time.Now()
	await(t, "a write to be taken", patience, func() bool {
		status, _, err := c.gateways[0].request("PUT", "/api/v1/route/after", route("/after"))
		return err == nil && status/100 == 2
	})
	for _, g := range c.gateways {
		g.serves("/after")
		await(t, "the gateway to be connected", patience, func() bool { return g.state().Etcd.Connected })
	}
	figure(t, "converged < 5 s", "a write taken, served by all and shown as connected %v after etcd has a leader", time.Since(began).Round(time.Millisecond))
}
