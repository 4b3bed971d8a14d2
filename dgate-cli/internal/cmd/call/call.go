// Package call is the command "call".
package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
)

type options struct {
	env             *cli.Env
	service, method string
	request         string // JSON, "-" or "@FILE"
	timeout         time.Duration
}

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	o := &options{env: env}
	cmd := &cobra.Command{
		Use:   "call SERVICE METHOD [JSON|@FILE|-]",
		Short: "Call a method of a service through the gateway",
		Long: `Calls a method of a service through the gateway and prints its answer.

SERVICE is the Thrift service, its IDL file without .thrift, or the name in the
registry. The request is JSON with the fields of the method's argument; @FILE
reads it from a file and - from standard input.`,
		Example: `  dgate-cli call BookSvc queryBook '{"Num":1}'`,
		Args:    cli.Args(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.service, o.method = args[0], args[1]
			if len(args) == 3 {
				o.request = args[2]
			}
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().DurationVar(&o.timeout, "timeout", 30*time.Second, "how long to wait for the answer")
	return cmd
}

func (o *options) run(ctx context.Context) error {
	request, err := o.read()
	if err != nil {
		return err
	}
	client, err := o.env.Client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	answer, err := client.Call(ctx, o.service, o.method, request)
	if err != nil {
		return err
	}
	if o.env.Verbose {
		if err := o.env.Sayf("%s answered after %s", cli.Printable(answer.Instance), cli.Printable(answer.Elapsed)); err != nil {
			return err
		}
	}
	return o.env.PrintJSON(answer.Result)
}

// read gives the request. It is sent as it stands, so that what the gateway
// says of it is about the same text.
func (o *options) read() (json.RawMessage, error) {
	text, from := []byte(o.request), "the request"
	var err error
	switch {
	case o.request == "":
		return nil, nil
	case o.request == "-":
		from = "standard input"
		text, err = io.ReadAll(o.env.Stdin)
	case strings.HasPrefix(o.request, "@"):
		from = o.request[1:]
		text, err = os.ReadFile(from)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, new(json.RawMessage)); err != nil {
		where := ""
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			where = fmt.Sprintf(" at byte %d", syntax.Offset)
		}
		return nil, cli.Usagef("JSON in a shell stands in single quotes: '{\"Num\":1}'", "%s is not JSON%s: %w", from, where, err)
	}
	return text, nil
}
