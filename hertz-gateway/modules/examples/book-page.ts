// @routes GET /page/book/:num
// @permissions rpc:BookSvc
//
// One answer out of two calls: the book that was asked for, and the one after
// it. Both calls run at the same time. Without the first there is no page;
// without the second the page says what is missing.

import type { Context } from "dgate";
import rpc from "dgate/rpc";

export async function requestHandler(ctx: Context) {
  const num = Number(ctx.pathParam("num"));
  if (!Number.isInteger(num)) return Response.json({ error: "num must be an integer" }, { status: 400 });

  const [book, next] = await Promise.allSettled([
    rpc.BookSvc.queryBook({ Num: num }),
    rpc.BookSvc.queryBook({ Num: num + 1 }, { timeout: 300 }), // not worth more of a wait
  ]);
  if (book.status === "rejected") {
    const { code, status, message } = book.reason;
    console.error("no page without the book", code, message);
    return Response.json({ error: code }, { status });
  }
  const page = { book: book.value, next: null as unknown, missing: [] as string[] };
  if (next.status === "fulfilled") page.next = next.value;
  else page.missing.push("next");
  return page;
}
