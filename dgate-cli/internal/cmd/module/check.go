package module

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/jsmodule/moduletest"
)

type checkOptions struct {
	env     *cli.Env
	paths   []string
	noTypes bool
}

func newCheck(env *cli.Env) *cobra.Command {
	o := &checkOptions{env: env}
	cmd := &cobra.Command{
		Use:   "check [FILE|DIR…]",
		Short: "Compile modules, and check their types",
		Long: `Compiles modules as the gateway does, and prints one line for each error:

  FILE:LINE:COLUMN: error RULE: MESSAGE

Without an argument: the modules below the working directory. Imports are also
read from node_modules; a module that needs that is to be bundled before a
gateway takes it.

Types are checked with tsc where it is installed: in node_modules/.bin of the
directory or one above it, or on the PATH. The rules are those of the nearest
tsconfig.json.`,
		Example: `  dgate-cli module check hertz-gateway/modules`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&o.noTypes, "no-types", false, "do not check types")
	return cmd
}

func (o *checkOptions) run(ctx context.Context) error {
	files, err := found(o.paths, moduletest.Modules, "*.ts or *.js with a module")
	if err != nil {
		return err
	}
	errs := []api.Diagnostic{}
	var notes []string
	for _, file := range files {
		p, err := jsmodule.BuildFile(file)
		if err != nil {
			errs = append(errs, errorsOf(err, file)...)
		} else if packages := p.Packages(); len(packages) > 0 {
			notes = append(notes, fmt.Sprintf("%s: needs %s from node_modules: deploy what `dgate-cli module bundle %s` writes",
				file, strings.Join(packages, ", "), file))
		}
	}
	types, skipped, err := o.types(ctx, files)
	if err != nil {
		return err
	}
	errs = append(errs, types...)
	err = o.env.Print(errs, func(t *cli.Table) {
		for _, d := range errs {
			t.Line(cli.FormatDiagnostic(d, t.Colour))
		}
	})
	if err != nil {
		return err
	}
	if skipped != "" {
		notes = append(notes, "types: skipped: "+skipped)
	}
	for _, note := range notes {
		if err := o.env.Sayf("%s", note); err != nil {
			return err
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("%s in %s", count(len(errs), "error"), count(len(files), "module"))
	}
	return o.env.Sayf("ok: %s", count(len(files), "module"))
}

// errorsOf lists everything that kept a module from being built.
func errorsOf(err error, file string) []api.Diagnostic {
	all := []error{err}
	var errs jsmodule.Errors
	if errors.As(err, &errs) {
		all = errs.Unwrap()
	}
	var list []api.Diagnostic
	for _, err := range all {
		place, message, _ := moduletest.Explain(err)
		if place.File == "" {
			place.File = file
		}
		rule := "compile"
		var e *jsmodule.Error
		if errors.As(err, &e) && e.Kind != jsmodule.KindSyntax {
			rule = "load"
		}
		list = append(list, finding(moduletest.Fault{Place: place, Message: message}, rule))
	}
	return list
}

// types runs the TypeScript compiler over the projects that the files belong
// to. skipped says why it did not.
func (o *checkOptions) types(ctx context.Context, files []string) (found []api.Diagnostic, skipped string, err error) {
	if o.noTypes {
		return nil, "--no-types", nil
	}
	if _, err := exec.LookPath("node"); err != nil {
		return nil, "Node is not installed", nil
	}
	projects, inProject := map[string]bool{}, false
	for _, file := range files {
		project := above(filepath.Dir(file), "tsconfig.json")
		if project == "" {
			continue
		}
		inProject = true
		if projects[project] {
			continue
		}
		projects[project] = true
		tsc := above(filepath.Dir(project), filepath.Join("node_modules", ".bin", "tsc"))
		if tsc == "" {
			if tsc, err = exec.LookPath("tsc"); err != nil {
				return nil, "tsc is not installed: npm install --save-dev typescript", nil
			}
		}
		more, err := runTSC(ctx, tsc, project)
		if err != nil {
			return nil, "", err
		}
		found = append(found, more...)
	}
	if !inProject {
		return nil, "there is no tsconfig.json: `dgate-cli module init` writes one", nil
	}
	return found, "", nil
}

// above finds a file in dir or in a directory above it.
func above(dir, name string) string {
	full, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for {
		if file := filepath.Join(full, name); isFile(file) {
			return relative(file)
		}
		up := filepath.Dir(full)
		if up == full {
			return ""
		}
		full = up
	}
}

// relative names a file from the working directory when it lies below it.
func relative(file string) string {
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, file); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return file
}

// typeError is a line of tsc: file(line,column): error TS1234: text.
var typeError = regexp.MustCompile(`^(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$`)

func runTSC(ctx context.Context, tsc, project string) ([]api.Diagnostic, error) {
	full, err := filepath.Abs(tsc)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, full, "--noEmit", "--pretty", "false", "--project", project)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("tsc: %w", err)
	}
	var found []api.Diagnostic
	for line := range strings.Lines(string(bytes.ReplaceAll(out, []byte("\r\n"), []byte("\n")))) {
		line = strings.TrimRight(line, "\n")
		m := typeError.FindStringSubmatch(line)
		switch {
		case m != nil:
			d := api.Diagnostic{File: filepath.FromSlash(m[1]), Severity: api.SeverityError, Rule: m[4], Message: m[5]}
			d.Line, _ = strconv.Atoi(m[2]) // digits
			d.Column, _ = strconv.Atoi(m[3])
			found = append(found, d)
		case strings.HasPrefix(line, " ") && len(found) > 0:
			found[len(found)-1].Message += line
		}
	}
	if err != nil && len(found) == 0 {
		return nil, fmt.Errorf("tsc: %w: %s%s", err, bytes.TrimSpace(out), bytes.TrimSpace(exit.Stderr))
	}
	return found, nil
}
