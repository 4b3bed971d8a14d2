package idl

import (
	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/openapi"
)

func newTypes(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "types [DIR]",
		Short: "The services of IDLs as TypeScript declarations",
		Long: `Prints TypeScript declarations of the IDLs of a directory (default "idl"), for
a file that ends with .d.ts: the module "dgate/rpc" with a typed client for each
service, and the module "dgate/paths" with the types of each route.`,
		Example: `  dgate-cli idl types idl > dgate-types.d.ts`,
		Args:    cli.Args(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := defaultDir
			if len(args) == 1 {
				dir = args[0]
			}
			return runTypes(env, dir)
		},
	}
}

func runTypes(env *cli.Env, dir string) error {
	m, err := load(dir)
	if err != nil {
		return err
	}
	text, warnings := openapi.Types(m)
	if _, err := env.Stdout.Write(text); err != nil {
		return err
	}
	return sayLeftOut(env, dir, m, warnings)
}
