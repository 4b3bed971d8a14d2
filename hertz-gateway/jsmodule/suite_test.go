package jsmodule_test

import (
	"context"
	"strings"
	"testing"

	"dgate/hertz-gateway/jsmodule"
)

// suiteOf writes files and loads the first of them as tests.
func suiteOf(t *testing.T, files ...string) (*jsmodule.Suite, error) {
	t.Helper()
	onDisk(t, files...)
	return jsmodule.NewSuite(files[0], jsmodule.Config{})
}

// outcomes runs all tests: "name: ok", "name: skipped" or "name: error".
func outcomes(t *testing.T, s *jsmodule.Suite) []string {
	t.Helper()
	var all []string
	for i, test := range s.Tests() {
		outcome := "ok"
		if test.Skip {
			outcome = "skipped"
		} else if r := s.Run(context.Background(), i); r.Err != nil {
			outcome = r.Err.Error()
		}
		all = append(all, test.Name+": "+outcome)
	}
	return all
}

const shop = `// @permissions rpc:BookSvc, secret:key
import rpc from "dgate/rpc";
import { get } from "dgate/secrets";
import { asyncSleep } from "dgate";
let count = 0;
export function requestModifier(ctx) {
  ctx.request.headers.set("x-count", String(++count));
  ctx.request.headers.set("x-key", get("key"));
  console.log("modified", ctx.request.path);
  if (ctx.queryParam("teapot")) return Response.json({ short: true }, { status: 418 });
}
export async function requestHandler(ctx) {
  const nums = ctx.query().getAll("num").map(Number);
  const books = await Promise.all(nums.map((Num) => rpc.BookSvc.queryBook({ Num }, { timeout: 100 })));
  if (ctx.queryParam("sleep")) await asyncSleep(Number(ctx.queryParam("sleep")));
  return { now: Date.now(), books };
}
export function errorHandler(ctx, err) {
  if (err.code === "timeout") return Response.json({ late: true }, { status: 203 });
}
export const fetchUpstream = (ctx) => ({ hashKey: ctx.request.ip });
`

func TestSuite(t *testing.T) {
	s, err := suiteOf(t, "shop.test.ts", `
import { describe, it, expect, beforeEach, afterEach, mock, callModule, clock, rpcError } from "dgate/test";
import * as shop from "./shop";
let trail = "";
beforeEach(() => { trail += "a"; mock.secret("key", "s3cret"); });
afterEach(() => { if (trail === "never") throw new Error("x"); });
describe("handler", () => {
  beforeEach(() => { trail += "b"; });
  it("answers", async () => {
    const query = mock.rpc("BookSvc.queryBook", ({ Num }: any) => ({ ID: "9007199254740993", Num }));
    const { request, response, logs, target } = await callModule(shop, { url: "/books?num=1&num=2", ip: "192.0.2.1" });
    expect(response.status).toBe(200);
    expect(response.json()).toEqual({ now: 1767225600000, books: [{ ID: "9007199254740993", Num: 1 }, { ID: "9007199254740993", Num: 2 }] });
    expect(request.headers.get("x-count")).toBe("1");
    expect(request.headers).toBeInstanceOf(Headers);
    expect(query).toHaveBeenCalledTimes(2);
    expect(query.mock.calls.map((c) => c[0].Num)).toEqual([1, 2]);
    expect(query.mock.calls[0][1]).toEqual({ service: "BookSvc", method: "queryBook", timeout: 100 });
    expect(logs).toEqual([{ level: "info", message: "modified /books" }]);
    expect(target).toEqual({ hashKey: "192.0.2.1" });
    expect(trail).toBe("ab");
  });
  it("has a state of its own", async () => {
    const { request, response } = await callModule(shop, { url: "/books?teapot=1" });
    expect(request.headers.get("x-count")).toBe("1");
    expect(response.status).toBe(418);
    expect(Math.random()).toBe(0.6739839571077884);
    expect(crypto.randomUUID()).toMatch(/^[0-9a-f-]{36}$/);
    await expect(callModule(shop, { url: "/?num=1" })).rejects.toThrow('no mock for BookSvc.queryBook: add mock.rpc("BookSvc.queryBook", …)');
  });
  it("time passes while all wait", async () => {
    const before = clock.now();
    clock.advance(1000);
    const { response } = await callModule(shop, { url: "/?sleep=2" });
    expect(response.json().now - before).toBe(3000);
    mock.rpc("BookSvc.*", () => new Promise((done) => setTimeout(done, 200)));
    await expect(callModule(shop, { url: "/?num=1" })).rejects.toMatchObject({ name: "RpcError", message: "the call timed out" });
    await expect(callModule(shop, { url: "/?sleep=20" })).rejects.toThrow("deadline");
  });
  it("one hook", async () => {
    const { response } = await callModule(shop, {}, { hook: "errorHandler", error: { code: "timeout" } });
    expect(response.status).toBe(203);
    expect(await response.text()).toBe('{"late":true}');
  });
  it("catches errors of services", async () => {
    mock.rpc("BookSvc.queryBook", mock.fn().mockRejectedValue(rpcError("no_such_book", { status: 404 })));
    await expect(callModule(shop, { url: "/?num=1" })).rejects.toMatchObject({ message: "no_such_book", name: "RpcError", hook: "requestHandler" });
  });
});
it("fails", () => {
  expect({ a: 1 }).toEqual({ a: 2 });
});
it("fails later", async () => {
  const wanted = expect(Promise.resolve(1)).resolves;
  await null;
  await wanted.toBe(2);
});
it("fails in the module", async () => { await callModule(shop, { url: "/?num=1" }); });
it.skip("is skipped", () => {});
it("never ends", async () => { await new Promise(() => {}); });
it("runs for ever", async () => { for (;;); });
`, "shop.ts", shop)
	if err != nil {
		t.Fatal(err)
	}
	want := `handler > answers: ok
handler > has a state of its own: ok
handler > time passes while all wait: ok
handler > one hook: ok
handler > catches errors of services: ok
fails: shop.test.ts:51:28: module shop.test: AssertionError: expected { a: 1 } toEqual({ a: 2 })
fails later: shop.test.ts:54:25: module shop.test: AssertionError: expected 1 toBe(2)
fails in the module: shop.ts:14:75: module shop.test: RpcError: no mock for BookSvc.queryBook: add mock.rpc("BookSvc.queryBook", …)
is skipped: skipped
never ends: module shop.test: waits for a promise that nothing is left to settle
runs for ever: shop.test.ts:61:21: module shop.test: interrupted: out of its CPU budget
`
	got := strings.Join(outcomes(t, s), "\n") + "\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSuiteMocks has each of the mocks answer a module.
func TestSuiteMocks(t *testing.T) {
	s, err := suiteOf(t, "m.test.ts", `
import { it, expect, mock, callModule, clock } from "dgate/test";
import * as mod from "./m";
it("fetches", async () => {
  const get = mock.fetch("https://a.example/*", async (request) => ({ url: request.url, by: request.headers.get("x-by") }));
  mock.fetch("POST https://a.example/b", new Response("no", { status: 403, headers: { "x-a": "1" } }));
  const { response } = await callModule(mod, { url: "/fetch" });
  expect(response.json()).toEqual([{ url: "https://a.example/a", by: "m" }, 403, "no", "1"]);
  expect(get.mock.calls[0][0]).toBeInstanceOf(Request);
  mock.fetch(/slow/, () => new Promise((done) => setTimeout(() => done("late"), 1000)));
  await expect(callModule(mod, { url: "/slow" })).rejects.toMatchObject({ name: "TypeError" });
  await expect(callModule(mod, { url: "/aborted" })).rejects.toMatchObject({ name: "TimeoutError" });
  await expect(callModule(mod, { url: "/nowhere" })).rejects.toThrow("no mock for GET https://nowhere.example/");
});
it("keeps documents and cached values", async () => {
  const first = (await callModule(mod, { url: "/state" })).response.json();
  clock.advance(59_000);
  expect((await callModule(mod, { url: "/state" })).response.json()).toMatchObject({ n: 2, cached: 1 });
  expect(first).toEqual({ n: 1, at: "2026-01-01T00:00:00Z", cached: null });
  clock.advance(2_000);
  expect((await callModule(mod, { url: "/state" })).response.json()).toMatchObject({ n: 3, cached: 2 });
  clock.advance(61_000);
  expect((await callModule(mod, { url: "/state" })).response.json()).toMatchObject({ n: 4, cached: null });
});
it("starts without them", async () => {
  expect((await callModule(mod, { url: "/state" })).response.json()).toMatchObject({ n: 1 });
});
it("has the arguments of the call", async () => {
  const { args, response } = await callModule(mod, { url: "/rpc" }, { service: "BookSvc.queryBook", args: { Num: 7n ** 20n }, response: { status: 201 } });
  expect(args).toEqual({ Num: 79792266297612001n, by: "BookSvc.queryBook" });
  expect(response.status).toBe(201);
});
it("moves on its own clock", async () => {
  const { response } = await callModule(mod, { url: "/time" });
  expect(response.json()).toEqual([1500, 1500, "2026-01-01T00:00:01.500Z"]);
});
`, "m.ts", `// @permissions http:*, state:*
import { addCollection, addDocument, getDocument } from "dgate/state";
import { getCache, setCache } from "dgate/storage";
import { asyncSleep } from "dgate";
export function requestModifier(ctx) {
  if (ctx.rpc) ctx.rpc.request.by = ctx.rpc.service + "." + ctx.rpc.method;
}
export async function requestHandler(ctx) {
  switch (ctx.request.path) {
    case "/fetch": {
      const a = await fetch("https://a.example/a", { headers: { "x-by": "m" } });
      const b = await fetch("https://a.example/b", { method: "POST" });
      return [await a.json(), b.status, await b.text(), b.headers.get("x-a")];
    }
    case "/slow": return await (await fetch("https://slow.example/", { timeout: 100 })).text();
    case "/aborted": return await (await fetch("https://slow.example/", { signal: AbortSignal.timeout(100) })).text();
    case "/nowhere": return await fetch("https://nowhere.example/");
    case "/state": {
      await addCollection({ name: "c" });
      const n = ((await getDocument("n", "c"))?.data ?? 0) + 1;
      const doc = await addDocument({ id: "n", collection: "c", data: n });
      const cached = getCache("n");
      setCache("n", n, { ttl: 60 });
      return { n, at: doc.updatedAt, cached };
    }
    case "/time": {
      const before = [Date.now(), performance.now()];
      await Promise.all([asyncSleep("1500ms"), asyncSleep(1)]);
      return [Date.now() - before[0], performance.now() - before[1], new Date()];
    }
  }
}
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, outcome := range outcomes(t, s) {
		if !strings.HasSuffix(outcome, ": ok") {
			t.Error(outcome)
		}
	}
}

// TestSuiteLimits has modules that misbehave in tests as they may in a gateway:
// the test fails where the module stands, and the next one runs.
func TestSuiteLimits(t *testing.T) {
	s, err := suiteOf(t, "m.test.ts", `
import { it, expect, callModule } from "dgate/test";
import * as mod from "./m";
const call = (what: string) => callModule(mod, { url: "/" + what });
it("loop", async () => { await call("loop").catch(() => {}); });
it("recursion", async () => { await call("recursion").catch(() => {}); });
it("never settles", async () => { await expect(call("never")).rejects.toThrow("nothing is left to settle"); });
it("deadline", async () => { await expect(call("sleep")).rejects.toThrow("waited past the deadline"); });
it("block", async () => { await call("block").catch(() => {}); });
it("a mock of its own", async () => { await expect(call("inner")).rejects.toThrow("callModule cannot be called by what it calls"); });
it("no module", async () => { await callModule({}, {}); });
it("no hook", async () => { await callModule(mod, {}, { hook: "errorHandler" }); });
it("no URL", async () => { await callModule(mod, { url: "ftp://x" }); });
it("late declaration", () => { it("x", () => {}); });
it("sane", async () => { expect((await call("")).response.text()).toBe("fine"); });
it("waits for what goes on", async () => { expect((await call("tail")).logs).toEqual([{ level: "info", message: "after" }]); });
`, "m.ts", `import { sleep, asyncSleep } from "dgate";
import { callModule } from "dgate/test";
const deep = (n) => deep(n + 1) + 1;
export async function requestHandler(ctx) {
  switch (ctx.request.path) {
    case "/loop": for (;;) {}
    case "/recursion": return String(deep(0));
    case "/never": return new Promise(() => {});
    case "/sleep": return asyncSleep(3600);
    case "/block": return sleep(3600);
    case "/inner": return callModule({ requestHandler }, {});
    case "/tail": ctx.waitUntil(asyncSleep(1).then(() => console.log("after")));
  }
  return "fine";
}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"loop: m.ts:5:23: module m.test: interrupted: out of its CPU budget",
		"recursion: m.ts:3:",
		"never settles: ok",
		"deadline: ok",
		"block: module m.test: waited past the deadline",
		"a mock of its own: ok",
		"no module: m.test.ts:11:48: module m.test: TypeError: callModule needs the exports of a module",
		"no hook: m.test.ts:12:46: module m.test: TypeError: callModule: the module has no errorHandler",
		`no URL: m.test.ts:13:45: module m.test: TypeError: callModule: "ftp://x" is not a URL or a path`,
		"late declaration: m.test.ts:14:",
		"sane: ok",
		"waits for what goes on: ok",
	}
	for i, outcome := range outcomes(t, s) {
		if !strings.HasPrefix(outcome, want[i]) {
			t.Errorf("got  %s\nwant %s", outcome, want[i])
		}
	}
}
