// @routes BookSvc.insertBook
// @permissions secret:jwt-key
// @required
//
// Lets in who has a valid token in the Authorization header, and tells the
// service who it is.

import type { Context } from "dgate";
import { verify } from "dgate/jwt";

export function requestModifier(ctx: Context) {
  const { headers } = ctx.request;
  headers.delete("x-user"); // a client cannot say who it is
  const [, token] = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "") ?? [];
  if (token === undefined) return unauthorized("a bearer token is needed");
  try {
    const claims = verify(token, { secret: "jwt-key" }, { algorithms: ["HS256"], issuer: "shop", requiredClaims: ["exp", "sub"] });
    headers.set("x-user", claims.sub);
    headers.delete("authorization");
  } catch (e: any) {
    if (e.name !== "JwtError") throw e; // a missing secret is not the client's fault
    return unauthorized(e.message);
  }
}

function unauthorized(error: string) {
  return Response.json({ error }, { status: 401, headers: { "www-authenticate": "Bearer" } });
}
