// @routes BookSvc.queryBook
//
// Adds a header to every answer of BookSvc.queryBook:
//
//   curl -i 'http://127.0.0.1:8080/book/query?num=1'
//   x-served-by: dgate
//
// The first line names the routes this module runs on. It can list several,
// separated by commas: BookSvc.*, GET /book/*, or * for every route. The
// gateway reads this file again when it is saved; if it then does not compile,
// the log says where, and the version before keeps serving.

// Types are stripped, not checked: write as many or as few as you like.
interface Context {
  request: { headers: Headers };
  locals: Record<string, unknown>;
}

interface Answer {
  headers: Headers;
}

// Runs before the request goes to the service, here only to take the time.
// What is put into ctx.locals lives as long as this one request.
export function requestModifier(ctx: Context): void {
  ctx.locals.started = performance.now();
}

// Runs after the service has answered, with the HTTP answer that the client is
// about to get. Hooks may be async; this one has nothing to wait for.
export function responseModifier(ctx: Context, res: Answer): void {
  const took = performance.now() - (ctx.locals.started as number);
  res.headers.set("x-served-by", "dgate");
  res.headers.set("server-timing", `upstream;dur=${took.toFixed(1)}`);
}
