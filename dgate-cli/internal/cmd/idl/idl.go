// Package idl holds the commands that work on a directory of IDLs, without a gateway.
package idl

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/dgate-cli/internal/cmd/resource"
	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/servicemapping"
)

// defaultDir is where the gateway looks for IDLs when nothing else is said.
const defaultDir = "idl"

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	cmd := cli.Group(&cobra.Command{
		Use:     "idl",
		Aliases: api.KindIDL.Aliases(),
		Short:   "Look at IDLs as the gateway does, offline; and those of the store",
	})
	cmd.AddCommand(newLint(env), newRoutes(env), newOpenAPI(env), newTypes(env), newBreaking(env))
	cmd.AddCommand(newPush(env))
	cmd.AddCommand(resource.Verbs(env, api.KindIDL)...)
	return cmd
}

// load reads a directory as the gateway does. One without any IDL is an error:
// who asks about it has named the wrong one.
func load(dir string) (*servicemapping.Mapping, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, &cli.HintError{Err: err, Hint: "name the directory with the IDLs"}
	}
	if !info.IsDir() {
		return nil, cli.Usagef("name the directory that it stands in", "%s is not a directory", dir)
	}
	return loadFS(dir, os.DirFS(dir))
}

// loadFS reads a directory that is called name.
func loadFS(name string, dir fs.FS) (*servicemapping.Mapping, error) {
	m, err := servicemapping.Load(dir, servicemapping.Options{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(m.Services) == 0 && len(m.Diagnostics) == 0 {
		return nil, &cli.HintError{
			Err:  fmt.Errorf("%s: no *.thrift file with a service in it", name),
			Hint: "name the directory with the IDLs",
		}
	}
	return m, nil
}

// count is "1 error", "2 errors".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
