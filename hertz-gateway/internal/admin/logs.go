package admin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/telemetry"
)

var logParameters = []parameter{
	{"follow", "true: go on with the lines that come"},
	{"tail", "how many of the last lines; 10 with follow, else all that are kept"},
	{"level", "the lowest level: debug, info (if absent), warn or error"},
	{"module", "only lines about this module"},
	{"route", "only lines about this route"},
}

const (
	logMedia = "application/x-ndjson"
	// logHeartbeat is how often a quiet stream sends an empty line, which also
	// finds out that the reader has gone.
	logHeartbeat = 5 * time.Second
)

func logs(_ context.Context, x *exchange) *api.Problem {
	follow := x.flag("follow")
	n, filter, p := x.logQuery(follow)
	if p != nil {
		return p
	}
	if !follow {
		lines := x.backend.Logs().Last(n, filter)
		body := x.resp.BodyBuffer()
		for _, line := range lines {
			body = append(append(body, line...), '\n')
		}
		x.resp.SetBody(logMedia, body)
		return nil
	}
	f, err := x.backend.Logs().Follow(n, filter)
	switch {
	case errors.Is(err, telemetry.ErrTooMany):
		return api.NewProblem(api.RateLimited, "Too many are following the log.")
	case err != nil:
		return api.NewProblem(api.ShuttingDown, "The gateway is stopping.")
	}
	x.resp.SetBodyStream(logMedia, &logStream{follower: f})
	return nil
}

// logQuery reads which lines are asked for.
func (x *exchange) logQuery(follow bool) (n int, filter telemetry.Filter, p *api.Problem) {
	n = -1
	if follow {
		n = 10
	}
	bad := func(name, detail string) *api.Problem {
		p := api.NewProblem(api.InvalidRequest, "")
		p.Errors = []api.FieldError{{Parameter: "query." + name, Code: api.CodeInvalid, Detail: detail}}
		return p
	}
	if text := x.query.Get("tail"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 0 {
			return 0, filter, bad("tail", strconv.Quote(text)+" is no number of lines")
		}
	}
	switch text := x.query.Get("level"); text {
	case "debug":
		filter.Level = slog.LevelDebug
	case "", "info":
	case "warn":
		filter.Level = slog.LevelWarn
	case "error":
		filter.Level = slog.LevelError
	default:
		return 0, filter, bad("level", strconv.Quote(text)+" is none of debug, info, warn, error")
	}
	filter.Module, filter.Route = x.query.Get("module"), x.query.Get("route")
	return n, filter, nil
}

// logStream gives each line of a follower as one piece.
type logStream struct {
	follower *telemetry.Follower
	piece    bytes.Reader
	ended    bool
}

var _ io.ReadCloser = (*logStream)(nil)

func (s *logStream) Read(p []byte) (int, error) {
	if s.piece.Len() > 0 {
		return s.piece.Read(p)
	}
	if s.ended {
		return 0, io.EOF
	}
	s.piece.Reset(s.next())
	if s.piece.Len() == 0 {
		return 0, io.EOF
	}
	return s.piece.Read(p)
}

// next is the next line, an empty one when it is quiet, or nothing at the end.
func (s *logStream) next() []byte {
	ctx, cancel := context.WithTimeout(context.Background(), logHeartbeat)
	defer cancel()
	line, err := s.follower.Next(ctx)
	switch {
	case err == nil:
		return append(bytes.Clone(line), '\n')
	case errors.Is(err, context.DeadlineExceeded):
		return []byte{'\n'}
	}
	s.ended = true
	if errors.Is(err, telemetry.ErrLagged) {
		return []byte(`{"level":"WARN","msg":"this reader was too slow for the log, and has missed lines"}` + "\n")
	}
	return nil
}

func (s *logStream) Close() error {
	s.follower.Close()
	return nil
}
