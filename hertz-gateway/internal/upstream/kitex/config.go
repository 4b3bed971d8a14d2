package kitex

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cloudwego/kitex/transport"

	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/internal/upstream/discovery"
)

// Config of a Factory. Zero values take the defaults named.
type Config struct {
	// Resolver knows the instances; it stays the caller's.
	Resolver *discovery.Resolver
	// ClientName is how the gateway introduces itself to services, "dgate".
	ClientName string
	// Timeout, 10 s, is for calls without a deadline.
	Timeout time.Duration
	// ConnectTimeout, 500 ms, bounds connecting, with the call's deadline.
	ConnectTimeout time.Duration
	// DownFor, 1 s, is how long an instance that refused a connection is skipped.
	DownFor time.Duration
	// MaxIdle, 256, is how many idle connections to an instance are kept.
	MaxIdle int
	// IdleTimeout, 30 s, is how long they are kept.
	IdleTimeout time.Duration
	// MaxFrame, 16 MiB, is the largest answer in bytes, headers included.
	MaxFrame int
	// Logger, nil drops.
	Logger *slog.Logger
}

func (c *Config) defaults() error {
	if c.Resolver == nil {
		return errors.New("kitex: no resolver")
	}
	if c.ClientName == "" {
		c.ClientName = "dgate"
	}
	setDefault(&c.Timeout, 10*time.Second)
	setDefault(&c.ConnectTimeout, 500*time.Millisecond)
	setDefault(&c.DownFor, time.Second)
	setDefault(&c.MaxIdle, 256)
	setDefault(&c.IdleTimeout, 30*time.Second)
	setDefault(&c.MaxFrame, 16<<20)
	if c.MaxFrame > 1<<30 {
		return fmt.Errorf("kitex: frames of %d bytes, at most %d", c.MaxFrame, 1<<30)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

func setDefault[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

func protocol(t upstream.Transport) transport.Protocol {
	if t == upstream.TransportFramed {
		return transport.Framed
	}
	return transport.TTHeader
}
