package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"syscall"
)

// This file is added to the gateway for `make bench` only: SIGUSR1 begins a CPU
// profile, the next SIGUSR1 ends it. They go to $BENCH_PROFILES, numbered.
func init() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for i := 0; ; i++ {
			if err := profile(filepath.Join(os.Getenv("BENCH_PROFILES"), fmt.Sprintf("%d.pprof", i)), signals); err != nil {
				slog.Error("no profile", "error", err)
			}
		}
	}()
}

// profile writes to a file that has its name only once it is whole.
func profile(path string, signals <-chan os.Signal) error {
	<-signals
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	<-signals
	pprof.StopCPUProfile()
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
