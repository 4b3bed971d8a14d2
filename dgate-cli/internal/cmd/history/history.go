// Package history holds the commands about what was: history and rollback.
package history

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/dgate-cli/internal/cmd/resource"
	"dgate/hertz-gateway/api"
)

const timeout = time.Minute

// New makes "history".
func New(env *cli.Env) *cobra.Command {
	limit := 20
	cmd := &cobra.Command{
		Use:   "history",
		Short: "Who changed which resources, newest first",
		Args:  cli.Args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := env.Client()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			h, err := client.History(ctx, limit)
			if err != nil {
				return err
			}
			return env.Print(h, func(t *cli.Table) {
				t.Row("REVISION", "TIME", "AUTHOR", "CHANGES", "RESOURCES", "MESSAGE")
				for _, e := range h.Entries {
					t.Row(strconv.FormatInt(e.Revision, 10), e.Time.UTC().Format(time.DateTime), e.Author, strconv.Itoa(e.Changes), names(e.Resources), e.Message)
				}
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "at most so many")
	return cmd
}

func names(refs []api.Ref) string {
	var out []string
	for _, r := range refs[:min(3, len(refs))] {
		out = append(out, fmt.Sprintf("%s %s/%s", r.Kind, r.Namespace, r.Name))
	}
	text := strings.Join(out, ", ")
	if len(refs) > 3 {
		text += ", …"
	}
	return text
}

// NewRollback makes "rollback".
func NewRollback(env *cli.Env) *cobra.Command {
	var o api.WriteOptions
	cmd := &cobra.Command{
		Use:   "rollback REVISION",
		Short: "Make all resources what they were at a revision",
		Args:  cli.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			revision, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || revision <= 0 {
				return cli.Usagef("`dgate-cli history` lists the revisions", "%q is no revision", args[0])
			}
			client, err := env.Client()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			applied, err := client.Rollback(ctx, revision, o)
			if err != nil {
				return err
			}
			if env.Output != cli.OutputTable {
				return env.Print(applied, nil)
			}
			return resource.Tell(env, applied)
		},
	}
	resource.Writing(cmd, &o)
	return cmd
}
