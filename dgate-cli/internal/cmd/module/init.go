package module

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/openapi"
	"dgate/hertz-gateway/servicemapping"
)

//go:embed template
var template embed.FS

type initOptions struct {
	env      *cli.Env
	dir, idl string
	idlGiven bool
}

func newInit(env *cli.Env) *cobra.Command {
	o := &initOptions{env: env, dir: "."}
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a module to begin with, its test, and types",
		Long: `Writes into a directory (default: the working directory)

  module.ts, module.test.ts   a module to begin with, and its test
  tsconfig.json               what editors and tsc need
  dgate.d.ts                  types of all that a module finds
  services.d.ts               types of the services in --idl

What is there already stays, but for the two files of types, which are written
again: run it once more after the IDLs or dgate-cli have changed.`,
		Example: `  dgate-cli module init modules --idl idl`,
		Args:    cli.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.dir = args[0]
			}
			o.idlGiven = cmd.Flags().Changed("idl")
			return o.run()
		},
	}
	cmd.Flags().StringVar(&o.idl, "idl", "idl", "the `DIR` with the IDLs of the services")
	return cmd
}

func (o *initOptions) run() error {
	services, err := o.services()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"module.ts", "module.test.ts", "tsconfig.json"} {
		text, err := template.ReadFile("template/" + name)
		if err != nil {
			return err
		}
		if err := o.create(name, text); err != nil {
			return err
		}
	}
	if err := o.write("dgate.d.ts", []byte(jsmodule.Declarations())); err != nil {
		return err
	}
	return o.write("services.d.ts", services)
}

// create writes a file unless it is there.
func (o *initOptions) create(name string, text []byte) error {
	path := filepath.Join(o.dir, name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return o.env.Sayf("kept %s", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return o.env.Sayf("wrote %s", path)
}

func (o *initOptions) write(name string, text []byte) error {
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return err
	}
	return o.env.Sayf("wrote %s", path)
}

// untyped stands for the services where there are no IDLs.
const untyped = `// No IDLs were found: ` + "`dgate-cli module init --idl DIR`" + ` writes the types of their services here.

declare module "dgate/rpc" {
  export interface CallOptions {
    /** In milliseconds; never longer than the request has left. */
    timeout?: number;
    /** Only instances with this tag are called. */
    tag?: string;
  }

  export function call(service: string, method: string, args?: unknown, options?: CallOptions): Promise<any>;

  const rpc: { call: typeof call } & { [service: string]: { [method: string]: (args?: unknown, options?: CallOptions) => Promise<any> } };
  export default rpc;
}
`

// services are the declarations of "dgate/rpc".
func (o *initOptions) services() ([]byte, error) {
	info, err := os.Stat(o.idl)
	if errors.Is(err, fs.ErrNotExist) && !o.idlGiven {
		return []byte(untyped), nil
	}
	if err != nil {
		return nil, &cli.HintError{Err: err, Hint: "--idl names the directory with the IDLs"}
	}
	if !info.IsDir() {
		return nil, cli.Usagef("--idl names the directory with the IDLs", "%s is not a directory", o.idl)
	}
	m, err := servicemapping.Load(os.DirFS(o.idl), servicemapping.Options{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.idl, err)
	}
	text, _ := openapi.Types(m) // `idl types` tells what is left out
	return text, nil
}
