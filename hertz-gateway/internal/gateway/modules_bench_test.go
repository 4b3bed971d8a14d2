//go:build unix

package gateway

import (
	"io"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkModules sends requests through a whole gateway: what modules add to
// a call. The processor time is that of client, gateway and service together.
func BenchmarkModules(b *testing.B) {
	for _, bench := range []struct{ name, module string }{
		{"none", ""},
		{"noop", `export function requestModifier(ctx) {}`},
		{"headers", `export function requestModifier(ctx) { ctx.request.headers.set("x-a", "1") }
			export function responseModifier(ctx, res) { res.headers.set("x-b", "2") }`},
		{"body", `export function responseModifier(ctx, res) { res.json().text += "!" }`},
		{"rpc", `export function requestModifier(ctx) { ctx.rpc.request.name += "!" }`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			files := map[string]string{"greet.thrift": `
				struct GreetReq { 1: string name (api.query = "name") }
				struct Greeting { 1: string text }
				service GreetSvc { Greeting plain(1: GreetReq req) (api.get = "/plain") }`}
			if bench.module != "" {
				files["modules/bench.ts"] = "// @routes GreetSvc.plain\n" + bench.module
			}
			g := start(b, files)
			var calls atomic.Int64
			g.serve("greet", 10, greeter(&calls))
			get := func() {
				res, err := http.Get(g.url + "/plain?name=ann")
				if err != nil {
					b.Fatal(err)
				}
				_, err = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if err != nil || res.StatusCode != http.StatusOK {
					b.Fatal(res.StatusCode, err)
				}
			}
			get()
			before := used(b)
			for b.Loop() {
				get()
			}
			b.ReportMetric(float64(used(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// used is the processor time of the process.
func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
