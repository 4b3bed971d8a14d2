package kitex

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/netpoll"
)

// RouteLogs sends what Kitex and netpoll print on their own to l, at level
// debug, since every failure of a call comes as an error too; what Kitex calls
// an error goes out as a warning. Both have one logger for the process: call
// it once, before the first client.
func RouteLogs(l *slog.Logger) {
	klog.SetLogger(klogger{l})
	netpoll.SetLoggerOutput(lineWriter{l})
}

// lineWriter logs each line written to it.
type lineWriter struct{ log *slog.Logger }

func (w lineWriter) Write(p []byte) (int, error) {
	w.log.Debug(string(bytes.TrimSpace(p)))
	return len(p), nil
}

// klogger is a slog.Logger for Kitex.
type klogger struct{ log *slog.Logger }

var _ klog.FullLogger = klogger{}

func (k klogger) print(ctx context.Context, level slog.Level, v []any) {
	if k.log.Enabled(ctx, level) {
		k.log.Log(ctx, level, fmt.Sprint(v...))
	}
}

func (k klogger) printf(ctx context.Context, level slog.Level, format string, v []any) {
	if k.log.Enabled(ctx, level) {
		k.log.Log(ctx, level, fmt.Sprintf(format, v...))
	}
}

// SetLevel is ignored: the slog.Logger has its level.
func (klogger) SetLevel(klog.Level) {}

// SetOutput is ignored: the slog.Logger has its output.
func (klogger) SetOutput(io.Writer) {}

func (k klogger) Trace(v ...any)  { k.print(context.Background(), slog.LevelDebug, v) }
func (k klogger) Debug(v ...any)  { k.print(context.Background(), slog.LevelDebug, v) }
func (k klogger) Info(v ...any)   { k.print(context.Background(), slog.LevelDebug, v) }
func (k klogger) Notice(v ...any) { k.print(context.Background(), slog.LevelDebug, v) }
func (k klogger) Warn(v ...any)   { k.print(context.Background(), slog.LevelDebug, v) }
func (k klogger) Error(v ...any)  { k.print(context.Background(), slog.LevelWarn, v) }
func (k klogger) Fatal(v ...any)  { k.print(context.Background(), slog.LevelError, v) }

func (k klogger) Tracef(f string, v ...any) { k.printf(context.Background(), slog.LevelDebug, f, v) }

func (k klogger) Debugf(f string, v ...any) { k.printf(context.Background(), slog.LevelDebug, f, v) }

func (k klogger) Infof(f string, v ...any) { k.printf(context.Background(), slog.LevelDebug, f, v) }

func (k klogger) Noticef(f string, v ...any) { k.printf(context.Background(), slog.LevelDebug, f, v) }

func (k klogger) Warnf(f string, v ...any) { k.printf(context.Background(), slog.LevelDebug, f, v) }

func (k klogger) Errorf(f string, v ...any) { k.printf(context.Background(), slog.LevelWarn, f, v) }

func (k klogger) Fatalf(f string, v ...any) { k.printf(context.Background(), slog.LevelError, f, v) }

func (k klogger) CtxTracef(ctx context.Context, f string, v ...any) {
	k.printf(ctx, slog.LevelDebug, f, v)
}

func (k klogger) CtxDebugf(ctx context.Context, f string, v ...any) {
	k.printf(ctx, slog.LevelDebug, f, v)
}

func (k klogger) CtxInfof(ctx context.Context, f string, v ...any) {
	k.printf(ctx, slog.LevelDebug, f, v)
}

func (k klogger) CtxNoticef(ctx context.Context, f string, v ...any) {
	k.printf(ctx, slog.LevelDebug, f, v)
}

func (k klogger) CtxWarnf(ctx context.Context, f string, v ...any) {
	k.printf(ctx, slog.LevelDebug, f, v)
}

func (k klogger) CtxErrorf(ctx context.Context, f string, v ...any) {
	k.printf(ctx, slog.LevelWarn, f, v)
}

func (k klogger) CtxFatalf(ctx context.Context, f string, v ...any) {
	k.printf(ctx, slog.LevelError, f, v)
}
