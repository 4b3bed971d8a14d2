namespace go types
namespace * all
cpp_include "x.h"

typedef i64 ID
typedef ID Key
typedef map<Key, list<Color>> Index
typedef Node Tree
typedef uuid Tag

enum Color { RED, GREEN = 5, BLUE, ALSO_BLUE = 6; HEX = 0x10, NEGATIVE = -3, NEXT }

union Either { 1: string text, 2: required i32 number }
exception Failure { 1: required string message, 2: optional Failure cause }

struct Node {
    1: required string name
    2: optional Node next
    3: list<Tree> children
    4: Index index
}

struct Everything {
    1: bool b
    2: byte by
    3: i8 i8_
    4: i16 i16_
    5: i32 i32_
    6: i64 i64_
    7: double d
    8: string s
    9: binary bin
    10: uuid id
    11: Color color
    12: Node node
    13: Either either
    14: Failure failure
    15: list<set<i32>> list_
    16: map<string, map<i32, binary>> map_
    17: Key key
    18: Tag tag
    19: slist old
}

struct Ids {
    string first
    string second
    -5: string negative
    string after
    32767: string last
    0: string zero
    10: string ten; 0x20: i32 hex, 012: i32 decimal
}

struct Empty {}

struct cpp {
    1: map cpp_type "X" <i32, i32> a
    2: set cpp_type "Y" <i32> (x = "y") b
    3: list<i32> cpp_type "Z" c
    4: optional Node & ref
}

service Types {
    Everything all(1: Everything req, 2: Ids ids, 3: Empty empty, 4: cpp c)
}
