import { fetch } from "dgate/http";

export const requestModifier = async (ctx) => {
    const req = ctx.request();
    const client = req.headers.get("X-Forwarded-For") || req.remoteAddress;
    if (!client) {
        throw new Error("no address");
    }
    const answer = await fetch(`https://parts.example/geo?of=${client}`);
    if (answer.status !== 200) {
        throw new Error("no answer");
    }
    const place = await answer.json();
    if (place.status === "fail") {
        console.error(JSON.stringify(answer));
        throw new Error(("geo: " + place?.message) ?? "no place");
    }
    req.headers.set("X-Geo-Country", place.country);
    req.headers.set("X-Geo-Latitude", place.lat);
    req.headers.set("X-Geo-Proxy", place.proxy);
};
