package cmd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dgate/dgate-cli/internal/cli"
)

// What scripts cannot show: output that fails, and colours.

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestOutputThatFails(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"-o", "json", "version"}, {"completion", "zsh"}} {
		var stderr bytes.Buffer
		code := Run(context.Background(), args, &cli.Env{Stdout: brokenPipe{}, Stderr: &stderr, Getenv: os.Getenv})
		if code != cli.ExitFailed || !strings.Contains(stderr.String(), "disk full") {
			t.Errorf("%v: exit code %d, %q", args, code, stderr.String())
		}
	}
}

func TestColour(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bad.thrift"), []byte("service Bad {"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, colour := range []bool{true, false} {
		var stdout, stderr bytes.Buffer
		env := &cli.Env{Stdout: &stdout, Stderr: &stderr, Getenv: os.Getenv, Colour: colour}
		if code := Run(context.Background(), []string{"idl", "lint", dir}, env); code != cli.ExitFindings {
			t.Errorf("exit code %d: %s", code, &stderr)
		}
		if got := strings.Contains(stdout.String(), "\x1b[31merror\x1b[0m"); got != colour {
			t.Errorf("colour %t: %q", colour, stdout.String())
		}
	}
}

func TestWantsColour(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, tt := range []struct {
		name string
		out  *os.File
		env  map[string]string
		want bool
	}{
		{"a character device", null, nil, true},
		{"NO_COLOR", null, map[string]string{"NO_COLOR": "1"}, false},
		{"dumb terminal", null, map[string]string{"TERM": "dumb"}, false},
		{"a file", file, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := wantsColour(tt.out, func(k string) string { return tt.env[k] }); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
