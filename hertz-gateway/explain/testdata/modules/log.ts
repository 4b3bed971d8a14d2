// @routes GET /books/*
export function fetchUpstream(ctx: any) {}
export function requestModifier(ctx: any) {}
export function responseModifier(ctx: any, res: any) {}
export function errorHandler(ctx: any, err: any) {}
