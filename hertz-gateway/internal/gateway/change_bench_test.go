package gateway

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// BenchmarkChange changes one resource among 10,000 routes and 1,000 services,
// from the request to the admin API until it serves.
func BenchmarkChange(b *testing.B) {
	for _, size := range []struct{ services, routes int }{{1, 10}, {1000, 10_000}} {
		g := start(b, map[string]string{"who.thrift": whoIDL})
		var set strings.Builder
		set.WriteString(`{"resources":[`)
		for i := range size.services {
			fmt.Fprintf(&set, `{"kind":"service","name":"svc-%d","destination":"who","idlService":"WhoSvc"},`, i)
		}
		for i := range size.routes {
			if i > 0 {
				set.WriteByte(',')
			}
			fmt.Fprintf(&set, `{"kind":"route","name":"r-%d","paths":["/r/%d"],"methods":["GET"],"service":"svc-%d","rpcMethod":"who"}`, i, i, i%size.services)
		}
		set.WriteString("]}")
		if a := g.admin("POST", "/api/v1/apply?wait=true", set.String()); a.status != 200 {
			b.Fatal(a.body)
		}
		change := func(b *testing.B, kind, name, body string) {
			a := g.admin("PUT", "/api/v1/"+kind+"/"+name, body)
			if a.status/100 != 2 {
				b.Fatal(a.body)
			}
			want := g.store.Current().Revision()
			for g.current.Load().Revision < want {
				runtime.Gosched()
			}
		}
		b.Run(fmt.Sprintf("route/%d", size.routes), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				change(b, "route", "r-3", fmt.Sprintf(`{"paths":["/one/%d"],"methods":["GET"],"service":"svc-0","rpcMethod":"who"}`, i))
			}
		})
		b.Run(fmt.Sprintf("service/%d", size.routes), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				change(b, "service", "svc-0", fmt.Sprintf(`{"destination":"who","idlService":"WhoSvc","labels":{"n":"%d"}}`, i))
			}
		})
		g.stop()
	}
}
