// Package instance holds the commands about the running backends of services.
package instance

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
)

const timeout = 30 * time.Second

// New makes "instance" with its verbs.
func New(env *cli.Env) *cobra.Command {
	cmd := cli.Group(&cobra.Command{Use: "instance", Short: "Running backends of services"})
	cmd.AddCommand(newList(env), newDrain(env), newWeight(env))
	return cmd
}

func newList(env *cli.Env) *cobra.Command {
	namespace := ""
	cmd := &cobra.Command{
		Use:     "list [SERVICE]",
		Aliases: []string{"ls"},
		Short:   "List the instances of a service, or of all",
		Long: `Lists the instances of a service, or of all, as the gateway finds them in the
registry. A service goes by its Thrift name, its file or its registry name, or by
the name of its resource.`,
		Args: cli.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return list(cmd.Context(), env, namespace, strings.Join(args, ""))
		},
	}
	cmd.Flags().StringVar(&namespace, "namespace", "", "`NAME` of the namespace; default: default")
	return cmd
}

func list(ctx context.Context, env *cli.Env, namespace, service string) error {
	client, err := env.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	instances, err := client.Instances(ctx, namespace, service)
	if err != nil {
		return err
	}
	return env.Print(instances, func(t *cli.Table) {
		t.Row("SERVICE", "REGISTRY", "ADDRESS", "WEIGHT", "STATE", "TAGS")
		for _, i := range instances {
			var tags []string
			for _, k := range slices.Sorted(maps.Keys(i.Tags)) {
				tags = append(tags, k+"="+i.Tags[k])
			}
			t.Row(i.Service, i.Registry, i.Address, strconv.Itoa(i.Weight), string(i.State), strings.Join(tags, " "))
		}
	})
}
