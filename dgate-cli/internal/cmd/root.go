// Package cmd is the tree of commands: the path of a command is the path of
// its file below this folder. Start with Main.
package cmd

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"dgate/dgate-cli/internal/cli"
	"dgate/dgate-cli/internal/cmd/apply"
	"dgate/dgate-cli/internal/cmd/bench"
	"dgate/dgate-cli/internal/cmd/call"
	"dgate/dgate-cli/internal/cmd/completion"
	contextcmd "dgate/dgate-cli/internal/cmd/context"
	"dgate/dgate-cli/internal/cmd/explain"
	"dgate/dgate-cli/internal/cmd/export"
	"dgate/dgate-cli/internal/cmd/help"
	"dgate/dgate-cli/internal/cmd/history"
	"dgate/dgate-cli/internal/cmd/idl"
	"dgate/dgate-cli/internal/cmd/instance"
	"dgate/dgate-cli/internal/cmd/logs"
	"dgate/dgate-cli/internal/cmd/module"
	"dgate/dgate-cli/internal/cmd/resource"
	"dgate/dgate-cli/internal/cmd/status"
	"dgate/dgate-cli/internal/cmd/store"
	"dgate/dgate-cli/internal/cmd/top"
	"dgate/dgate-cli/internal/cmd/version"
	"dgate/hertz-gateway/api"
)

// Main runs the program with args in the world of the process and gives its exit code.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Run(ctx, args, &cli.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv,
		Terminal: isTerminal(os.Stdout), Colour: wantsColour(os.Stdout, os.Getenv),
	})
}

// Run runs the program in env and gives its exit code.
func Run(ctx context.Context, args []string, env *cli.Env) int {
	root := newRoot(env)
	root.SetArgs(args)
	// What goes wrong before a command runs is wrong use of it.
	running := false
	root.PersistentPreRun = func(*cobra.Command, []string) { running = true }

	err := root.ExecuteContext(ctx)
	var usage *cli.UsageError
	if err != nil && !running && !errors.As(err, &usage) {
		err = &cli.UsageError{Err: err, Hint: "`dgate-cli --help` and `dgate-cli COMMAND --help` tell what there is"}
	}
	if err != nil {
		text := cli.Printable("dgate-cli: " + err.Error())
		if hint := cli.Hint(err); hint != "" {
			text += "\nhint: " + hint
		}
		if env.Sayf("%s", text) != nil {
			return cli.ExitFailed
		}
	}
	return cli.ExitCode(err)
}

func newRoot(env *cli.Env) *cobra.Command {
	env.Output = cli.OutputTable
	root := cli.Group(&cobra.Command{
		Use:   "dgate-cli",
		Short: "The command line of the gateway",
		Long: `The command line of the gateway.

Flags that say where the gateway is stand before the command:

  dgate-cli --admin http://gateway:9080 -a user:password status

Exit codes: 0 done, 1 failed, 2 wrong use, 100 the check found something.`,
		SilenceErrors:    true,
		SilenceUsage:     true,
		TraverseChildren: true,
	})
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(help.New())

	// Flags of the root alone: below a command their letters are the command's own.
	flags := root.Flags()
	flags.StringVar(&env.AdminURL, "admin", "", "admin API `URL` (DGATE_ADMIN_API; default "+api.DefaultAdminURL+")")
	flags.StringVarP(&env.Auth, "auth", "a", "", "`user:password` or token for the admin API (DGATE_ADMIN_AUTH)")
	flags.BoolVarP(&env.Follow, "follow", "f", false, "follow redirects of the admin API")
	flags.BoolVarP(&env.Verbose, "verbose", "V", false, "tell what is sent to the admin API")
	root.PersistentFlags().VarP(&env.Output, "output", "o", "form of the data")
	outputs := cobra.FixedCompletions(cli.Outputs(), cobra.ShellCompDirectiveNoFileComp)
	if err := root.RegisterFlagCompletionFunc("output", outputs); err != nil {
		panic(err) // the flag stands one line above
	}

	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		hint := "`" + cmd.CommandPath() + " --help` lists the flags"
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) && cmd != root {
			name := unknown.GetSpecifiedName()
			if flags.Lookup(name) != nil || (len(name) == 1 && flags.ShorthandLookup(name) != nil) {
				hint = "this flag stands before the command: `dgate-cli " + dashed(name) + " … " + cmd.Name() + " …`"
			}
		}
		return &cli.UsageError{Err: err, Hint: hint}
	})

	root.AddCommand(
		status.New(env),
		idl.New(env),
		module.New(env),
		instance.New(env),
		bench.New(env),
		call.New(env),
		explain.New(env),
		logs.New(env),
		top.New(env),
		apply.New(env), apply.NewSync(env), apply.NewDiff(env), apply.NewValidate(env),
		export.New(env), history.New(env), history.NewRollback(env),
		store.New(env),
		contextcmd.New(env),
		version.New(env),
		completion.New(env),
	)
	for _, kind := range api.Kinds() {
		if kind != api.KindModule && kind != api.KindIDL { // nouns that have other verbs too
			root.AddCommand(resource.New(env, kind))
		}
	}
	return root
}

func dashed(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}

// isTerminal tells whether somebody looks on.
func isTerminal(out *os.File) bool {
	info, err := out.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// wantsColour follows https://no-color.org.
func wantsColour(out *os.File, getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb" && isTerminal(out)
}
