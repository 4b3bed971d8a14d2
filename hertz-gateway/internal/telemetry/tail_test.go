package telemetry

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
)

func logger(t *Tail, level slog.Level) *slog.Logger {
	return slog.New(t.Handler(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: level})))
}

// messages are the texts of lines.
func messages(lines [][]byte) string {
	var out []string
	for _, l := range lines {
		_, rest, _ := strings.Cut(string(l), `"msg":"`)
		text, _, _ := strings.Cut(rest, `"`)
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func TestLast(t *testing.T) {
	tail := NewTail()
	log := logger(tail, slog.LevelDebug)
	log.Debug("a")
	log.With("module", "m").Info("b", "route", "R.x")
	log.Warn("c", "module", "other", "route", 7)
	log.With("module", "m").Error("d")
	for _, tt := range []struct {
		name   string
		n      int
		filter Filter
		want   string
	}{
		{"from info on", -1, Filter{}, "b c d"},
		{"all", -1, Filter{Level: slog.LevelDebug}, "a b c d"},
		{"the last two", 2, Filter{}, "c d"},
		{"none", 0, Filter{}, ""},
		{"from warn on", -1, Filter{Level: slog.LevelWarn}, "c d"},
		{"of a module", -1, Filter{Module: "m"}, "b d"},
		{"of a route", -1, Filter{Route: "R.x"}, "b"},
		{"the last one of a module", 1, Filter{Module: "m"}, "d"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := messages(tail.Last(tt.n, tt.filter)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// What the log itself leaves out is not kept either.
func TestTailKeepsTheLevel(t *testing.T) {
	tail := NewTail()
	logger(tail, slog.LevelWarn).Info("quiet")
	if got := tail.Last(-1, Filter{Level: slog.LevelDebug}); len(got) > 0 {
		t.Errorf("%s", got)
	}
}

func TestTailIsBounded(t *testing.T) {
	tail := NewTail()
	log := logger(tail, slog.LevelInfo)
	log.Info("long", "text", strings.Repeat("x", maxLine))
	if got := messages(tail.Last(-1, Filter{})); !strings.Contains(got, "bytes is left out") {
		t.Errorf("%q", got)
	}
	for i := range tailLines + 10 {
		log.Info(strconv.Itoa(i))
	}
	got := tail.Last(-1, Filter{})
	if len(got) != tailLines || messages(got[:1]) != "10" {
		t.Errorf("%d lines from %s", len(got), messages(got[:1]))
	}
	for range 200 {
		log.Info("big", "text", strings.Repeat("x", maxLine/2))
	}
	if tail.bytes > tailBytes || len(tail.lines) == 0 {
		t.Errorf("%d bytes in %d lines", tail.bytes, len(tail.lines))
	}
}

func TestFollow(t *testing.T) {
	tail := NewTail()
	log := logger(tail, slog.LevelInfo)
	log.Info("old")
	log.Info("before")
	f, err := tail.Follow(1, Filter{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	log.Info("after")
	for _, want := range []string{"before", "after"} {
		line, err := f.Next(t.Context())
		if err != nil || messages([][]byte{line}) != want {
			t.Errorf("%s %v, want %s", line, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A reader that does not read is dropped and the others go on.
func TestSlowFollower(t *testing.T) {
	tail := NewTail()
	log := logger(tail, slog.LevelInfo)
	slow, err := tail.Follow(0, Filter{})
	if err != nil {
		t.Fatal(err)
	}
	picky, err := tail.Follow(0, Filter{Level: slog.LevelError})
	if err != nil {
		t.Fatal(err)
	}
	for range followerLines + 1 {
		log.Info("x")
	}
	log.Error("y")
	n := 0
	for err = nil; err == nil; n++ {
		_, err = slow.Next(t.Context())
	}
	if !errors.Is(err, ErrLagged) || n != followerLines+1 {
		t.Errorf("%v after %d lines", err, n-1)
	}
	if line, err := picky.Next(t.Context()); err != nil || messages([][]byte{line}) != "y" {
		t.Errorf("%s %v", line, err)
	}
}

func TestFollowEnds(t *testing.T) {
	tail := NewTail()
	var all []*Follower
	for {
		f, err := tail.Follow(0, Filter{})
		if err != nil {
			if !errors.Is(err, ErrTooMany) || len(all) != MaxFollowers {
				t.Errorf("%v after %d", err, len(all))
			}
			break
		}
		all = append(all, f)
	}
	all[0].Close()
	all[0].Close()
	if _, err := tail.Follow(0, Filter{}); err != nil {
		t.Error(err)
	}
	tail.Close()
	if _, err := all[1].Next(t.Context()); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := tail.Follow(0, Filter{}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}
