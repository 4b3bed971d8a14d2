package discovery

import (
	"sort"
	"time"
)

// Status says how far the resolver can be believed.
type Status struct {
	// Connected tells whether etcd answered the last time it was asked. While
	// it is false the sets are those last seen.
	Connected bool
	// Since is when Connected last changed.
	Since time.Time
	// Err is why it is not connected; nil before the first attempt.
	Err error
	// Revision of etcd that the sets show.
	Revision int64
	// Destinations and Instances that are registered, Held those kept beyond it.
	Destinations, Instances, Held int
	// Problems are the keys that were ignored, by key; at most maxProblems.
	Problems []Problem
}

// Problem is a key of the registry that was ignored.
type Problem struct {
	Key    string
	Detail string
}

const maxProblems = 100

// Status returns the current status.
func (r *Resolver) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Status{Connected: r.connected, Since: r.since, Err: r.err, Revision: r.revision}
	for _, d := range r.dests {
		if len(d.registered) > 0 {
			s.Destinations++
		}
		s.Instances += len(d.registered)
		s.Held += len(d.held)
	}
	for key, e := range r.entries {
		if e.problem != "" {
			s.Problems = append(s.Problems, Problem{Key: key, Detail: e.problem})
		}
	}
	sort.Slice(s.Problems, func(i, j int) bool { return s.Problems[i].Key < s.Problems[j].Key })
	if len(s.Problems) > maxProblems {
		s.Problems = s.Problems[:maxProblems]
	}
	return s
}

// setConnected notes that etcd answered.
func (r *Resolver) setConnected() {
	r.mu.Lock()
	was := r.connected
	if !was {
		r.connected, r.since, r.err = true, time.Now(), nil
	}
	r.mu.Unlock()
	if !was {
		r.c.Logger.Info("registry connected")
	}
}

// setStale notes that etcd did not answer.
func (r *Resolver) setStale(err error) {
	r.mu.Lock()
	was, first := r.connected, r.err == nil
	if was || r.since.IsZero() {
		r.since = time.Now()
	}
	r.connected, r.err = false, err
	r.mu.Unlock()
	if was || first {
		r.c.Logger.Warn("registry does not answer, the instances last seen stay", "error", err)
	}
}
