import { callModule, expect, it } from "dgate/test";
import * as mod from "./shorten";

const shorten = (url: unknown) => callModule(mod, { method: "POST", url: "/short", body: { url } });
const follow = (id: string) => callModule(mod, { url: "/short/" + id, params: { id } });

it("shortens and follows", async () => {
  const { response } = await shorten("https://go.dev/doc");
  expect(response.status).toBe(201);
  const { id } = response.json();
  expect(id).toMatch(/^[\w-]{8}$/);
  expect(response.headers.get("location")).toBe("/short/" + id);

  const { response: redirect } = await follow(id);
  expect(redirect.status).toBe(302);
  expect(redirect.headers.get("location")).toBe("https://go.dev/doc");
});

it("gives a URL one id", async () => {
  const [a, b, c] = [await shorten("https://a.example"), await shorten("https://a.example"), await shorten("https://b.example")];
  expect(a.response.json().id).toBe(b.response.json().id);
  expect(a.response.json().id).not.toBe(c.response.json().id);
});

it("takes only what browsers may be sent to", async () => {
  for (const url of ["javascript:alert(1)", "go.dev", 7, undefined, "https://" + "a".repeat(2000)]) {
    expect((await shorten(url)).response.status).toBe(422);
  }
});

it("refuses what is not JSON", async () => {
  const { response } = await callModule(mod, { method: "POST", url: "/short", body: "{" });
  expect(response.status).toBe(400);
});

it("does not know every link", async () => {
  expect((await follow("nothing")).response.status).toBe(404);
});
