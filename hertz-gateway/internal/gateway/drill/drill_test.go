package drill

import (
	"testing"
	"time"
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
