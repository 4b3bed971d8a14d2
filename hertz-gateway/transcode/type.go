package transcode

// Kind is the Thrift kind of a Type.
type Kind uint8

// The kinds. Union and Exception have the wire form of a Struct.
const (
	Invalid Kind = iota
	Bool
	I8
	I16
	I32
	I64
	Double
	String
	Binary
	UUID
	Enum
	Struct
	Union
	Exception
	List
	Set
	Map
)

// Requiredness of a field, as written in the IDL.
type Requiredness uint8

// Default is a field with neither word: always written by a server, read as its zero value when absent.
const (
	Default Requiredness = iota
	Required
	Optional
)

// Type is the descriptor of one Thrift type, typedefs resolved. It is built
// once (servicemapping does it from an IDL), never changed afterwards, and may
// be recursive. Safe for concurrent use.
type Type struct {
	Kind Kind
	// Name is the qualified IDL name of an enum or struct-like type
	// ("book.QueryBookReq"); empty for the others.
	Name string
	// Fields of a Struct, Union or Exception, in the order of the IDL.
	Fields []*Field
	// Key is the key type of a Map; Elem the element type of a List or Set
	// and the value type of a Map.
	Key, Elem *Type
	// Values of an Enum in the order of the IDL; several names may share a number.
	Values []EnumValue
}

// EnumValue is one name of an Enum.
type EnumValue struct {
	Name   string
	Number int32
}

// Field is one field of a struct-like type, or one argument of a method.
type Field struct {
	ID           int16
	Name         string // as in the IDL
	JSON         string // its name in JSON: go.tag json, api.key, agw.key, else Name
	Type         *Type
	Requiredness Requiredness
	// Default is the default value of the IDL in Thrift binary, without a
	// field header; nil when there is none.
	Default []byte
	// Hidden (api.none) is never read from a client and never written to one.
	Hidden bool
	// Stringly (api.js_conv) is a string in JSON where Thrift has a number;
	// it reaches through lists, sets, maps (values and keys).
	Stringly bool
}
