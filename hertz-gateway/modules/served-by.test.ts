// Run it: bin/dgate-cli module test hertz-gateway/modules
import { callModule, clock, expect, it } from "dgate/test";
import * as servedBy from "./served-by";

it("marks the answer and tells how long the service took", async () => {
  const { response, request } = await callModule(
    servedBy,
    { url: "/book/query?num=1" },
    { service: "BookSvc.queryBook", response: { body: { Title: "Go" } } },
  );
  expect(response.headers.get("x-served-by")).toBe("dgate");
  expect(response.headers.get("server-timing")).toBe("upstream;dur=0.0"); // time stands still in tests
  expect(response.json()).toEqual({ Title: "Go" });
  expect(request.url).toBe("http://localhost/book/query?num=1");
  expect(clock.now()).toBe(Date.UTC(2026, 0, 1));
});
