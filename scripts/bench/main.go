// Command bench compares the gateway with other ways to do its job, and serves
// what it is compared with. scripts/bench.sh builds and calls it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"dgate/bench/internal/backend"
	"dgate/bench/internal/variant"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string, stderr io.Writer) error {
	if len(args) == 0 {
		return errors.New("usage: bench run|backend|serve [flags]")
	}
	flags := flag.NewFlagSet("bench "+args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	switch args[0] {
	case "run":
		return compareAll(flags, args[1:], stderr)
	case "backend":
		listen := flags.String("listen", "127.0.0.1:0", "`address` to listen on")
		grpc := flags.String("grpc", "127.0.0.1:0", "`address` to listen on for gRPC")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return backend.Run(*listen, *grpc)
	case "serve":
		var c variant.Config
		flags.StringVar(&c.Name, "variant", "", "hand, generic, dynamicgo, grpc-gateway or floor")
		flags.StringVar(&c.Listen, "listen", "127.0.0.1:0", "`address` to listen on")
		flags.StringVar(&c.Backend, "backend", "", "`address` of the backend")
		flags.StringVar(&c.GRPC, "grpc", "", "`address` of the backend's gRPC service")
		flags.StringVar(&c.IDL, "idl", "", "`path` of bench.thrift")
		flags.BoolVar(&c.Framed, "framed", false, "framed transport to the backend instead of TTHeader")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		return variant.Run(c)
	default:
		return fmt.Errorf("%q is none of run, backend, serve", args[0])
	}
}
