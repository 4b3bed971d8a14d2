// The global fetch, ctx.upstream() with its promises, and an errorHandler.
export const responseModifier = async (ctx) => {
    return fetch("https://parts.example/one")
        .then(async (res) => {
            const part = await res.json();
            const upstream = ctx.upstream();
            const results = await upstream.readJson();
            results.data.one = part.one;
            return upstream.status(200).writeJson(results);
        });
};

export const errorHandler = async (ctx, error) => {
    console.error("ERROR", error);
    ctx.response().status(500).json({ error: error?.message ?? "Unknown error" });
};
