struct Page {
    1: i32 size
    2: string after
    3: string trace (api.header = "X-Trace")
}

struct FindReq {
    1: string word (api.query = "q", api.vd = "len($)>0 && len($)<50")
    2: list<i32> ids
    3: set<string> tags
    4: map<string, i32> weights
    5: Page page
    6: list<Page> pages
    7: list<i64> header (api.header = "X-Ids")
    8: list<string> names (api.header = "X-Names")
    9: list<string> split (api.header = "X-Split", dgate.split = ",")
    10: Page cookie (api.cookie = "page")
    11: list<bool> flags (api.cookie = "flags")
    12: string body (api.body = "never")
    13: required string two (api.query = "two", api.header = "X-Two")
    14: string kind (api.query = "kind", api.vd = "in($,'a','b')")
    15: i64 since (api.query = "since", api.vd = "$>=0")
    16: string mail (api.query = "mail", api.vd = "email($)")
    17: i32 default_ = 7 (api.query = "default")
    18: double lax (api.query = "lax", api.vd = "$<1.5 || $>2")
}

struct UploadReq {
    1: string title (api.form = "title")
    2: required binary file (api.file_name = "file")
    3: binary thumb (api.form = "thumb")
    4: list<binary> more (api.form = "more")
    5: map<string, string> labels (api.form = "labels")
    6: required string album (api.form = "album", api.query = "album")
}

struct FilesReq {
    1: required list<binary> files (api.file_name = "files")
}

struct RawReq {
    1: required string text (api.raw_body = "")
    2: string uri (api.raw_uri = "")
    3: string type (api.header = "Content-Type")
}

struct Download {
    1: binary bytes (api.raw_body = "")
    2: string type (api.header = "Content-Type")
    3: i32 code (api.http_code = "true")
    4: list<i32> parts (api.header = "X-Parts")
    5: map<string, string> meta (api.header = "X-Meta")
    6: string sid (api.cookie = "sid")
    7: string seen (api.cookie = "seen")
}

struct Made {
    1: i32 code (api.http_code = "true")
    2: string location (api.header = "Location") // where it is
    3: string id
}

struct ThriftReq {
    1: string a
}

service PlacesSvc {
    Made find(1: FindReq req) (api.get = "/find")
    Made remove(1: FindReq req) (api.delete = "/find")
    Made upload(1: UploadReq req) (api.post = "/upload")
    Made files(1: FilesReq req) (api.post = "/files")
    Download raw(1: RawReq req) (api.post = "/raw")
    Made encoded(1: ThriftReq req) (api.post = "/thrift", api.serializer = "thrift")
    Made formed(1: ThriftReq req) (api.post = "/form", api.serializer = "form")
    string args(1: required string id (api.path = "id"), 2: i32 n (api.query = "n"), 3: string rest) (api.post = "/args/{id}")
}
