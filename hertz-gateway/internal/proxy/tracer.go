package proxy

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"sync/atomic"

	"dgate/hertz-gateway/internal/message"
	"dgate/hertz-gateway/internal/snapshot"
)

// TraceHeader carries the ticket of a request that explain sends. Other requests
// may bear it in vain.
const TraceHeader = "DGate-Trace"

// Tracer follows single exchanges. The zero value is ready; safe for concurrent use.
type Tracer struct {
	active atomic.Int32
	mu     sync.Mutex
	traces map[string]*snapshot.Trace
}

// Begin gives a ticket for one request, and the trace that is complete once the
// request is answered. End takes the ticket back.
func (t *Tracer) Begin() (ticket string, trace *snapshot.Trace) {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	ticket, trace = hex.EncodeToString(raw[:]), snapshot.NewTrace()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.traces == nil {
		t.traces = map[string]*snapshot.Trace{}
	}
	t.traces[ticket] = trace
	t.active.Add(1)
	return ticket, trace
}

// End forgets a ticket.
func (t *Tracer) End(ticket string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.traces, ticket)
	t.active.Add(-1)
}

// Taken tells whether the request of a ticket has become an exchange: then its
// trace will be complete.
func (t *Tracer) Taken(ticket string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, waiting := t.traces[ticket]
	return !waiting
}

// of gives the trace of a request, once; nil: nobody asks about it.
func (t *Tracer) of(req *message.Request) (trace *snapshot.Trace) {
	if t == nil || t.active.Load() == 0 {
		return nil
	}
	req.Header(TraceHeader, func(v []byte) bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		trace = t.traces[string(v)]
		delete(t.traces, string(v))
		return false
	})
	if trace != nil {
		req.DelHeader(TraceHeader)
	}
	return trace
}
