// Package store holds the commands for when etcd has lost resources: store
// restore and store accept.
package store

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

const timeout = time.Minute

// New makes "store" with its verbs.
func New(env *cli.Env) *cobra.Command {
	cmd := cli.Group(&cobra.Command{
		Use:   "store",
		Short: "What to do when etcd has lost resources (`dgate-cli status` tells)",
	})
	cmd.AddCommand(
		verb(env, "restore", "Write back what etcd has lost, from the last good state of the gateway that is asked", "restored", (*api.Client).RestoreStore),
		verb(env, "accept", "Say that what etcd holds now is right, and let go of what was lost", "accepted", (*api.Client).AcceptStore),
	)
	return cmd
}

func verb(env *cli.Env, name, short, done string, do func(*api.Client, context.Context, api.WriteOptions) (*api.Applied, error)) *cobra.Command {
	var o api.WriteOptions
	cmd := &cobra.Command{
		Use: name, Short: short, Args: cli.Args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := env.Client()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			applied, err := do(client, ctx, o)
			if err != nil {
				return err
			}
			if env.Output != cli.OutputTable {
				return env.Print(applied, nil)
			}
			return env.Sayf("%s", done+", at revision "+strconv.FormatInt(applied.Revision, 10))
		},
	}
	cmd.Flags().BoolVar(&o.Wait, "wait", false, "return when every live gateway serves it")
	return cmd
}
