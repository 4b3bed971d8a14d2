enum E { A (api.qery="x") } (api.get="/x")
typedef i32 T (dgate.timeot="x")
const i32 C = 1 (api.none="true")
struct S {
    1: string a (api.quary="a", api.pth="a", agw.sorce="query", dgate.splt=",", api.completely_different="x")
    2: string b (api.get="/x", foo.bar="x", go.tag="", vt.min_size="1", unprefixed="x", deprecated)
    3: list<i32 (api.js_conv="")> c
} (api.query="x", dgate.breaking="allow: field-removed")
exception X { 1: string a } (api.http_code="404", api.query="x")
service U {
    S get(1: S s) throws (1: X x (api.query="a", api.http_code="410")) (api.gett="/x", janus.key="x", api.handler_path="x", openapi.operation="{}")
} (api.service_path="x", dgate.servce="x", api.base_domain="example.com")
struct Allowing { 1: string a (dgate.breaking = "name-changed"), 2: string b (dgate.breaking = "allow: name-changed") }
