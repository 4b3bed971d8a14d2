// @ts-ignore
import { createHash } from "dgate/crypto";
// @ts-ignore
import { addDocument, getDocument } from "dgate/state";

// Answers through ctx.response(), returns promises or nothing.
export const requestHandler = (ctx: any) => {
    const req = ctx.request();
    const res = ctx.response();
    if (req.method == "GET") {
        const id = ctx.pathParam("id");
        if (!id) {
            res.status(400).json({ error: "no id" });
            return;
        }
        return getDocument(id, "links")
            .then((doc: any) => {
                if (!doc?.data?.url) {
                    res.status(404).json({ error: "unknown" });
                } else {
                    res.redirect(doc.data.url);
                }
            })
            .catch((e: any) => {
                console.log("failed", e, JSON.stringify(e));
                res.status(500).json({ error: e?.message });
            });
    } else if (req.method == "POST") {
        const url = req.query.get("url");
        if (!url) {
            res.status(400).json({ error: "no url" });
            return;
        }
        const id = short(url);
        return addDocument({ id, collection: "links", data: { url } })
            .then(() => res.status(201).json({ id }))
            .catch((e: any) => res.status(500).json({ error: e?.message }));
    }
    return res.status(405).json({ error: "GET or POST" });
};

const short = (url: string) => createHash("sha1").update(url).digest("base64rawurl").slice(-8);
