struct Req {
    1: string id (api.path = "id")
    2: string note
}

struct FileReq {
    1: string path (api.path = "path")
}

service RouteSvc {
    string one(1: Req req) (api.get = "/a/:id", api.get = "/b/{id}", api.post = "/a/:id")
    string other(1: Req req) (api.put = "/a/:other")
    string any(1: Req req) (api.any = "/a/:id")
    string file(1: FileReq req) (api.get = "/files/*path")
    string shadowed(1: FileReq req) (api.get = "/a/*path")
    string mixed(1: Req req) (api.get = "/m/{id:[0-9]{2}}.{ext}")
    string star() (api.get = "/all/*")
    string bad() (api.get = "/bad", openapi.operation = 'summary "x"')
    string wrong() (api.get = "/wrong", openapi.operation = '{"summary": 1, "tags": ["own"], "parameters": [{"name": "x", "in": "query"}, 2], "x-own": {"a": null}}')
}
