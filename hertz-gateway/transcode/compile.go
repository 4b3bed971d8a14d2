package transcode

import (
	"fmt"
	"hash/maphash"
	"math"
	"unicode/utf8"
)

const (
	defaultMaxElements = 1 << 20
	// maxPlacedFields bounds what Place makes of a type whose structs are
	// shared by many paths: each path is compiled apart.
	maxPlacedFields = 1 << 16
	// maxTypeNesting bounds containers of containers written out in a type.
	maxTypeNesting = 256
)

// Compile makes the Codec of t. It fails for a type that cannot be converted:
// an incomplete descriptor, two fields of one id or JSON name, a default that
// is not a value of its field, or a type whose direct struct fields make more
// than 65,536 paths under Options.Place.
//
// What the codec does where an IDL leaves it open:
//
//   - A Hidden field is never read, whatever the client sends under its name.
//     Its default is written, or the zero value if it is required.
//   - Defaults fill absent fields of structs and exceptions, never of a union.
//   - Fields are written to Thrift in the order in which they are found.
//   - A field absent on the wire is in the JSON, unless it is optional, with
//     its default or else its zero value, and null for a struct or union.
//   - A key of a map that is no scalar is its JSON, as the text of the member's
//     name: {"{\"id\":1}": …}. Such keys may be in each other up to 4 levels.
//     Keys are the same if their values are, whatever the order in their sets
//     and maps.
//   - A field sent twice, a map key sent twice, or a bool that is neither 0
//     nor 1 on the wire is a WireError.
func Compile(t *Type, o Options) (*Codec, error) {
	if o.MaxDepth <= 0 {
		o.MaxDepth = defaultMaxDepth
	}
	if o.MaxElements <= 0 {
		o.MaxElements = defaultMaxElements
	}
	c := &compiler{codec: &Codec{opts: o, seed: maphash.MakeSeed()}, shared: map[nodeKey]*node{}}
	root, err := c.placed(t, false, nil)
	if err != nil {
		return nil, err
	}
	if err := c.finish(root); err != nil {
		return nil, err
	}
	c.codec.root = root
	return c.codec, nil
}

// node is the compiled form of a Type in one place.
type node struct {
	kind Kind
	wt   byte
	// reading is how the value is read from JSON, form how it is written to it.
	reading reading
	form    form
	// fromString: a JSON string may stand for the number; asString: the number
	// is written as one.
	fromString, asString bool
	enumNames            bool
	// canonical: equal values of the type may differ in their bytes.
	canonical bool
	// minSize is the size of the smallest value on the wire; fixed: of all.
	minSize int
	fixed   bool
	// lo and hi are the bounds of an integer kind.
	lo, hi    int64
	key, elem *node
	sp        *structProg
	enum      *enumProg
	typ       *Type
}

// structProg is the compiled form of a struct, union or exception.
type structProg struct {
	typ   *Type
	union bool
	// fields in the order of the IDL.
	fields []field
	// first is the field whose JSON member is looked for first, with a bracket
	// before its name where it otherwise has a comma.
	first *field
	// members are the fields that are written to JSON, in the order of the IDL.
	members []member
	lead    *member // the first one; nil when there is none
	// show has the ranks of members with text to write when the wire lacks them.
	show []uint64
	// openers are those that Kitex writes first, of opening bytes together.
	openers []opener
	opening int
	// byName finds the fields that are read from JSON, byID all.
	byName map[string]*field
	byID   map[int16]*field
	// dense finds a field by id-minID where ids lie close together.
	dense []*field
	minID int
	// words is the length of the bit sets over fields.
	words int
	// special: a union, of more than 64 fields, or with fields outside the body.
	special bool
	// need has the fields with something to do when the JSON lacks them; needed
	// is its first word.
	need   []uint64
	needed uint64
	// asked are the fields that a Source is asked for.
	asked []*field
	// placed: asked is not empty, here or in a struct below.
	placed bool
	// bodyless: every field is Outside, or a struct of such fields.
	bodyless bool
	// finished: the compiler has been here.
	finished bool
}

// field is the compiled form of a Field.
type field struct {
	// What nearly every member needs comes first, to lie close together.

	node *node
	// next is the field whose JSON member is expected after this one's.
	next *field
	// words and masks are key as startsAt compares it.
	words, masks [3]uint64
	// size is the length of key, reading how the value is read.
	size    int32
	reading reading
	// serial tells fields apart, mostly.
	serial uint8
	// token is `"name":`, what a member usually starts with; key is `,"name":`.
	token, key string
	// word and bit are the place in bit sets.
	word int
	bit  uint64
	// rank is the place in structProg.members, or one behind them; opener that
	// in structProg.openers, or -1.
	rank, opener int
	id           int16
	wt           byte
	// header of the field on the wire, and in a word, the first byte lowest.
	header [3]byte
	head   uint32
	// written: the field has a place in the JSON.
	written bool
	// omit leaves the field out when its value is zero.
	omit bool
	// required makes an absent field a violation.
	required bool
	place    Place
	slot     int
	f        *Field
	// fill is written, header included, when the field is absent from JSON.
	fill []byte
	// zero is written, key included, when the field is absent from the wire.
	zero []byte
}

type nodeKey struct {
	t        *Type
	stringly bool
}

type compiler struct {
	codec   *Codec
	shared  map[nodeKey]*node
	fields  int // of all structs
	count   int // of fields compiled for a path of their own
	nesting int
}

// placed compiles t where it is reached from the root by direct struct fields
// only; path holds the structs on the way. A struct without any field outside
// the body shares its node with all other places.
func (c *compiler) placed(t *Type, stringly bool, path []*Type) (*node, error) {
	if c.codec.opts.Place == nil || t == nil || t.Kind.WireType() != WireStruct || onPath(path, t) {
		return c.node(t, stringly)
	}
	n := c.newNode(t, stringly)
	if err := c.compileStruct(n, append(path, t), true); err != nil {
		return nil, err
	}
	if !n.sp.placed {
		return c.node(t, stringly)
	}
	return n, nil
}

func onPath(path []*Type, t *Type) bool {
	for _, p := range path {
		if p == t {
			return true
		}
	}
	return false
}

// node compiles t where every field is in the body.
func (c *compiler) node(t *Type, stringly bool) (*node, error) {
	if t == nil {
		return nil, fmt.Errorf("transcode: incomplete type")
	}
	key := nodeKey{t, stringly && t.Kind.WireType() != WireStruct}
	if n := c.shared[key]; n != nil {
		return n, nil
	}
	if c.nesting++; c.nesting > maxTypeNesting {
		return nil, fmt.Errorf("transcode: a type of more than %d nested containers", maxTypeNesting)
	}
	defer func() { c.nesting-- }()
	n := c.newNode(t, stringly)
	c.shared[key] = n
	var err error
	switch t.Kind {
	case Struct, Union, Exception:
		// The structs below are not containers written out in this type.
		nesting := c.nesting
		c.nesting = 0
		err = c.compileStruct(n, nil, false)
		c.nesting = nesting
	case List, Set:
		n.elem, err = c.node(t.Elem, stringly)
	case Map:
		if n.key, err = c.node(t.Key, stringly); err != nil {
			break
		}
		n.elem, err = c.node(t.Elem, stringly)
	case Enum:
		n.enum = newEnumProg(t)
	case Invalid:
		return nil, fmt.Errorf("transcode: invalid type")
	}
	if err != nil {
		return nil, err
	}
	if t.Kind == List {
		n.canonical = n.elem.canonical
	}
	return n, nil
}

func (c *compiler) newNode(t *Type, stringly bool) *node {
	o := &c.codec.opts
	wt := t.Kind.WireType()
	n := &node{kind: t.Kind, wt: wt, typ: t, minSize: MinWireSize(wt), fixed: wireShapes[wt].fixed, enumNames: o.EnumNames}
	n.lo, n.hi = bounds(t.Kind)
	n.reading = readingOf(t.Kind)
	switch t.Kind {
	case I8, I16, I32:
		n.fromString = stringly || o.LaxNumbers
		n.asString = stringly
	case I64:
		n.fromString = true
		n.asString = stringly || o.Int64AsString
	case Double, Enum:
		n.fromString = stringly
		n.asString = stringly
	}
	switch t.Kind {
	case Double, Struct, Union, Exception, Set, Map:
		n.canonical = true
	}
	n.form = formOf(n)
	return n
}

// bounds are the least and greatest value of an integer kind.
func bounds(k Kind) (lo, hi int64) {
	switch k {
	case I8:
		return math.MinInt8, math.MaxInt8
	case I16:
		return math.MinInt16, math.MaxInt16
	case I32, Enum:
		return math.MinInt32, math.MaxInt32
	case I64:
		return math.MinInt64, math.MaxInt64
	}
	return 0, 0
}

// compileStruct fills n.sp. On a path from the root (placed) it asks
// Options.Place for every field.
func (c *compiler) compileStruct(n *node, path []*Type, placed bool) error {
	t := n.typ
	sp := &structProg{
		typ:    t,
		union:  t.Kind == Union,
		fields: make([]field, len(t.Fields)),
		byName: make(map[string]*field, len(t.Fields)),
		byID:   make(map[int16]*field, len(t.Fields)),
		words:  (len(t.Fields) + 63) / 64,
	}
	n.sp = sp
	bodyless := len(t.Fields) > 0
	for i, tf := range t.Fields {
		f := &sp.fields[i]
		if tf == nil || tf.Type == nil {
			return fmt.Errorf("transcode: %s has an incomplete field", t.Name)
		}
		*f = field{
			id: tf.ID, wt: tf.Type.Kind.WireType(), word: i / 64, bit: 1 << (i % 64), f: tf,
			required: tf.Requiredness == Required && !sp.union && !tf.Hidden,
			written:  !tf.Hidden,
		}
		copy(f.header[:], AppendFieldHeader(nil, f.wt, f.id))
		f.head = uint32(f.header[0]) | uint32(f.header[1])<<8 | uint32(f.header[2])<<16
		f.next, f.serial = nobody, uint8(c.fields)
		c.fields++
		if sp.byID[f.id] != nil {
			return fmt.Errorf("transcode: %s has field id %d twice", t.Name, f.id)
		}
		sp.byID[f.id] = f
		if placed && !tf.Hidden {
			if c.count++; c.count > maxPlacedFields {
				return fmt.Errorf("transcode: more than %d fields on paths of direct struct fields", maxPlacedFields)
			}
			f.place, f.slot = c.codec.opts.Place(tf)
		}
		if f.place != InBody {
			sp.asked = append(sp.asked, f)
			sp.placed = true
		}
		if f.place == Outside {
			f.written = false
		}
		var err error
		if placed && f.place != Outside && !tf.Hidden {
			f.node, err = c.placed(tf.Type, tf.Stringly, path)
		} else {
			f.node, err = c.node(tf.Type, tf.Stringly)
		}
		if err != nil {
			return err
		}
		// Absence must not mean another value, and a union has to have a member.
		f.omit = c.codec.opts.OmitZero && tf.Requiredness != Required && !sp.union && (tf.Default == nil || isZeroWire(f.node, tf.Default))
		inner := f.node.sp
		if placed && inner != nil && inner.placed && f.reaches() {
			sp.placed = true
			bodyless = bodyless && inner.bodyless
		} else if f.place != Outside && !tf.Hidden {
			bodyless = false
		}
		if !f.read() {
			continue
		}
		f.reading = f.node.reading
		quoted := string(appendQuoted(nil, []byte(tf.JSON)))
		f.token, f.key = quoted+":", ","+quoted+":"
		f.expect(f.key)
		if f.place != Outside {
			if sp.byName[tf.JSON] != nil {
				return fmt.Errorf("transcode: %s has two fields with the JSON name %q", t.Name, tf.JSON)
			}
			sp.byName[tf.JSON] = f
		}
	}
	sp.bodyless = bodyless
	sp.link()
	return nil
}

// word packs up to eight bytes of text from i on.
func word(text string, i int) (packed uint64) {
	for j := range min(max(len(text)-i, 0), 8) {
		packed |= uint64(text[i+j]) << (j * 8)
	}
	return packed
}

// firstBytes masks the first n bytes of a word, n at most 8.
func firstBytes(n int) uint64 { return 1<<(uint(n)*8) - 1 }

// read says whether a JSON member can be meant for the field.
func (f *field) read() bool { return !f.f.Hidden && f.place != Outside }

// reaches says whether the field is a struct that a Source can fill in parts.
func (f *field) reaches() bool { return f.place != Outside && f.node.sp != nil && f.node.sp.placed }

// link prepares the ways to find a field.
func (sp *structProg) link() {
	sp.layOut()
	sp.first = nobody
	sp.special = sp.union || sp.words > 1 || sp.placed
	var last *field
	lo, hi := 0, 0
	for i := range sp.fields {
		f := &sp.fields[i]
		if i == 0 {
			lo, hi = int(f.id), int(f.id)
		}
		lo, hi = min(lo, int(f.id)), max(hi, int(f.id))
		if !f.read() || !utf8.ValidString(f.f.JSON) {
			continue
		}
		if last == nil {
			sp.first = f
		} else {
			last.next = f
		}
		last = f
	}
	if last != nil {
		last.next = sp.first
	}
	if span := hi - lo + 1; len(sp.fields) > 0 && span <= 8*len(sp.fields)+64 {
		sp.minID = lo
		sp.dense = make([]*field, span)
		for i := range sp.fields {
			sp.dense[int(sp.fields[i].id)-lo] = &sp.fields[i]
		}
	}
}

// lookup finds a field by its id; nil when there is none.
func (sp *structProg) lookup(id int16) *field {
	if sp.dense == nil {
		return sp.byID[id]
	}
	if i := int(id) - sp.minID; uint(i) < uint(len(sp.dense)) {
		return sp.dense[i]
	}
	return nil
}

// finish computes what stands for absent fields in all structs below n, the
// innermost first: the text of a default shows the absent fields of its own
// structs. In a struct that recurs those which are not known yet stay away.
func (c *compiler) finish(n *node) error {
	for _, part := range []*node{n.key, n.elem} {
		if part != nil {
			if err := c.finish(part); err != nil {
				return err
			}
		}
	}
	sp := n.sp
	if sp == nil || sp.finished {
		return nil
	}
	sp.finished = true
	sp.need = make([]uint64, sp.words)
	for i := range sp.fields {
		f := &sp.fields[i]
		if err := c.finish(f.node); err != nil {
			return err
		}
		if err := c.fillers(sp, f); err != nil {
			return err
		}
		if f.fill != nil || f.required || f.place == Either || f.place != Outside && f.reaches() {
			sp.need[f.word] |= f.bit
		}
	}
	if sp.words > 0 {
		sp.needed = sp.need[0]
	}
	sp.first = sp.first.opening()
	return nil
}

func (c *compiler) fillers(sp *structProg, f *field) error {
	tf := f.f
	var zero []byte
	if tf.Default != nil {
		text, err := c.codec.appendValue(nil, f.node, tf.Default)
		if err != nil {
			return fmt.Errorf("transcode: default of %s.%s: %w", sp.typ.Name, tf.Name, err)
		}
		zero = text
	}
	if !sp.union {
		switch {
		case tf.Default != nil:
			f.fill = append(f.header[:len(f.header):len(f.header)], tf.Default...)
		case tf.Hidden && tf.Requiredness == Required:
			f.fill = AppendZero(f.header[:len(f.header):len(f.header)], tf.Type)
		}
	}
	if sp.union || !f.written || tf.Requiredness == Optional && tf.Default == nil {
		return nil
	}
	switch {
	case f.omit:
		return nil
	case tf.Default != nil:
	case f.node.sp != nil:
		zero = []byte("null")
	default:
		text, err := c.codec.appendValue(nil, f.node, AppendZero(nil, tf.Type))
		if err != nil {
			return fmt.Errorf("transcode: zero value of %s.%s: %w", sp.typ.Name, tf.Name, err)
		}
		zero = text
	}
	f.zero = append([]byte(f.key), zero...)
	sp.show[f.rank>>6] |= 1 << (f.rank & 63)
	return nil
}

// enumProg finds enum values by name and number.
type enumProg struct {
	name    string
	byName  map[string]int32
	numbers map[int32]string // its first name, quoted
	// small has a bit for each defined number below 64.
	small uint64
}

func newEnumProg(t *Type) *enumProg {
	e := &enumProg{name: t.Name, byName: map[string]int32{}, numbers: map[int32]string{}}
	for _, v := range t.Values {
		if _, ok := e.byName[v.Name]; !ok {
			e.byName[v.Name] = v.Number
		}
		if _, ok := e.numbers[v.Number]; !ok {
			e.numbers[v.Number] = string(appendQuoted(nil, []byte(v.Name)))
		}
		if uint32(v.Number) < 64 {
			e.small |= 1 << v.Number
		}
	}
	return e
}

func (e *enumProg) defined(v int32) bool {
	if uint32(v) < 64 {
		return e.small>>(uint32(v)&63)&1 != 0
	}
	_, ok := e.numbers[v]
	return ok
}
