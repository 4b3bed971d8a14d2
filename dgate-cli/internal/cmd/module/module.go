// Package module holds the commands that work on modules, without a gateway.
package module

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/dgate-cli/internal/cmd/resource"
	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/jsmodule/moduletest"
)

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	cmd := cli.Group(&cobra.Command{
		Use:     "module",
		Aliases: api.KindModule.Aliases(),
		Short:   "Write, check, test and try modules, offline; and those of the store",
	})
	cmd.AddCommand(newInit(env), newCheck(env), newTest(env), newRun(env), newBench(env), newBundle(env))
	cmd.AddCommand(resource.Verbs(env, api.KindModule)...)
	return cmd
}

// found collects the files that find gives for each path, the working directory
// if there is none.
func found(paths []string, find func(string) ([]string, error), what string) ([]string, error) {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	var files []string
	for _, path := range paths {
		more, err := find(filepath.Clean(path))
		if err != nil {
			var p *fs.PathError
			if errors.As(err, &p) {
				err = fmt.Errorf("%s: %w", p.Path, p.Err)
			}
			return nil, err
		}
		if len(more) == 0 {
			return nil, &cli.HintError{Err: fmt.Errorf("%s: no %s", path, what), Hint: "name files, or a directory with them"}
		}
		files = append(files, more...)
	}
	return files, nil
}

// finding is an error of a module for Print.
func finding(f moduletest.Fault, rule string) api.Diagnostic {
	return api.Diagnostic{
		File: f.File, Line: f.Line, Column: f.Column, Severity: api.SeverityError, Rule: rule, Message: f.Message,
	}
}

// isFile says whether a name is that of a regular file.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// count is "1 error", "2 errors".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
