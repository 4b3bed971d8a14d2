package server

import (
	"bytes"
	"context"
	"log/slog"

	"github.com/cloudwego/kitex/pkg/klog"
)

// RouteKitexLog sends what Kitex has to say, warnings and worse, to slog. It
// sets what the whole process shares, without a lock: call it once, first.
func RouteKitexLog() {
	klog.SetLevel(klog.LevelWarn)
	klog.SetOutput(kitexLog{})
}

// kitexLog takes lines such as "date time file:1: [Warn] text".
type kitexLog struct{}

func (kitexLog) Write(line []byte) (int, error) {
	level, text := slog.LevelError, string(bytes.TrimSpace(line))
	if _, after, ok := bytes.Cut(line, []byte("[Warn] ")); ok {
		level, text = slog.LevelWarn, string(bytes.TrimSpace(after))
	} else if _, after, ok := bytes.Cut(line, []byte("[Error] ")); ok {
		text = string(bytes.TrimSpace(after))
	}
	slog.Log(context.Background(), level, text, "from", "kitex")
	return len(line), nil
}
