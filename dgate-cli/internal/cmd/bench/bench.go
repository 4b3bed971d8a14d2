// Package bench is the command "bench".
package bench

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
)

type options struct {
	env       *cli.Env
	verb, url string
	headers   []string
	data      string
	clients   int
	duration  time.Duration
}

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	o := &options{env: env}
	cmd := &cobra.Command{
		Use:   "bench METHOD URL",
		Short: "Send requests as fast as they are answered, and count",
		Long: `Sends requests from a number of clients, each as soon as its last one is answered,
and prints rate, latencies and statuses. It runs on the machine that it measures
from: take the figures as ratios of two runs, not as what a gateway can do.`,
		Example: `  dgate-cli bench GET 'http://127.0.0.1:8080/book/query?num=1' -c 16 --duration 5s`,
		Args:    cli.Args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.verb, o.url = strings.ToUpper(args[0]), args[1]
			return o.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.headers, "header", "H", nil, "a header, `NAME:VALUE`; may repeat")
	f.StringVarP(&o.data, "data", "d", "", "the `BODY`")
	f.IntVarP(&o.clients, "clients", "c", 8, "how many clients")
	f.DurationVar(&o.duration, "duration", 5*time.Second, "for how long")
	return cmd
}

// result is what was measured; latencies as time.Duration writes them.
type result struct {
	Requests  int            `json:"requests"`
	PerSecond float64        `json:"per_second"`
	Failed    int            `json:"failed"`
	Statuses  map[string]int `json:"statuses"`
	P50       string         `json:"p50"`
	P99       string         `json:"p99"`
	Max       string         `json:"max"`
}

func (o *options) run(ctx context.Context) error {
	if o.clients < 1 || o.duration <= 0 {
		return cli.Usagef("-c 8 --duration 5s", "clients and duration are positive")
	}
	if _, err := o.request(ctx); err != nil {
		return cli.Usagef("write http://host/path", "%w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, o.duration)
	defer cancel()
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: o.clients},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var work sync.WaitGroup
	var took []time.Duration
	r := result{Statuses: map[string]int{}}
	begun := time.Now()
	for range o.clients {
		work.Go(func() {
			mine, statuses, failed := o.loop(ctx, client)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			r.Failed += failed
			for s, n := range statuses {
				r.Statuses[strconv.Itoa(s)] += n
			}
		})
	}
	work.Wait()
	elapsed := time.Since(begun)
	slices.Sort(took)
	r.Requests = len(took)
	r.PerSecond = float64(len(took)) / elapsed.Seconds()
	at := func(share float64) string {
		if len(took) == 0 {
			return ""
		}
		return took[min(len(took)-1, int(share*float64(len(took))))].Round(time.Microsecond).String()
	}
	r.P50, r.P99, r.Max = at(0.5), at(0.99), at(1)
	err := o.env.Print(r, func(t *cli.Table) {
		t.Row("requests", strconv.Itoa(r.Requests))
		t.Row("per second", fmt.Sprintf("%.0f", r.PerSecond))
		t.Row("p50, p99, max", strings.Join([]string{r.P50, r.P99, r.Max}, ", "))
		for _, s := range slices.Sorted(maps.Keys(r.Statuses)) {
			t.Row("status "+s, strconv.Itoa(r.Statuses[s]))
		}
		if r.Failed > 0 {
			t.Row("no answer", strconv.Itoa(r.Failed))
		}
	})
	if err == nil && r.Requests == 0 {
		return fmt.Errorf("nothing answered at %s", o.url)
	}
	return err
}

func (o *options) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, o.verb, o.url, strings.NewReader(o.data))
	if err != nil {
		return nil, err
	}
	if req.URL.Host == "" {
		return nil, fmt.Errorf("%q names no host", o.url)
	}
	for _, h := range o.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf("%q is no header; write NAME:VALUE", h)
		}
		req.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return req, nil
}

// pause is how long a client waits after a request that got no answer.
const pause = 10 * time.Millisecond

// loop is one client, until ctx ends.
func (o *options) loop(ctx context.Context, client *http.Client) (took []time.Duration, statuses map[int]int, failed int) {
	statuses = map[int]int{}
	for ctx.Err() == nil {
		req, err := o.request(ctx)
		if err != nil {
			return took, statuses, failed // checked before
		}
		begun := time.Now()
		res, err := client.Do(req)
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close() // it was read to its end
		}
		switch {
		case err == nil:
			took = append(took, time.Since(begun))
			statuses[res.StatusCode]++
		case ctx.Err() == nil:
			failed++
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
	return took, statuses, failed
}
