const i32 LIMIT = 100
const string HELLO = "hello \"you\"\n"
enum Shade { LIGHT = 1, DARK = 2 }
const Shade NIGHT = Shade.DARK
const list<i32> PRIMES = [2, 3, 5 7;]
