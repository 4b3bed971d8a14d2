package drill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// load is clients that ask all gateways all the time, as a load balancer would:
// gateways whose readyz says no are left out, and what one did not take is sent
// to the next.
type load struct {
	// answered counts requests; refused and broken the attempts that had to go to
	// another gateway because the connection was refused, or broke.
	answered, refused, broken atomic.Int64

	mu      sync.Mutex
	failed  int
	samples []string
}

const (
	loadWorkers = 4
	loadPause   = 4 * time.Millisecond
	checkPause  = 100 * time.Millisecond
)

func startLoad(t *testing.T, gateways []*gatewayProcess) *load {
	l := &load{}
	ctx, cancel := context.WithCancel(context.Background())
	client := &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: loadWorkers}}
	var wg sync.WaitGroup
	for _, g := range gateways {
		wg.Go(func() {
			for ctx.Err() == nil {
				status, _, err := g.request("GET", "/readyz", "")
				g.out.Store(err != nil || status != 200)
				time.Sleep(checkPause)
			}
		})
	}
	for w := range loadWorkers {
		wg.Go(func() {
			for n := w; ctx.Err() == nil; n++ {
				if err := l.once(client, gateways, n); err != nil {
					l.mu.Lock()
					if l.failed++; len(l.samples) < 5 {
						l.samples = append(l.samples, time.Now().Format(time.TimeOnly)+" "+err.Error())
					}
					l.mu.Unlock()
				}
				l.answered.Add(1)
				time.Sleep(loadPause)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		client.CloseIdleConnections()
		l.check(t, "in the end")
	})
	return l
}

// once makes one request, on the n-th gateway or those after it.
func (l *load) once(client *http.Client, gateways []*gatewayProcess, n int) (err error) {
	in := slices.DeleteFunc(slices.Clone(gateways), func(g *gatewayProcess) bool { return g.out.Load() })
	if len(in) == 0 {
		in = gateways
	}
	for i := range in {
		var res *http.Response
		res, err = client.Get("http://" + in[(n+i)%len(in)].listen + "/who")
		if err == nil {
			var body []byte
			body, err = io.ReadAll(res.Body)
			_ = res.Body.Close() // it is read whole, or has failed
			if err == nil && (res.StatusCode != 200 || string(body) != `{"name":"x"}`) {
				return fmt.Errorf("%d %s", res.StatusCode, body)
			}
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.ECONNREFUSED):
			l.refused.Add(1)
		default:
			l.broken.Add(1)
		}
	}
	return err
}

// check fails the test for requests that failed.
func (l *load) check(t *testing.T, when string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed > 0 {
		t.Errorf("%s: %d of %d requests failed: %q", when, l.failed, l.answered.Load(), l.samples)
	}
}

// figure prints what a drill has measured beside what is to be reached.
func figure(t *testing.T, target, format string, args ...any) {
	t.Helper()
	t.Logf("FIGURE %s: %s (target: %s)", t.Name(), fmt.Sprintf(format, args...), target)
}

// spread sums durations up.
func spread(d []time.Duration) string {
	slices.Sort(d)
	at := func(p int) time.Duration { return d[min(len(d)-1, len(d)*p/100)].Round(100 * time.Microsecond) }
	return fmt.Sprintf("p50 %v, p99 %v, max %v of %d", at(50), at(99), at(100), len(d))
}
