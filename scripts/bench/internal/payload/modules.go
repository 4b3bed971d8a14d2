package payload

// ModuleCase is one request, which the gateway is asked with and without a
// module on its route.
type ModuleCase struct {
	Key, Name string
	Target    string
	// Own is the module's own path, asked in place of Target; empty: the module
	// is on the route of Target.
	Own string
	// Module is the text of the module.
	Module string
	// Proof is part of the answer's head or body only when the module has run.
	Proof string
	// Extra is what the module may cost: microseconds of CPU time, or of
	// latency where one connection asks, for the calls in parallel.
	Extra   float64
	Latency bool
}

// ModuleCases returns what modules are measured with, in the order of the table.
func ModuleCases() []ModuleCase {
	rename := "export function responseModifier(ctx, res) { res.json().name = 'changed' }"
	return []ModuleCase{
		{
			Key: "headers", Name: "a request and a response header set", Target: "/book/query?num=1",
			Module: `// @routes BenchSvc.queryBook
export function requestModifier(ctx) { ctx.request.headers.set('x-bench', '1') }
export function responseModifier(ctx, res) { res.headers.set('x-changed', '1') }`,
			Proof: "x-changed", Extra: 3,
		},
		{
			Key: "field1k", Name: "one field of a 1 KB answer changed", Target: "/list4k?page=2",
			Module: "// @routes BenchSvc.list4k\n" + rename, Proof: `"name":"changed"`, Extra: 6,
		},
		{
			Key: "field20k", Name: "one field of a 20 KB answer changed", Target: "/list4k?page=3",
			Module: "// @routes BenchSvc.list4k\n" + rename, Proof: `"name":"changed"`, Extra: 60,
		},
		{
			Key: "parallel", Name: "three calls in parallel, latency", Target: "/book/query?num=1", Own: "/three",
			Module: `// @routes GET /three
// @permissions rpc:BenchSvc
import rpc from 'dgate/rpc'
export async function requestHandler(ctx) {
  const books = await Promise.all([1, 2, 3].map((Num) => rpc.BenchSvc.queryBook({ Num })))
  return { titles: books.map((b) => b.Title) }
}`,
			Proof: `"titles":["The Go`, Extra: 300, Latency: true,
		},
	}
}

// Asked is the target with the module, or without it.
func (c ModuleCase) Asked(with bool) string {
	if with && c.Own != "" {
		return c.Own
	}
	return c.Target
}
