include "loop_a.thrift"
struct C { 1: loop_a.A a }
