package module

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/jsmodule/moduletest"
)

type runOptions struct {
	env      *cli.Env
	exchange exchangeOptions
	hook     string
	file     string
}

func newRun(env *cli.Env) *cobra.Command {
	o := &runOptions{env: env}
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Play one request through a module",
		Long: `Plays a request through the hooks of a module as a gateway does, and prints the
request that goes on, the answer, and what was logged. Nothing is called: the
file of --mocks has what services answer.

A FILE.http begins with the request line; headers, a blank line and a body may
follow.`,
		Example: `  dgate-cli module run served-by.ts --request 'GET /book/query?num=1' --service BookSvc.queryBook`,
		Args:    cli.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return o.run(cmd.Context())
		},
	}
	o.exchange.flags(cmd.Flags())
	cmd.Flags().StringVar(&o.hook, "hook", "", "run this `HOOK` alone")
	return cmd
}

// played is what -o json prints.
type played struct {
	Request  message            `json:"request"`
	Response message            `json:"response"`
	Target   *target            `json:"target,omitempty"`
	Calls    []moduletest.Call  `json:"calls,omitempty"`
	Logs     []jsmodule.LogLine `json:"logs,omitempty"`
}

type target struct {
	Address string `json:"address,omitempty"`
	Tag     string `json:"tag,omitempty"`
	HashKey string `json:"hashKey,omitempty"`
}

func (o *runOptions) run(ctx context.Context) error {
	p, err := buildFile(o.env, o.file)
	if err != nil {
		return err
	}
	x, err := o.exchange.prepare()
	if err != nil {
		return err
	}
	x.Hook = o.hook
	out, failed := moduletest.Play(ctx, p, x)
	if out.Request == nil {
		return failed // nothing was played
	}
	result := played{Request: requestMessage(out.Request), Response: responseMessage(out.Response), Calls: out.Calls, Logs: out.Logs}
	if out.Chosen {
		result.Target = &target{out.Target.Address, out.Target.Tag, out.Target.HashKey}
	}
	err = o.env.Print(result, func(t *cli.Table) { writePlayed(t, out, failed == nil) })
	if err != nil || failed == nil {
		return err
	}
	return failure(failed)
}

func writePlayed(t *cli.Table, out moduletest.Outcome, answered bool) {
	body, _ := out.Request.Body() // in memory
	writeMessage(t, string(out.Request.Method())+" "+out.Request.URL(), &out.Request.MemoryHeaders, body)
	if c := out.Target; out.Chosen {
		t.Line(cli.Printable(fmt.Sprintf("upstream: address %q, tag %q, hashKey %q", c.Address, c.Tag, c.HashKey)))
		t.Line("")
	}
	for _, c := range out.Calls {
		t.Line(cli.Printable(fmt.Sprintf("called %s.%s(%s)", c.Service, c.Method, c.Args)))
	}
	if len(out.Calls) > 0 {
		t.Line("")
	}
	if answered {
		status := out.Response.Status()
		body, _ = out.Response.Body() // in memory
		writeMessage(t, fmt.Sprintf("%d %s", status, http.StatusText(status)), &out.Response.MemoryHeaders, body)
	}
	for _, l := range out.Logs {
		t.Line(cli.Printable(l.Level + " " + l.Message))
	}
}
