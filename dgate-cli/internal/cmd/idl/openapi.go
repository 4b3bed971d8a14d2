package idl

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/openapi"
	"dgate/hertz-gateway/servicemapping"
)

type openapiOptions struct {
	env  *cli.Env
	dir  string
	info openapi.Info
}

func newOpenAPI(env *cli.Env) *cobra.Command {
	o := &openapiOptions{env: env, dir: defaultDir}
	cmd := &cobra.Command{
		Use:   "openapi [DIR]",
		Short: "The routes of IDLs as an OpenAPI document",
		Long: `Prints an OpenAPI 3.1 document of the routes that the IDLs of a directory
(default "idl") ask for: JSON, or YAML with -o yaml. What it cannot say is told
on standard error.`,
		Example: `  dgate-cli idl openapi idl --title "Book shop" --server https://api.example.com > openapi.json`,
		Args:    cli.Args(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.dir = args[0]
			}
			return o.run()
		},
	}
	cmd.Flags().StringVar(&o.info.Title, "title", "", "the `TITLE` of the document (default \"API\")")
	cmd.Flags().StringVar(&o.info.Version, "api-version", "", "the `VERSION` of the API (default \"0\")")
	cmd.Flags().StringArrayVar(&o.info.Servers, "server", nil, "a `URL` that the API is served at; may repeat (default \"/\")")
	return cmd
}

func (o *openapiOptions) run() error {
	m, err := load(o.dir)
	if err != nil {
		return err
	}
	text, warnings := openapi.Generate(m, o.info)
	if err := o.env.PrintJSON(text); err != nil {
		return err
	}
	return sayLeftOut(o.env, o.dir, m, warnings)
}

// sayLeftOut tells what a generated text does not have.
func sayLeftOut(env *cli.Env, dir string, m *servicemapping.Mapping, warnings []openapi.Warning) error {
	for _, w := range warnings {
		w.File = filepath.Join(dir, filepath.FromSlash(w.File))
		if err := env.Sayf("%s", w); err != nil {
			return err
		}
	}
	return sayErrors(env, dir, m)
}

// sayErrors tells that some of the IDLs does not serve.
func sayErrors(env *cli.Env, dir string, m *servicemapping.Mapping) error {
	errs := 0
	for _, d := range m.Diagnostics {
		if d.Severity == servicemapping.Error {
			errs++
		}
	}
	if errs > 0 {
		return env.Sayf("%s in these IDLs: `dgate-cli idl lint %s` tells them", count(errs, "error"), dir)
	}
	return nil
}
