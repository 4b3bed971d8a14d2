package jsmodule

import (
	"context"
	"log/slog"
	"strings"

	"github.com/dop251/goja"
)

const (
	// maxLogLine is where a line of a module is cut, in bytes; maxLogLines is
	// how many one exchange may write.
	maxLogLine  = 8 << 10
	maxLogLines = 256
)

// log is the logger of the module that runs.
func (rt *vmRuntime) log() *slog.Logger {
	log := rt.current.log()
	if s := rt.session; s != nil {
		log = log.With("route", s.call.Route.Name, "request_id", s.call.ID)
	}
	return log
}

// makeConsole makes console: each call is one structured line.
func (rt *vmRuntime) makeConsole() goja.Value {
	o := rt.vm.NewObject()
	for _, m := range []struct {
		name  string
		level slog.Level
	}{
		{"debug", slog.LevelDebug},
		{"trace", slog.LevelDebug},
		{"log", slog.LevelInfo},
		{"info", slog.LevelInfo},
		{"warn", slog.LevelWarn},
		{"error", slog.LevelError},
	} {
		rt.method(o, m.name, 0, func(call goja.FunctionCall) goja.Value {
			rt.write(m.level, call.Arguments)
			return goja.Undefined()
		})
	}
	rt.method(o, "assert", 1, func(call goja.FunctionCall) goja.Value {
		if !call.Argument(0).ToBoolean() {
			rt.write(slog.LevelError, append([]goja.Value{rt.newString("assertion failed")}, call.Arguments[min(1, len(call.Arguments)):]...))
		}
		return goja.Undefined()
	})
	return o
}

func (rt *vmRuntime) write(level slog.Level, args []goja.Value) {
	ctx := context.Background()
	if !rt.current.log().Enabled(ctx, level) {
		return
	}
	if s := rt.session; s != nil {
		s.logged++
		if s.logged == maxLogLines {
			rt.log().Warn("further lines of this request are dropped")
		}
		if s.logged >= maxLogLines {
			return
		}
	}
	var b strings.Builder
	for i, v := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(rt.show(v))
		if b.Len() > maxLogLine {
			break
		}
	}
	line := rt.secrets.clean(b.String())
	if len(line) > maxLogLine {
		line = strings.ToValidUTF8(line[:maxLogLine], "") + "…"
	}
	rt.log().Log(ctx, level, line)
}

// show is a value as a log line has it: text as it is, errors with their
// stack, objects as JSON.
func (rt *vmRuntime) show(v goja.Value) string {
	o, ok := v.(*goja.Object)
	if !ok || isFunction(v) && docOf(o) == nil && o.Get("toJSON") == nil {
		return v.String()
	}
	if o.ClassName() == "Error" {
		if stack := o.Get("stack"); !isNil(stack) {
			return tidyStack(stack.String())
		}
	}
	e := jsonEncoder{rt: rt, bigints: true}
	shown := o.ClassName()
	if rt.vm.Try(func() {
		if e.value(v, "") {
			shown = string(e.buf)
		}
	}) != nil {
		shown = "[" + o.ClassName() + "]"
	}
	return shown
}

// reportRejections logs promises that were rejected with nobody listening.
func (s *Session) reportRejections() {
	rt := s.rt
	rejected := rt.rejected
	rt.rejected = nil
	if len(rejected) == 0 || s.broken {
		return
	}
	for _, p := range rejected {
		err := s.enter(func() error { return rejection(p.Result()) })
		if s.broken {
			return
		}
		rt.log().Warn("a promise was rejected and nobody listened", "error", newError(rt.current, hookCount, err, disarmed))
	}
}

func rejection(v goja.Value) error { return &rejectedError{value: v} }
