// Package top is the command "top".
package top

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
)

type options struct {
	env      *cli.Env
	interval time.Duration
	sort     string
	rows     int
	once     bool
}

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	o := &options{env: env}
	cmd := &cobra.Command{
		Use:   "top",
		Short: "The busiest routes of a gateway",
		Long: `Shows the routes of a gateway with the rate of their requests, errors, and the
time that half of them and 99 % of them take at most, counted over an interval.
On a terminal the table is drawn again until it is interrupted; elsewhere, and
with --once, it is printed once.`,
		Args: cli.Args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	cmd.Flags().DurationVar(&o.interval, "interval", 2*time.Second, "what the figures are counted over")
	cmd.Flags().StringVar(&o.sort, "sort", "rate", "`BY` what: "+strings.Join(orders(), ", "))
	cmd.Flags().IntVarP(&o.rows, "rows", "n", 20, "how many `ROUTES` at most")
	cmd.Flags().BoolVar(&o.once, "once", false, "print the table once")
	return cmd
}

func (o *options) run(ctx context.Context) error {
	if !slices.Contains(orders(), o.sort) {
		return cli.Usagef("the orders are "+strings.Join(orders(), ", "), "--sort: there is no order %q", o.sort)
	}
	if o.interval <= 0 || o.rows <= 0 {
		return cli.Usagef("--interval 2s, --rows 20", "--interval and --rows are positive")
	}
	client, err := o.env.Client()
	if err != nil {
		return err
	}
	before, err := client.Stats(ctx)
	if err != nil {
		return err
	}
	once := o.once || !o.env.Terminal || o.env.Output != cli.OutputTable
	for {
		select {
		case <-ctx.Done():
			return nil // the way to end it
		case <-time.After(o.interval):
		}
		now, err := client.Stats(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		if err := o.draw(compare(before, now), once); err != nil || once {
			return err
		}
		before = now
	}
}

// clearScreen puts the cursor to the top of an empty screen.
const clearScreen = "\x1b[H\x1b[2J"

func (o *options) draw(f *figures, once bool) error {
	slices.SortStableFunc(f.Routes, byOrder[o.sort])
	f.Routes = f.Routes[:min(len(f.Routes), o.rows)]
	if once {
		return o.env.Print(f, f.table)
	}
	// Written at once, so that the screen does not flicker.
	var screen bytes.Buffer
	screen.WriteString(clearScreen)
	env := *o.env
	env.Stdout = &screen
	if err := env.Print(f, f.table); err != nil {
		return err
	}
	_, err := o.env.Stdout.Write(screen.Bytes())
	return err
}

func (f *figures) table(t *cli.Table) {
	t.Line(cli.OneLine(f.At.Local().Format(time.DateTime) + "  " + f.Gateway + "  " + rate(f.Rate) + "/s  " +
		percent(f.ClientErrors) + " 4xx  " + percent(f.ServerErrors) + " 5xx"))
	t.Line("")
	named := slices.ContainsFunc(f.Routes, func(r figure) bool { return r.Namespace != "" && r.Namespace != api.DefaultNamespace })
	head := []string{"ROUTE", "RATE/S", "4XX", "5XX", "P50", "P99", "TOTAL"}
	if named {
		head = append([]string{"NAMESPACE"}, head...)
	}
	t.Row(head...)
	for _, r := range f.Routes {
		name := r.Route
		if name == "" {
			name = "(no route)"
		}
		row := []string{
			name, rate(r.Rate), percent(r.ClientErrors), percent(r.ServerErrors),
			r.P50, r.P99, strconv.FormatUint(r.Total, 10),
		}
		if named {
			row = append([]string{r.Namespace}, row...)
		}
		t.Row(row...)
	}
}

func rate(n float64) string {
	if n >= 100 {
		return strconv.FormatFloat(n, 'f', 0, 64)
	}
	return strconv.FormatFloat(n, 'f', 1, 64)
}

func percent(share float64) string {
	if share == 0 || share == 1 {
		return strconv.Itoa(int(100*share)) + "%"
	}
	return strconv.FormatFloat(100*share, 'f', 1, 64) + "%"
}
