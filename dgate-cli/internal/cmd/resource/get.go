package resource

import (
	"context"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

func newGet(env *cli.Env, kind api.Kind) *cobra.Command {
	return &cobra.Command{
		Use:               "get NAME [namespace=NAME]",
		Short:             "Show one",
		Args:              cli.Args(1, -1),
		ValidArgsFunction: complete(env, kind),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, q, _, err := named(kind, args)
			if err != nil {
				return err
			}
			client, err := env.Client()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			body, err := client.Get(ctx, kind, q, name)
			if err != nil {
				return err
			}
			return env.PrintJSON(body)
		},
	}
}
