struct Good { 1: i32 n (api.vd="$<100; msg:'too much'"), 2: string s (vt.min_size="1") }
struct BadVd { 1: i32 n (api.vd="$<") }
struct BadVt { 1: i32 n (vt.min_size="1") }
struct LenOfNumber { 1: i32 n (api.vd="len($)>=0") }
struct Assert { 1: i32 a } (vt.assert="@nosuch")
service Validation {
    Good good(1: Good g) (api.get="/good")
    Good bad(1: BadVd g) (api.get="/bad")
    Good vt(1: BadVt g) (api.get="/vt")
    Good lenOfNumber(1: LenOfNumber g) (api.get="/len")
    Good assert(1: Assert g)
    BadVd answer(1: Good g) (api.get="/answer")
}
