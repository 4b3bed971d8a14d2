package transcode

// reading is how the decoder reads the values of a kind in their usual form.
type reading uint8

const (
	readOther reading = iota
	readString
	readI32
	readI64
	readDouble
	readBool
	readStruct
	readArray
)

func readingOf(k Kind) reading {
	switch k {
	case String:
		return readString
	case I32:
		return readI32
	case I64:
		return readI64
	case Double:
		return readDouble
	case Bool:
		return readBool
	case List, Set:
		return readArray
	case Struct, Union, Exception:
		return readStruct
	}
	return readOther
}

// nobody stands for the field of a member when none is expected. What starts
// like its member is no JSON, and is refused as its value.
var nobody = func() *field {
	f := &field{words: [2]uint64{1, 1}, masks: [2]uint64{^uint64(0), ^uint64(0)}, node: new(node)}
	f.next = f
	return f
}()
