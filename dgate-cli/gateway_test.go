package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestGatewayScript runs testdata/gateway/*.txtar, each against a gateway
// process of its own with the example IDL: $DGATE_ADMIN_API is its admin API,
// $GATEWAY its data plane. "get PATH [HOST]" prints what it answers, "backend
// FLAG…" starts an instance of an example service, at $BACKEND.
func TestGatewayScript(t *testing.T) {
	program := filepath.Join(t.TempDir(), "hertz-gateway")
	build := exec.Command("go", "build", "-o", program, "../hertz-gateway")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	backend := sync.OnceValues(func() (string, error) {
		program := filepath.Join(t.TempDir(), "kitex-server")
		out, err := exec.Command("go", "build", "-o", program, "../kitex-server").CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, out)
		}
		return program, err
	})
	idl, err := filepath.Abs("../idl")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "gateway"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			g := exec.Command(program, "--idl", idl, "--data", filepath.Join(env.WorkDir, "data"), "--listen", "127.0.0.1:0",
				"--admin-listen", "127.0.0.1:0", "--etcd-listen", "127.0.0.1:0", "--drain", "0s", "--log-format", "text")
			g.Dir = env.WorkDir
			log, err := g.StderrPipe()
			if err != nil {
				return err
			}
			if err := g.Start(); err != nil {
				return err
			}
			env.Defer(func() {
				_ = g.Process.Signal(os.Interrupt)
				_ = g.Wait() // how it ends is not what these scripts are about
			})
			at := ready(log)
			env.Setenv("ETCD", at["etcd"])
			env.Setenv("GATEWAY", "http://"+at["listen"])
			env.Setenv("DGATE_ADMIN_API", "http://"+at["admin"])
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits,
			"get":   get,
			"backend": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg {
					ts.Fatalf("usage: backend FLAG…")
				}
				program, err := backend()
				ts.Check(err)
				b := exec.Command(program, append(args, "--etcd", ts.Getenv("ETCD"))...)
				log, err := b.StderrPipe()
				ts.Check(err)
				ts.Check(b.Start())
				ts.Setenv("BACKEND", ready(log)["address"])
				ts.Defer(func() {
					_ = b.Process.Signal(os.Interrupt)
					_ = b.Wait() // how it ends is not what these scripts are about
				})
			},
		},
	})
}

// ready reads the log of a process until it is ready, and gives what it says of
// itself then: "listen", "admin", "etcd", "address".
func ready(log interface{ Read([]byte) (int, error) }) map[string]string {
	said := map[string]string{}
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if !strings.Contains(lines.Text(), "msg=ready") {
			continue
		}
		for field := range strings.FieldsSeq(lines.Text()) {
			if name, value, ok := strings.Cut(field, "="); ok {
				said[name] = value
			}
		}
		go func() {
			for lines.Scan() { // so that the process never waits for a reader
			}
		}()
		break
	}
	return said
}

// get asks the gateway like a client: get PATH [HOST].
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: get PATH [HOST]")
	}
	addr := strings.TrimPrefix(ts.Getenv("GATEWAY"), "http://")
	host := addr
	if len(args) == 2 {
		host = args[1]
	}
	c, err := net.DialTimeout("tcp", addr, time.Second)
	ts.Check(err)
	defer func() { _ = c.Close() }()
	ts.Check(c.SetDeadline(time.Now().Add(10 * time.Second)))
	_, err = c.Write([]byte("GET " + args[0] + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"))
	ts.Check(err)
	var answer strings.Builder
	_, err = bufio.NewReader(c).WriteTo(&answer)
	ts.Check(err)
	_, err = ts.Stdout().Write([]byte(answer.String()))
	ts.Check(err)
}
