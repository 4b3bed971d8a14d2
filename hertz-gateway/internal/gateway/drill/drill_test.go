package drill

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dgate/hertz-gateway/internal/store/storetest"
)

// long skips what only the drills run, and starts a cluster for it.
func long(t *testing.T, args ...string) (c *cluster, repeat time.Duration) {
	t.Helper()
	repeat = drillFor(t)
	if repeat == 0 {
		t.Skip("a drill: make drill")
	}
	return newCluster(t, args...), repeat
}

// TestGatewayKills kills gateways, one after the other, each as soon as the
// one before serves again. Clients that ask another gateway lose nothing.
func TestGatewayKills(t *testing.T) {
	c, repeat := long(t)
	kills, until := 0, time.Now().Add(repeat)
	var back []time.Duration
	for ; time.Now().Before(until); kills++ {
		g := c.gateways[kills%3]
		g.kill()
		time.Sleep(200 * time.Millisecond)
		began := time.Now()
		g.start()
		g.serves("/who")
		back = append(back, time.Since(began))
		g.ready()
	}
	c.load.check(t, "gateways killed")
	figure(t, "0 failed when sent again", "0 failed of %d in %d kills; %d sent again after a refused, %d after a broken connection; serving again: %s",
		c.load.answered.Load(), kills, c.load.refused.Load(), c.load.broken.Load(), spread(back))
}

// TestRollingRestart stops and starts the gateways one after the other, ten
// rounds. A load balancer that follows readyz loses nothing, and sees no
// connection refused or broken.
func TestRollingRestart(t *testing.T) {
	c, _ := long(t)
	for range 10 {
		for _, g := range c.gateways {
			g.terminate(t)
			g.start()
			g.serves("/who")
			g.ready()
		}
	}
	c.load.check(t, "rolling restart")
	if n := c.load.broken.Load() + c.load.refused.Load(); n > 0 {
		t.Errorf("%d connections refused or broken", n)
	}
	figure(t, "0 lost, 0 reset", "0 of %d lost, %d reset, in 30 restarts; %d refused", c.load.answered.Load(), c.load.broken.Load(), c.load.refused.Load())
}

// TestEtcdLost has etcd restored to an older revision, then wiped. The data
// plane keeps what it has until somebody restores or accepts.
func TestEtcdLost(t *testing.T) {
	c, _ := long(t)
	c.gateways[0].must("PUT", "/api/v1/route/old?wait=true", route("/old"))
	c.killEtcd()
	backup := make([]string, len(c.members))
	for i, m := range c.members {
		backup[i] = filepath.Join(t.TempDir(), "backup")
		if err := os.CopyFS(backup[i], os.DirFS(m.Dir)); err != nil {
			t.Fatal(err)
		}
	}
	c.startEtcd()
	c.leader()
	await(t, "a write to be taken", patience, func() bool {
		status, _, err := c.gateways[0].request("PUT", "/api/v1/route/new?wait=true", route("/new"))
		return err == nil && status/100 == 2
	})

	c.replaceEtcd(backup)
	began := time.Now()
	for _, g := range c.gateways {
		await(t, "exactly what was restored", patience, func() bool { return g.get("/new") == 404 && g.get("/old") == 200 })
	}
	figure(t, "exact set < 5 s", "of an etcd restored to an older revision %v after it has a leader", time.Since(began).Round(time.Millisecond))
	c.gateways[1].must("POST", "/api/v1/store/restore?wait=true", "")
	for _, g := range c.gateways {
		g.serves("/new")
	}

	c.replaceEtcd(nil)
	began = time.Now()
	for _, g := range c.gateways {
		await(t, "the loss to be shown", patience, func() bool { return strings.Contains(g.must("GET", "/api/v1/status", ""), "dgate-cli store restore") })
	}
	shown := time.Since(began)
	g := c.gateways[2]
	g.kill()
	g.start()
	g.serves("/new")
	c.load.check(t, "etcd wiped")
	g.must("POST", "/api/v1/store/restore?wait=true", "")
	figure(t, "a wipe does not wipe the data plane", "shown by all after %v, 0 requests failed, restored in one change, through a restart", shown.Round(time.Millisecond))

	c.replaceEtcd(nil)
	for _, g := range c.gateways {
		await(t, "the loss to be shown again", patience, func() bool { return strings.Contains(g.must("GET", "/api/v1/status", ""), "dgate-cli store restore") })
	}
	g.must("POST", "/api/v1/store/accept?wait=true", "")
	for _, g := range c.gateways {
		await(t, "the loss accepted", patience, func() bool { return g.get("/new") == 404 && g.get("/who") == 200 })
	}
}

// replaceEtcd starts etcd with other data: copies of dirs, or none.
func (c *cluster) replaceEtcd(dirs []string) {
	c.t.Helper()
	c.killEtcd()
	for i, m := range c.members {
		err := os.RemoveAll(m.Dir)
		if err == nil && dirs != nil {
			err = os.CopyFS(m.Dir, os.DirFS(dirs[i]))
		}
		if err != nil {
			c.t.Fatal(err)
		}
	}
	c.startEtcd()
	c.leader()
}

// TestCutOff cuts one gateway off while etcd changes and is compacted, and has
// it back.
func TestCutOff(t *testing.T) {
	c, _ := long(t)
	var proxies []*storetest.Cutter
	var through []string
	for _, endpoint := range c.endpoints {
		p := storetest.NewCutter(t, endpoint)
		proxies, through = append(proxies, p), append(through, p.Endpoint())
	}
	cut := func(off bool) {
		for _, p := range proxies {
			p.Cut(off)
		}
	}
	g := c.addGateway(strings.Join(through, ","), append(c.gateways[0].args, "--watch-only")...)
	g.start()
	g.ready()
	if status, answer, err := g.request("PUT", "/api/v1/route/x", route("/x")); err != nil || status != 403 {
		t.Errorf("a write to a watch-only gateway: %d %s %v", status, answer, err)
	}
	for round := range 3 {
		path := fmt.Sprintf("/round/%d", round)
		c.gateways[0].must("PUT", fmt.Sprintf("/api/v1/route/gone-%d", round), route(path+"/gone"))
		g.serves(path + "/gone")
		cut(true)
		c.gateways[0].must("PUT", fmt.Sprintf("/api/v1/route/round-%d", round), route(path))
		c.gateways[0].must("DELETE", fmt.Sprintf("/api/v1/route/gone-%d", round), "")
		r, err := c.etcd.Get(t.Context(), "x")
		if err == nil {
			_, err = c.etcd.Compact(t.Context(), r.Header.Revision)
		}
		if err != nil {
			t.Fatal(err)
		}
		if g.get("/who") != 200 || g.get(path+"/gone") != 200 {
			t.Error("cut off, the data plane has changed")
		}
		cut(false)
		took := await(t, "the exact set", patience, func() bool { return g.get(path) == 200 && g.get(path+"/gone") == 404 })
		figure(t, "exact set < 5 s", "compacted while a watch-only gateway was cut off; the exact set %v after", took.Round(time.Millisecond))
	}
}

// TestFlippedState starts a gateway without etcd on state files of which bits
// were flipped. It may serve nothing, never crash.
func TestFlippedState(t *testing.T) {
	c, repeat := long(t)
	c.gateways[0].must("POST", "/api/v1/apply?wait=true", routes("many", 20))
	g := c.gateways[2]
	await(t, "the last good state to be on disk", patience, func() bool {
		text, err := os.ReadFile(filepath.Join(g.dir, "state", "state"))
		return err == nil && strings.Contains(string(text), "many-19")
	})
	g.terminate(t)
	c.killEtcd()
	random := rand.New(rand.NewPCG(1, 2))
	starts, until := 0, time.Now().Add(repeat)
	saved := map[string][]byte{}
	for _, name := range []string{"state", "state.previous", "instances", "instances.previous"} {
		if text, err := os.ReadFile(filepath.Join(g.dir, "state", name)); err == nil {
			saved[name] = text
		}
	}
	if saved["state"] == nil || saved["instances"] == nil {
		t.Fatalf("no files: %v", len(saved))
	}
	for ; time.Now().Before(until); starts++ {
		for name, text := range saved {
			if flipped := bytes.Clone(text); len(flipped) > 0 {
				flipped[random.IntN(len(flipped))] ^= 1 << random.IntN(8)
				if err := os.WriteFile(filepath.Join(g.dir, "state", name), flipped, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		g.start()
		await(t, "the gateway to answer", patience, func() bool {
			status, _, err := g.request("GET", "/livez", "")
			return err == nil && status == 200
		})
		g.kill()
	}
	figure(t, "0 crashes", "0 crashes of %d starts, each on %d files with a flipped bit (1,000 flips more run in the store's tests)", starts, len(saved))
}
