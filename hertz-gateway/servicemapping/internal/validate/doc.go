// Package validate compiles the validation rules of an IDL (api.vd expressions
// in the syntax of go-tagexpr, vt.* rules of thrift-gen-validator) into a
// Program that checks a message in its encoded form, Thrift binary, whatever
// the sources of its values were. Start with Compile, then Program.Check.
//
// Both languages compile to the same nodes (node.go); parse.go reads the first,
// vt.go the second. docs/validation.md describes them for authors of IDLs.
package validate
