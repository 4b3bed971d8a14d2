package kitex

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cloudwego/kitex/client/callopt"
	"github.com/cloudwego/kitex/client/genericclient"

	"dgate/hertz-gateway/internal/upstream"
)

// BenchmarkCall measures one call after the other; the server is another
// process, so the allocations are those of the client.
func BenchmarkCall(b *testing.B) {
	startChild(b, "BenchmarkCall", 10)
	for _, tr := range []upstream.Transport{upstream.TransportTTHeader, upstream.TransportFramed} {
		for _, size := range []int{100, 4 << 10, 100 << 10} {
			b.Run(fmt.Sprintf("%s/%d", tr, size), func(b *testing.B) {
				c := newClient(b, "BenchmarkCall", tr)
				call := upstream.Call{Method: "echo", Args: stringResult(strings.Repeat("x", size))}
				b.ReportAllocs()
				for b.Loop() {
					call.Deadline = in(time.Second)
					if _, err := c.Call(b.Context(), &call); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// instant is a Kitex client that has its answers at once.
type instant struct {
	genericclient.Client
	result []byte
}

func (i instant) GenericCall(context.Context, string, any, ...callopt.Option) (any, error) {
	return i.result, nil
}

// BenchmarkHandle measures what is around Kitex's client.
func BenchmarkHandle(b *testing.B) {
	h := &handle{dest: &destination{kitex: instant{result: stringResult("x")}}}
	call := upstream.Call{Method: "echo", Args: stringResult("x"), Deadline: in(time.Minute)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Call(b.Context(), &call); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPick measures choosing an instance.
func BenchmarkPick(b *testing.B) {
	serve(b, "BenchmarkPick", 10)
	serve(b, "BenchmarkPick", 20)
	c := newClient(b, "BenchmarkPick", "")
	d := c.(*handle).dest
	cl := &call{dest: d, values: b.Context(), req: &upstream.Call{}}
	b.ReportAllocs()
	for b.Loop() {
		if d.next(cl) == nil {
			b.Fatal("no instance")
		}
	}
}

// BenchmarkQuiet measures asking the kernel whether a connection is still open.
func BenchmarkQuiet(b *testing.B) {
	serve(b, "BenchmarkQuiet", 10)
	c := newClient(b, "BenchmarkQuiet", "")
	callOnce(b, c)
	cn := c.(*handle).dest.pool.open()[0]
	b.ReportAllocs()
	for b.Loop() {
		if !cn.Quiet() {
			b.Fatal("closed")
		}
	}
}

func BenchmarkParseReply(b *testing.B) {
	frame := header(7, nil, good(7))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseReply(frame, upstream.TransportTTHeader); err != nil {
			b.Fatal(err)
		}
	}
}
