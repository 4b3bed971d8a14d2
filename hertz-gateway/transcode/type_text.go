package transcode

var kindNames = [...]string{
	Invalid: "invalid", Bool: "bool", I8: "i8", I16: "i16", I32: "i32", I64: "i64", Double: "double",
	String: "string", Binary: "binary", UUID: "uuid", Enum: "enum", Struct: "struct", Union: "union",
	Exception: "exception", List: "list", Set: "set", Map: "map",
}

// String is the word of the IDL.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Invalid]
}

// String spells the type as an IDL does, typedefs undone: "list<i32>",
// "book.Book". A nil type is "void".
func (t *Type) String() string {
	switch {
	case t == nil:
		return "void"
	case t.Kind == List, t.Kind == Set:
		return t.Kind.String() + "<" + t.Elem.String() + ">"
	case t.Kind == Map:
		return "map<" + t.Key.String() + "," + t.Elem.String() + ">"
	case t.Name != "":
		return t.Name
	}
	return t.Kind.String()
}
