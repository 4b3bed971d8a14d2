import { callModule, describe, expect, it } from "dgate/test";
import * as mod from "./headers-and-body";

const service = "BookSvc.queryBook";
const book = { ID: "1", Title: "Go", Content: "long" };

describe("the request", () => {
  it("loses cookies and gains an address", async () => {
    const { request } = await callModule(mod, { url: "/book/query?num=7", headers: { cookie: "sid=1" }, ip: "192.0.2.1" }, { service, response: { body: book } });
    expect(request.headers.has("cookie")).toBe(false);
    expect(request.headers.get("x-client-ip")).toBe("192.0.2.1");
    expect(request.url).toMatch(/num=7$/);
  });
  it("asks for the first book unless it says which", async () => {
    const { request } = await callModule(mod, { url: "/book/query" }, { service, response: { body: book } });
    expect(request.url).toMatch(/\?num=1$/);
  });
});

describe("the answer", () => {
  it("gains a link and loses the content", async () => {
    const { response } = await callModule(mod, { url: "/book/query?num=7" }, { service, response: { body: book } });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.json()).toEqual({ ID: "1", Title: "Go", links: { self: "/book/query?num=7" } });
  });
  it("keeps its body when it is an error", async () => {
    const { response } = await callModule(mod, { url: "/book/query?num=7" }, { service, response: { status: 404, body: "none" } });
    expect(response.status).toBe(404);
    expect(response.text()).toBe("none");
  });
});
