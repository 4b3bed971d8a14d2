// One client always meets the same instance, in DGate's way of writing modules:
// async, ctx.request() and ctx.service() called, a URL returned.
import { createHash } from "dgate/crypto";

export const fetchUpstream = async (ctx) => {
    const client = ctx.request().headers.get("X-Forwarded-For") || ctx.request().remoteAddress;
    const digest = createHash("sha1").update(client).digest("hex");
    const number = parseInt(digest.substr(0, 4), 16);
    const urls = ctx.service()!.urls;
    ctx.response().headers.add("X-Hash", number + " of " + urls.length);
    return urls[number % urls.length];
};
