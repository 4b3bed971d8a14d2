package discovery

import (
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// DefaultPrefix is where github.com/kitex-contrib/registry-etcd registers.
const DefaultPrefix = "kitex/registry-etcd"

// Config of a Resolver. Durations of zero take their defaults.
type Config struct {
	// Client of the etcd that is the registry; it stays the caller's.
	Client *clientv3.Client
	// Prefix of the registry's keys, DefaultPrefix when empty.
	Prefix string
	// Allowed are the networks instances may be in; none allows all.
	Allowed []netip.Prefix
	// Seed is what an earlier Resolver exported: the instances to begin with
	// while etcd is away.
	Seed []Entry
	// HoldWindow, 1 s: a set that becomes empty, or one of 4 and more that
	// loses over half within this time, is held, because then the registry is
	// more likely broken than the instances are gone.
	HoldWindow time.Duration
	// HoldFor, 5 min: how long instances of a held set are kept while they
	// accept connections.
	HoldFor time.Duration
	// ProbeEvery, 1 s: how often held instances are dialled.
	ProbeEvery time.Duration
	// CheckEvery, 2 s: how often etcd is asked whether it is there and still
	// the one that was listed. A dead one shows as stale within twice this.
	CheckEvery time.Duration
	// RelistEvery, 60 s: how often everything is read again, as an audit.
	RelistEvery time.Duration
	// Logger, nil drops.
	Logger *slog.Logger
}

// holdFrom is the size from which losing over half of a set holds it.
const holdFrom = 4

func (c *Config) defaults() error {
	if c.Client == nil {
		return errors.New("discovery: no etcd client")
	}
	if c.Prefix == "" {
		c.Prefix = DefaultPrefix
	}
	c.Prefix = strings.TrimSuffix(c.Prefix, "/") + "/"
	for d, def := range map[*time.Duration]time.Duration{
		&c.HoldWindow:  time.Second,
		&c.HoldFor:     5 * time.Minute,
		&c.ProbeEvery:  time.Second,
		&c.CheckEvery:  2 * time.Second,
		&c.RelistEvery: time.Minute,
	} {
		if *d <= 0 {
			*d = def
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
