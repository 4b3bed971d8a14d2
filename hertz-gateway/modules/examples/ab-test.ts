// @routes BookSvc.queryBook
//
// Sends half of the visitors to the instances with the tag "variant=b", and a
// visitor always to the same half. Register instances of both variants with
// these tags.

import type { Context, ResponseView } from "dgate";

const share = 0.5;

export function fetchUpstream(ctx: Context) {
  const known = ctx.request.cookies.variant;
  if (known !== "a" && known !== "b") {
    ctx.locals.newcomer = true;
    ctx.locals.variant = Math.random() < share ? "b" : "a";
  } else {
    ctx.locals.variant = known;
  }
  return { tag: "variant=" + ctx.locals.variant };
}

export function responseModifier(ctx: Context, res: ResponseView) {
  if (!ctx.locals.newcomer) return;
  res.cookie("variant", ctx.locals.variant, { path: "/", maxAge: 30 * 24 * 3600, httpOnly: true, sameSite: "Lax" });
}
