package resource

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

func newCreate(env *cli.Env, kind api.Kind) *cobra.Command {
	var o api.WriteOptions
	cmd := &cobra.Command{
		Use:     "create [NAME] FIELD=VALUE …",
		Aliases: []string{"mk"},
		Short:   "Create or replace one",
		Long: fmt.Sprintf(`Creates a %s, or replaces the one of that name.

field=value gives a text, a number, true or false as the field asks; commas make
a list. field:=JSON gives any JSON, field@=FILE a file: as base64 for a payload,
as text otherwise.`, kind),
		Args: cli.Args(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return create(cmd.Context(), env, kind, args, o)
		},
	}
	Writing(cmd, &o)
	cmd.Flags().BoolVar(&o.Create, "new", false, "fail if there is one of that name")
	if kind == api.KindIDL {
		cmd.Flags().BoolVar(&o.Force, "force", false, "even if it breaks what is in use")
	}
	return cmd
}

func create(ctx context.Context, env *cli.Env, kind api.Kind, args []string, o api.WriteOptions) error {
	name, q, rest, err := named(kind, args)
	if err != nil {
		return err
	}
	var body json.RawMessage
	if kind == api.KindDocument {
		if body = rest["data"]; body == nil {
			return cli.Usagef("write data:=JSON", "data is missing")
		}
	} else if body, err = json.Marshal(rest); err != nil {
		return err
	}
	client, err := env.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	w, err := client.Put(ctx, kind, q, name, body, o)
	if err != nil {
		return err
	}
	if err := Tell(env, &w.Applied); err != nil {
		return err
	}
	return env.PrintJSON(w.Resource)
}

// Tell says on standard error what a write has done, or would do.
func Tell(env *cli.Env, a *api.Applied) error {
	verbs := [3]string{"created", "changed", "deleted"}
	if a.DryRun {
		verbs = [3]string{"would create", "would change", "would delete"}
	}
	for i, refs := range [3][]api.Ref{a.Created, a.Updated, a.Deleted} {
		for _, r := range refs {
			if err := env.Sayf("%s %s %s/%s", verbs[i], r.Kind, cli.Printable(r.Namespace), cli.Printable(r.Name)); err != nil {
				return err
			}
		}
	}
	if n := a.Unchanged; n > 0 {
		if err := env.Sayf("%d unchanged", n); err != nil {
			return err
		}
	}
	for _, w := range a.Warnings {
		if err := env.Sayf("warning: %s %s: %s", cli.Printable(w.Resource), cli.Printable(w.Pointer), cli.Printable(w.Detail)); err != nil {
			return err
		}
	}
	return nil
}
