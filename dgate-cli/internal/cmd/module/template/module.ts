// @routes GET /hello/:name

import type { Context, ResponseModifier } from "dgate";

/** Answers GET /hello/:name, a path that no service has. */
export function requestHandler(ctx: Context) {
  const name = ctx.pathParam("name") ?? "you";
  console.log("greeting", name);
  return { hello: name };
}

/** Runs after every answer; on routes of services, after theirs. */
export const responseModifier: ResponseModifier = (_ctx, res) => {
  res.headers.set("x-served-by", "dgate");
};
