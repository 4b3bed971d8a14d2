package server

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// Config is what an instance needs to know. ParseFlags fills in the defaults.
type Config struct {
	// Service is the name to register under: the destination of the callers.
	Service string
	// Listen is host:port; port 0 is any free one.
	Listen string
	// Etcd lists the endpoints of the etcd that holds registry and books.
	Etcd []string
	// Weight is the instance's share of the calls, relative to the others'; at least 1.
	Weight int
	// Tags are registered with the instance.
	Tags map[string]string
	// Drain is how long calls are still taken after the instance has left the
	// registry, so that callers can notice.
	Drain time.Duration

	// Latency is added to each call. For tests.
	Latency time.Duration
	// ErrorRate is the share of calls, from 0 to 1, that fail. For tests.
	ErrorRate float64
}

// ParseFlags reads the command line after the program's name. Usage and what
// is wrong with the flags goes to out; flag.ErrHelp means that usage was asked for.
func ParseFlags(args []string, out io.Writer) (Config, error) {
	c := Config{Tags: map[string]string{}, Drain: time.Second}
	var etcd string
	flags := flag.NewFlagSet("kitex-server", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&c.Service, "service", "book", "`name` to register under")
	flags.StringVar(&c.Listen, "listen", "127.0.0.1:0", "`address` to listen on; port 0 takes a free one")
	flags.StringVar(&etcd, "etcd", "127.0.0.1:2379", "etcd `endpoints`, separated by commas")
	flags.IntVar(&c.Weight, "weight", 10, "share of the calls, relative to the other instances; at least 1")
	flags.Func("tag", "`key=value` to register with the instance; may repeat", c.addTag)
	flags.DurationVar(&c.Latency, "latency", 0, "for tests: added to each call, such as 50ms")
	flags.Float64Var(&c.ErrorRate, "error-rate", 0, "for tests: share of calls that fail, from 0 to 1")

	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	for _, endpoint := range strings.Split(etcd, ",") {
		if endpoint = strings.TrimSpace(endpoint); endpoint != "" {
			c.Etcd = append(c.Etcd, endpoint)
		}
	}
	if err == nil {
		err = c.Validate()
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		if _, err := fmt.Fprintln(out, "kitex-server serves the books of idl/book.thrift over Kitex, and registers in etcd.\n\nFlags:"); err != nil {
			return Config{}, err
		}
		flags.SetOutput(out)
		flags.PrintDefaults()
		return Config{}, err
	case err != nil:
		if _, werr := fmt.Fprintf(out, "kitex-server: %v; --help lists the flags\n", err); werr != nil {
			return Config{}, werr
		}
		return Config{}, err
	}
	return c, nil
}

func (c *Config) addTag(text string) error {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" {
		return errors.New("want key=value")
	}
	if _, taken := c.Tags[key]; taken {
		return fmt.Errorf("the tag %q is given twice", key)
	}
	c.Tags[key] = value
	return nil
}

// Validate says what is wrong with c, in the words of the flags.
func (c *Config) Validate() error {
	switch {
	case c.Service == "" || strings.Contains(c.Service, "/"):
		return fmt.Errorf("--service %q: want a name without '/'", c.Service)
	case c.Weight == 0:
		// Kitex and registry-etcd both read 0 as "not said", which is 10.
		return errors.New("--weight 0 would be registered as 10; to drain an instance, give its key in the registry the weight 0")
	case c.Weight < 0:
		return fmt.Errorf("--weight %d: want 1 or more", c.Weight)
	case len(c.Etcd) == 0:
		return errors.New("--etcd: want at least one endpoint")
	case c.Latency < 0:
		return fmt.Errorf("--latency %s: want 0 or more", c.Latency)
	case math.IsNaN(c.ErrorRate) || c.ErrorRate < 0 || c.ErrorRate > 1:
		return fmt.Errorf("--error-rate %v: want a number from 0 to 1", c.ErrorRate)
	}
	return nil
}
