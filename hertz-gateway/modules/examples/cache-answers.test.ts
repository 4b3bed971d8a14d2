import { callModule, clock, expect, it } from "dgate/test";
import * as mod from "./cache-answers";

const get = (url: string, title: string, more: object = {}) =>
  callModule(mod, { url, ...more }, { service: "BookSvc.queryBook", response: { body: { title } } });

it("answers for ten seconds without the service", async () => {
  const first = await get("/book/query?num=1", "first");
  expect(first.response.headers.get("x-cache")).toBe("miss");
  clock.advance(9_000);
  const second = await get("/book/query?num=1", "second");
  expect(second.answered).toBe(true);
  expect(second.response.headers.get("x-cache")).toBe("hit");
  expect(second.response.json()).toEqual({ title: "first" });
  clock.advance(1_000);
  expect((await get("/book/query?num=1", "third")).response.json()).toEqual({ title: "third" });
});

it("keeps answers apart", async () => {
  await get("/book/query?num=1", "one");
  expect((await get("/book/query?num=2", "two")).response.json()).toEqual({ title: "two" });
});

it("keeps nothing that is for one client, or failed", async () => {
  const headers = { authorization: "Bearer x" };
  await get("/book/query?num=1", "secret", { headers });
  await callModule(mod, { url: "/book/query?num=1" }, { service: "BookSvc.queryBook", response: { status: 500, body: "no" } });
  expect((await get("/book/query?num=1", "open")).response.json()).toEqual({ title: "open" });
  expect((await get("/book/query?num=1", "new", { headers })).answered).toBe(false);
});
