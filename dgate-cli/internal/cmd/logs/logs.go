// Package logs is the command "logs".
package logs

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

type options struct {
	env   *cli.Env
	query api.LogQuery
}

var levels = []string{"debug", "info", "warn", "error"}

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	o := &options{env: env}
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "The log of a gateway",
		Long: `Prints the last lines of a gateway's log, and with -f those that come. -o json
gives one JSON object a line.`,
		Example: `  dgate-cli logs -f --module stamp --level warn`,
		Args:    cli.Args(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().BoolVarP(&o.query.Follow, "follow", "f", false, "go on with the lines that come")
	cmd.Flags().IntVarP(&o.query.Tail, "tail", "n", -1, "how many of the last `LINES` (default all that are kept, 10 with -f)")
	cmd.Flags().StringVar(&o.query.Level, "level", "info", "the lowest `LEVEL`: "+strings.Join(levels, ", "))
	cmd.Flags().StringVar(&o.query.Module, "module", "", "only lines about this `MODULE`")
	cmd.Flags().StringVar(&o.query.Route, "route", "", "only lines about this `ROUTE`, such as BookSvc.queryBook")
	return cmd
}

func (o *options) run(ctx context.Context) error {
	if !slices.Contains(levels, o.query.Level) {
		return cli.Usagef("the levels are "+strings.Join(levels, ", "), "--level: there is no level %q", o.query.Level)
	}
	client, err := o.env.Client()
	if err != nil {
		return err
	}
	err = client.Logs(ctx, o.query, o.line)
	switch {
	case ctx.Err() != nil:
		return nil // the way to end it
	case err == nil && o.query.Follow:
		return &cli.HintError{Err: errors.New("the gateway has ended the log"), Hint: "did it stop?"}
	}
	return err
}

func (o *options) line(line json.RawMessage) error {
	switch o.env.Output {
	case cli.OutputJSON:
		_, err := o.env.Stdout.Write(append(line, '\n'))
		return err
	case cli.OutputYAML:
		if _, err := o.env.Stdout.Write([]byte("---\n")); err != nil {
			return err
		}
		return o.env.PrintJSON(line)
	}
	text, err := format(line, o.env.Colour)
	if err != nil {
		return err
	}
	_, err = o.env.Stdout.Write([]byte(text + "\n"))
	return err
}

var colours = map[string]string{"DEBUG": "2", "WARN": "33", "ERROR": "31"}

// format is a line for people: time, level, text, then the attributes in their order.
func format(line json.RawMessage, colour bool) (string, error) {
	members, err := ordered(line)
	if err != nil {
		return "", err
	}
	var at, level, text string
	var rest []string
	for _, m := range members {
		switch m.name {
		case "time":
			at = m.text()
			if t, err := time.Parse(time.RFC3339Nano, at); err == nil {
				at = t.Local().Format("2006-01-02 15:04:05.000")
			}
		case "level":
			level = m.text()
		case "msg":
			text = m.text()
		default:
			rest = append(rest, m.name+"="+m.value())
		}
	}
	shown := level + strings.Repeat(" ", max(0, len("ERROR")-len(level)))
	if code := colours[level]; colour && code != "" {
		shown = "\x1b[" + code + "m" + cli.OneLine(shown) + "\x1b[0m"
	} else {
		shown = cli.OneLine(shown)
	}
	out := cli.OneLine(at) + " " + shown + " " + cli.OneLine(text)
	if len(rest) > 0 {
		out += "  " + cli.OneLine(strings.Join(rest, " "))
	}
	return out, nil
}

// member is one member of a JSON object.
type member struct {
	name string
	raw  json.RawMessage
}

// text is a text without its quotes, anything else as it stands.
func (m member) text() string {
	var s string
	if json.Unmarshal(m.raw, &s) == nil {
		return s
	}
	return string(m.raw)
}

// value is the text, quoted if that is needed to see where it ends.
func (m member) value() string {
	s := m.text()
	if s == "" || strings.ContainsAny(s, " =\"\n\t") && m.raw[0] == '"' {
		return string(m.raw)
	}
	return s
}

// ordered reads the members of an object in their order.
func ordered(line json.RawMessage) ([]member, error) {
	d := json.NewDecoder(strings.NewReader(string(line)))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("a line of the log is no JSON object: is this a gateway's admin listener?")
	}
	var out []member
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		m := member{}
		m.name, _ = t.(string)
		if err := d.Decode(&m.raw); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}
