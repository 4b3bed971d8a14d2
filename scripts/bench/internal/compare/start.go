package compare

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"dgate/bench/internal/load"
	"dgate/bench/internal/payload"
	"dgate/bench/internal/process"
	"dgate/bench/internal/variant"
)

// ready is how long a process may take until it answers.
const ready = 20 * time.Second

// running is one variant that answers.
type running struct {
	name string
	addr string
	*process.Process
}

// stage is everything that runs.
type stage struct {
	c       Config
	cases   []payload.Case
	backend string
	grpc    string // address of the same service with gRPC
	// start is how long the last gateway took to its first answer.
	start time.Duration
	all   []*process.Process
}

func (s *stage) stop() {
	for i := len(s.all) - 1; i >= 0; i-- {
		s.all[i].Stop()
	}
}

func (s *stage) launch(name string, env []string, program string, args ...string) (*process.Process, error) {
	p, err := process.Start(name, env, program, args...)
	if err == nil {
		s.all = append(s.all, p)
	}
	return p, err
}

// await tries until it succeeds, the process has ended, or time is up.
func await(p *process.Process, try func() error) error {
	return awaitEvery(p, 20*time.Millisecond, try)
}

func awaitEvery(p *process.Process, pause time.Duration, try func() error) error {
	for end := time.Now().Add(ready); ; time.Sleep(pause) {
		err := try()
		if err == nil {
			return nil
		}
		if gone := p.Ended(); gone != nil {
			return gone
		}
		if time.Now().After(end) {
			return fmt.Errorf("no answer within %s: %w; it says: %s", ready, err, p.Output())
		}
	}
}

func (s *stage) startBackend() error {
	addrs, err := process.FreeAddrs(2)
	if err != nil {
		return err
	}
	s.backend, s.grpc = addrs[0], addrs[1]
	p, err := s.launch("backend", nil, s.c.Self, "backend", "--listen", s.backend, "--grpc", s.grpc)
	if err != nil {
		return err
	}
	return await(p, func() error {
		c, err := net.Dial("tcp", s.backend)
		if err != nil {
			return err
		}
		return c.Close()
	})
}

func (s *stage) startVariant(name string) (*running, error) {
	addrs, err := process.FreeAddrs(1)
	if err != nil {
		return nil, err
	}
	args := []string{"serve", "--variant", name, "--listen", addrs[0], "--backend", s.backend, "--grpc", s.grpc, "--idl", filepath.Join(s.c.IDL, "bench.thrift")}
	if s.c.Framed {
		args = append(args, "--framed")
	}
	p, err := s.launch(name, nil, s.c.Self, args...)
	if err != nil {
		return nil, err
	}
	r := &running{name, addrs[0], p}
	return r, r.awaitAnswer(s.cases)
}

func (r *running) awaitAnswer(cases []payload.Case) error {
	first := cases[0]
	return await(r.Process, func() error {
		status, body, err := load.Once(r.addr, load.Request(first.Verb, first.Target, first.Body))
		if err == nil && status != 200 {
			err = fmt.Errorf("status %d: %s", status, body)
		}
		return err
	})
}

// sameCollector gives a gateway the garbage collector as everybody else has it;
// it sets its own.
var sameCollector = []string{"GOGC=100", "GOMEMLIMIT=off"}

// startGateway starts one with an etcd of its own, in which it registers the
// backend as a Kitex server would. It loads the modules of a directory that is
// not "".
func (s *stage) startGateway(name, program, modules string, env ...string) (*running, error) {
	addrs, err := process.FreeAddrs(3)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(s.c.Work, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "dgate.yaml")
	transport := "ttheader"
	if s.c.Framed {
		transport = "framed"
	}
	if err := os.WriteFile(config, []byte("services:\n  BenchSvc: {transport: "+transport+"}\n"), 0o600); err != nil {
		return nil, err
	}
	args := []string{
		"--config", config, "--listen", addrs[0], "--admin-listen", addrs[1], "--etcd-listen", addrs[2],
		"--idl", s.c.IDL, "--data", filepath.Join(dir, "data"), "--log-level", "warn", "--drain", "0s",
	}
	if modules != "" {
		args = append(args, "--modules", modules)
	}
	begin := time.Now()
	p, err := s.launch(name, env, program, args...)
	if err != nil {
		return nil, err
	}
	// Any answer: there is no instance yet.
	if err := awaitEvery(p, time.Millisecond, func() error { _, _, err := load.Once(addrs[0], load.Request("GET", "/", nil)); return err }); err != nil {
		return nil, err
	}
	s.start = time.Since(begin)
	if err := await(p, func() error { return register(addrs[2], s.backend) }); err != nil {
		return nil, err
	}
	r := &running{name, addrs[0], p}
	return r, r.awaitAnswer(s.cases)
}

func register(etcd, backend string) (err error) {
	cli, err := clientv3.New(clientv3.Config{Endpoints: []string{etcd}, DialTimeout: time.Second, Logger: zap.NewNop()})
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	defer func() { err = errors.Join(err, cli.Close()) }()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	value := fmt.Sprintf(`{"network":"tcp","address":%q,"weight":10,"tags":null}`, backend)
	if _, err := cli.Put(ctx, "kitex/registry-etcd/bench/"+backend, value); err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	return nil
}

// startAll starts the backend and every variant, in the order of the tables.
func (s *stage) startAll() ([]*running, error) {
	if err := s.startBackend(); err != nil {
		return nil, err
	}
	var all []*running
	for _, name := range []string{variant.Hand, Gateway, Shipped, variant.Generic, variant.Dynamicgo, variant.GRPC, variant.Floor} {
		var r *running
		var err error
		switch {
		case name == Gateway:
			r, err = s.startGateway(name, s.c.Gateway, "", sameCollector...)
		case name != Shipped:
			if len(s.c.Only) > 0 && !slices.Contains(s.c.Only, name) {
				continue
			}
			r, err = s.startVariant(name)
		case s.c.Shipped == "":
			continue
		default:
			r, err = s.startGateway(name, s.c.Shipped, "")
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}
