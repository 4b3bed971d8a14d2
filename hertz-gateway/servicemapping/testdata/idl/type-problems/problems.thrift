struct Bad1 { 1: Nod next }
struct Node { 1: string name }
typedef Ping Pong
typedef Pong Ping
typedef list<Missing> Misses
typedef map<Nod, i32> ByNode

enum Wide { A = 1, B = 4294967296, C }
enum Twice { A, A }

struct Dup { 1: i32 a }
struct Dup { 1: i32 b }
const i32 ONCE = 1
const i32 ONCE = 2

struct SameId { 1: i32 a, 1: i32 b }
struct SameName { 1: i32 a, 2: i32 a }
struct SameJson { 1: i32 a, 2: i32 b (go.tag='json:"a"'), 3: i32 c (api.none="true", api.key="a") }
struct FarId { 40000: i32 a, 2: i32 b, 99999999999999999999: i32 c }
struct Nested { 1: list<map<string, Bad1>> deep, 2: optional Nested again }

struct Unused { 1: Nowhere x }

service Problems {
    Node fine(1: Node n) (api.get="/fine")
    Bad1 bad1(1: Node n) (api.get="/bad1")
    Node bad2(1: Bad1 n) (api.get="/bad2")
    Pong pong()
    Misses misses()
    ByNode byNode()
    Wide wide()
    Twice twice()
    Dup dup()
    i32 once(1: i32 a = ONCE)
    SameId sameId()
    SameName sameName()
    SameJson sameJson()
    FarId farId()
    Nested nested() (api.any="/nested")
    stream<Node> stream1()
    Node stream2(1: stream<Node> s)
    Node odd(1: list<i32, i32> a, 2: map<i32> b, 3: list c)
    void service_as_type(1: Problems p)
}

service Problems {
    Node hidden()
}
