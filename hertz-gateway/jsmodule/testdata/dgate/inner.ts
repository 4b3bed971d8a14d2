const reqMod = (ctx) => ctx.request().writeJson({ a: 1 });
const resMod = async (ctx) => ctx.upstream()?.writeJson({
    body: await ctx.upstream()?.readJson(),
    headers: ctx.upstream()?.headers,
    status: ctx.upstream()?.statusCode,
    statusText: ctx.upstream()?.statusText,
});
export {
    reqMod as requestModifier,
    resMod as responseModifier,
};
