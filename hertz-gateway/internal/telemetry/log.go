package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
)

// NewLogger makes the process's logger; format is "text" or "json".
func NewLogger(w io.Writer, format string, level slog.Leveler) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: level}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, fmt.Errorf("log format %q is neither text nor json", format)
}

// LineWriter takes the lines of a library that prints on its own and logs them
// under component, for debugging: what it calls an error is a client that went
// away, or comes to us as an error too.
func LineWriter(log *slog.Logger, component string) io.Writer {
	return lineWriter{log.With("component", component)}
}

type lineWriter struct{ log *slog.Logger }

func (w lineWriter) Write(p []byte) (int, error) {
	if w.log.Enabled(context.Background(), slog.LevelDebug) {
		w.log.Debug(string(bytes.TrimSpace(p)))
	}
	return len(p), nil
}
