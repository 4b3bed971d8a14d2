// Relative to this file, relative to the root, and a base name that is there twice.
include "item.thrift"
include "../customer.thrift"
include "shared/money.thrift"
include "shared/item.thrift"

struct Order {
    1: item.Item first          // from shop/order/item.thrift
    2: item.Shared second       // from shared/item.thrift
    3: item.Both third          // in both
    4: customer.Customer customer
    5: money.Amount total
}

struct Fine {
    1: item.Item first
    2: item.Shared second
    3: money.Amount total = {"cents": 5, "currency": money.EUR}
}

service OrderSvc {
    Order get(1: Fine req) (api.get="/order")
    Fine fine(1: Fine req) (api.get="/fine")
    // money.thrift includes currency.thrift; that is not seen from here.
    i32 transitive(1: currency.Code code) (api.get="/transitive")
    i32 typo(1: mony.Amount a, 2: money.Amout b) (api.get="/typo")
}
