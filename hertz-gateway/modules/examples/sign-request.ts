// @routes BookSvc.insertBook
// @permissions secret:signing-key
//
// Signs what goes to the service, so that it can tell that the gateway sent it:
// HMAC-SHA256 over method, path with query, time and body.

import type { Context } from "dgate";
import { hmac, sha256 } from "dgate/crypto";

export function requestModifier(ctx: Context) {
  const { method, path, query, headers } = ctx.request;
  const time = Math.floor(Date.now() / 1000);
  const search = query.toString();
  const target = search === "" ? path : path + "?" + search;
  const text = [method, target, time, sha256(ctx.request.bytes(), "hex")].join("\n");
  headers.set("x-signature-time", String(time));
  headers.set("x-signature", hmac("sha256", { secret: "signing-key" }, text, "hex"));
}
