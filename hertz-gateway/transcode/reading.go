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

// expect prepares for startsAt with key, if it is not too long and f has its bit
// in the first word.
func (f *field) expect(key string) {
	if len(key) > 8*len(f.words) || f.word > 0 {
		f.words, f.masks, f.size = nobody.words, nobody.masks, 0
		return
	}
	f.size = int32(len(key))
	for i := range f.words {
		f.words[i], f.masks[i] = word(key, i*8), firstBytes(min(max(len(key)-i*8, 0), 8))
	}
}

// opening is f as the first member of an object.
func (f *field) opening() *field {
	if f == nobody {
		return f
	}
	first := *f
	first.words[0] ^= ',' ^ '{'
	return &first
}

// nobody stands for the field of a member when none is expected. A text that
// goes on like its words is no JSON, and refused as its value, which starts
// there too.
var nobody = func() *field {
	const all = ^uint64(0)
	f := &field{words: [3]uint64{1, 1, 1}, masks: [3]uint64{all, all, all}, node: new(node)}
	f.next = f
	return f
}()
