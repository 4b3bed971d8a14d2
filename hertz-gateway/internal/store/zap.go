package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newZap returns the logger etcd wants. Its warnings are chatter here and go
// out at debug, its errors as warnings; the rest is dropped. What etcd thinks
// fatal ends the goroutine that said so, never the process. tap may be nil.
func newZap(l *slog.Logger, tap *logTap) *zap.Logger {
	if l == nil {
		l = slog.New(slog.DiscardHandler)
	}
	return zap.New(&zapCore{log: l, tap: tap},
		zap.WithFatalHook(zapcore.WriteThenGoexit),
		zap.WithPanicHook(zapcore.WriteThenGoexit))
}

// logTap follows a server's log: it can be silenced, and remembers why the
// server gave up.
type logTap struct {
	silent atomic.Bool
	once   sync.Once
	why    string
	failed chan struct{} // closed when why is set
}

func newLogTap() *logTap { return &logTap{failed: make(chan struct{})} }

func (t *logTap) fail(why string) {
	t.once.Do(func() {
		t.why = why
		close(t.failed)
	})
}

// err is why the server gave up, nil if it did not.
func (t *logTap) err() error {
	select {
	case <-t.failed:
		return errors.New(t.why)
	default:
		return nil
	}
}

type zapCore struct {
	log    *slog.Logger
	tap    *logTap
	fields []zapcore.Field
}

// freshStore is what the server calls an error when it looks at the version of
// a new database before its first term; it tries again and succeeds.
const freshStore = "failed to update storage version"

func (c *zapCore) Enabled(l zapcore.Level) bool { return l >= zapcore.WarnLevel }

func (c *zapCore) With(f []zapcore.Field) zapcore.Core {
	d := *c
	d.fields = append(append([]zapcore.Field(nil), c.fields...), f...)
	return &d
}

func (c *zapCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return ce.AddCore(e, c)
	}
	return ce
}

func (c *zapCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	level := slog.LevelDebug
	if e.Level >= zapcore.ErrorLevel && e.Message != freshStore {
		level = slog.LevelWarn
	}
	fatal := e.Level >= zapcore.DPanicLevel && c.tap != nil
	quiet := c.tap != nil && c.tap.silent.Load() || !c.log.Enabled(context.Background(), level)
	if quiet && !fatal {
		return nil
	}
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range c.fields {
		f.AddTo(enc)
	}
	for _, f := range fields {
		f.AddTo(enc)
	}
	if fatal {
		why := e.Message
		if cause, ok := enc.Fields["error"].(string); ok {
			why += ": " + cause
		}
		c.tap.fail(why)
	}
	if quiet {
		return nil
	}
	args := make([]any, 0, len(enc.Fields))
	for k, v := range enc.Fields {
		args = append(args, slog.Any(k, v))
	}
	c.log.Log(context.Background(), level, "etcd: "+e.Message, args...)
	return nil
}

func (c *zapCore) Sync() error { return nil }
