import { callModule, expect, it } from "dgate/test";
import * as mod from "./ab-test";

const visit = (cookie?: string) =>
  callModule(mod, { url: "/book/query?num=1", headers: { cookie } }, { service: "BookSvc.queryBook" });

it("keeps a visitor in its half", async () => {
  for (const variant of ["a", "b"]) {
    const { target, response } = await visit("sid=1; variant=" + variant);
    expect(target).toEqual({ tag: "variant=" + variant });
    expect(response.headers.has("set-cookie")).toBe(false);
  }
});

it("sends newcomers to both halves, and remembers where", async () => {
  const seen: Record<string, number> = {};
  for (let i = 0; i < 40; i++) {
    const { target, response } = await visit(i % 2 ? undefined : "variant=nonsense");
    const variant = target?.tag?.slice(-1) ?? "";
    seen[variant] = (seen[variant] ?? 0) + 1;
    expect(response.headers.get("set-cookie")).toMatch(new RegExp("^variant=" + variant + "; "));
  }
  expect(Object.keys(seen).sort()).toEqual(["a", "b"]);
});
