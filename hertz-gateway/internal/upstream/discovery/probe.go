package discovery

import (
	"context"
	"net"
	"sync"
	"time"
)

const (
	probeTimeout = time.Second
	probesAtOnce = 16
)

// probe dials the held instances while there are any, until ctx ends.
func (r *Resolver) probe(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.probes:
		}
		for r.probeOnce(ctx) && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-r.probes: // somebody new
			case <-time.After(r.c.ProbeEvery):
			}
		}
	}
}

// probeOnce dials every held instance and drops those that cannot be reached
// and those held long enough. It returns whether any is left.
func (r *Resolver) probeOnce(ctx context.Context) bool {
	type target struct {
		d *Destination
		h *held
	}
	var targets []target
	r.mu.Lock()
	for _, d := range r.dests {
		for _, h := range d.held {
			targets = append(targets, target{d, h})
		}
	}
	r.mu.Unlock()

	var wg sync.WaitGroup
	slots := make(chan struct{}, probesAtOnce)
	for _, t := range targets {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if time.Since(t.h.since) < r.c.HoldFor && accepts(ctx, t.h.inst.Address) {
				return
			}
			if ctx.Err() == nil {
				r.drop(t.d, t.h)
			}
		})
	}
	wg.Wait()

	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.dests {
		if len(d.held) > 0 {
			return true
		}
	}
	return false
}

// drop takes a held instance out of its set, unless it is there for another reason by now.
func (r *Resolver) drop(d *Destination, h *held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.held[h.inst.Address] != h {
		return
	}
	delete(d.held, h.inst.Address)
	r.publishLocked(map[*Destination]struct{}{d: {}})
}

func accepts(ctx context.Context, address string) bool {
	d := net.Dialer{Timeout: probeTimeout}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
