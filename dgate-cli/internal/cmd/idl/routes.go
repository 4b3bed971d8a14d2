package idl

import (
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
)

type routesOptions struct {
	env *cli.Env
	dir string
}

func newRoutes(env *cli.Env) *cobra.Command {
	o := &routesOptions{env: env, dir: defaultDir}
	return &cobra.Command{
		Use:   "routes [DIR]",
		Short: "The routes that IDLs ask for",
		Long:  `Prints the routes that the IDLs of a directory (default "idl") ask for, in the order in which they are written.`,
		Args:  cli.Args(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.dir = args[0]
			}
			return o.run()
		},
	}
}

// route is one line of the list.
type route struct {
	Verb    string `json:"verb"`
	Path    string `json:"path"`
	Service string `json:"service"`
	Method  string `json:"method"`
	File    string `json:"file"`
	Line    int    `json:"line"`
}

func (o *routesOptions) run() error {
	m, err := load(o.dir)
	if err != nil {
		return err
	}
	routes := []route{}
	for _, service := range m.Services {
		for _, method := range service.Methods {
			for _, b := range method.Bindings {
				routes = append(routes, route{
					Verb: b.Verb, Path: b.Path, Service: service.Name, Method: method.Name,
					File: filepath.Join(o.dir, filepath.FromSlash(method.File)), Line: b.Line,
				})
			}
		}
	}
	err = o.env.Print(routes, func(t *cli.Table) {
		for _, r := range routes {
			t.Row(r.Verb, r.Path, r.Service+"."+r.Method, r.File+":"+strconv.Itoa(r.Line))
		}
	})
	if err != nil {
		return err
	}
	return sayErrors(o.env, o.dir, m)
}
