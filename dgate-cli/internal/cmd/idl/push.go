package idl

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/dgate-cli/internal/cmd/resource"
	"dgate/hertz-gateway/api"
)

type pushOptions struct {
	env                            *cli.Env
	name, namespace, main, service string
	write                          api.WriteOptions
}

func newPush(env *cli.Env) *cobra.Command {
	o := &pushOptions{env: env}
	cmd := &cobra.Command{
		Use:   "push [DIR]",
		Short: "Put the IDLs of a directory into the store",
		Long: `Puts the IDLs of a directory into the store, where every gateway of the cluster
takes them up. A change that breaks what is in use is refused unless --force is
given; "dgate-cli idl breaking" tells beforehand.`,
		Args: cli.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := defaultDir
			if len(args) == 1 {
				dir = args[0]
			}
			return o.run(cmd.Context(), dir)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.name, "name", "", "`NAME` of the resource; default: the directory's")
	f.StringVar(&o.namespace, "namespace", "", "namespace; default: default")
	f.StringVar(&o.main, "main", "", "the `FILE` whose services serve; default: all")
	f.StringVar(&o.service, "service", "", "the one service that serves; default: all")
	f.BoolVar(&o.write.Force, "force", false, "even if it breaks what is in use")
	resource.Writing(cmd, &o.write)
	return cmd
}

func (o *pushOptions) run(ctx context.Context, dir string) error {
	if _, err := load(dir); err != nil {
		return err
	}
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".thrift") {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		files[path] = string(text)
		return err
	})
	if err != nil {
		return err
	}
	if o.name == "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		o.name = filepath.Base(abs)
	}
	body, err := json.Marshal(map[string]any{"files": files, "main": o.main, "service": o.service})
	if err != nil {
		return fmt.Errorf("the IDLs of %s: %w", dir, err)
	}
	client, err := o.env.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	w, err := client.Put(ctx, api.KindIDL, api.ListQuery{Namespace: o.namespace}, o.name, body, o.write)
	if err != nil {
		return err
	}
	return resource.Tell(o.env, &w.Applied)
}
