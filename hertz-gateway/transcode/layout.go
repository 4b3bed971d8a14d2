package transcode

// member is what the encoder has to know of a field that it writes.
type member struct {
	// key is a comma and the name with quotes and a colon, of keySize bytes.
	key     chunk
	keySize uint8
	form    form
	// size is that of the value if it is always the same, else 0.
	size uint8
	// room is how many bytes there have to be on the wire for the field to be
	// taken as it comes. head is its type and id, as they stand on the wire in
	// one word.
	room uint8
	head uint32
	// offset is that of the value if it is an opener, counted from the start of
	// the struct, else 0.
	offset uint32
	node   *node
	f      *field
	// next is the one after this; nil after the last.
	next *member
}

const (
	// headSize is the size of the head of a field.
	headSize = 3
	// headMask has the type and the id of a field in four bytes of the wire.
	headMask = 0x00ffffff
)

// opener is a number or a bool, which Kitex's generated code writes before all
// others.
type opener struct {
	head uint32
	// offset is that of the field from the start of the struct if all openers
	// come, size that of the field with its head; rank is that of the member.
	offset uint32
	size   uint32
	rank   uint32
}

// form says how a member is written.
type form uint8

const (
	// formCareful is a member that may be left out, or has a long key.
	formCareful form = iota
	formOther
	formI32
	formI64
	formString
	formBool
	formDouble
	formStruct
	formList
)

func formOf(n *node) form {
	switch {
	case n.kind == String:
		return formString
	case n.wt == WireStruct:
		return formStruct
	case n.kind == List || n.kind == Set:
		return formList
	case n.kind == Bool:
		return formBool
	case n.asString:
		return formOther
	case n.kind == I32:
		return formI32
	case n.kind == I64:
		return formI64
	case n.kind == Double:
		return formDouble
	}
	return formOther
}

// layOut prepares the way of the encoder through the struct.
func (sp *structProg) layOut() {
	var hidden []*field
	sp.show = make([]uint64, len(sp.fields)/64+1)
	for i := range sp.fields {
		f := &sp.fields[i]
		if !f.written {
			hidden = append(hidden, f)
			continue
		}
		f.rank = len(sp.members)
		m := f.member()
		f.opener = -1
		if f.node.kind >= Bool && f.node.kind <= Double {
			o := opener{head: f.head, offset: uint32(sp.opening), size: uint32(headSize + f.node.minSize), rank: uint32(f.rank)}
			f.opener = len(sp.openers)
			sp.openers = append(sp.openers, o)
			sp.opening += int(o.size)
			m.offset = o.offset + headSize
		}
		sp.members = append(sp.members, m)
	}
	for i := range sp.members {
		if i == 0 {
			sp.lead = &sp.members[0]
		} else {
			sp.members[i-1].next = &sp.members[i]
		}
	}
	for i, f := range hidden {
		f.opener = -1
		f.rank = len(sp.members) + i
	}
}

func (f *field) member() member {
	m := member{form: f.node.form, node: f.node, f: f, head: f.head, keySize: uint8(len(f.key)), room: 7}
	if f.node.fixed {
		m.size = uint8(f.node.minSize)
	}
	m.room = uint8(max(7, headSize+f.node.minSize))
	if copy(m.key.bytes[:], f.key) < len(f.key) || f.omit {
		m.form = formCareful
	}
	return m
}
