enum Kind { PAPER = 1, EBOOK = 2 }
struct Author { 1: string name, 2: string trace (api.header="X-Trace") }
struct Deep { 1: string author, 2: i32 pages }
struct GetReq {
  1: required i64 id (api.path="id")
  2: list<string> fields (api.query="fields", dgate.split=",")
  3: Kind kind = 1
  4: optional Deep deep (api.query="deep")
  5: string session (api.cookie="sid")
  6: i32 limit = 20 (api.query="limit", vt.lt="100")
  7: string internal (api.none="true")
}
struct Book { 1: string title, 2: binary cover, 3: list<string> tags }
struct GetResp {
  1: i32 code (api.http_code="true")
  2: string etag (api.header="ETag")
  3: Book book
}
struct PutReq {
  1: required string title (go.tag='json:"book_title"')
  2: Author author
  3: list<i32> tags
  4: binary cover
}
struct FormReq { 1: string name (api.form="name"), 2: list<i32> tags (api.form="tags") }
exception NotFound { 1: string why } (api.http_code="404")
exception Denied { 1: i32 status (api.http_code="true") }

service BookSvc {
  GetResp get(1: GetReq req) throws (1: NotFound nf, 2: Denied d) (api.get="/books/:id", dgate.timeout="1.5s", dgate.idempotent="true", dgate.modules="stamp,gone")
  void put(1: PutReq req) (api.post="/books")
  oneway void note(1: FormReq req) (api.post="/forms")
  void news() (api.get="/books/news")
  void secret()
}
