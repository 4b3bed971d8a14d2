package module

import (
	"os"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/jsmodule"
)

type bundleOptions struct {
	env       *cli.Env
	file, out string
}

func newBundle(env *cli.Env) *cobra.Command {
	o := &bundleOptions{env: env}
	cmd := &cobra.Command{
		Use:   "bundle FILE",
		Short: "Make one file of a module and what it imports",
		Long: `Writes one JavaScript file that does what the module does, with the npm packages
and files that it imports inside: what a gateway takes, which never reads
node_modules. The comments at the top stay, and errors keep their positions in
the sources.`,
		Example: `  dgate-cli module bundle src/shop.ts --out modules/shop.js`,
		Args:    cli.Args(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.file = args[0]
			return o.run()
		},
	}
	cmd.Flags().StringVar(&o.out, "out", "", "the `FILE` to write (default standard output)")
	return cmd
}

func (o *bundleOptions) run() error {
	if _, err := buildFile(o.env, o.file); err != nil {
		return err
	}
	text, err := jsmodule.Bundle(o.file)
	if err != nil {
		return err
	}
	if o.out == "" {
		_, err = o.env.Stdout.Write(text)
		return err
	}
	if err := os.WriteFile(o.out, text, 0o666); err != nil {
		return err
	}
	return o.env.Sayf("wrote %s (%s)", o.out, count(len(text), "byte"))
}
