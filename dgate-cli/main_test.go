package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"dgate/dgate-cli/internal/cmd"
	"dgate/hertz-gateway/api"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"dgate-cli": func() { os.Exit(cmd.Main(os.Args[1:])) },
	})
}

// TestScript runs testdata/script/*.txtar. Each has a server of its own at
// $DGATE_ADMIN_API, which answers as the files below its gateway/ folder say;
// see gatewayDir. "exits CODE COMMAND…" checks an exit code.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			srv := httptest.NewServer(gatewayDir(filepath.Join(env.WorkDir, "gateway")))
			env.Defer(srv.Close)
			gone := httptest.NewServer(http.NotFoundHandler())
			gone.Close()
			env.Setenv("DGATE_ADMIN_API", srv.URL)
			env.Setenv("NOBODY_THERE", gone.URL)
			env.Setenv("TZ", "UTC")
			program, err := exec.LookPath("dgate-cli")
			env.Setenv("PROGRAM", program) // for scripts with a PATH of their own
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// gatewayDir is an admin listener that answers from files:
//
//	ready                      /readyz answers 200 if it is there, else 503
//	status.json                GET /api/v1/status
//	explain.json               POST /api/v1/explain
//	stats.json                 GET /api/v1/stats; stats.next.json takes its place after that
//	logs.ndjson                GET /api/v1/logs; the query is kept in "query"
//	call/SERVICE.METHOD.json   POST /api/v1/call/SERVICE/METHOD; a file with a
//	                           problem document is answered as one
//	authorization              the only Authorization header that it takes
//
// It keeps the body of the last POST in the file "request". Below /moved it
// redirects to itself.
type gatewayDir string

func (d gatewayDir) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, "/moved"); ok {
		http.Redirect(w, r, rest, http.StatusTemporaryRedirect)
		return
	}
	if want, err := d.read("authorization"); err == nil && r.Header.Get("Authorization") != strings.TrimSpace(string(want)) {
		d.problem(w, api.NewProblem(api.Unauthorized, "wrong credentials"))
		return
	}
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case r.URL.Path == "/readyz":
		if _, err := d.read("ready"); err != nil {
			http.Error(w, "etcd: connecting", http.StatusServiceUnavailable)
		}
	case r.Method == http.MethodGet && r.URL.Path == "/api/v1/status":
		d.file(w, "status.json")
	case r.Method == http.MethodGet && r.URL.Path == "/api/v1/stats":
		d.file(w, "stats.json")
		// Without another file it stays as it is.
		_ = os.Rename(filepath.Join(string(d), "stats.next.json"), filepath.Join(string(d), "stats.json"))
	case r.Method == http.MethodGet && r.URL.Path == "/api/v1/logs":
		if err := os.WriteFile(filepath.Join(string(d), "query"), []byte(r.URL.RawQuery+"\n"), 0o600); err != nil {
			d.problem(w, api.NewProblem(api.Internal, err.Error()))
			return
		}
		d.file(w, "logs.ndjson")
	case r.Method == http.MethodPost && (r.URL.Path == "/api/v1/explain" || len(path) == 5 && path[2] == "call"):
		body, err := io.ReadAll(r.Body)
		if len(body) > 0 && !bytes.HasSuffix(body, []byte("\n")) {
			body = append(body, '\n') // files in scripts end so
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(string(d), "request"), body, 0o600)
		}
		if err != nil {
			d.problem(w, api.NewProblem(api.Internal, err.Error()))
			return
		}
		if len(path) < 5 {
			d.file(w, "explain.json")
			return
		}
		d.file(w, filepath.Join("call", path[3]+"."+path[4]+".json"))
	default:
		d.problem(w, api.NewProblem(api.NotFound, "nothing at "+r.URL.Path))
	}
}

func (d gatewayDir) read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), filepath.FromSlash(name)))
}

func (d gatewayDir) file(w http.ResponseWriter, name string) {
	text, err := d.read(name)
	if err != nil {
		d.problem(w, api.NewProblem(api.ServiceNotFound, "no file "+name))
		return
	}
	var p api.Problem
	if json.Unmarshal(text, &p) == nil && strings.HasPrefix(p.Type, "urn:dgate:problem:") {
		d.problem(w, &p)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.Copy(w, bytes.NewReader(text)) // a client that has left is no failure of the test
}

func (gatewayDir) problem(w http.ResponseWriter, p *api.Problem) {
	w.Header().Set("Content-Type", api.ProblemMediaType)
	w.WriteHeader(p.Status)
	_, _ = w.Write(p.AppendJSON(nil)) // likewise
}

// The program is small because it links the public contracts only.
func TestLinksNoServer(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 50 {
		t.Fatalf("only %d dependencies listed", len(deps))
	}
	for _, dep := range deps {
		for _, banned := range []string{
			"github.com/cloudwego/hertz", "github.com/cloudwego/kitex", "github.com/cloudwego/netpoll",
			"go.etcd.io/", "google.golang.org/grpc", "dgate/hertz-gateway/internal", "dgate/kitex-server",
		} {
			if strings.HasPrefix(dep, banned) {
				t.Errorf("links %s", dep)
			}
		}
	}
}
