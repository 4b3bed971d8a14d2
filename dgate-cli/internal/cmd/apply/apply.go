// Package apply holds the commands about sets of resources in files: apply,
// sync, diff and validate.
package apply

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/dgate-cli/internal/cmd/resource"
	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/manifest"
)

const timeout = 2 * time.Minute

type options struct {
	env   *cli.Env
	files []string
	write api.WriteOptions
}

func (o *options) filesFlag(cmd *cobra.Command) {
	cmd.Flags().StringSliceVarP(&o.files, "file", "f", nil, "`FILE`, directory, or - for standard input; may repeat")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if len(o.files) == 0 {
			return cli.Usagef("write -f FILE", "no file is named")
		}
		return nil
	}
}

// New makes "apply".
func New(env *cli.Env) *cobra.Command {
	return newWrite(&options{env: env}, &cobra.Command{
		Use:   "apply -f FILE",
		Short: "Create or change the resources of files, in one transaction",
		Long: `Creates or changes the resources of files, all in one transaction or none.

A file is YAML or JSON: one resource or several documents, a list, or an object
with "resources". Each resource has its kind, its name, and its fields:

  kind: route
  name: books
  paths: [/books/{num}]
  methods: [GET]
  service: BookSvc
  rpcMethod: queryBook

A module may name the file of its text with payloadFile, a path beside the file.`,
	})
}

// NewSync makes "sync".
func NewSync(env *cli.Env) *cobra.Command {
	return newWrite(&options{env: env, write: api.WriteOptions{Prune: true}}, &cobra.Command{
		Use:   "sync -f FILE",
		Short: "As apply, and delete what else is in the namespaces of the files",
	})
}

// newWrite completes a command that writes the set.
func newWrite(o *options, cmd *cobra.Command) *cobra.Command {
	cmd.Args = cli.Args(0, 0)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.apply(cmd.Context()) }
	o.filesFlag(cmd)
	resource.Writing(cmd, &o.write)
	cmd.Flags().BoolVar(&o.write.Force, "force", false, "even if IDLs break what is in use")
	return cmd
}

// NewValidate makes "validate".
func NewValidate(env *cli.Env) *cobra.Command {
	o := &options{env: env}
	cmd := &cobra.Command{
		Use:   "validate -f FILE",
		Short: "Check the resources of files as apply does, writing nothing",
		Args:  cli.Args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			applied, err := o.send(cmd.Context(), func(ctx context.Context, c *api.Client, set []json.RawMessage) (*api.Applied, error) {
				return c.Validate(ctx, set, o.write)
			})
			if err != nil {
				return err
			}
			applied.DryRun = true
			if err := resource.Tell(env, applied); err != nil {
				return err
			}
			return env.Sayf("valid")
		},
	}
	o.filesFlag(cmd)
	return cmd
}

// NewDiff makes "diff".
func NewDiff(env *cli.Env) *cobra.Command {
	o := &options{env: env, write: api.WriteOptions{DryRun: true}}
	cmd := &cobra.Command{
		Use:   "diff -f FILE",
		Short: "What apply would change; exit code 100 if anything",
		Args:  cli.Args(0, 0),
		RunE:  func(cmd *cobra.Command, _ []string) error { return o.diff(cmd.Context()) },
	}
	o.filesFlag(cmd)
	cmd.Flags().BoolVar(&o.write.Prune, "prune", false, "as sync: also what would be deleted")
	return cmd
}

func (o *options) apply(ctx context.Context) error {
	applied, err := o.send(ctx, func(ctx context.Context, c *api.Client, set []json.RawMessage) (*api.Applied, error) {
		return c.Apply(ctx, set, o.write)
	})
	if err != nil {
		return err
	}
	return o.report(applied)
}

// report prints what a write did: lines for people, the answer for programs.
func (o *options) report(applied *api.Applied) error {
	if o.env.Output != cli.OutputTable {
		return o.env.Print(applied, nil)
	}
	return resource.Tell(o.env, applied)
}

// send reads the files and hands them to the gateway; errors name file and line.
func (o *options) send(ctx context.Context, do func(context.Context, *api.Client, []json.RawMessage) (*api.Applied, error)) (*api.Applied, error) {
	items, err := manifest.Read(o.files, o.env.Stdin)
	if err != nil {
		return nil, &cli.HintError{Err: err, Hint: "`dgate-cli apply --help` shows what a file holds"}
	}
	client, err := o.env.Client()
	if err != nil {
		return nil, err
	}
	var set []json.RawMessage
	for _, r := range items {
		set = append(set, r.JSON)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	applied, err := do(ctx, client, set)
	return applied, placed(err, items)
}

var inSet = regexp.MustCompile(`^/resources/(\d+)(/.*)?$`)

// placed says file and line where the gateway says a pointer into the set.
func placed(err error, items []manifest.Resource) error {
	var answer *api.Error
	if !errors.As(err, &answer) {
		return err
	}
	for i := range answer.Problem.Errors {
		e := &answer.Problem.Errors[i]
		m := inSet.FindStringSubmatch(e.Pointer)
		if m == nil {
			continue
		}
		if n, err := strconv.Atoi(m[1]); err == nil && n < len(items) {
			e.Pointer, e.Resource = items[n].Place(m[2])+" "+m[2], ""
		}
	}
	return err
}
