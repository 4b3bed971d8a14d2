// Package syntax parses one Thrift IDL file into a tree that knows where in
// the text everything stands. It accepts all that thriftgo's grammar accepts
// (a test holds it to that) and what Apache Thrift's adds: annotations without
// a value, a separator after any definition. Names are not resolved and
// numbers not ranged here: that is for the caller, who can say what a mistake
// costs. Start with Parse.
package syntax
