// @routes BookSvc.insertBook
//
// Changes a request before it reaches the service: a title such as
// "  The   Go Book " arrives as "The Go Book".
//
//   curl http://127.0.0.1:8080/book/insert -H 'content-type: application/json' \
//        -d '{"id": "1", "title": "  The   Go Book ", "author": "A. D."}'

// A plain function is enough: this file needs no export. requestModifier sees
// the HTTP request as the client sent it, before its fields become those of the
// Thrift struct. A title that is not too long, and so on, is checked afterwards.
function requestModifier(ctx) {
  const { headers } = ctx.request;
  if (!(headers.get("content-type") ?? "").startsWith("application/json")) return;

  // json() gives the body as a value. It is read and written field by field:
  // everything that is not assigned here keeps its very bytes, order and the
  // digits of large numbers included. Malformed JSON throws; it is left to the
  // gateway, whose answer names the place.
  let book;
  try {
    book = ctx.request.json();
  } catch {
    return;
  }
  if (typeof book?.title === "string") {
    book.title = book.title.trim().replace(/\s+/g, " ");
  }
}
