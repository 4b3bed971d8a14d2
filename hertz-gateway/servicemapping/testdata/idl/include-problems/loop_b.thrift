include "loop_c.thrift"
struct B { 1: i32 id }
