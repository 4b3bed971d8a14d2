// Package version is the command "version".
package version

import (
	"runtime"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "The version of this program",
		Args:  cli.Args(0, 0),
		RunE:  func(*cobra.Command, []string) error { return run(env) },
	}
}

type info struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func run(env *cli.Env) error {
	v := info{api.Version(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	return env.Print(v, func(t *cli.Table) {
		t.Line("dgate-cli " + v.Version + " (" + v.Go + ", " + v.Platform + ")")
	})
}
