package instance

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
)

func newDrain(env *cli.Env) *cobra.Command {
	namespace := ""
	cmd := &cobra.Command{
		Use:   "drain SERVICE ADDRESS",
		Short: "Send an instance no new calls",
		Long: `Sets the weight of an instance to 0, for every gateway: it finishes what it has and
gets no new calls, until it registers anew or "instance weight" says otherwise.`,
		Args: cli.Args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return weigh(cmd.Context(), env, namespace, args[0], args[1], 0)
		},
	}
	cmd.Flags().StringVar(&namespace, "namespace", "", "`NAME` of the namespace; default: default")
	return cmd
}

func newWeight(env *cli.Env) *cobra.Command {
	namespace := ""
	cmd := &cobra.Command{
		Use:   "weight SERVICE ADDRESS N",
		Short: "Change the weight of an instance, until it registers anew",
		Args:  cli.Args(3, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[2])
			if err != nil {
				return cli.Usagef("usage: "+cmd.UseLine(), "%q is not a whole number", args[2])
			}
			return weigh(cmd.Context(), env, namespace, args[0], args[1], n)
		},
	}
	cmd.Flags().StringVar(&namespace, "namespace", "", "`NAME` of the namespace; default: default")
	return cmd
}

func weigh(ctx context.Context, env *cli.Env, namespace, service, address string, weight int) error {
	client, err := env.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := client.SetWeight(ctx, namespace, service, address, weight); err != nil {
		return err
	}
	if weight == 0 {
		return env.Sayf("%s gets no new calls", cli.Printable(address))
	}
	return env.Sayf("%s has weight %d", cli.Printable(address), weight)
}
