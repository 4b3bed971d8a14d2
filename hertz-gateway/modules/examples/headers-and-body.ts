// @routes BookSvc.queryBook
//
// Changes what goes to a service and what comes back: headers, query, body.

import type { Context, ResponseView } from "dgate";

export function requestModifier(ctx: Context) {
  const { headers, query } = ctx.request;
  headers.delete("cookie"); // is of no concern to the service
  headers.set("x-client-ip", ctx.request.ip);
  if (!query.has("num")) query.set("num", "1");
}

export function responseModifier(ctx: Context, res: ResponseView) {
  res.headers.set("cache-control", "no-store");
  if (res.statusCode !== 200) return;
  // The body is live: what is assigned changes, all else keeps its text.
  const book = res.json();
  book.links = { self: ctx.request.path + "?num=" + ctx.queryParam("num") };
  delete book.Content;
}
