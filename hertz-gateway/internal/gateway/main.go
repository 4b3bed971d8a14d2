package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/edge"
	"dgate/hertz-gateway/internal/telemetry"
	"dgate/hertz-gateway/internal/upstream/kitex"
)

// Main is the program: it returns the exit code (0 stopped, 1 failed to start
// or to go on, 2 wrong use).
func Main(ctx context.Context, args []string, getenv func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && (args[0] == "version" || args[0] == "--version") {
		say(stdout, api.Version())
		return 0
	}
	if len(args) == 1 && (args[0] == "token" || args[0] == "password") {
		return makeCredential(args[0], stdin, stdout, stderr)
	}
	printing, origin := false, false
	if len(args) >= 2 && args[0] == "config" && args[1] == "print" {
		printing, args = true, args[2:]
		if i := slices.Index(args, "--origin"); i >= 0 {
			origin, args = true, slices.Delete(slices.Clone(args), i, i+1)
		}
	}
	loaded, err := LoadConfig(args, getenv, stdout)
	switch {
	case errors.Is(err, ErrHelp):
		return 0
	case err != nil:
		say(stderr, err.Error())
		say(stderr, "Run hertz-gateway --help for the flags.")
		return 2
	case printing:
		if err := loaded.Print(stdout, origin); err != nil {
			return 1
		}
		return 0
	}
	tuneMemory(getenv)
	log, err := logger(&loaded.Config, stderr)
	if err != nil {
		say(stderr, err.Error())
		return 2
	}
	// What the libraries print on their own goes one way for the process.
	edge.SetLogOutput(telemetry.LineWriter(log, "hertz"))
	kitex.RouteLogs(log.With("component", "kitex"))
	g, err := New(ctx, loaded.Config, log)
	if err != nil {
		say(stderr, "hertz-gateway: "+err.Error())
		return 1
	}
	if err := g.Run(ctx); err != nil {
		say(stderr, "hertz-gateway: "+err.Error())
		return 1
	}
	return 0
}

func logger(c *Config, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	return telemetry.NewLogger(w, c.LogFormat, level)
}

// say writes a line to the terminal; that it cannot be written has nobody to tell.
func say(w io.Writer, line string) { _, _ = io.WriteString(w, line+"\n") }
