import { callModule, describe, expect, it, mock, rpcError } from "dgate/test";
import * as mod from "./book-page";

const page = (num: unknown) => callModule(mod, { url: "/page/book/" + num, params: { num: String(num) } });

describe("GET /page/book/:num", () => {
  it("puts two calls into one answer", async () => {
    const query = mock.rpc("BookSvc.queryBook", ({ Num }: any) => ({ ID: String(Num), Title: "Book " + Num }));
    const { response } = await page(7);
    expect(response.status).toBe(200);
    expect(response.json()).toEqual({ book: { ID: "7", Title: "Book 7" }, next: { ID: "8", Title: "Book 8" }, missing: [] });
    expect(query).toHaveBeenCalledTimes(2);
  });

  it("does without the second book when its call fails", async () => {
    mock.rpc("BookSvc.queryBook", ({ Num }: any) => {
      if (Num === 8) throw rpcError("no_such_book", { status: 404 });
      return { ID: String(Num) };
    });
    const { response } = await page(7);
    expect(response.status).toBe(200);
    expect(response.json()).toEqual({ book: { ID: "7" }, next: null, missing: ["next"] });
  });

  it("does not wait for the second book for ever", async () => {
    mock.rpc("BookSvc.queryBook", ({ Num }: any) => (Num === 8 ? new Promise(() => {}) : { ID: String(Num) }));
    expect((await page(7)).response.json()).toMatchObject({ missing: ["next"] });
  });

  it("answers as the service did when the first call fails", async () => {
    mock.rpc("BookSvc.queryBook", ({ Num }: any) => {
      if (Num === 7) throw rpcError("no_such_book", { status: 404 });
      return {};
    });
    const { response, logs } = await page(7);
    expect(response.status).toBe(404);
    expect(response.json()).toEqual({ error: "no_such_book" });
    expect(logs).toEqual([{ level: "error", message: "no page without the book no_such_book no_such_book" }]);
  });

  it("refuses what is no number", async () => {
    expect((await page("x")).response.status).toBe(400);
  });
});
