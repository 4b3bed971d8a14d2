enum Color { RED }
struct Point { 1: required i32 x, 2: i32 y }
union Choice { 1: string s, 2: i32 n }

const i32 A = B
const i32 B = A
const i32 TOO_BIG = 9999999999
const i64 HUGE = 99999999999999999999
const string UNUSED = 5

struct S1 { 1: i8 a = 128 }
struct S2 { 1: i32 a = "text" }
struct S3 { 1: i32 a = 1.5 }
struct S4 { 1: bool a = 2 }
struct S5 { 1: Color a = Color.BLUE }
struct S6 { 1: Color a = 7 }
struct S7 { 1: i32 a = A }
struct S8 { 1: i32 a = MISSING }
struct S9 { 1: Point a = {"x": 1, "z": 2} }
struct S10 { 1: Point a = {} }
struct S11 { 1: Choice a = {"s": "", "n": 1} }
struct S13 { 1: map<i32, i32> a = {1: 1, 1: 2} }
struct S14 { 1: S14 a = {} }
struct S15 { 1: string a = [1] }
struct S16 { 1: uuid a = "not-a-uuid" }
struct S17 { 1: i32 a = TOO_BIG }
struct S18 { 1: Point a = {x: 1} }
struct S19 { 1: Color a = Colour.RED }
struct S20 { 1: double a = 1e999 }
struct S21 { 1: i32 a = Point.x }

service Bad {
    void s1(1: S1 a) (api.post="/s1")
    void s2(1: S2 a)
    void s3(1: S3 a)
    void s4(1: S4 a)
    void s5(1: S5 a)
    void s6(1: S6 a)
    void s7(1: S7 a)
    void s8(1: S8 a)
    void s9(1: S9 a)
    void s10(1: S10 a)
    void s11(1: S11 a)
    void s13(1: S13 a)
    void s14(1: S14 a)
    void s15(1: S15 a)
    void s16(1: S16 a)
    void s17(1: S17 a)
    void s18(1: S18 a)
    void s19(1: S19 a)
    void s20(1: S20 a)
    void s21(1: S21 a)
    void argument(1: i8 a = 1000)
    void fine(1: Point a) (api.post="/fine")
}

struct Broken { 1: Nowhere x, 2: list<Nowhere> y }
struct S22 { 1: Broken a = {"x": 1} }
struct S23 { 1: list<Broken> a = [{}] }
service Worse {
    void s22(1: S22 a)
    void s23(1: S23 a)
}
