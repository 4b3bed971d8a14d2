struct Inner {
    1: string deep (api.query="deep")
}

struct Places {
    1: string path (api.path="id")
    2: string query (api.query="q")
    3: string header (api.header="X-Trace")
    4: string cookie (api.cookie="sid")
    5: string form (api.form="f")
    6: string body (api.body="b")
    7: binary raw (api.raw_body="")
    8: string uri (api.raw_uri="")
    9: binary file (api.file_name="upload")
    10: i32 code (api.http_code="true")
    11: i32 notCode (api.http_code="false")
    12: string several (api.query="first", api.header="Second", api.query="third", api.cookie="")
    13: string unnamed (api.query="")
    14: string valueless (api.header)
    15: string unnamedKeyed (api.query="", api.key="keyed")
    16: Inner inner (api.no_body_struct="true")
    17: list<string> parts (api.query="parts", dgate.split=",")
    18: string notList (dgate.split=",")
    19: i64 conv (api.js_conv="true")
    20: list<i64> convs (api.js_conv)
    21: i64 noConv (api.js_conv="false")
    22: string secret (api.none="true")
    23: string open (api.none="false")
    24: string event (dgate.event_id="true")
    25: string upper (API.QUERY="Upper")
}

struct Agw {
    1: string query (agw.source="query", agw.key="q")
    2: string post (agw.source="post")
    3: string both (agw.source="header", agw.target="header", agw.key="X-Both")
    4: string path (janus.source="PATH")
    5: i32 code (agw.target="http_code")
    6: Inner inner (agw.source="not_body_struct")
    7: i64 conv (agw.js_conv="")
    8: string raw (agw.source="raw_body")
    9: string uri (agw.source="raw_uri")
    10: string odd (agw.source="quary", agw.target="ignore")
    11: string cookie (agw.source="cookie", agw.target="body")
}

service PlacesSvc {
    Places places(1: Places req) (api.post="/places/:id")
    Agw agw(1: Agw req) (api.post="/agw/:path")
    string args(1: string id (api.path="id"), 2: i32 n (api.query="num"), 3: string auth (api.header="Authorization")) (api.get="/args/{id}")
}
