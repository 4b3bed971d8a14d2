package cmd

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"dgate/dgate-cli/internal/cli"
)

// waiter is a writer that tells when a text was written.
type waiter struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{}
}

func (w *waiter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
	return w.b.Write(p)
}

// wait returns once text was written n times.
func (w *waiter) wait(t *testing.T, text string, n int) {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		w.mu.Lock()
		all := w.b.String()
		w.mu.Unlock()
		if strings.Count(all, text) >= n {
			return
		}
		select {
		case <-w.more:
		case <-timeout:
			t.Fatalf("%q was not written %d times:\n%s", text, n, all)
		}
	}
}

// TestModuleTestWatch edits a module while `module test --watch` runs.
func TestModuleTestWatch(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("m.ts", `export const answer = 41;`)
	write("m.test.ts", `
import { expect, it } from "dgate/test";
import { answer } from "./m";
it("answers", () => expect(answer).toBe(42));`)

	ctx, cancel := context.WithCancel(context.Background())
	out := &waiter{more: make(chan struct{}, 1)}
	done := make(chan int)
	go func() {
		done <- Run(ctx, []string{"module", "test", "--watch"}, &cli.Env{Stdout: out, Stderr: out, Getenv: os.Getenv})
	}()
	out.wait(t, "waiting for changes", 1)
	out.wait(t, "0 passed, 1 failed", 1)
	write("m.ts", `export const answer: number = 42;`)
	out.wait(t, "waiting for changes", 2)
	out.wait(t, "ok: 1 passed, 0 failed", 1)
	cancel()
	if code := <-done; code != cli.ExitOK {
		t.Errorf("exit code %d", code)
	}
}
