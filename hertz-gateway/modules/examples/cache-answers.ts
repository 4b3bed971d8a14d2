// @routes BookSvc.queryBook
//
// Answers again what a service has answered in the last ten seconds, without
// asking it. The cache is that of this gateway; only answers that do not depend
// on who asks may be kept.

import type { Context, ResponseView } from "dgate";
import { getCache, setCache } from "dgate/storage";

interface Answer {
  type: string;
  body: string;
}

export function requestModifier(ctx: Context) {
  if (ctx.request.method !== "GET" || ctx.request.headers.has("authorization")) return;
  const key = ctx.route.name + " " + ctx.request.url;
  const answer = getCache<Answer>(key);
  if (answer !== null) {
    return new Response(answer.body, { headers: { "content-type": answer.type, "x-cache": "hit" } });
  }
  ctx.locals.key = key;
}

export function responseModifier(ctx: Context, res: ResponseView) {
  const { key } = ctx.locals;
  if (key === undefined || res.statusCode !== 200 || res.headers.has("set-cookie")) return;
  const answer: Answer = { type: res.headers.get("content-type") ?? "application/json", body: res.text() };
  setCache(key, answer, { ttl: 10 });
  res.headers.set("x-cache", "miss");
}
