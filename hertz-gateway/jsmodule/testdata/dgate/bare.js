const fetchUpstream = console.debug
function requestModifier(ctx) {
    const body = JSON.parse(ctx.request.body)
    body.seen = ctx.request.body.toString().length
    ctx.request.body = JSON.stringify(body)
}
