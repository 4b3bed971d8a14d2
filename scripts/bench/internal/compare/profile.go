package compare

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"dgate/bench/internal/load"
)

// profile takes a CPU profile of the gateway in each case. It is a process of
// its own, so that writing profiles slows down nothing that is measured: one
// signal begins a profile and the next ends it (see _overlay).
func (s *stage) profile(res *Results) error {
	dir := filepath.Join(s.c.Work, "profiles")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	r, err := s.startGateway("profiled", s.c.Profiled, "", "BENCH_PROFILES="+dir)
	if err != nil {
		return err
	}
	for i, c := range s.cases {
		_, err := load.Run(load.Config{
			Addr: r.addr, Request: load.Request(c.Verb, c.Target, c.Body), Conns: s.c.Conns,
			Warm: s.c.Warm, Measure: 2 * s.c.Measure,
			Mark: func() error { return r.Signal(syscall.SIGUSR1) },
		})
		if err != nil {
			return fmt.Errorf("profile of %s: %w", c.Name, err)
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.pprof", i))
		if err := await(r.Process, func() error { _, err := os.Stat(file); return err }); err != nil {
			return fmt.Errorf("profile of %s: %w", c.Name, err)
		}
		res.Profiles[c.Key] = file
	}
	return nil
}
