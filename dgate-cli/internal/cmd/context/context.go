// Package context holds the commands that choose a gateway.
package context

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
)

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	cmd := cli.Group(&cobra.Command{Use: "context", Aliases: []string{"ctx"}, Short: "Choose the gateway that commands talk to"})
	cmd.AddCommand(newList(env), newUse(env), newSet(env), newDelete(env))
	return cmd
}

func newList(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the contexts",
		Args:    cli.Args(0, 0),
		RunE: func(*cobra.Command, []string) error {
			c, err := env.ReadContexts()
			if err != nil {
				return err
			}
			return env.Print(c, func(t *cli.Table) {
				t.Row("", "NAME", "ADMIN", "AUTH")
				for _, name := range slices.Sorted(maps.Keys(c.Contexts)) {
					mark, auth := "", ""
					if name == c.Current {
						mark = "*"
					}
					if c.Contexts[name].Auth != "" {
						auth = "yes"
					}
					t.Row(mark, name, c.Contexts[name].Admin, auth)
				}
			})
		},
	}
}

// change edits the file of contexts.
func change(env *cli.Env, edit func(c *cli.Contexts) error) error {
	c, err := env.ReadContexts()
	if err != nil {
		return err
	}
	if err := edit(c); err != nil {
		return err
	}
	return env.WriteContexts(c)
}

func missing(name string) error {
	return cli.Usagef("`dgate-cli context list` shows them", "there is no context %q", name)
}

func newUse(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "use NAME",
		Short: "Make one the current context",
		Args:  cli.Args(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			return change(env, func(c *cli.Contexts) error {
				if _, ok := c.Contexts[args[0]]; !ok {
					return missing(args[0])
				}
				c.Current = args[0]
				return nil
			})
		},
	}
}

func newSet(env *cli.Env) *cobra.Command {
	var one cli.Context
	cmd := &cobra.Command{
		Use:   "set NAME --admin URL [--auth AUTH]",
		Short: "Add a context or change it; the first becomes the current one",
		Args:  cli.Args(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if one.Admin == "" {
				return cli.Usagef("write --admin URL", "the address of the gateway is missing")
			}
			return change(env, func(c *cli.Contexts) error {
				c.Contexts[args[0]] = one
				if c.Current == "" {
					c.Current = args[0]
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&one.Admin, "admin", "", "`URL` of the admin API")
	cmd.Flags().StringVarP(&one.Auth, "auth", "a", "", "`user:password` or token")
	return cmd
}

func newDelete(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "delete NAME",
		Aliases: []string{"rm"},
		Short:   "Forget a context",
		Args:    cli.Args(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			return change(env, func(c *cli.Contexts) error {
				if _, ok := c.Contexts[args[0]]; !ok {
					return missing(args[0])
				}
				delete(c.Contexts, args[0])
				if c.Current == args[0] {
					c.Current = ""
				}
				return nil
			})
		},
	}
}
