// Command hertz-gateway serves HTTP/JSON for the Thrift services of a directory
// of IDLs.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"dgate/hertz-gateway/internal/gateway"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(gateway.Main(ctx, os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}
