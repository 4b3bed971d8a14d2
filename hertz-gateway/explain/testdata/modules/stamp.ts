export function requestModifier(ctx: any) {}
export function responseModifier(ctx: any, res: any) {}
