package transcode

import (
	"hash/maphash"
	"sync/atomic"
)

// Options are compiled into a Codec; none is looked at per value. The zero
// value is the default behaviour of the gateway.
type Options struct {
	Int64AsString bool // Thrift → JSON: i64 as a string
	OmitZero      bool // Thrift → JSON: leave out zero values of fields that are not required, nor have another default, nor are in a union
	EnumNames     bool // Thrift → JSON: an enum's name instead of its number
	SpecialFloats bool // Thrift → JSON: NaN and infinities as strings instead of an error
	RejectUnknown bool // JSON → Thrift: a member without a field is an error
	LaxNumbers    bool // JSON → Thrift: "5" is accepted for every integer type, not only i64; not for doubles and enums
	MaxDepth      int  // nesting limit both ways; 0 means 64
	MaxElements   int  // limit on elements of one container; 0 means 1<<20

	// Place says where a field lives: nil means every field is InBody. It is
	// asked while compiling, once for each field on each path of direct
	// struct fields that starts at the root; never for structs inside a list,
	// set or map, nor for a struct that recurs on its own path (there every
	// field is InBody). The slot is handed to Source or Sink.
	Place func(f *Field) (p Place, slot int)
}

// Place says where the value of a field comes from or goes to.
type Place uint8

const (
	// InBody is the JSON member only.
	InBody Place = iota
	// Outside is never the JSON body: Source supplies it, Sink receives it.
	// A JSON member of its name counts as unknown.
	Outside
	// Either is for requests only: Source is asked before the body is read, and
	// again after it if neither had the field.
	Either
)

// Phase tells a Source when it is asked.
type Phase uint8

// BeforeBody is asked for Outside and Either fields before any member is read,
// AfterBody for Either fields which are still without a value.
const (
	BeforeBody Phase = iota
	AfterBody
)

// Source supplies the fields of a request that do not come from its JSON body.
type Source interface {
	// AppendField appends the Thrift binary value of the field in slot,
	// without a field header. present false leaves dst as it was. An
	// *InvalidError is collected and the message goes on; any other error
	// ends it.
	AppendField(dst []byte, slot int, phase Phase) (out []byte, present bool, err error)
}

// Namer may be implemented by a Source to name the parameter of a slot
// ("query.num") in the violation of a required field that is nowhere. An empty
// name leaves the violation at the JSON pointer of the field.
type Namer interface {
	Parameter(slot int) string
}

// Sink receives the fields of a response that do not go into its JSON body.
type Sink interface {
	// Field gets the Thrift binary value of the field in slot, without its
	// header; the bytes belong to the message and are not to be kept.
	Field(slot int, wire []byte) error
}

// Codec converts values of one Type. Immutable and safe for concurrent use.
type Codec struct {
	root     *node
	opts     Options
	seed     maphash.Seed
	repaired atomic.Uint64
}

// Repaired is how many strings with invalid UTF-8 AppendJSON has had to repair
// so far; each bad sequence became U+FFFD.
func (c *Codec) Repaired() uint64 { return c.repaired.Load() }
