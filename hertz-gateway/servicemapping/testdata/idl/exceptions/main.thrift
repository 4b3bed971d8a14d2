include "errors.thrift"
typedef errors.NotFound Missing
service Exceptions {
    string get(1: string id) throws (
        1: errors.NotFound a,
        2: errors.Plain b (api.http_code="409"),
        3: errors.Plain c,
        4: errors.Status d,
        5: errors.NotFound e (api.http_code="410"),
        6: Missing f,
        7: errors.BadStatus g,
        8: errors.Plain h (api.http_code="teapot")
    ) (api.get="/get")
}
