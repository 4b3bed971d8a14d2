import { callModule, describe, expect, it } from "dgate/test";
import * as mod from "./module";

describe("GET /hello/:name", () => {
  it("greets by name", async () => {
    const { response, logs } = await callModule(mod, { url: "/hello/ann", params: { name: "ann" } });
    expect(response.status).toBe(200);
    expect(response.json()).toEqual({ hello: "ann" });
    expect(response.headers.get("x-served-by")).toBe("dgate");
    expect(logs).toEqual([{ level: "info", message: "greeting ann" }]);
  });
});

it("marks what services answer", async () => {
  const { response } = await callModule(
    mod,
    { url: "/book/query?num=1" },
    { hook: "responseModifier", response: { body: { title: "Go" } } },
  );
  expect(response.headers.get("x-served-by")).toBe("dgate");
  expect(response.json()).toEqual({ title: "Go" });
});
