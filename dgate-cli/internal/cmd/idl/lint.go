package idl

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/servicemapping"
)

type lintOptions struct {
	env    *cli.Env
	paths  []string
	root   string
	strict bool
}

func newLint(env *cli.Env) *cobra.Command {
	o := &lintOptions{env: env}
	cmd := &cobra.Command{
		Use:   "lint [DIR|FILE…]",
		Short: "Check IDLs",
		Long: `Checks IDLs as the gateway reads them, and prints one line for each finding:

  FILE:LINE:COLUMN: SEVERITY RULE: MESSAGE

An error means that something does not serve. A FILE is read together with its
directory, the one of --root if that is given, and only its own findings are
told. Without an argument: the directory "idl".`,
		Example: `  dgate-cli idl lint idl
  dgate-cli idl lint --root idl idl/shop/book.thrift`,
		RunE: func(_ *cobra.Command, args []string) error {
			o.paths = args
			return o.run()
		},
	}
	cmd.Flags().StringVar(&o.root, "root", "", "the IDL `DIR` that the files belong to (default the file's own)")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "a warning is a finding too")
	return cmd
}

func (o *lintOptions) run() error {
	paths := o.paths
	if len(paths) == 0 {
		paths = []string{defaultDir}
	}
	found := []api.Diagnostic{}
	for _, path := range paths {
		more, err := o.lint(path)
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	err := o.env.Print(found, func(t *cli.Table) {
		for _, d := range found {
			t.Line(cli.FormatDiagnostic(d, t.Colour))
		}
	})
	if err != nil {
		return err
	}

	errs := 0
	for _, d := range found {
		if d.Severity == api.SeverityError {
			errs++
		}
	}
	warnings := len(found) - errs
	summary := count(errs, "error") + ", " + count(warnings, "warning")
	if errs > 0 || (o.strict && warnings > 0) {
		return &cli.FindingsError{Summary: summary}
	}
	return o.env.Sayf("ok: %s", summary)
}

// lint checks one argument. The files it names are relative to the working directory.
func (o *lintOptions) lint(path string) ([]api.Diagnostic, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &cli.HintError{Err: err, Hint: "name the directory with the IDLs, or files of it"}
	}
	dir, only := path, ""
	if !info.IsDir() {
		if dir = o.root; dir == "" {
			dir = filepath.Dir(path)
		}
		if only, err = within(dir, path); err != nil {
			return nil, err
		}
	}
	m, err := load(dir)
	if err != nil {
		return nil, err
	}
	var found []api.Diagnostic
	for _, d := range m.Diagnostics {
		if only == "" || d.File == only {
			found = append(found, diagnostic(dir, d))
		}
	}
	return found, nil
}

// within is the name of path in dir, with slashes.
func within(dir, path string) (string, error) {
	absDir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	absPath, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(absDir, absPath)
	if err != nil || !filepath.IsLocal(rel) {
		return "", cli.Usagef("--root names the IDL directory that the files are in", "%s is not in %s", path, dir)
	}
	return filepath.ToSlash(rel), nil
}

func diagnostic(dir string, d servicemapping.Diagnostic) api.Diagnostic {
	return api.Diagnostic{
		File: filepath.Join(dir, filepath.FromSlash(d.File)), Line: d.Line, Column: d.Column,
		Severity: api.Severity(d.Severity.String()), Rule: d.Rule, Message: d.Message, Routes: d.Routes,
	}
}
