include "consts.thrift"

enum Color { RED, GREEN, BLUE }
typedef Color Paint
const double PI = 3.14159
const i64 BIG = 9223372036854775807
const map<string, list<Color>> PALETTE = {"warm": [Color.RED], 'cold': [Color.BLUE, 1]}

struct Point { 1: i32 x = 1, 2: i32 y = 2, 3: optional string label }
union Choice { 1: string s, 2: i32 n }

struct Defaults {
    1: bool b1 = true
    2: bool b2 = 0
    3: bool b3 = 1
    4: i8 i8_ = -128
    5: i16 i16_ = 0x7fff
    6: i32 i32_ = consts.LIMIT
    7: i64 i64_ = BIG
    8: double d1 = 5
    9: double d2 = PI
    10: double d3 = -1.5e-3
    11: string s = consts.HELLO
    12: binary bin = 'raw'
    13: uuid id = "00112233-4455-6677-8899-AABBCCDDEEFF"
    14: Color c1 = Color.GREEN
    15: Color c2 = BLUE
    16: Color c3 = 2
    17: Paint c4 = Paint.RED
    18: consts.Shade shade = Shade.LIGHT
    19: consts.Shade night = consts.NIGHT
    20: i32 number = Color.BLUE
    21: list<i32> primes = consts.PRIMES
    22: set<string> names = ["a", "b"]
    23: map<string, list<Color>> palette = PALETTE
    34: set<i32> repeated = [1, 2, 1]
    35: uuid braces = "{00112233-4455-6677-8899-aabbccddeeff}"
    24: Point origin = {"x": 0, "label": "O"}
    25: Point plain = {}
    26: list<Point> points = [{"y": 7}, {}]
    27: Choice choice = {"n": 4}
    28: list<i32> none = {}
    29: map<i32, i32> nothing = []
    30: i64 octal = 010
    33: i32 minus = -0x10
    31: string empty = ""
    32: required i32 must = +3
}

service DefaultsSvc {
    Defaults get(1: Defaults req, 2: i32 limit = consts.LIMIT)
}
