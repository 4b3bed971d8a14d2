// Package status is the command "status".
package status

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

type options struct {
	env           *cli.Env
	waitReady     bool
	waitInstances map[string]int
	timeout       time.Duration
}

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	o := &options{env: env}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "What the gateway serves, and what is wrong",
		Example: `  dgate-cli status
  dgate-cli status --wait-ready --wait-instances BookSvc=2 --timeout 60s`,
		Args: cli.Args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().BoolVar(&o.waitReady, "wait-ready", false, "wait until the gateway is ready")
	cmd.Flags().StringToIntVar(&o.waitInstances, "wait-instances", nil, "wait until `SERVICE=N` instances serve; may repeat")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 10*time.Second, "how long to wait in all")
	return cmd
}

// pause is the time between two looks at a gateway that is waited for.
const pause = 100 * time.Millisecond

func (o *options) run(ctx context.Context) error {
	client, err := o.env.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	waiting := o.waitReady || len(o.waitInstances) > 0
	var last error // what the gateway itself has said
	for {
		status, err := o.look(ctx, client)
		if err != nil && ctx.Err() == nil {
			last = err
		}
		if err == nil {
			return o.env.Print(status, func(t *cli.Table) { table(t, status) })
		}
		if !waiting {
			return err
		}
		select {
		case <-time.After(pause):
			continue
		case <-ctx.Done():
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("not after %s: %w", o.timeout, cmp.Or(last, err))
		}
		return fmt.Errorf("interrupted while waiting: %w", err)
	}
}

// look asks once; an error says what is still missing.
func (o *options) look(ctx context.Context, client *api.Client) (*api.Status, error) {
	if o.waitReady {
		if err := client.Ready(ctx); err != nil {
			return nil, err
		}
	}
	status, err := client.Status(ctx)
	if err != nil {
		return nil, err
	}
	for name, want := range o.waitInstances {
		if got := serving(status, name); got < want {
			return nil, &cli.HintError{
				Err:  fmt.Errorf("%s has %d of %d instances", name, got, want),
				Hint: "are they registered in the etcd of this gateway, under the registry name that `dgate-cli status` shows?",
			}
		}
	}
	return status, nil
}

// serving counts the instances of a service, named by its IDL or its registry name.
func serving(status *api.Status, name string) int {
	n := 0
	for _, s := range status.Services {
		if s.Name != name && s.Registry != name {
			continue
		}
		for _, instance := range s.Instances {
			if instance.State == api.InstanceServing {
				n++
			}
		}
		return n
	}
	return n
}

func table(t *cli.Table, s *api.Status) {
	t.Row("GATEWAY", "VERSION", "ADDRESS", "STARTED", "REVISION", "IDLS", "LAST ERROR")
	for _, g := range s.Gateways {
		revision := strconv.FormatInt(g.Revision, 10)
		if g.Revision != s.Revision {
			revision += fmt.Sprintf(" of %d", s.Revision)
		}
		t.Row(g.ID, g.Version, g.Address, g.StartedAt.Local().Format(time.DateTime), revision, g.MappingDigest[:min(12, len(g.MappingDigest))], g.LastError)
	}

	t.Line("")
	t.Row("SERVICE", "IDL", "REGISTRY", "METHODS", "ROUTES", "INSTANCE", "WEIGHT", "STATE", "TAGS")
	for _, v := range s.Services {
		head := []string{v.Name, v.File, v.Registry, strconv.Itoa(v.Methods), strconv.Itoa(v.Routes)}
		if len(v.Instances) == 0 {
			t.Row(append(head, "none", "", "", "")...)
		}
		for _, i := range v.Instances {
			t.Row(append(head, i.Address, strconv.Itoa(i.Weight), string(i.State), tags(i.Tags))...)
			head = []string{"", "", "", "", ""}
		}
	}

	if len(s.Modules) > 0 {
		t.Line("")
		t.Row("MODULE", "STATE", "ROUTES", "ERROR")
		for _, m := range s.Modules {
			t.Row(m.Name, string(m.State), strings.Join(m.Routes, ", "), m.Error)
		}
	}
	if len(s.Diagnostics) > 0 {
		t.Line("")
		for _, d := range s.Diagnostics {
			t.Line(cli.FormatDiagnostic(d, t.Colour))
		}
	}

	t.Line("")
	t.Line(etcd(s.Etcd))
}

func etcd(e api.Etcd) string {
	where := strings.Join(e.Endpoints, ", ")
	if e.Embedded {
		where += " (embedded)"
	}
	if e.Connected {
		return cli.Printable("etcd: connected to " + where)
	}
	return cli.Printable("etcd: no connection to " + where + " since " + e.StaleSince.Local().Format(time.DateTime) + "; what was last known keeps serving")
}

func tags(m map[string]string) string {
	list := make([]string, 0, len(m))
	for k, v := range m {
		list = append(list, k+"="+v)
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}
