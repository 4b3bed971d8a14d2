struct Money {
    1: required string currency (api.vd = "mblen($)==3")
    2: required i64 cents (vt.ge = "0")
}
