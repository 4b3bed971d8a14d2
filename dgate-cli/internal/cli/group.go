package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// Group makes cmd a noun: alone it prints its help, and with anything that is
// no command of its own it fails as a wrong use.
func Group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		hint := "`" + cmd.CommandPath() + " --help` lists the commands"
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "did you mean `" + cmd.CommandPath() + " " + strings.Join(near, "` or `") + "`?"
		}
		return Usagef(hint, "%s has no command %q", cmd.CommandPath(), args[0])
	}
	return cmd
}

// Args checks the number of arguments; most < 0 sets no upper limit.
func Args(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		hint := "usage: " + cmd.UseLine()
		if len(args) < least {
			return Usagef(hint, "an argument is missing")
		}
		if most >= 0 && len(args) > most {
			return Usagef(hint, "one argument too many: %q", args[most])
		}
		return nil
	}
}
