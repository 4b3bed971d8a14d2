package jsmodule

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// LogLine is a line that a module wrote to console, or that the host wrote
// about it.
type LogLine struct {
	// Level is "debug", "info", "warn" or "error".
	Level   string `json:"level"`
	Message string `json:"message"`
}

// maxRecorded bounds the lines of a LogRecorder; what comes later is dropped.
const maxRecorded = 10000

// LogRecorder is a slog.Handler that keeps the lines of modules, for tests and
// tools. The zero value is empty. Safe for concurrent use.
type LogRecorder struct {
	mu    sync.Mutex
	lines []LogLine
}

var _ slog.Handler = (*LogRecorder)(nil)

// Lines gives what was written so far.
func (r *LogRecorder) Lines() []LogLine {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

// Enabled implements slog.Handler.
func (r *LogRecorder) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (r *LogRecorder) Handle(_ context.Context, record slog.Record) error {
	l := LogLine{Level: strings.ToLower(record.Level.String()), Message: record.Message}
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" {
			l.Message += ": " + a.Value.String()
		}
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) < maxRecorded {
		r.lines = append(r.lines, l)
	}
	return nil
}

// WithAttrs implements slog.Handler: where a line comes from is known.
func (r *LogRecorder) WithAttrs([]slog.Attr) slog.Handler { return r }

// WithGroup implements slog.Handler.
func (r *LogRecorder) WithGroup(string) slog.Handler { return r }
