// @routes GET /page/:id
export function requestHandler(ctx: any) { return {} }
