import { beforeEach, callModule, clock, expect, it, mock } from "dgate/test";
import { hmac, sha256 } from "dgate/crypto";
import * as mod from "./sign-request";

beforeEach(() => mock.secret("signing-key", "open sesame"));

const signature = async (url: string, body: string) => {
  const { request } = await callModule(mod, { method: "POST", url, body }, { service: "BookSvc.insertBook" });
  return request.headers.get("x-signature");
};

it("can be verified by who has the key", async () => {
  const { request } = await callModule(mod, { method: "POST", url: "/book/insert?a=1", body: "x" }, { service: "BookSvc.insertBook" });
  const time = request.headers.get("x-signature-time");
  expect(time).toBe("1767225600");
  const text = "POST\n/book/insert?a=1\n" + time + "\n" + sha256("x", "hex");
  expect(request.headers.get("x-signature")).toBe(hmac("sha256", "open sesame", text, "hex"));
});

it("differs with everything that is signed", async () => {
  const all = [await signature("/a", "x"), await signature("/b", "x"), await signature("/a?b=1", "x"), await signature("/a", "y")];
  clock.advance(1000);
  all.push(await signature("/a", "x"));
  expect(new Set(all).size).toBe(5);
});
