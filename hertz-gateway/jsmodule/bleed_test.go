package jsmodule

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// echoCaller answers, after a while, with what it was asked.
type echoCaller struct{}

func (echoCaller) Call(ctx context.Context, c RPC) ([]byte, error) {
	select {
	case <-time.After(time.Duration(rand.IntN(3000)) * time.Microsecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return fmt.Appendf(nil, `{"args":%s,"id":%q}`, c.Args, c.RequestID), nil
}

// bleeding keeps what it got in one request, leaves work behind, and looks in the
// next for what is not its own.
const bleeding = `
import rpc from "dgate/rpc"; import { asyncSleep } from "dgate";
let last;
export async function requestModifier(ctx) {
	const id = ctx.id, body = ctx.request.json();
	if (ctx.locals.id !== undefined || ctx.get("id") !== undefined) throw new Error("LEAK locals " + ctx.locals.id);
	ctx.locals.id = id; ctx.set("id", id); ctx.own0 = id;
	if (body.id !== id) throw new Error("LEAK body " + body.id + " " + id);
	body.touched = id;
	const old = last; last = { ctx, body, req: ctx.request, headers: ctx.request.headers, id };
	if (old && old.id !== id) { let ok = false; try { old.ctx.id; ok = true } catch {} if (ok) throw new Error("LEAK ctx"); ok=false; try { old.headers.get("x"); ok = true } catch {} if (ok) throw new Error("LEAK headers"); try { old.body.touched = id } catch {} }
	switch (body.way) {
	case 0: { const r = await rpc.S.m({ id }); if (r.args.id !== id || r.id !== id) throw new Error("LEAK rpc " + r.id); break }
	case 1: { const [a, b] = await Promise.all([rpc.S.m({ id }), rpc.S.n({ id: id + "b" })]); if (a.args.id !== id || b.args.id !== id + "b") throw new Error("LEAK rpc2"); break }
	case 2: rpc.S.m({ id }).then((r) => { if (last.id !== id && ctx) { try { ctx.locals.x = 1 } catch {} } }); break;
	case 3: ctx.waitUntil(rpc.S.m({ id }).then((r) => { if (r.args.id !== id) console.error("LEAK tail") })); break;
	case 4: setTimeout(() => { console.error("LEAK timer of " + id) }, 50); break;
	case 5: ctx.waitUntil(asyncSleep("1ms").then(() => rpc.S.m({ id })).then((r) => { if (r.args.id !== id) console.error("LEAK tail2") })); break;
	case 6: throw new Error("wanted");
	case 7: await asyncSleep("1ms"); break;
	case 8: for (;;);
	case 9: await Promise.race([rpc.S.m({ id }), asyncSleep("1ms")]); break;
	}
	if (ctx.id !== id || ctx.locals.id !== id || ctx.get("id") !== id || body.touched !== id) throw new Error("LEAK after await " + ctx.id + " " + id);
}
export async function responseModifier(ctx, res) {
	if (ctx.locals.id !== ctx.id || ctx.get("id") !== ctx.id || ctx.own0 !== ctx.id) throw new Error("LEAK response");
	if (last === undefined) throw new Error("LEAK none");
	res.json({ id: ctx.id });
}
export function errorHandler(ctx, err) { ctx.text(err.message) }`

// TestNothingBleeds serves requests in the memory of others, whose calls, timers
// and promises are still under way, with fewer runtimes than there are requests.
func TestNothingBleeds(t *testing.T) {
	p, err := Build(Source{Name: "s", File: "s.js", Text: bleeding}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	h, err := NewHost(Config{
		Caller: echoCaller{}, DefaultPermissions: []string{"rpc:*"}, Logger: slog.New(slog.NewTextHandler(&lines, nil)),
		Limits: Limits{Budget: 100 * time.Millisecond, Runtimes: 6, Idle: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.NewChain("default", p)
	if err != nil {
		t.Fatal(err)
	}
	type run struct {
		s    Session
		call Call
	}
	pool := sync.Pool{New: func() any { return new(run) }}
	var served atomic.Int64
	var wg sync.WaitGroup
	for g := range 24 {
		wg.Go(func() {
			for i := range 100 {
				id := fmt.Sprintf("r%d-%d", g, i)
				way := rand.IntN(24)
				if way == 8 && rand.IntN(40) > 0 {
					way = 0
				}
				m := &leakMessage{body: fmt.Appendf(nil, `{"id":%q,"way":%d}`, id, way)}
				ctx, cancel := context.WithCancel(context.Background())
				if rand.IntN(20) == 0 {
					time.AfterFunc(time.Duration(rand.IntN(2000))*time.Microsecond, cancel)
				}
				d := 5 * time.Second
				if rand.IntN(10) == 0 {
					d = time.Duration(rand.IntN(3000)) * time.Microsecond
				}
				r := pool.Get().(*run)
				r.call = Call{ID: id, Service: "S", Request: m, Response: m, Deadline: time.Now().Add(d)}
				c.BeginIn(ctx, &r.s, &r.call)
				_, err := r.s.Request()
				if err == nil {
					err = r.s.Response()
				}
				if err != nil && rand.IntN(2) == 0 {
					_, _ = r.s.Fail(Failure{Message: "x"})
				} else if err == nil && served.Add(1) > 0 && string(m.body) != fmt.Sprintf(`{"id":%q}`, id) {
					t.Errorf("body %s of %s", m.body, id)
				}
				r.s.Close()
				*r = run{}
				pool.Put(r)
				cancel()
				if err != nil && strings.Contains(err.Error(), "LEAK") {
					t.Error(err)
				}
				if rand.IntN(100) == 0 {
					c.trim()
				}
			}
		})
	}
	wg.Wait()
	if served.Load() == 0 {
		t.Error("nothing was served")
	}
	h.tails.Wait()
	c.mu.Lock()
	if c.used != 0 || c.waiting != 0 || len(c.slots) != 0 {
		t.Errorf("used %d waiting %d slots %d", c.used, c.waiting, len(c.slots))
	}
	c.mu.Unlock()
	c.Close()
	h.Close()
	if text := lines.String(); strings.Contains(text, "LEAK") {
		t.Error(text[:min(2000, len(text))])
	}
}
