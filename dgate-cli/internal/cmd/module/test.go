package module

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/jsmodule/moduletest"
)

type testOptions struct {
	env    *cli.Env
	paths  []string
	filter string
	watch  bool
	quiet  bool
}

func newTest(env *cli.Env) *cobra.Command {
	o := &testOptions{env: env}
	cmd := &cobra.Command{
		Use:   "test [FILE|DIR…]",
		Short: "Run the tests of modules",
		Long: `Runs files of tests (*.test.ts, *.test.js) and cases (*.case.json), in the
JavaScript host of the gateway, with its limits, and offline: mocks answer for
services, secrets and state, time and random values are the same in every run.

Without an argument: those below the working directory. Any failure gives exit
code 1.`,
		Example: `  dgate-cli module test hertz-gateway/modules
  dgate-cli module test --filter 'books > answers' --watch`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			if o.watch {
				return o.again(cmd.Context())
			}
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&o.filter, "filter", "", "run the tests with this `TEXT` in the name of file and test")
	cmd.Flags().BoolVar(&o.watch, "watch", false, "run again when a file changes, until Ctrl-C")
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "tell failures only")
	return cmd
}

// report is what -o json prints.
type report struct {
	Passed  int                 `json:"passed"`
	Failed  int                 `json:"failed"`
	Skipped int                 `json:"skipped"`
	Results []moduletest.Result `json:"results"`
}

func (o *testOptions) run(ctx context.Context) error {
	files, err := found(o.paths, moduletest.Find, "*.test.ts, *.test.js or *.case.json")
	if err != nil {
		return err
	}
	all := report{Results: []moduletest.Result{}}
	err = moduletest.Run(ctx, files, moduletest.Config{
		Filter: o.filter, Version: api.Version(),
		Report: func(r moduletest.Result) {
			switch r.Outcome {
			case moduletest.Passed:
				all.Passed++
			case moduletest.Failed:
				all.Failed++
			case moduletest.Skipped:
				all.Skipped++
			}
			all.Results = append(all.Results, r)
		},
	})
	if err != nil {
		return err
	}
	if err := o.env.Print(all, func(t *cli.Table) { o.table(t, all.Results) }); err != nil {
		return err
	}
	summary := fmt.Sprintf("%d passed, %d failed, %d skipped", all.Passed, all.Failed, all.Skipped)
	switch {
	case all.Failed > 0:
		return fmt.Errorf("%s", summary)
	case len(all.Results) == 0:
		return fmt.Errorf("no test has %q in its name", o.filter)
	}
	return o.env.Sayf("ok: %s", summary)
}

func (o *testOptions) table(t *cli.Table, results []moduletest.Result) {
	marks := map[string]string{moduletest.Passed: "ok   ", moduletest.Failed: "FAIL ", moduletest.Skipped: "skip "}
	colours := map[string]string{moduletest.Passed: "32", moduletest.Failed: "31", moduletest.Skipped: "33"}
	for _, r := range results {
		if o.quiet && r.Outcome != moduletest.Failed {
			continue
		}
		mark := marks[r.Outcome]
		if t.Colour {
			mark = "\x1b[" + colours[r.Outcome] + "m" + mark + "\x1b[0m"
		}
		name := r.File
		if r.Name != "" {
			name += " " + r.Name
		}
		t.Line(mark + cli.Printable(name))
		for _, f := range r.Failures {
			t.Line("     " + cli.Printable(f.String()+": "+f.Message))
			stack := strings.Split(strings.TrimSpace(f.Stack), "\n")
			for _, line := range stack[min(1, len(stack)):] {
				t.Line("       at " + cli.Printable(line))
			}
		}
		if r.Outcome == moduletest.Failed {
			for _, l := range r.Logs {
				t.Line("     | " + l.Level + " " + cli.Printable(l.Message))
			}
		}
	}
}

// again runs the tests whenever a file has changed. It returns when ctx ends.
func (o *testOptions) again(ctx context.Context) error {
	const poll = 200 * time.Millisecond
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	seen := ""
	for {
		if now := o.stamp(); now != seen {
			seen = now
			if err := o.run(ctx); err != nil && ctx.Err() == nil {
				if err := o.env.Sayf("%s", cli.Printable(err.Error())); err != nil {
					return err
				}
			}
			if err := o.env.Sayf("waiting for changes"); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// stamp changes when a file does that tests or modules may be in.
func (o *testOptions) stamp() string {
	paths := o.paths
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var b strings.Builder
	for _, path := range paths {
		if isFile(path) {
			path = filepath.Dir(path)
		}
		// What cannot be read now may be readable at the next look.
		_ = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // as said above
			}
			if d.IsDir() {
				if name != path && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".")) {
					return fs.SkipDir
				}
				return nil
			}
			if info, err := d.Info(); err == nil {
				fmt.Fprintf(&b, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
	}
	return b.String()
}
