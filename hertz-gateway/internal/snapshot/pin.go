package snapshot

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// pinShards spreads the pin counters over cache lines; a power of two.
const pinShards = 8

type pinShard struct {
	n atomic.Int64
	_ [56]byte
}

// pins counts the exchanges that use a snapshot.
type pins struct {
	shards  [pinShards]pinShard
	retired atomic.Bool
	once    sync.Once
	drained chan struct{}
}

func (p *pins) settle() {
	for i := range p.shards {
		if p.shards[i].n.Load() != 0 {
			return
		}
	}
	p.once.Do(func() { close(p.drained) })
}

// Current is the one pointer to the snapshot being served. Safe for concurrent
// use; Swap is for the reconcile loop alone.
type Current struct{ p atomic.Pointer[Snapshot] }

// Pin is the hold of one exchange on a snapshot.
type Pin struct {
	Snapshot *Snapshot
	shard    *pinShard
}

// Pin takes the current snapshot and keeps what it needs alive until Release.
// The counter is raised before the pointer is read again: a snapshot that was
// swapped in between is never used.
func (c *Current) Pin() Pin {
	shard := rand.Uint32() % pinShards
	for {
		s := c.p.Load()
		pin := Pin{s, &s.pins.shards[shard]}
		pin.shard.n.Add(1)
		if c.p.Load() == s {
			return pin
		}
		pin.Release()
	}
}

// Again takes another hold on the same snapshot, while this one lasts.
func (p Pin) Again() Pin {
	p.shard.n.Add(1)
	return p
}

// Release ends the hold.
func (p Pin) Release() {
	if p.shard.n.Add(-1) == 0 && p.Snapshot.pins.retired.Load() {
		p.Snapshot.pins.settle()
	}
}

// Load is the current snapshot for looking at; it may be closed meanwhile.
func (c *Current) Load() *Snapshot { return c.p.Load() }

// Swap makes next the current snapshot and retires the one before, which is
// returned (nil at first). Its Drained channel closes after its last exchange.
func (c *Current) Swap(next *Snapshot) *Snapshot {
	prev := c.p.Swap(next)
	if prev != nil {
		prev.pins.retired.Store(true)
		prev.pins.settle()
	}
	return prev
}
