package compare

import (
	"errors"
	"fmt"
	"time"

	"dgate/bench/internal/load"
	"dgate/bench/internal/payload"
	"dgate/bench/internal/process"
	"dgate/bench/internal/variant"
)

// Run measures. An answer that is not 2xx is counted; one that differs from the
// others' ends the run.
func Run(c Config) (res *Results, err error) {
	cases, err := payload.Cases()
	if err != nil {
		return nil, err
	}
	s := &stage{c: c, cases: cases}
	defer s.stop()
	res = &Results{
		Closed: map[string]map[string]Series{}, Open: map[string]map[string]Series{},
		Rate: map[string]float64{}, Profiles: map[string]string{}, Modules: map[string]ModuleSeries{},
	}
	if c.ProfileOnly {
		if err := s.startBackend(); err != nil {
			return nil, err
		}
		return res, s.profile(res)
	}
	if c.ModulesOnly {
		if err := s.startBackend(); err != nil {
			return nil, err
		}
		plain, err := s.startGateway(Gateway, c.Gateway, "", sameCollector...)
		if err != nil {
			return nil, err
		}
		return res, s.modules(plain, res.Modules)
	}
	all, err := s.startAll()
	if err != nil {
		return nil, err
	}
	// The gateway and what it is to beat, for what only those two are asked.
	var rivals []*running
	for _, r := range all {
		if err := verify(r, cases); err != nil {
			return nil, err
		}
		res.Variants = append(res.Variants, r.name)
		if r.name == variant.Hand || r.name == Gateway {
			rivals = append(rivals, r)
		}
	}
	for _, r := range rivals {
		if err := verifyRefusal(r); err != nil {
			return nil, err
		}
		if r.name == Gateway {
			if res.Idle, err = idle(r.Process, max(5*c.Measure, 200*time.Millisecond)); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range all {
		if r.name == Gateway || r.name == Shipped { // the latter is the later one
			if res.Memory, err = r.Resident(); err != nil {
				return nil, err
			}
		}
	}
	res.Start = s.start
	c.Log.Info("all variants give the same answers", "variants", res.Variants)

	if err := s.rounds(all, res.Closed, c.Rounds, nil); err != nil {
		return nil, err
	}
	for _, one := range cases {
		res.Rate[one.Key] = res.Closed[one.Key][variant.Hand].Of(PerSecond).Median / 2
	}
	if err := s.rounds(rivals, res.Open, c.OpenRounds, res.Rate); err != nil {
		return nil, err
	}
	for _, r := range rivals {
		if r.name == Gateway {
			if err := s.modules(r, res.Modules); err != nil {
				return nil, err
			}
		}
	}
	if c.Profiled == "" {
		return res, nil
	}
	return res, s.profile(res)
}

// rounds measures every variant in every case once per round, beginning with
// another variant each time. The first round is for warming up. With rates the
// loops are open ones.
func (s *stage) rounds(all []*running, into map[string]map[string]Series, n int, rate map[string]float64) error {
	if n == 0 {
		return nil
	}
	for _, c := range s.cases {
		into[c.Key] = map[string]Series{}
	}
	for round := range n + 1 {
		s.c.Log.Info("measuring", "round", round, "of", n, "openLoop", rate != nil)
		for i, c := range s.cases {
			for j := range all {
				r := all[(j+i+round)%len(all)]
				sample, err := s.measure(r, c, rate[c.Key])
				if err != nil {
					return fmt.Errorf("%s, %s: %w", r.name, c.Name, errors.Join(err, r.Ended()))
				}
				if round > 0 {
					into[c.Key][r.name] = append(into[c.Key][r.name], sample)
				}
			}
		}
	}
	return nil
}

func (s *stage) measure(r *running, c payload.Case, rate float64) (Sample, error) {
	return s.sample(r, load.Request(c.Verb, c.Target, c.Body), s.c.Conns, rate)
}

func (s *stage) sample(r *running, request []byte, conns int, rate float64) (Sample, error) {
	var marks []time.Duration
	result, err := load.Run(load.Config{
		Addr: r.addr, Request: request, Conns: conns,
		Warm: s.c.Warm, Measure: s.c.Measure, Rate: rate,
		Mark: func() error {
			cpu, err := r.CPU()
			marks = append(marks, cpu)
			return err
		},
	})
	if err != nil {
		return Sample{}, err
	}
	return Sample{
		CPU:       float64((marks[1] - marks[0]).Nanoseconds()) / 1000 / float64(result.Requests),
		PerSecond: result.PerSecond(),
		P50:       result.P50.Seconds() * 1000,
		P99:       result.P99.Seconds() * 1000,
		Requests:  result.Requests,
		Bad:       result.Bad,
	}, nil
}

// idle is the share of a core that p uses by itself.
func idle(p *process.Process, d time.Duration) (float64, error) {
	before, err := p.CPU()
	if err != nil {
		return 0, err
	}
	time.Sleep(d)
	after, err := p.CPU()
	return (after - before).Seconds() / d.Seconds(), err
}
