include "loop_b.thrift"
struct A { 1: i32 id }
struct Far { 1: loop_b.B b }
