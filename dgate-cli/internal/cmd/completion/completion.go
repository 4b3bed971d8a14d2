// Package completion is the command "completion".
package completion

import (
	"strings"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
)

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion " + strings.Join(shells, "|"),
		Short: "Completion for a shell",
		Long: `Writes a script that completes dgate-cli in a shell. To try it in bash:

  source <(dgate-cli completion bash)`,
		Args:      cli.Args(1, 1),
		ValidArgs: shells,
		RunE:      func(cmd *cobra.Command, args []string) error { return run(env, cmd.Root(), args[0]) },
	}
}

func run(env *cli.Env, root *cobra.Command, shell string) error {
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(env.Stdout, true)
	case "zsh":
		return root.GenZshCompletion(env.Stdout)
	case "fish":
		return root.GenFishCompletion(env.Stdout, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(env.Stdout)
	default:
		return cli.Usagef("it is one of bash, zsh, fish, powershell", "no completion for %q", shell)
	}
}
