// Package export is the command "export".
package export

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
)

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	namespace := ""
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print all resources in the form that apply takes",
		Long: `Prints all resources but documents in the form that apply takes: JSON with -o json,
else YAML. What is secret is left out, and kept when the export is applied again.`,
		Args: cli.Args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := env.Client()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
			defer cancel()
			set, err := client.Export(ctx, namespace)
			if err != nil {
				return err
			}
			if env.Output == cli.OutputTable {
				env.Output = cli.OutputYAML
			}
			return env.Print(map[string][]json.RawMessage{"resources": set}, nil)
		},
	}
	cmd.Flags().StringVar(&namespace, "namespace", "", "only this namespace")
	return cmd
}
