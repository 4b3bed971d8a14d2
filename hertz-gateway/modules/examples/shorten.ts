// @routes POST /short, GET /short/:id
// @permissions state:links
//
// A URL shortener: the links are documents of a collection, which all gateways
// share.
//
//   curl http://127.0.0.1:8080/short -H 'content-type: application/json' -d '{"url": "https://go.dev"}'

import type { Context } from "dgate";
import { sha256 } from "dgate/crypto";
import { addCollection, addDocument, getDocument } from "dgate/state";

const links = {
  name: "links",
  schema: {
    type: "object",
    properties: { url: { type: "string", pattern: "^https?://", maxLength: 2000 } },
    required: ["url"],
    additionalProperties: false,
  },
};

export async function requestHandler(ctx: Context) {
  if (ctx.request.method === "GET") return follow(ctx);
  let url: unknown;
  try {
    ({ url } = ctx.request.json());
  } catch {
    return Response.json({ error: "the body must be JSON" }, { status: 400 });
  }
  // The same URL always has the same id.
  const id: string = sha256(String(url), "base64rawurl").slice(0, 8);
  try {
    await withCollection(() => addDocument({ id, collection: links.name, data: { url } }));
  } catch (e: any) {
    if (e.code !== "schema") throw e;
    return Response.json({ error: "url must be an http or https URL" }, { status: 422 });
  }
  return Response.json({ id, url }, { status: 201, headers: { location: "/short/" + id } });
}

async function follow(ctx: Context) {
  const link = await withCollection(() => getDocument<{ url: string }>(ctx.pathParam("id") ?? "", links.name));
  if (link === null) return Response.json({ error: "no such link" }, { status: 404 });
  return Response.redirect(link.data.url, 302);
}

/** Makes the collection when it is missing, which is once. */
async function withCollection<T>(f: () => Promise<T>): Promise<T> {
  try {
    return await f();
  } catch (e: any) {
    if (e.code !== "not_found") throw e;
    await addCollection(links);
    return f();
  }
}
