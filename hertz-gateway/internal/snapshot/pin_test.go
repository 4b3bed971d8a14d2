package snapshot

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func bare() *Snapshot { return &Snapshot{pins: pins{drained: make(chan struct{})}} }

func drained(s *Snapshot) bool {
	select {
	case <-s.Drained():
		return true
	default:
		return false
	}
}

func TestDrained(t *testing.T) {
	var c Current
	first, second := bare(), bare()
	c.Swap(first)
	pin := c.Pin()
	again := pin.Again()
	if c.Swap(second) != first {
		t.Fatal("Swap did not return the one before")
	}
	pin.Release()
	if drained(first) {
		t.Fatal("drained with a hold left")
	}
	again.Release()
	if !drained(first) {
		t.Fatal("not drained after the last hold")
	}
	if p := c.Pin(); p.Snapshot != second || drained(second) {
		t.Fatal("the second is not current")
	}
	if c.Swap(nil); drained(second) {
		t.Fatal("drained with a hold left")
	}
}

func TestDrainedWithoutHolds(t *testing.T) {
	var c Current
	s := bare()
	c.Swap(s)
	c.Swap(nil)
	if !drained(s) {
		t.Fatal("not drained")
	}
}

// TestPinRace swaps while others pin: nobody ever holds a snapshot that has
// been drained, and every snapshot drains.
func TestPinRace(t *testing.T) {
	var c Current
	c.Swap(bare())
	var quit atomic.Bool
	var users sync.WaitGroup
	for range 4 {
		users.Go(func() {
			for !quit.Load() {
				p := c.Pin()
				if drained(p.Snapshot) {
					t.Error("pinned a drained snapshot")
				}
				p.Release()
			}
		})
	}
	for range 2000 {
		old := c.Swap(bare())
		select {
		case <-old.Drained():
		case <-time.After(10 * time.Second):
			t.Fatal("a snapshot does not drain")
		}
	}
	quit.Store(true)
	users.Wait()
}

func BenchmarkPin(b *testing.B) {
	var c Current
	c.Swap(bare())
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Pin().Release()
		}
	})
}
