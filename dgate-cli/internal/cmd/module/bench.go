package module

import (
	"context"
	"runtime"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/jsmodule/moduletest"
)

type benchOptions struct {
	env      *cli.Env
	exchange exchangeOptions
	time     time.Duration
	file     string
}

func newBench(env *cli.Env) *cobra.Command {
	o := &benchOptions{env: env}
	cmd := &cobra.Command{
		Use:   "bench FILE",
		Short: "Measure what the hooks of a module cost",
		Long: `Plays a request through each hook of a module again and again, and prints the
time and the allocations of one call: what the module adds to a request.`,
		Example: `  dgate-cli module bench served-by.ts --request 'GET /book/query?num=1'`,
		Args:    cli.Args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return o.run(cmd.Context())
		},
	}
	o.exchange.flags(cmd.Flags())
	cmd.Flags().DurationVar(&o.time, "time", time.Second, "how long to measure each hook")
	return cmd
}

// measured is what one hook costs.
type measured struct {
	Hook   string  `json:"hook"`
	Calls  int     `json:"calls"`
	Ns     float64 `json:"ns_per_call"`
	Allocs float64 `json:"allocs_per_call"`
	Bytes  float64 `json:"bytes_per_call"`
}

func (o *benchOptions) run(ctx context.Context) error {
	if o.time <= 0 {
		return cli.Usagef("--time 1s is the default", "--time must be positive")
	}
	p, err := buildFile(o.env, o.file)
	if err != nil {
		return err
	}
	x, err := o.exchange.prepare()
	if err != nil {
		return err
	}
	all := []measured{}
	for _, hook := range p.Hooks() {
		m, err := o.measure(ctx, p, x, hook)
		if err != nil {
			return failure(err)
		}
		all = append(all, m)
	}
	return o.env.Print(all, func(t *cli.Table) {
		t.Row("HOOK", "NS/CALL", "ALLOCS/CALL", "B/CALL", "CALLS")
		for _, m := range all {
			t.Row(m.Hook, digits(m.Ns), digits(m.Allocs), digits(m.Bytes), strconv.Itoa(m.Calls))
		}
	})
}

func digits(f float64) string { return strconv.FormatFloat(f, 'f', 0, 64) }

func (o *benchOptions) measure(ctx context.Context, p *jsmodule.Program, x moduletest.Exchange, hook jsmodule.Hook) (measured, error) {
	m := measured{Hook: hook.String()}
	x.Hook = m.Hook
	stage, err := moduletest.NewStage(p, x)
	if err != nil {
		return m, err
	}
	defer stage.Close()
	const warm = 100
	for range warm {
		if _, err := stage.Play(ctx); err != nil {
			return m, err
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for batch := 1; time.Since(start) < o.time; batch = min(2*batch, 1000) {
		for range batch {
			if _, err := stage.Play(ctx); err != nil {
				return m, err
			}
		}
		m.Calls += batch
		if err := ctx.Err(); err != nil {
			return m, err
		}
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	calls := float64(m.Calls)
	m.Ns = float64(took) / calls
	m.Allocs = float64(after.Mallocs-before.Mallocs) / calls
	m.Bytes = float64(after.TotalAlloc-before.TotalAlloc) / calls
	return m, nil
}
