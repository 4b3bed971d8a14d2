package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// Limits of a Tail.
const (
	tailLines = 2000
	tailBytes = 4 << 20
	// maxLine bounds one line: a longer one is kept as its head alone.
	maxLine = 64 << 10
	// followerLines is how far a reader may lag behind before it is dropped.
	followerLines = 512
)

// MaxFollowers is how many may follow a Tail at a time.
const MaxFollowers = 32

// Tail keeps the last lines of a log, as JSON, for those who look at it from
// afar. It never waits for them: a reader that is too slow is dropped. Safe for
// concurrent use.
type Tail struct {
	mu        sync.Mutex
	lines     [][]byte // the oldest first
	bytes     int
	followers map[*Follower]bool
	closed    bool
}

// NewTail makes a Tail without lines.
func NewTail() *Tail { return &Tail{followers: map[*Follower]bool{}} }

// Handler gives a handler that logs to next and to the tail what next logs.
func (t *Tail) Handler(next slog.Handler) slog.Handler {
	// What next is enabled for is decided by next.
	return tee{next, slog.NewJSONHandler(tailWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug - 100})}
}

// tailWriter gets one line at a time.
type tailWriter struct{ tail *Tail }

func (w tailWriter) Write(p []byte) (int, error) {
	w.tail.add(bytes.Clone(bytes.TrimSuffix(p, []byte("\n"))))
	return len(p), nil
}

func (t *Tail) add(line []byte) {
	if len(line) > maxLine {
		line = shortened(line)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line)
	t.bytes += len(line)
	for len(t.lines) > tailLines || t.bytes > tailBytes {
		t.bytes -= len(t.lines[0])
		t.lines[0] = nil
		t.lines = t.lines[1:]
	}
	if len(t.followers) == 0 {
		return
	}
	head := headOf(line)
	for f := range t.followers {
		if !f.filter.matches(head) {
			continue
		}
		select {
		case f.lines <- line:
		default:
			f.lagged = true
			t.dropLocked(f)
		}
	}
}

// shortened is a line without what made it long.
func shortened(line []byte) []byte {
	h := headOf(line)
	out, err := json.Marshal(map[string]any{
		"time": h.Time, "level": h.Level, "msg": fmt.Sprintf("a line of %d bytes is left out", len(line)),
	})
	if err != nil {
		return []byte("{}") // texts always marshal
	}
	return out
}

// lineHead is what lines are chosen by.
type lineHead struct {
	Time   string     `json:"time"`
	Level  slog.Level `json:"level"`
	Module string     `json:"module"`
	Route  string     `json:"route"`
}

func headOf(line []byte) lineHead {
	var h lineHead
	_ = json.Unmarshal(line, &h) // a member of another type is not what is looked for
	return h
}

// Filter chooses lines; its zero value takes those from info on.
type Filter struct {
	// Level is the lowest that is taken.
	Level slog.Level
	// Module and Route take only lines about them; empty: all.
	Module, Route string
}

func (f Filter) matches(h lineHead) bool {
	return h.Level >= f.Level && (f.Module == "" || f.Module == h.Module) && (f.Route == "" || f.Route == h.Route)
}

// Last gives the last n lines that the filter takes, the oldest first; all that
// are kept if n < 0. The lines are not to be changed.
func (t *Tail) Last(n int, filter Filter) [][]byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lastLocked(n, filter)
}

func (t *Tail) lastLocked(n int, filter Filter) [][]byte {
	var out [][]byte
	for i := len(t.lines) - 1; i >= 0 && (n < 0 || len(out) < n); i-- {
		if filter.matches(headOf(t.lines[i])) {
			out = append(out, t.lines[i])
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// Errors of following.
var (
	ErrTooMany = errors.New("too many are following the log")
	ErrLagged  = errors.New("the reader was too slow for the log")
	ErrClosed  = errors.New("the log has ended")
)

// Follower reads lines as they come. One goroutine uses it; Close it.
type Follower struct {
	tail   *Tail
	filter Filter
	last   [][]byte
	lines  chan []byte // closed when no more come
	lagged bool        // guarded by tail.mu
}

// Follow gives the last n lines, as Last does, and those that come. The error is
// ErrTooMany or ErrClosed.
func (t *Tail) Follow(n int, filter Filter) (*Follower, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return nil, ErrClosed
	case len(t.followers) >= MaxFollowers:
		return nil, ErrTooMany
	}
	f := &Follower{tail: t, filter: filter, last: t.lastLocked(n, filter), lines: make(chan []byte, followerLines)}
	t.followers[f] = true
	return f, nil
}

// Next waits for a line. The error is that of ctx, ErrLagged or ErrClosed; what
// came before is given first.
func (f *Follower) Next(ctx context.Context) ([]byte, error) {
	if len(f.last) > 0 {
		line := f.last[0]
		f.last = f.last[1:]
		return line, nil
	}
	select {
	case line, ok := <-f.lines:
		if ok {
			return line, nil
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	f.tail.mu.Lock()
	defer f.tail.mu.Unlock()
	if f.lagged {
		return nil, ErrLagged
	}
	return nil, ErrClosed
}

// Close ends following. It may be called more than once.
func (f *Follower) Close() {
	f.tail.mu.Lock()
	defer f.tail.mu.Unlock()
	f.tail.dropLocked(f)
}

func (t *Tail) dropLocked(f *Follower) {
	if t.followers[f] {
		delete(t.followers, f)
		close(f.lines)
	}
}

// Close ends all following; lines are still kept.
func (t *Tail) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for f := range t.followers {
		t.dropLocked(f)
	}
}

// tee logs to two handlers what the first one is enabled for.
type tee struct{ first, second slog.Handler }

var _ slog.Handler = tee{}

func (h tee) Enabled(ctx context.Context, l slog.Level) bool { return h.first.Enabled(ctx, l) }

func (h tee) Handle(ctx context.Context, r slog.Record) error {
	return errors.Join(h.first.Handle(ctx, r.Clone()), h.second.Handle(ctx, r))
}

func (h tee) WithAttrs(as []slog.Attr) slog.Handler {
	return tee{h.first.WithAttrs(as), h.second.WithAttrs(as)}
}

func (h tee) WithGroup(name string) slog.Handler {
	return tee{h.first.WithGroup(name), h.second.WithGroup(name)}
}
