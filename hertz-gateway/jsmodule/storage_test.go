package jsmodule_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/jsmodule"
)

func TestStorage(t *testing.T) {
	for _, tt := range []struct{ name, run, want string }{
		{"absent", `return getCache("a")`, `null`},
		{"JSON", `setCache("a", { b: [1, "é", null, true] }); return getCache("a")`, `{"b":[1,"é",null,true]}`},
		{"digits", `setCache("a", ctx.request.json()); return getCache("a")`, `{"id":9223372036854775807}`},
		{"a copy", `const v = { n: 1 }; setCache("a", v); v.n = 2; getCache("a").n = 3; return getCache("a").n`, `1`},
		{"bytes", `setCache("a", new Uint8Array([1, 2, 255])); const v = getCache("a"); v[0] = 9; return [v instanceof Uint8Array, [...getCache("a")]]`, `[true,[1,2,255]]`},
		{"text and null", `setCache("a", "x"); setCache("b", null); return [getCache("a"), getCache("b")]`, `["x",null]`},
		{"awaited", `await setCache("a", 1); return await getCache("a")`, `1`},
		{"removed", `setCache("a", 1); setCache("a", undefined); return getCache("a")`, `null`},
		{"replaced", `setCache("a", 1, { ttl: "1ms" }); setCache("a", 2); await asyncSleep("5ms"); return getCache("a")`, `2`},
		{"ended", `setCache("a", 1, { ttl: 0.001 }); setCache("b", 2, { ttl: 3600 }); await asyncSleep("5ms"); return [getCache("a"), getCache("b")]`, `[null,2]`},
		{"least used goes", `for (let i = 0; i < 8; i++) setCache("k" + i, i); getCache("k0"); setCache("k8", 8); return [getCache("k0"), getCache("k1"), getCache("k8")]`, `[0,null,8]`},
		{"bytes are bounded", `for (const k of "abcdef") setCache(k, "x".repeat(2000)); return [..."abcdef"].filter((k) => getCache(k)).join("")`, `"cdef"`},
		{"too large", `try { setCache("a", "x".repeat(4000)) } catch (e) { return e.name + ": " + e.message }`, `"RangeError: a cached value has at most 2500 bytes"`},
		{"no key", `try { getCache("") } catch (e) { return e.message }`, `"the key of a cached value has 1 to 1024 bytes"`},
		{"bad ttl", `return [-1, 0, NaN, "soon", "-1s"].map((ttl) => { try { setCache("a", 1, { ttl }) } catch (e) { return e.name } })`, `["RangeError","RangeError","RangeError","TypeError","RangeError"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{CacheEntries: 8, CacheBytes: 10_000}}, `import { getCache, setCache } from "dgate/storage"; import { asyncSleep } from "dgate";
				export async function requestHandler(ctx) { return Response.json(await (async () => { `+tt.run+` })()) }`)
			x := open(t, c, withBody(`{"id":9223372036854775807}`))
			if _, err := x.Handle(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(x.r.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A cache is shared by the modules of a namespace, and by no other.
func TestStorageOfNamespaces(t *testing.T) {
	h := newHost(t, jsmodule.Config{})
	run := func(namespace, script string) string {
		t.Helper()
		c, err := h.NewChain(namespace, build(t, "m", `import { getCache, setCache } from "dgate/storage"; export const requestHandler = () => { `+script+` }`))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		x := open(t, c)
		if _, err := x.Handle(); err != nil {
			t.Fatal(err)
		}
		return string(x.r.body)
	}
	run("default", `setCache("a", "x")`)
	if got := run("default", `return getCache("a")`); got != "x" {
		t.Errorf("another module: %q", got)
	}
	if got := run("other", `return getCache("a") ?? "nothing"`); got != "nothing" {
		t.Errorf("another namespace: %q", got)
	}
}

func TestStorageConcurrently(t *testing.T) {
	c := chain(t, jsmodule.Config{Limits: jsmodule.Limits{CacheEntries: 16}}, `import { getCache, setCache } from "dgate/storage";
		export const requestHandler = (ctx) => { for (let i = 0; i < 100; i++) { setCache("k" + i % 20, { n: i }, { ttl: "1ms" }); getCache("k" + (i + 7) % 20)?.n } return "ok" }`)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 10 {
				r := &response{status: 200}
				s := c.Begin(context.Background(), &jsmodule.Call{ID: fmt.Sprint(i), Request: &request{}, Response: r})
				if _, err := s.Handle(); err != nil || !strings.Contains(string(r.body), "ok") {
					t.Error(err)
				}
				s.Close()
			}
		})
	}
	all.Wait()
}
