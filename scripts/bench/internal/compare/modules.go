package compare

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dgate/bench/internal/load"
	"dgate/bench/internal/payload"
)

// modules measures the gateway without modules against others of the same kind,
// one for each distinct set of modules, a pair after the other in each round.
func (s *stage) modules(plain *running, into map[string]ModuleSeries) error {
	cases := payload.ModuleCases()
	with := map[string]*running{} // by the text of the module
	for _, c := range cases {
		if with[c.Module] != nil {
			continue
		}
		dir := filepath.Join(s.c.Work, "modules", c.Key)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "bench.ts"), []byte(c.Module), 0o600); err != nil {
			return err
		}
		r, err := s.startGateway("modules-"+c.Key, s.c.Gateway, dir, sameCollector...)
		if err != nil {
			return err
		}
		with[c.Module] = r
	}
	for _, c := range cases {
		if err := moduleRuns(plain, with[c.Module], c); err != nil {
			return err
		}
	}
	for round := range s.c.Rounds + 1 {
		s.c.Log.Info("measuring modules", "round", round, "of", s.c.Rounds)
		for i, c := range cases {
			conns := s.c.Conns
			if c.Latency {
				conns = 1
			}
			pair := [2]*running{plain, with[c.Module]}
			var samples [2]Sample
			for j := range 2 {
				k := (i + j + round) % 2
				var err error
				if samples[k], err = s.sample(pair[k], load.Request("GET", c.Asked(k == 1), nil), conns, 0); err != nil {
					return fmt.Errorf("%s, %s: %w", pair[k].name, c.Name, err)
				}
			}
			if round > 0 {
				series := into[c.Key]
				into[c.Key] = ModuleSeries{append(series.Without, samples[0]), append(series.With, samples[1])}
			}
		}
	}
	return nil
}

// moduleRuns asks once without and once with the module: only the latter shows it.
func moduleRuns(plain, with *running, c payload.ModuleCase) error {
	for _, r := range []*running{plain, with} {
		status, head, body, err := load.OnceWithHead(r.addr, load.Request("GET", c.Asked(r == with), nil))
		if err != nil {
			return fmt.Errorf("%s, %s: %w", r.name, c.Name, err)
		}
		if status != 200 {
			return fmt.Errorf("%s, %s: status %d: %.300s", r.name, c.Name, status, body)
		}
		shown := strings.Contains(strings.ToLower(string(head)), c.Proof) || bytes.Contains(body, []byte(c.Proof))
		if shown != (r == with) {
			return fmt.Errorf("%s, %s: the module has run: %v: %.300s %.300s", r.name, c.Name, shown, head, body)
		}
	}
	return nil
}
