package syntax

import "sort"

// Pos is a byte offset in the text of a file.
type Pos int32

// File is one parsed IDL file. Definitions of a kind are in written order.
type File struct {
	Includes []*Include
	Typedefs []*Typedef
	Consts   []*Const
	Enums    []*Enum
	Structs  []*Struct // structs, unions and exceptions
	Services []*Service

	lines []Pos // where each line starts
}

// Position gives the 1-based line and column, in bytes, of p.
func (f *File) Position(p Pos) (line, column int) { return position(f.lines, p) }

func position(lines []Pos, p Pos) (line, column int) {
	i := sort.Search(len(lines), func(i int) bool { return lines[i] > p }) - 1
	return i + 1, int(p-lines[i]) + 1
}

// Include is one include line. Path is as written.
type Include struct {
	Pos  Pos
	Path string
}

// Annotation is one key = "value" of a list in parentheses. Lists keep the
// written order and repeated keys.
type Annotation struct {
	Pos   Pos
	Key   string // as written
	Value string // empty when there is none
}

// Typedef is typedef Type Name.
type Typedef struct {
	Pos         Pos
	Name        string
	Type        *Type
	Annotations []Annotation
}

// Const is const Type Name = Value.
type Const struct {
	Pos         Pos
	Name        string
	Type        *Type
	Value       *Value
	Annotations []Annotation
}

// Enum is an enum block.
type Enum struct {
	Pos         Pos
	Name        string
	Values      []EnumValue
	Annotations []Annotation
}

// EnumValue is one name of an enum. Number is the text of its number, empty
// when none is written.
type EnumValue struct {
	Pos         Pos
	Name        string
	Number      string
	Annotations []Annotation
}

// StructKind tells the three struct-like definitions apart.
type StructKind uint8

// The struct-like definitions.
const (
	StructBlock StructKind = iota
	UnionBlock
	ExceptionBlock
)

// Struct is a struct, union or exception block.
type Struct struct {
	Pos         Pos
	Kind        StructKind
	Name        string
	Fields      []*Field
	Annotations []Annotation
}

// Requiredness is the word before a field's type.
type Requiredness uint8

// Unspecified is a field with neither word.
const (
	Unspecified Requiredness = iota
	Required
	Optional
)

// Field is one field of a struct, argument of a function or entry of a throws
// list. ID is the text of its number, empty when none is written.
type Field struct {
	Pos          Pos // of the name
	ID           string
	Requiredness Requiredness
	Type         *Type
	Name         string
	Default      *Value // nil: none
	Annotations  []Annotation
}

// Type is a written type. Args are the types in angle brackets: one for list
// and set, two for map, any number for a name that only looks like a container.
type Type struct {
	Pos         Pos
	Name        string
	Args        []*Type
	Annotations []Annotation
}

// ValueKind is the form of a constant value.
type ValueKind uint8

// The forms of a constant value.
const (
	IntValue ValueKind = iota
	DoubleValue
	LiteralValue
	NameValue // another constant, an enum's value, true or false
	ListValue
	MapValue
)

// Value is a constant value. Text is the number, the unquoted literal or the
// name. List holds the elements of a list; those of a map are its keys and
// values in turn.
type Value struct {
	Pos  Pos
	Kind ValueKind
	Text string
	List []*Value
}

// Service is a service block.
type Service struct {
	Pos         Pos
	Name        string
	Extends     string // empty: nothing
	ExtendsPos  Pos
	Functions   []*Function
	Annotations []Annotation
}

// Function is one method of a service.
type Function struct {
	Pos         Pos // of the name
	Name        string
	Oneway      bool
	Result      *Type // nil for void
	Args        []*Field
	Throws      []*Field
	Annotations []Annotation
}
