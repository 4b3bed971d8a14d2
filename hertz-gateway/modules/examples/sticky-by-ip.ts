// @routes BookSvc.*
//
// Sends a client always to the same instance, as long as that is there: its
// address is the key of a consistent hash. Good for services that cache in
// memory.

import type { Context } from "dgate";

export function fetchUpstream(ctx: Context) {
  return { hashKey: ctx.request.ip };
}
