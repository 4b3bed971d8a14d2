// Package wiretext writes Thrift binary as text that people can read and
// compare, and reads such text back. It needs no descriptor: the text says
// what is on the wire. Tests use it; start with Dump and Parse.
//
// A message is the fields of a struct, one a line, its own braces left out:
//
//	1 struct {
//	  1 i32 5
//	  2 string "two\n"
//	  3 list<i64> [
//	    7
//	  ]
//	  4 map<string,bool> {
//	    "a": true
//	  }
//	  5 set<struct> [
//	    {
//	      1 double 1.5
//	    }
//	  ]
//	}
//
// Types are bool, i8, i16, i32, i64, double, string (text and bytes alike, in
// Go quotes), uuid, struct, list, set and map. Empty containers close on their
// line. Lines that begin with # are comments.
package wiretext
