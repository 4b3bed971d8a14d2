package moduletest

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dgate/hertz-gateway/jsmodule"
)

// Outcomes of a Result.
const (
	Passed  = "passed"
	Failed  = "failed"
	Skipped = "skipped"
)

// Result is how one test or case went. For a file that cannot be loaded there
// is one without Name for each error.
type Result struct {
	File     string             `json:"file"`
	Name     string             `json:"name,omitempty"`
	Outcome  string             `json:"outcome"`
	Duration time.Duration      `json:"duration_ns"`
	Failures []Fault            `json:"failures,omitempty"`
	Logs     []jsmodule.LogLine `json:"logs,omitempty"`
}

// Fault is why a test failed, in positions of the sources.
type Fault struct {
	Place
	Message string `json:"message"`
	Stack   string `json:"stack,omitempty"`
}

// Config says how Run runs.
type Config struct {
	// Filter picks the tests whose names, after that of their file and a
	// blank, contain it.
	Filter  string
	Limits  jsmodule.Limits
	Version string
	// Report gets each result as soon as it is there.
	Report func(Result)
}

// IsTestFile says whether a file holds tests or cases, by its name.
func IsTestFile(name string) bool {
	for _, suffix := range []string{".test.ts", ".test.js", ".case.json"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// Find lists the files of tests and cases below a directory, in order, but not
// in node_modules and hidden directories. A path of a file is the file.
func Find(path string) ([]string, error) { return walk(path, IsTestFile) }

// Modules lists the files of modules below a directory as Find does: *.ts and
// *.js that are neither tests nor declarations. A path of a file is the file.
func Modules(path string) ([]string, error) {
	return walk(path, func(name string) bool {
		return slices.Contains([]string{".ts", ".js"}, filepath.Ext(name)) &&
			!IsTestFile(name) && !strings.HasSuffix(name, ".d.ts") && !strings.HasPrefix(name, ".")
	})
}

func walk(path string, keep func(name string) bool) ([]string, error) {
	var files []string
	err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != path && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case !d.IsDir() && (name == path || keep(d.Name())):
			files = append(files, name)
		}
		return nil
	})
	return files, err
}

// Run runs the files one after the other. The error is that of ctx only: all
// else is in the results.
func Run(ctx context.Context, files []string, cfg Config) error {
	for _, file := range files {
		if strings.HasSuffix(file, ".json") {
			runCases(ctx, file, cfg)
		} else {
			runSuite(ctx, file, cfg)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) wants(file, name string) bool {
	return strings.Contains(file+" "+name, c.Filter)
}

// reportLoad reports a file that cannot be loaded.
func (c *Config) reportLoad(file string, err error) {
	r := Result{File: file, Outcome: Failed}
	for _, e := range flatten(err) {
		r.Failures = append(r.Failures, faultOf(e, file))
	}
	c.Report(r)
}

func flatten(err error) []error {
	var all jsmodule.Errors
	if !errors.As(err, &all) {
		return []error{err}
	}
	return all.Unwrap()
}

func faultOf(err error, file string) Fault {
	place, message, stack := Explain(err)
	if place.File == "" {
		place.File = file
	}
	return Fault{place, message, stack}
}

func runSuite(ctx context.Context, file string, cfg Config) {
	suite, err := jsmodule.NewSuite(file, jsmodule.Config{Limits: cfg.Limits, Version: cfg.Version})
	if err != nil {
		cfg.reportLoad(file, err)
		return
	}
	for i, test := range suite.Tests() {
		if !cfg.wants(file, test.Name) || ctx.Err() != nil {
			continue
		}
		r := Result{File: file, Name: test.Name, Outcome: Skipped}
		if !test.Skip {
			start := time.Now()
			result := suite.Run(ctx, i)
			r.Duration, r.Logs, r.Outcome = time.Since(start), result.Logs, Passed
			if result.Err != nil {
				r.Outcome, r.Failures = Failed, []Fault{faultOf(result.Err, file)}
			}
		}
		cfg.Report(r)
	}
}

func runCases(ctx context.Context, file string, cfg Config) {
	cases, err := LoadCases(file)
	if err != nil {
		cfg.reportLoad(file, err)
		return
	}
	programs := map[string]*jsmodule.Program{}
	for i := range cases {
		c := &cases[i]
		if !cfg.wants(file, c.Name) || ctx.Err() != nil {
			continue
		}
		p := programs[c.Module]
		if p == nil {
			if p, err = jsmodule.BuildFile(c.Module); err != nil {
				cfg.reportLoad(file, err)
				return
			}
			programs[c.Module] = p
		}
		start := time.Now()
		o, differences, err := c.play(ctx, p, cfg.Limits, cfg.Version)
		r := Result{File: file, Name: c.Name, Outcome: Passed, Duration: time.Since(start), Logs: o.Logs}
		if err != nil {
			r.Failures = append(r.Failures, faultOf(err, file))
		}
		for _, d := range differences {
			r.Failures = append(r.Failures, Fault{Place: Place{File: file}, Message: d})
		}
		if len(r.Failures) > 0 {
			r.Outcome = Failed
		}
		cfg.Report(r)
	}
}
