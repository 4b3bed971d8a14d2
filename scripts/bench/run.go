package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"dgate/bench/internal/compare"
	"dgate/bench/internal/payload"
	"dgate/bench/internal/report"
	"dgate/bench/internal/variant"
)

// compareAll is `bench run`.
func compareAll(flags *flag.FlagSet, args []string, stderr io.Writer) error {
	c := compare.Config{Log: slog.New(slog.NewTextHandler(stderr, nil))}
	var m report.Meta
	var docs, goBench, pgo string
	flags.StringVar(&c.Gateway, "gateway", "", "gateway built with the flags of this program")
	flags.StringVar(&c.Shipped, "shipped", "", "gateway as it ships, if that is another one")
	flags.StringVar(&c.Profiled, "profiled", "", "gateway that writes profiles")
	flags.StringVar(&c.IDL, "idl", "", "`directory` of bench.thrift")
	flags.StringVar(&c.Work, "work", "", "`directory` for data and profiles")
	flags.Func("only", "comma-separated `variants` to run besides the gateways; hand is always one", func(list string) error {
		c.Only = append(strings.Split(list, ","), variant.Hand)
		return nil
	})
	flags.BoolVar(&c.ModulesOnly, "modules-only", false, "measure only what modules add; the table goes to standard output")
	flags.BoolVar(&c.Framed, "framed", false, "framed transport to the service instead of TTHeader")
	flags.IntVar(&c.Conns, "conns", 64, "connections of the load generator")
	flags.DurationVar(&c.Warm, "warm", 200*time.Millisecond, "before each measurement")
	flags.DurationVar(&c.Measure, "measure", time.Second, "length of a measurement")
	flags.IntVar(&c.Rounds, "rounds", 5, "rounds that count")
	flags.IntVar(&c.OpenRounds, "open-rounds", 3, "rounds of the open loop that count")
	flags.StringVar(&docs, "docs", "", "`directory` of benchmarks.md; none: the tables go to standard output")
	flags.StringVar(&goBench, "go-bench", "", "`file` with the output of the Go benchmarks")
	flags.StringVar(&pgo, "pgo", "", "write a profile for the compiler to `file`, and do nothing else")
	flags.StringVar(&m.Commit, "commit", "", "what is measured")
	flags.StringVar(&m.Command, "command", "", "how to repeat it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if c.IDL == "" || c.Work == "" || (c.Gateway == "" && pgo == "") || (c.Profiled == "" && pgo != "") {
		return errors.New("--idl, --work and a gateway are needed")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c.Self, c.ProfileOnly = self, pgo != ""
	cases, err := payload.Cases()
	if err != nil {
		return err
	}
	m.Load = loadAverage()
	res, err := compare.Run(c)
	if err != nil {
		return err
	}
	if pgo != "" {
		return report.MergeProfiles(res.Profiles, pgo)
	}

	m.Machine, m.Go, m.Date = machine(), runtime.Version(), time.Now().UTC().Format(time.DateOnly)
	m.Conns, m.Rounds, m.OpenRounds, m.Seconds, m.Framed = c.Conns, c.Rounds, c.OpenRounds, c.Measure.Seconds(), c.Framed
	if goBench != "" {
		if m.GoBench, err = benchLines(goBench); err != nil {
			return err
		}
	}
	if c.ModulesOnly {
		_, err := io.WriteString(os.Stdout, report.Modules(res, m))
		return err
	}
	if docs == "" {
		_, err := io.WriteString(os.Stdout, report.Markdown(res, cases, m))
		return errors.Join(err, anyBad(res))
	}
	m.ProfileDirectory = "benchmarks"
	if m.ProfileShares, err = report.KeepProfiles(res.Profiles, filepath.Join(docs, m.ProfileDirectory)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(docs, "benchmarks.svg"), []byte(report.Plot(res, cases)), 0o644); err != nil {
		return err
	}
	path := filepath.Join(docs, "benchmarks.md")
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, err := report.Replace(string(page), report.Markdown(res, cases, m))
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(path, []byte(text), 0o644), anyBad(res))
}

// anyBad is an error when an answer was not 2xx: the tables say it too.
func anyBad(res *compare.Results) error {
	for _, loop := range []map[string]map[string]compare.Series{res.Closed, res.Open} {
		for key, by := range loop {
			for name, series := range by {
				for _, s := range series {
					if s.Bad > 0 {
						return fmt.Errorf("%s, %s: %d of %d answers were not 2xx", name, key, s.Bad, s.Requests)
					}
				}
			}
		}
	}
	return nil
}

// benchLines takes the lines of benchmarks, and of the packages they are in.
func benchLines(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	pkg := ""
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "pkg: "):
			pkg = line
		case strings.HasPrefix(line, "Benchmark"):
			b.WriteString(pkg + strings.Join(strings.Fields(line), "  ") + "\n")
			pkg = ""
		}
	}
	return b.String(), nil
}

// machine describes the processor and the kernel.
func machine() string {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores of %s, %s/%s, shared by client, gateway and service", runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH)
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 3 {
		return "unknown"
	}
	return strings.Join(fields[:3], ", ")
}
