package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"dgate/kitex-server/internal/etcdtest"
)

// asProgram makes the test binary behave as the program.
const asProgram = "KITEX_SERVER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run())
	}
	os.Exit(m.Run())
}

func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	return c
}

func TestExitCodes(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"help", []string{"--help"}, 0, "-weight"},
		{"weight 0", []string{"--weight", "0"}, 2, "--weight 0 would be registered as 10"},
		{"unknown flag", []string{"--nope"}, 2, "flag provided but not defined: -nope"},
		{"no etcd", []string{"--etcd", "127.0.0.1:1"}, 1, "etcd at 127.0.0.1:1 does not serve"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := program(t, tt.args...)
			out, _ := c.CombinedOutput() // the exit code says it
			if got := c.ProcessState.ExitCode(); got != tt.code || !strings.Contains(string(out), tt.want) {
				t.Errorf("exit code %d, want %d; output, which wants %q:\n%s", got, tt.code, tt.want, out)
			}
		})
	}
}

func TestReadyLineAndSignal(t *testing.T) {
	etcd := etcdtest.Start(t, "")
	c := program(t, "--etcd", etcd.Endpoint, "--weight", "20", "--tag", "zone=a")
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	if !lines.Scan() {
		t.Fatalf("no line: %v", lines.Err())
	}
	ready := regexp.MustCompile(`msg=ready address=(127\.0\.0\.1:\d+) service=book weight=20 tags=map\[zone:a\]$`).FindStringSubmatch(lines.Text())
	if ready == nil {
		t.Fatalf("first line: %s", lines.Text())
	}
	conn, err := net.DialTimeout("tcp", ready[1], 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var rest []string
	for lines.Scan() {
		rest = append(rest, lines.Text())
	}
	if err := c.Wait(); err != nil {
		t.Errorf("stopped with %v", err)
	}
	if len(rest) != 2 || !strings.Contains(rest[0], "msg=stopping") || !strings.Contains(rest[1], "msg=stopped") {
		t.Errorf("said while stopping:\n%s", strings.Join(rest, "\n"))
	}
}
