// Package help is the command "help".
package help

import (
	"strings"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
)

// New makes the command.
func New() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about a command",
		RunE:  func(cmd *cobra.Command, args []string) error { return run(cmd.Root(), args) },
	}
}

func run(root *cobra.Command, args []string) error {
	about, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		return cli.Usagef("`dgate-cli help` lists the commands", "there is no command %q", strings.Join(args, " "))
	}
	about.InitDefaultHelpFlag()
	return about.Help()
}
