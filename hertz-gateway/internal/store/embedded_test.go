package store

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/goleak"
)

// childEnv makes the test binary an embedded etcd on this directory, which
// writes a key and waits to be killed.
const childEnv = "DGATE_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		runChild(dir)
		return
	}
	if member := os.Getenv(memberEnv); member != "" {
		runMember(member)
		return
	}
	// TestBadDirectory leaves an etcd behind that waits for its database.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("go.etcd.io/etcd/server/v3/storage.OpenBackend"))
}

func runChild(dir string) {
	e, err := StartEmbedded(context.Background(), EmbeddedConfig{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		panic(err)
	}
	c, err := NewClient(ClientConfig{Endpoints: []string{e.Endpoint()}})
	if err != nil {
		panic(err)
	}
	if _, err := c.Put(context.Background(), "survivor", "yes"); err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString("ready\n")
	select {}
}

func startEtcd(t *testing.T, dir string) *Embedded {
	t.Helper()
	e, err := StartEmbedded(t.Context(), EmbeddedConfig{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func newClient(t *testing.T, c ClientConfig) *clientv3.Client {
	t.Helper()
	client, err := NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestRestartKeepsData(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for i, want := range []string{"", "0", "1"} {
		e := startEtcd(t, dir)
		c := newClient(t, ClientConfig{Endpoints: []string{e.Endpoint()}})
		got, err := c.Get(ctx, "k")
		if err != nil {
			t.Fatal(err)
		}
		if v := firstValue(got); v != want {
			t.Errorf("start %d: value %q, want %q", i, v, want)
		}
		if _, err := c.Put(ctx, "k", string(rune('0'+i))); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		e.Close()
		e.Close()
	}
}

func firstValue(r *clientv3.GetResponse) string {
	if len(r.Kvs) == 0 {
		return ""
	}
	return string(r.Kvs[0].Value)
}

func TestStartIsFast(t *testing.T) {
	start := time.Now()
	startEtcd(t, t.TempDir())
	d := time.Since(start)
	t.Logf("ready after %v", d)
	if d > 3*time.Second { // 0.6 s with the default ticks on an idle machine
		t.Errorf("ready after %v", d)
	}
}

func TestKilledServersDirectory(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		kill, _ := startChild(t, dir)
		kill()
	}
	e := startEtcd(t, dir)
	c := newClient(t, ClientConfig{Endpoints: []string{e.Endpoint()}})
	got, err := c.Get(t.Context(), "survivor")
	if err != nil {
		t.Fatal(err)
	}
	if firstValue(got) != "yes" {
		t.Error("an acknowledged write was lost")
	}
}

// startChild runs an embedded etcd in another process.
func startChild(t *testing.T, dir string) (kill func(), cmd *exec.Cmd) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	kill = func() {
		if !killed {
			killed = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	t.Cleanup(kill)
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("child said %q, %v", line, err)
	}
	return kill, cmd
}

func TestDirectoryInUse(t *testing.T) {
	t.Run("by this process", func(t *testing.T) {
		dir := t.TempDir()
		startEtcd(t, dir)
		wantLocked(t, dir)
	})
	t.Run("by another process", func(t *testing.T) {
		dir := t.TempDir()
		startChild(t, dir)
		wantLocked(t, dir)
	})
	t.Run("by an etcd that is not ours", func(t *testing.T) {
		dir := t.TempDir()
		startEtcd(t, dir)
		// What holds then is the lock of the database alone.
		if err := os.Remove(filepath.Join(dir, "lock")); err != nil {
			t.Fatal(err)
		}
		wantLocked(t, dir)
	})
}

func wantLocked(t *testing.T, dir string) {
	t.Helper()
	start := time.Now()
	_, err := StartEmbedded(t.Context(), EmbeddedConfig{Dir: dir, Listen: "127.0.0.1:0"})
	if err == nil {
		t.Fatal("started on a directory in use")
	}
	want := "the data in " + dir + " is in use by another process: stop it, or choose another directory with --data"
	if err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	running := startEtcd(t, t.TempDir())
	tests := []struct{ name, addr, want string }{
		{"by anything", l.Addr().String(), "port of ADDR is already in use: choose another with --etcd-listen"},
		{"by an etcd", running.Endpoint(), "port of ADDR is already in use: choose another with --etcd-listen, or use the etcd that answers there: --etcd-endpoints ADDR"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := StartEmbedded(t.Context(), EmbeddedConfig{Dir: dir, Listen: tt.addr})
			if want := strings.ReplaceAll(tt.want, "ADDR", tt.addr); err == nil || err.Error() != want {
				t.Errorf("error %v, want %q", err, want)
			}
			startEtcd(t, dir) // the directory is free again
		})
	}
}

func TestBadDirectory(t *testing.T) {
	t.Run("listen address", func(t *testing.T) {
		_, err := StartEmbedded(t.Context(), EmbeddedConfig{Dir: t.TempDir(), Listen: "2379"})
		if err == nil || !strings.Contains(err.Error(), `--etcd-listen "2379" is not host:port`) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := StartEmbedded(t.Context(), EmbeddedConfig{Dir: file, Listen: "127.0.0.1:0"}); err == nil {
			t.Error("started in a file")
		}
	})
	t.Run("a broken database", func(t *testing.T) {
		dir := t.TempDir()
		e := startEtcd(t, dir)
		e.Close()
		db := filepath.Join(dir, "etcd", "member", "snap", "db")
		if err := os.WriteFile(db, []byte(strings.Repeat("garbage ", 4096)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := StartEmbedded(t.Context(), EmbeddedConfig{Dir: dir, Listen: "127.0.0.1:0"})
		if err == nil {
			t.Fatal("started on garbage")
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("error of several lines: %v", err)
		}
		t.Log(err)
	})
}

func TestServerIsQuiet(t *testing.T) {
	var out strings.Builder
	e, err := StartEmbedded(t.Context(), EmbeddedConfig{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(&out, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	if out.Len() > 0 {
		t.Errorf("said: %s", out.String())
	}
}

func TestClientWithEtcdDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	for _, user := range []string{"", "ada"} {
		start := time.Now()
		c := newClient(t, ClientConfig{Endpoints: []string{addr}, Username: user, Password: user})
		if d := time.Since(start); d > time.Second {
			t.Errorf("user %q: New took %v", user, d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := c.Get(ctx, "k")
		cancel()
		if err == nil {
			t.Errorf("user %q: Get succeeded", user)
		}
	}
	if _, err := NewClient(ClientConfig{Endpoints: []string{addr}, Username: "ada"}); err == nil {
		t.Error("a user without a password was accepted")
	}
}

func TestClientLogsIn(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	e := startEtcd(t, t.TempDir())
	root := newClient(t, ClientConfig{Endpoints: []string{e.Endpoint()}})
	for _, f := range []func() error{
		func() error { _, err := root.UserAdd(ctx, "root", "secret"); return err },
		func() error { _, err := root.UserGrantRole(ctx, "root", "root"); return err },
		func() error { _, err := root.AuthEnable(ctx); return err },
	} {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
	good := newClient(t, ClientConfig{Endpoints: []string{e.Endpoint()}, Username: "root", Password: "secret"})
	if _, err := good.Put(ctx, "k", "v"); err != nil {
		t.Error("with the right password:", err)
	}
	select {
	case resp := <-good.Watch(ctx, "k", clientv3.WithRev(1)):
		if resp.Err() != nil {
			t.Error("watch:", resp.Err())
		}
	case <-ctx.Done():
		t.Error("watch: nothing came")
	}
	bad := newClient(t, ClientConfig{Endpoints: []string{e.Endpoint()}, Username: "root", Password: "wrong"})
	short, cancelShort := context.WithTimeout(ctx, time.Second)
	defer cancelShort()
	if _, err := bad.Put(short, "k", "v"); err == nil {
		t.Error("a wrong password was accepted")
	}
}
