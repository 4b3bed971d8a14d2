package resource

import (
	"context"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

func newDelete(env *cli.Env, kind api.Kind) *cobra.Command {
	var o api.WriteOptions
	all := false
	cmd := &cobra.Command{
		Use:               "delete NAME [namespace=NAME]",
		Aliases:           []string{"rm"},
		Short:             "Delete one",
		Args:              cli.Args(1, -1),
		ValidArgsFunction: complete(env, kind),
		RunE: func(cmd *cobra.Command, args []string) error {
			return remove(cmd.Context(), env, kind, args, all, o)
		},
	}
	switch kind {
	case api.KindDocument:
		cmd.Flags().BoolVar(&all, "all", false, "delete all documents of the collection")
		return cmd
	case api.KindNamespace:
		cmd.Flags().BoolVar(&o.Cascade, "cascade", false, "delete what is in it too")
	}
	Writing(cmd, &o)
	return cmd
}

func remove(ctx context.Context, env *cli.Env, kind api.Kind, args []string, all bool, o api.WriteOptions) error {
	name, q := "", api.ListQuery{}
	if all {
		fields, err := object(kind, args)
		if err != nil {
			return err
		}
		if q = where(kind, fields); q.Collection == "" {
			return cli.Usagef("write collection=NAME", "collection is missing")
		}
	} else {
		var err error
		if name, q, _, err = named(kind, args); err != nil {
			return err
		}
	}
	client, err := env.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	applied, err := client.Delete(ctx, kind, q, name, o)
	if err != nil {
		return err
	}
	if kind == api.KindDocument {
		if all {
			return env.Sayf("deleted the documents of %s", cli.Printable(q.Collection))
		}
		return env.Sayf("deleted document %s of %s", cli.Printable(name), cli.Printable(q.Collection))
	}
	return Tell(env, applied)
}
