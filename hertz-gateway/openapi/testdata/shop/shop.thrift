namespace go shop

include "common/money.thrift"

// How far an order is.
enum State {
    OPEN = 1,
    PAID = 2,
    SETTLED = 2, // another name
    SHIPPED = 5
}

/**
 * One line of an order.
 *
 * Prices are those of the day.
 */
struct Item {
    1: required string sku (vt.min_size = "1", vt.pattern = "^[a-z]+-\\d+$")
    2: i32 count = 1 (api.vd = "$>0 && $<=100; msg:'between 1 and 100'") // at most 100
    3: money.Money price
    4: optional list<string> notes (vt.max_size = "5", vt.elem.max_size = "80")
}

struct Order {
    1: i64 id
    2: i64 big (api.js_conv = "true")
    3: State state
    4: list<Item> items
    5: optional map<string, i64> marks
    6: map<i64, Item> byNumber
    7: set<State> seen
    8: optional binary signature
    9: optional uuid ref
    10: string internal (api.none = "true")
    11: double discount = 0.5
}

struct GetReq {
    1: required i64 id (api.path = "id")
    // Which parts to give.
    2: list<string> parts (api.query = "part")
    3: optional State state (api.query = "state")
    4: optional string lang (api.header = "Accept-Language")
    5: string token (api.header = "Authorization")
    6: string sid (api.cookie = "sid")
}

struct PutReq {
    1: i64 id (api.path = "id")
    2: required Order order (api.body = "order")
    3: bool dry (api.query = "dry")
}

exception Missing {
    1: string what
} (api.http_code = "404")

exception Refused {
    1: i32 status (api.http_code = "true")
    2: string reason
}

exception Odd {
    1: string why
}

/** Orders and what belongs to them. */
service ShopSvc {
    /**
     * Reads one order.
     *
     * The order may be of any state.
     */
    Order getOrder(1: GetReq req) throws (1: Missing missing, 2: Refused refused) (api.get = "/orders/:id", api.tag = "orders")

    Order putOrder(1: PutReq req) throws (1: Missing missing, 2: Odd odd) (
        api.put = "/orders/:id",
        api.category = "orders, admin",
        api.base_domain = "admin.example.com",
        openapi.operation = '{
            summary: "Replace an order",
            operation_id: "replaceOrder";
            deprecated: true
            parameters: [{name: "dry", in: "query", description: "Change nothing."}]
            responses: { "200" { description: "The order as it is now." } }
            nonsense: 1
        }'
    )

    // No answer.
    void touch(1: GetReq req) (api.post = "/orders/:id/touch")
    oneway void note(1: string text) (api.post = "/notes")
    i64 count() (api.get = "/orders")
    Order internalOnly(1: i64 id, 2: Order order)
} (dgate.service = "shop", api.tag = "shop")
