package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/upstream/kitex/kitextest"
)

// running is a gateway in this process.
type running struct {
	*Gateway
	t   testing.TB
	url string
	// logs holds what it has logged.
	logs *syncBuffer
	stop func()
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start runs a gateway on files (path → text; modules/ goes to the module
// directory, the rest is IDL) and waits until it serves.
func start(t testing.TB, files map[string]string, change ...func(*Config)) *running {
	t.Helper()
	r := launch(t, files, change...)
	await(t, "ready", func() bool {
		res, err := http.Get("http://" + r.AdminAddr() + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == 200
	})
	return r
}

// launch is start without the wait.
func launch(t testing.TB, files map[string]string, change ...func(*Config)) *running {
	t.Helper()
	dir := t.TempDir()
	cfg := DefaultConfig()
	cfg.Listen, cfg.AdminListen = "127.0.0.1:0", "127.0.0.1:0"
	cfg.IDL, cfg.Modules, cfg.Data = filepath.Join(dir, "idl"), filepath.Join(dir, "modules"), filepath.Join(dir, "data")
	cfg.EtcdEndpoints = []string{etcdEndpoint}
	cfg.RegistryPrefix = fmt.Sprintf("test/%d", prefixes.Add(1))
	cfg.EtcdPrefix = "/" + cfg.RegistryPrefix
	cfg.GenericRoute = snapshot.GenericAll
	cfg.Drain = 0
	for _, d := range []string{cfg.IDL, cfg.Modules} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range change {
		f(&cfg)
	}
	r := &running{t: t, logs: &syncBuffer{}}
	for path, text := range files {
		write(t, filePath(&cfg, path), text)
	}
	log := slog.New(slog.NewTextHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	g, err := New(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	r.Gateway, r.url = g, "http://"+g.Addr()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		r.stop()
		if t.Failed() {
			t.Log(r.logs.String())
		}
	})
	return r
}

func filePath(cfg *Config, path string) string {
	if rest, ok := strings.CutPrefix(path, "modules/"); ok {
		return filepath.Join(cfg.Modules, rest)
	}
	return filepath.Join(cfg.IDL, path)
}

// write puts text where path is, as an editor does: a new file, renamed over the old.
func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, path); err != nil {
		t.Fatal(err)
	}
}

// await fails the test unless cond holds within 10 s.
func await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("waited 10 s for: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// answer is a response, read whole.
type answer struct {
	status int
	header http.Header
	body   string
}

func (r *running) do(req *http.Request) answer {
	r.t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

func (r *running) get(path string) answer {
	r.t.Helper()
	req, err := http.NewRequest("GET", r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.do(req)
}

func (r *running) post(path, contentType, body string) answer {
	r.t.Helper()
	req, err := http.NewRequest("POST", r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return r.do(req)
}

func (r *running) status() *api.Status {
	r.t.Helper()
	res, err := http.Get("http://" + r.AdminAddr() + "/api/v1/status")
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var s api.Status
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		r.t.Fatal(err)
	}
	return &s
}

// serve starts a backend and registers it under the gateway's prefix.
func (r *running) serve(destination string, weight int, h kitextest.Handler) *kitextest.Server {
	r.t.Helper()
	b := kitextest.Serve(r.t, "127.0.0.1:0", h)
	r.register(destination, b.Addr, weight)
	return b
}

func (r *running) register(destination, addr string, weight int) {
	r.t.Helper()
	value := fmt.Sprintf(`{"network":"tcp","address":%q,"weight":%d}`, addr, weight)
	if _, err := etcd.Put(r.t.Context(), r.key(destination, addr), value); err != nil {
		r.t.Fatal(err)
	}
	await(r.t, "instance "+addr, func() bool {
		for _, i := range r.resolver.Instances(destination).Instances {
			if i.Address == addr && i.Weight == weight {
				return true
			}
		}
		return false
	})
}

func (r *running) deregister(destination, addr string) {
	r.t.Helper()
	if _, err := etcd.Delete(r.t.Context(), r.key(destination, addr)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *running) key(destination, addr string) string {
	return r.cfg.RegistryPrefix + "/" + destination + "/" + addr
}

// registerIn registers an instance in an etcd of its own.
func (r *running) registerIn(endpoint, destination, addr string) {
	r.t.Helper()
	c, err := store.NewClient(store.ClientConfig{Endpoints: []string{endpoint}})
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	value := fmt.Sprintf(`{"network":"tcp","address":%q,"weight":10}`, addr)
	if _, err := c.Put(r.t.Context(), r.key(destination, addr), value); err != nil {
		r.t.Fatal(err)
	}
}
