// What `make bench` measures with: the book query, and nested lists of structs
// that come back, or go both ways, at 4 KB and 100 KB of JSON.
namespace go bench

struct QueryBookReq {
    1: i32 Num (api.query="num", api.vd="$<100; msg:'num must less than 100'")
}

struct QueryBookResp {
    1: string ID
    2: string Title
    3: string Author
    4: string Content
}

struct Author {
    1: string name
    2: i32 born
}

struct Book {
    1: i64 id
    2: string title
    3: double price
    4: i32 stock
    5: bool sold
    6: list<string> tags
    7: Author author
}

struct Shelf {
    1: string name
    2: list<Book> books
}

struct Library {
    1: string name
    2: list<Shelf> shelves
}

struct ListReq {
    1: i32 page (api.query="page")
}

service BenchSvc {
    QueryBookResp queryBook(1: QueryBookReq req) (api.get="/book/query")
    Library list4k(1: ListReq req) (api.get="/list4k")
    Library list100k(1: ListReq req) (api.get="/list100k")
    Library echo(1: Library req) (api.post="/echo")
}
