include "currency.thrift"
const currency.Code EUR = currency.Code.EUR
struct Amount {
    1: required i64 cents (api.js_conv="")
    2: currency.Code currency
}
