import { beforeEach, callModule, clock, expect, it, mock } from "dgate/test";
import { sign } from "dgate/jwt";
import * as mod from "./require-jwt";

const key = "a shared secret of at least 32 bytes";

beforeEach(() => mock.secret("jwt-key", key));

const call = (authorization?: string) =>
  callModule(mod, { method: "POST", url: "/book/insert", headers: { authorization, "x-user": "root" } }, { service: "BookSvc.insertBook" });

const tokenFor = (claims: object, options: object = {}) =>
  "Bearer " + sign(claims, key, { issuer: "shop", subject: "ann", expiresIn: "15m", ...options });

it("lets a valid token in, and tells the service whose it is", async () => {
  const { request, answered } = await call(tokenFor({}));
  expect(answered).toBe(false);
  expect(request.headers.get("x-user")).toBe("ann");
  expect(request.headers.has("authorization")).toBe(false);
});

it("refuses requests without a token", async () => {
  for (const authorization of [undefined, "Basic YTpi", "Bearer", "Bearer a b"]) {
    const { request, response } = await call(authorization);
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(request.headers.has("x-user")).toBe(false);
  }
});

it("refuses what another has signed, or for somebody else", async () => {
  for (const token of [sign({ sub: "ann" }, "another secret of at least 32 bytes!", { issuer: "shop", expiresIn: "15m" }), sign({ sub: "ann" }, key, { issuer: "elsewhere", expiresIn: "15m" }), sign({}, key, { issuer: "shop", expiresIn: "1h" }), "x.y.z"]) {
    expect((await call("Bearer " + token)).response.status).toBe(401);
  }
});

it("refuses a token that has expired", async () => {
  const token = tokenFor({});
  clock.advance(16 * 60_000);
  const { response } = await call(token);
  expect(response.status).toBe(401);
  expect(response.json()).toEqual({ error: "the token has expired" });
});
