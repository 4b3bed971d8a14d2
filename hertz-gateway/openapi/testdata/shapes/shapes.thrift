// Recursive types, unions, renamed members, types of both directions.
struct Node {
    1: required string name
    2: optional Node next
    3: optional list<Node> children
    4: optional map<string, Node> named
    5: optional Choice choice
}

// One of them.
union Choice {
    1: string text
    2: i64 number // exact
    3: Node node
    4: string hidden (api.none = "true")
}

union Nothing {
    1: string hidden (api.none = "true")
}

struct Empty {}

enum Void {}

struct Scalars {
    1: bool bool_
    2: i8 i8_
    3: i16 i16_
    4: i32 i32_
    5: i64 i64_
    6: double double_
    7: string string_
    8: binary binary_
    9: uuid uuid_
    10: Void void_
    11: map<bool, string> byBool
    12: map<uuid, list<set<i16>>> byUUID
    13: list<map<string, Nothing>> nothings
    14: Empty empty
    15: i32 text (api.js_conv = "true")
    16: map<i64, double> texts (api.js_conv)
    17: string renamed (go.tag = 'json:"other"', api.body = "member")
    18: string keyed (api.key = "with space")
    19: list<i64> numbers = [1, 2]
    20: optional string word = "say \"hi\""
    21: optional Both both
    22: optional map<Both, map<list<i32>, string>> byBoth
}

struct Both {
    1: i32 n
    2: string query (api.query = "q")
    3: Inner inner
}

struct Inner {
    1: string a
    2: string header (api.header = "X-Inner")
}

struct OnlyPlaces {
    1: string h (api.header = "X-Only")
}

struct OpenReq {
    1: required Both both
    2: list<Both> list
    3: optional OnlyPlaces only
}

service ShapesSvc {
    Node walk(1: Node node) (api.post = "/walk")
    Scalars scalars(1: Scalars req) (api.post = "/scalars")
    Both open(1: OpenReq req) (api.post = "/open")
    list<Choice> choices(1: list<Choice> choices, 2: Empty empty) (api.post = "/choices")
    Empty none(1: Empty req) (api.post = "/none")
}
