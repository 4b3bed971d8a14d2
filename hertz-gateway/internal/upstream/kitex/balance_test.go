package kitex

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/internal/upstream/discovery"
	"dgate/hertz-gateway/internal/upstream/kitex/kitextest"
)

// callOnce makes a call that must succeed and returns the instance.
func callOnce(t testing.TB, c upstream.Client) string {
	t.Helper()
	r, err := c.Call(t.Context(), &upstream.Call{Method: "echo", Deadline: in(5 * time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	return r.Instance
}

func TestWeights(t *testing.T) {
	a, b := serveRegistered(t, name(t), 10), serveRegistered(t, name(t), 20)
	c := newClient(t, name(t), "")
	const n = 3000
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range n / 8 {
				if _, err := c.Call(t.Context(), &upstream.Call{Method: "echo"}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	got := float64(b.calls.Load()) / float64(a.calls.Load())
	t.Logf("%d : %d", a.calls.Load(), b.calls.Load())
	if got < 2*0.97 || got > 2*1.03 {
		t.Errorf("ratio %.3f, want 2 ± 3 %%", got)
	}
}

func TestChangesAreEffective(t *testing.T) {
	const limit = time.Second // the target is 100 ms; see the log
	a := serveRegistered(t, name(t), 10)
	c := newClient(t, name(t), "")
	if got := callOnce(t, c); got != a.addr {
		t.Fatalf("instance %s", got)
	}
	until := func(what string, ok func(instance string) bool) {
		t.Helper()
		took := await(t, what, func() bool { return ok(callOnce(t, c)) })
		t.Logf("%s: %v", what, took)
		if took > limit {
			t.Errorf("%s took %v", what, took)
		}
	}
	b := serveRegistered(t, name(t), 10)
	until("a new one is called", func(i string) bool { return i == b.addr })

	put(t, name(t), a.addr, fmt.Sprintf(`{"network":"tcp","address":%q,"weight":0}`, a.addr))
	quiet := 0
	until("weight 0 drains", func(i string) bool {
		if quiet++; i == a.addr {
			quiet = 0
		}
		return quiet >= 20
	})
	before := a.calls.Load()
	for range 50 {
		callOnce(t, c)
	}
	if a.calls.Load() != before {
		t.Error("a drained instance was called")
	}
	put(t, name(t), a.addr, fmt.Sprintf(`{"network":"tcp","address":%q,"weight":30}`, a.addr))
	until("back with another weight", func(i string) bool { return i == a.addr })
	before, beforeB := a.calls.Load(), b.calls.Load()
	for range 80 {
		callOnce(t, c)
	}
	if da, db := a.calls.Load()-before, b.calls.Load()-beforeB; da != 3*db {
		t.Errorf("%d : %d of 80 with weights 30 : 10", da, db)
	}
	deregister(t, name(t), a.addr)
	quiet = 0
	until("one that left is not called", func(i string) bool {
		if quiet++; i == a.addr {
			quiet = 0
		}
		return quiet >= 20
	})
	put(t, name(t), b.addr, fmt.Sprintf(`{"network":"tcp","address":%q,"weight":0}`, b.addr))
	await(t, "nobody left", func() bool {
		_, err := c.Call(t.Context(), &upstream.Call{Method: "echo"})
		if err != nil {
			wantError(t, err, upstream.NoInstance, false)
		}
		return err != nil
	})
}

func TestEtcdStopped(t *testing.T) {
	e, err := store.StartEmbedded(t.Context(), store.EmbeddedConfig{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	client, err := store.NewClient(store.ClientConfig{Endpoints: []string{e.Endpoint()}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	res, err := discovery.New(discovery.Config{Client: client, CheckEvery: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { _ = res.Run(ctx) })
	f, err := New(Config{Resolver: res})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	s := serve(t, name(t), 10)
	if _, err := client.Put(t.Context(), discovery.DefaultPrefix+"/x/"+s.addr, fmt.Sprintf(`{"address":%q,"weight":1}`, s.addr)); err != nil {
		t.Fatal(err)
	}
	c, err := f.Open(upstream.Spec{Destination: "x", Service: "TestService"})
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the instance", func() bool { return len(res.Instances("x").Instances) == 1 })
	callOnce(t, c)
	e.Close()
	await(t, "stale", func() bool { return !res.Status().Connected })
	for range 100 {
		callOnce(t, c)
	}
}

func TestRefusingInstances(t *testing.T) {
	good := serve(t, name(t), 1)
	c := newClient(t, name(t), "")
	var dead []string
	for range 9 { // more than Kitex itself would try
		l := listen(t)
		dead = append(dead, l.Addr().String())
		_ = l.Close()
		register(t, name(t), dead[len(dead)-1], 100)
	}
	for range 50 {
		if got := callOnce(t, c); got != good.addr {
			t.Fatalf("instance %s", got)
		}
	}
	down := 0
	for _, a := range dead {
		if instance(name(t), a).Down() {
			down++
		}
	}
	if down != len(dead) {
		t.Errorf("%d of %d are marked", down, len(dead))
	}
	t.Run("all refuse", func(t *testing.T) {
		c := newClient(t, name(t), "")
		l := listen(t)
		_ = l.Close()
		register(t, name(t), l.Addr().String(), 10)
		for range 3 {
			start := time.Now()
			_, err := c.Call(t.Context(), &upstream.Call{Method: "echo", Deadline: in(5 * time.Second)})
			wantError(t, err, upstream.Refused, false)
			if d := time.Since(start); d > time.Second {
				t.Errorf("took %v", d)
			}
		}
		// Written again, its key makes it an instance to try at once.
		back := kitextest.Listen(t, l.Addr().String())
		svr := newServer(&backend{}, back)
		go func() { _ = svr.Run() }()
		defer func() { _ = svr.Stop() }()
		old := instance(name(t), l.Addr().String())
		put(t, name(t), l.Addr().String(), fmt.Sprintf(`{"address":%q,"weight":10}`, l.Addr()))
		await(t, "a new instance", func() bool { return instance(name(t), l.Addr().String()) != old })
		callOnce(t, c)
	})
}

// child is a server in a process of its own.
type child struct {
	addr string
	cmd  *exec.Cmd
	wait func()
}

func startChild(t testing.TB, destination string, weight int) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", childEnv, etcdAddr, destination, weight))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ch := &child{cmd: cmd, wait: sync.OnceFunc(func() { _ = cmd.Wait() })}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		ch.wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	ch.addr = strings.TrimSpace(line)
	awaitInstance(t, destination, ch.addr)
	return ch
}

// TestKill kills one of three backends under load: only calls in flight on it
// fail. A process that is being killed closes its sockets one after the other,
// so that a caller can lose a second call to it before it is gone.
func TestKill(t *testing.T) {
	const workers = 16
	children := []*child{startChild(t, name(t), 10), startChild(t, name(t), 10), startChild(t, name(t), 10)}
	c := newClient(t, name(t), "")
	var (
		wg                sync.WaitGroup
		stop              atomic.Bool
		calls, failed     atomic.Int64
		unsent, elsewhere atomic.Int64
		dead, late        atomic.Int64 // when the victim was gone; failures of calls after that
	)
	victim := children[1].addr
	// Sleeping calls make connections pile up, some idle at any moment.
	for i := range workers {
		wg.Go(func() {
			for !stop.Load() {
				call := upstream.Call{Method: "echo", Args: i32Args(i), Deadline: in(5 * time.Second)}
				if i%4 == 0 {
					call = upstream.Call{Method: "sleep", Void: true, Args: i32Args(1), Deadline: in(5 * time.Second)}
				}
				start := time.Now().UnixNano()
				_, err := c.Call(t.Context(), &call)
				calls.Add(1)
				if err == nil {
					continue
				}
				failed.Add(1)
				if d := dead.Load(); d != 0 && start > d {
					late.Add(1)
				}
				var e *upstream.Error
				switch {
				case !errors.As(err, &e):
					t.Errorf("error %T", err)
				case !e.Sent:
					unsent.Add(1)
				case e.Instance != victim:
					elsewhere.Add(1)
				}
			}
		})
	}
	await(t, "load", func() bool { return calls.Load() > 500 })
	if err := children[1].cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	children[1].wait()
	dead.Store(time.Now().UnixNano())
	at := calls.Load()
	await(t, "more load", func() bool { return calls.Load() > at+5000 })
	stop.Store(true)
	wg.Wait()
	t.Logf("%d calls, %d failed", calls.Load(), failed.Load())
	if failed.Load() > 2*workers || unsent.Load() > 0 || elsewhere.Load() > 0 || late.Load() > 0 {
		t.Errorf("%d failed, %d not sent, %d elsewhere, %d began later; want none but those in flight on it",
			failed.Load(), unsent.Load(), elsewhere.Load(), late.Load())
	}
}

// TestDrainAndStop takes one of two backends out as a deploy should, with
// weight 0 first: nothing fails. Without that, Kitex's server closes
// connections in the moment in which it leaves the registry. The backend is a
// process of its own because that server, when it closes, recycles what its
// handlers still use into pools that it would share with the client.
func TestDrainAndStop(t *testing.T) {
	serve(t, name(t), 10)
	leaving := startChild(t, name(t), 10)
	c := newClient(t, name(t), "")
	var (
		wg            sync.WaitGroup
		stop          atomic.Bool
		calls, theirs atomic.Int64
	)
	for range 8 {
		wg.Go(func() {
			for !stop.Load() {
				r, err := c.Call(t.Context(), &upstream.Call{Method: "sleep", Void: true, Args: i32Args(2), Deadline: in(5 * time.Second)})
				if err != nil {
					t.Error(err)
				}
				if r.Instance == leaving.addr {
					theirs.Add(1)
				}
				calls.Add(1)
			}
		})
	}
	more := func(n int64) {
		t.Helper()
		at := calls.Load()
		await(t, "more load", func() bool { return calls.Load() > at+n })
	}
	await(t, "load on it", func() bool { return theirs.Load() > 50 })
	put(t, name(t), leaving.addr, fmt.Sprintf(`{"address":%q,"weight":0}`, leaving.addr))
	await(t, "weight 0", func() bool { return instance(name(t), leaving.addr).Weight == 0 })
	more(50)
	if err := leaving.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	leaving.wait()
	more(100)
	stop.Store(true)
	wg.Wait()
}

// TestKillIdle kills a backend whose connections are all idle: nothing fails.
func TestKillIdle(t *testing.T) {
	for range 5 {
		t.Run("", func(t *testing.T) {
			dest := name(t)
			victim := startChild(t, dest, 10)
			c := newClient(t, dest, "")
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					_, err := c.Call(t.Context(), &upstream.Call{Method: "sleep", Void: true, Args: i32Args(20)})
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			other := serve(t, dest, 10)
			if err := victim.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			victim.wait()
			for range 20 {
				if got := callOnce(t, c); got != other.addr {
					t.Fatalf("%s answered", got)
				}
			}
		})
	}
}

func TestNoGoroutinePerCall(t *testing.T) {
	serve(t, name(t), 10)
	c := newClient(t, name(t), "")
	callOnce(t, c)
	before := runtime.NumGoroutine()
	f := c.(*handle).factory
	var all []upstream.Client
	for i := range 100 {
		o, err := f.Open(upstream.Spec{Destination: fmt.Sprint(name(t), i), Service: "TestService"})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	for range 1000 {
		callOnce(t, c)
	}
	if n := runtime.NumGoroutine() - before; n > 5 {
		t.Errorf("%d more goroutines after 100 clients and 1000 calls", n)
	}
	for _, o := range all {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestScaleWeights(t *testing.T) {
	tests := []struct {
		name     string
		in, want []int
	}{
		{"small", []int{10, 20}, []int{10, 20}},
		{"common divisor", []int{1 << 20, 1 << 19}, []int{1 << 20, 1 << 19}},
		{"coprime and large", []int{1000003, 1000033}, []int{4095, 4096}},
		{"one tiny", []int{1, 1<<20 - 1}, []int{1, 8191}},
		{"none", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var nodes []*node
			for _, w := range tt.in {
				nodes = append(nodes, &node{weight: w})
			}
			scaleWeights(nodes)
			for i, n := range nodes {
				if n.weight != tt.want[i] {
					t.Errorf("weight %d of %v became %d, want %d", i, tt.in, n.weight, tt.want[i])
				}
			}
		})
	}
}
