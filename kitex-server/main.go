// Command kitex-server is an example backend: the book service of
// idl/book.thrift over Kitex, registered in etcd. Any number of instances may
// run side by side.
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"dgate/kitex-server/internal/server"
)

// Exit codes: 0 stopped, 1 failed, 2 wrong use.
func main() { os.Exit(run()) }

func run() int {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	server.RouteKitexLog()
	config, err := server.ParseFlags(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := server.Run(ctx, config); err != nil {
		slog.Error("kitex-server failed", "error", err)
		return 1
	}
	return 0
}
