package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dgate/hertz-gateway/internal/upstream/kitex/kitextest"
	"dgate/hertz-gateway/transcode"
)

// whoIDL has a method that answers with the name of the instance, and one that waits.
const whoIDL = `
struct Who { 1: string name }
service WhoSvc {
    Who who() (api.get = "/who", dgate.idempotent = "true")
    Who slow() (api.post = "/slow")
}
`

// named answers every method with a struct whose field 1 is name.
func named(name string) kitextest.Handler {
	return func(context.Context, string, []byte) ([]byte, error) { return who(name), nil }
}

func who(name string) []byte {
	b := transcode.AppendFieldHeader(nil, transcode.Struct.WireType(), 0)
	b = transcode.AppendFieldHeader(b, transcode.String.WireType(), 1)
	b = transcode.AppendString(b, name)
	return transcode.AppendStop(transcode.AppendStop(b))
}

func TestWeights(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL})
	g.serve("who", 10, named("light"))
	heavy := g.serve("who", 20, named("heavy"))
	count := func(n int) map[string]int {
		got := map[string]int{}
		for range n {
			a := g.get("/who")
			if a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			got[a.body]++
		}
		return got
	}
	const n = 3000
	got := count(n)
	if light := got[`{"name":"light"}`]; light < n/3*97/100 || light > n/3*103/100 {
		t.Errorf("weights 10 and 20 got %v of %d requests", got, n)
	}
	g.register("who", heavy.Addr, 0)
	if got := count(100); len(got) != 1 || got[`{"name":"light"}`] != 100 {
		t.Errorf("with weight 0: %v", got)
	}
}

// load calls url with n clients until stop is called, and counts what is not 200.
func load(t testing.TB, n int, url string) (stop func() (total, failed int64)) {
	var total, failed atomic.Int64
	var clients sync.WaitGroup
	quit := make(chan struct{})
	for range n {
		clients.Go(func() {
			c := &http.Client{Transport: &http.Transport{}}
			defer c.CloseIdleConnections()
			for {
				select {
				case <-quit:
					return
				default:
				}
				total.Add(1)
				res, err := c.Get(url)
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
					if res.StatusCode != 200 {
						err = errors.New(res.Status)
					}
				}
				if err != nil && failed.Add(1) <= 3 {
					t.Log(err)
				}
			}
		})
	}
	return sync.OnceValues(func() (int64, int64) {
		close(quit)
		clients.Wait()
		return total.Load(), failed.Load()
	})
}

// TestHotIDL edits the directory in every way while requests run.
func TestHotIDL(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL})
	b := g.serve("who", 10, named("x"))
	g.register("other", b.Addr, 10)
	stop := load(t, 4, g.url+"/who")
	idl := func(name string) string { return filepath.Join(g.cfg.IDL, name) }
	other := func(path string) string {
		return fmt.Sprintf("struct Who { 1: string name }\nservice Other { Who who() (api.get = %q) }\n", path)
	}
	var slowest time.Duration
	for i := range 30 {
		path := fmt.Sprintf("/other%d", i)
		saved := time.Now()
		write(t, idl("sub/other.thrift"), other(path))
		await(t, path+" is served", func() bool { return g.get(path).status == 200 })
		slowest = max(slowest, time.Since(saved))
		// In place, in two halves, as some editors write.
		half := whoIDL[:len(whoIDL)/2]
		if err := os.WriteFile(idl("who.thrift"), []byte(half), 0o644); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			await(t, "the half is reported", func() bool { return len(g.status().Diagnostics) > 0 })
		}
		if err := os.WriteFile(idl("who.thrift"), []byte(whoIDL+strings.Repeat("\n", i)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "no diagnostics are left", func() bool { return len(g.status().Diagnostics) == 0 })
	if err := os.Remove(idl("sub/other.thrift")); err != nil {
		t.Fatal(err)
	}
	await(t, "the removed file is gone", func() bool { return g.get("/other29").status == 404 })
	total, failed := stop()
	t.Logf("%d requests, slowest from save to served %v", total, slowest)
	if failed > 0 || total == 0 {
		t.Errorf("%d of %d requests failed", failed, total)
	}
}

// TestStopUnderLoad: every request that was sent is answered.
func TestStopUnderLoad(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL}, func(c *Config) { c.Drain = 100 * time.Millisecond })
	var inFlight atomic.Int64
	g.serve("who", 10, func(_ context.Context, method string, _ []byte) ([]byte, error) {
		if method == "slow" {
			inFlight.Add(1)
			time.Sleep(300 * time.Millisecond)
		}
		return who("x"), nil
	})
	var lost, answered atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			c := &http.Client{Transport: &http.Transport{}}
			defer c.CloseIdleConnections()
			for {
				// POST, since the client would send a lost GET again by itself.
				res, err := c.Post(g.url+"/slow", "application/json", nil)
				if err != nil {
					if !errors.Is(err, syscall.ECONNREFUSED) {
						lost.Add(1)
						t.Log(err)
					}
					return
				}
				_ = res.Body.Close()
				if res.StatusCode != 200 {
					lost.Add(1)
					t.Log(res.Status)
				}
				answered.Add(1)
			}
		})
	}
	await(t, "requests under way", func() bool { return inFlight.Load() >= 4 })
	stopped := make(chan struct{})
	go func() { g.stop(); close(stopped) }()
	clients.Wait()
	<-stopped
	if lost.Load() > 0 || answered.Load() < 4 {
		t.Errorf("%d answered, %d lost", answered.Load(), lost.Load())
	}
}

func TestBackendGoneAndBack(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL})
	if a := g.get("/who"); a.status != 503 || a.header.Get("Retry-After") != "1" || !strings.Contains(a.body, `"code":"no_instance"`) {
		t.Errorf("no instance: %d %v %s", a.status, a.header, a.body)
	}
	one := g.serve("who", 10, named("one"))
	two := g.serve("who", 10, named("two"))
	stop := load(t, 4, g.url+"/who")
	seen := func(name string) func() bool {
		return func() bool { return strings.Contains(g.get("/who").body, name) }
	}
	await(t, "one answers", seen("one"))
	await(t, "two answers", seen("two"))
	// An instance that is taken out of the registry and then stopped costs nothing.
	g.deregister("who", one.Addr)
	await(t, "one is left out", func() bool { return len(g.resolver.Instances("who").Instances) == 1 })
	one.Stop()
	// One that stops listening while it is still registered is skipped.
	g.serve("who", 10, named("three"))
	await(t, "three answers", seen("three"))
	if total, failed := stop(); failed > 0 {
		t.Errorf("%d of %d requests failed", failed, total)
	}
	two.Stop()
	for range 50 {
		if a := g.get("/who"); a.status != 200 || !strings.Contains(a.body, "three") {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	await(t, "two is marked", func() bool {
		for _, i := range g.status().Services[0].Instances {
			if i.Address == two.Addr {
				return i.State == "skipped"
			}
		}
		return false
	})
}

func TestTimeout(t *testing.T) {
	idl := strings.Replace(whoIDL, `api.post = "/slow"`, `api.post = "/slow", dgate.timeout = "80ms"`, 1)
	g := start(t, map[string]string{"who.thrift": idl})
	release := make(chan struct{})
	g.serve("who", 10, func(context.Context, string, []byte) ([]byte, error) {
		<-release
		return who("late"), nil
	})
	defer close(release)
	begun := time.Now()
	a := g.post("/slow", "", "")
	if a.status != 504 || !strings.Contains(a.body, `"code":"timeout"`) || !strings.Contains(a.body, `"upstream":{"service":"WhoSvc","method":"slow"}`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if took := time.Since(begun); took < 80*time.Millisecond || took > 5*time.Second {
		t.Errorf("answered after %v", took)
	}
}

func TestRefusals(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL}, func(c *Config) { c.MaxBody = 1000 })
	g.serve("who", 10, named("x"))
	long := strings.Repeat("x", 2000)
	for _, tt := range []struct {
		name, verb, path, body string
		header                 map[string]string
		status                 int
		code                   string
	}{
		{"no route", "GET", "/nowhere", "", nil, 404, "not_found"},
		{"wrong verb", "DELETE", "/who", "", nil, 405, "method_not_allowed"},
		{"generic GET", "GET", "/gateway/WhoSvc/who", "", nil, 405, "method_not_allowed"},
		{"unknown service", "POST", "/gateway/Nobody/who", "{}", nil, 404, "service_not_found"},
		{"unknown method", "POST", "/gateway/WhoSvc/what", "{}", nil, 404, "method_not_found"},
		{"foreign origin", "POST", "/gateway/WhoSvc/who", "{}", map[string]string{"Origin": "http://evil.test"}, 403, "forbidden"},
		{"too large", "POST", "/gateway/WhoSvc/who", `{"a":"` + long + `"}`, nil, 413, "too_large"},
		{"unknown coding", "POST", "/gateway/WhoSvc/who", "x", map[string]string{"Content-Encoding": "br"}, 415, "unsupported_media_type"},
		{"broken gzip", "POST", "/gateway/WhoSvc/who", "x", map[string]string{"Content-Encoding": "gzip"}, 400, "malformed_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequest(tt.verb, g.url+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range tt.header {
				req.Header.Set(k, v)
			}
			a := g.do(req)
			if a.status != tt.status || !strings.Contains(a.body, `"code":"`+tt.code+`"`) || a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("got %d %s %s", a.status, a.header.Get("Content-Type"), a.body)
			}
		})
	}
	if a := g.get("/who"); a.status != 200 {
		t.Errorf("afterwards: %d %s", a.status, a.body)
	}
}

func TestAdmin(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL, "broken.thrift": "service X {"})
	g.serve("who", 10, named("x"))
	ask := func(verb, path, body string, header map[string]string) answer {
		t.Helper()
		req, err := http.NewRequest(verb, "http://"+g.AdminAddr()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range header {
			if k == "Host" {
				req.Host = v
			}
			req.Header.Set(k, v)
		}
		return g.do(req)
	}
	json := map[string]string{"Content-Type": "application/json"}
	for _, tt := range []struct {
		name, verb, path, body string
		header                 map[string]string
		status                 int
		want                   string
	}{
		{"livez", "GET", "/livez", "", nil, 200, "ok"},
		{"readyz", "GET", "/readyz?verbose", "", nil, 200, "[+]registry ok"},
		{"status names the broken file", "GET", "/api/v1/status", "", nil, 200, `"file":"broken.thrift","line":1`},
		{"call", "POST", "/api/v1/call/who/who", "", json, 200, `"result":{"name":"x"}`},
		{"call unknown", "POST", "/api/v1/call/nope/who", "{}", json, 404, `"code":"service_not_found"`},
		{"call as a form", "POST", "/api/v1/call/who/who", "{}", map[string]string{"Content-Type": "text/plain"}, 415, `"code":"unsupported_media_type"`},
		{"rebinding", "GET", "/api/v1/status", "", map[string]string{"Host": "evil.test"}, 403, `"code":"forbidden"`},
		{"foreign origin", "GET", "/api/v1/status", "", map[string]string{"Origin": "http://evil.test"}, 403, `"code":"forbidden"`},
		{"unknown path", "GET", "/api/v2", "", nil, 404, `"code":"not_found"`},
		{"wrong verb", "POST", "/api/v1/status", "", nil, 405, `"code":"method_not_allowed"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if a := ask(tt.verb, tt.path, tt.body, tt.header); a.status != tt.status || !strings.Contains(a.body, tt.want) {
				t.Errorf("got %d %s", a.status, a.body)
			}
		})
	}
}

// TestEtcdAway: what is known keeps serving, and an IDL can still change.
func TestEtcdAway(t *testing.T) {
	g := start(t, map[string]string{"who.thrift": whoIDL}, func(c *Config) { c.EtcdEndpoints, c.EtcdListen = nil, "127.0.0.1:0" })
	b := kitextest.Serve(t, "127.0.0.1:0", named("x"))
	g.registerIn(g.embedded.Endpoint(), "who", b.Addr)
	await(t, "served", func() bool { return g.get("/who").status == 200 })
	g.embedded.Close()
	await(t, "stale is shown", func() bool { return !g.status().Etcd.Connected })
	write(t, filepath.Join(g.cfg.IDL, "who.thrift"), strings.Replace(whoIDL, `"/who"`, `"/who2"`, 1))
	await(t, "the new path is served", func() bool { return g.get("/who2").status == 200 })
}

func TestStartErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for _, tt := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"listen", func(c *Config) { c.Listen = taken.Addr().String() }, "is taken by another process; choose another address with --listen"},
		{"admin", func(c *Config) { c.AdminListen = taken.Addr().String() }, "choose another address with --admin-listen"},
		{"etcd", func(c *Config) { c.EtcdEndpoints, c.EtcdListen = nil, taken.Addr().String() }, "--etcd-listen"},
		{"etcd is there", func(c *Config) { c.EtcdEndpoints, c.EtcdListen = nil, etcdEndpoint }, "--etcd-endpoints " + etcdEndpoint},
		{"idl", func(c *Config) { c.IDL = "no/such/folder" }, "the IDL directory (--idl): stat no/such/folder: no such file or directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.Listen, cfg.AdminListen, cfg.IDL, cfg.Data = "127.0.0.1:0", "127.0.0.1:0", t.TempDir(), t.TempDir()
			cfg.EtcdEndpoints = []string{etcdEndpoint}
			tt.change(&cfg)
			g, err := New(t.Context(), cfg, slog.New(slog.DiscardHandler))
			if err == nil {
				g.Close()
				t.Fatal("started")
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, want %q in one line", err, tt.want)
			}
		})
	}
}

// A hangup, which would end the process otherwise, has the files read again.
func TestHangup(t *testing.T) {
	r := start(t, map[string]string{"a.thrift": `service A { void a() (api.get="/a") }`})
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	await(t, "read again", func() bool { return strings.Contains(r.logs.String(), "signal=SIGHUP") })
	r.stop()
}
