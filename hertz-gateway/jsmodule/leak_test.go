package jsmodule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// leakMessage is the smallest Request and Response.
type leakMessage struct {
	Request
	body []byte
}

func (m *leakMessage) Body() ([]byte, error)            { return m.body, nil }
func (m *leakMessage) SetBody(_ string, body []byte)    { m.body = body }
func (m *leakMessage) Header(string, func([]byte) bool) {}
func (m *leakMessage) SetHeader(string, string) error   { return nil }
func (m *leakMessage) RawQuery() []byte                 { return []byte("a=1") }
func (m *leakMessage) SetStatus(int)                    {}
func (m *leakMessage) Status() int                      { return 200 }

type slowCaller struct{ calls atomic.Int64 }

// Call answers, fails, or does not answer before ctx ends.
func (c *slowCaller) Call(ctx context.Context, call RPC) ([]byte, error) {
	c.calls.Add(1)
	switch call.Method {
	case "slow":
		<-ctx.Done()
		return nil, ctx.Err()
	case "fail":
		return nil, errors.New("no")
	}
	return []byte(`{"answer":"` + strings.Repeat("x", 1<<10) + `"}`), nil
}

// leaky keeps whatever it can, and fails in all ways.
const leaky = `
	import rpc from "dgate/rpc";
	import { asyncSleep } from "dgate";
	const kept = [];
	export async function requestModifier(ctx) {
		const body = ctx.request.json();
		kept.push(ctx, ctx.request, ctx.request.headers, ctx.query(), body, body.list, ctx.locals, ctx.response);
		kept.push(new Promise(() => kept), () => ctx);
		ctx.locals.self = ctx;
		body.list.push(1);
		switch (ctx.get("way") ?? body.way) {
		case 0: throw new Error("at random");
		case 1: return Promise.reject(ctx);
		case 2: for (;;) {}
		case 3: await rpc.S.slow(); break;
		case 4: rpc.S.slow(); setTimeout(() => {}, 1e6); break;
		case 5: await new Promise(() => {}); break;
		case 6: ctx.waitUntil(asyncSleep("1ms").then(() => kept.push(body))); break;
		case 7: ctx.waitUntil(rpc.S.slow()); break;
		case 8: (function f() { f() })(); break;
		case 9: try { await rpc.S.fail() } catch (e) { kept.push(e) } break;
		default: kept.push(await rpc.S.fast());
		}
	}
	export function responseModifier(ctx, res) { kept.push(res); try { kept[0].request } catch (e) { kept.push(e) } }`

// TestNothingLeaks serves ten thousand requests with such a module and looks at
// what is left of them.
func TestNothingLeaks(t *testing.T) {
	requests := 10_000
	if testing.Short() {
		requests = 1000
	}
	p, err := Build(Source{Name: "leaky", File: "leaky.js", Text: leaky}, nil)
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	caller := &slowCaller{}
	h, err := NewHost(Config{
		Caller: caller, DefaultPermissions: []string{"rpc:*"}, Logger: slog.New(slog.DiscardHandler),
		Limits: Limits{Budget: 10 * time.Millisecond, Tail: 20 * time.Millisecond, Idle: 4, Runtimes: 64},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.NewChain("default", p)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("y", 16<<10)
	serve := func(way int) error {
		m := &leakMessage{body: fmt.Appendf(nil, `{"way":%d,"list":[1,{"a":2}],"text":%q}`, way, text)}
		s := c.Begin(t.Context(), &Call{ID: "1", Service: "S", Request: m, Response: m, Deadline: time.Now().Add(5 * time.Millisecond)})
		defer s.Close()
		if _, err := s.Request(); err != nil {
			return err
		}
		return s.Response()
	}
	if err := serve(2); err == nil {
		t.Error("an endless loop ended well")
	}
	start := liveHeap()
	var work sync.WaitGroup
	var failed atomic.Int64
	for range 8 {
		work.Go(func() {
			random := rand.New(rand.NewPCG(1, 2))
			for range requests / 8 {
				way := random.IntN(40)
				if way == 2 && random.IntN(10) > 0 {
					way = 0 // a loop takes its whole budget, so there are fewer of them
				}
				if serve(way) != nil {
					failed.Add(1)
				}
			}
		})
	}
	work.Wait()
	if failed.Load() == 0 || caller.calls.Load() == 0 {
		t.Error("nothing failed, or nothing was called")
	}
	h.tails.Wait()
	c.trim()
	c.trim()
	h.dog.mu.Lock()
	watches := len(h.dog.watches)
	h.dog.mu.Unlock()
	if watches > 4 || watches != len(c.idle) {
		t.Errorf("%d runtimes are left, %d of them idle", watches, len(c.idle))
	}
	if c.used != 0 || c.waiting != 0 {
		t.Errorf("%d slots are taken, %d are waited for", c.used, c.waiting)
	}
	const allowed = 16 << 20 // what modules keep until their runtime retires
	if grown := liveHeap() - start; grown > allowed {
		t.Errorf("%d MiB are left", grown>>20)
	}
	c.Close()
	if grown := liveHeap() - start; grown > 4<<20 {
		t.Errorf("%d MiB are left after the chain has closed", grown>>20)
	}
	h.Close()
	for i := 0; runtime.NumGoroutine() > before; i++ {
		if i > 1000 {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, before %d\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
}

// liveHeap is what a full collection leaves.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
