package transcode

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxFindings is how many violations one message is told of.
const maxFindings = 32

// finding is a violation at an offset of the JSON text; its pointer is worked
// out when the conversion has ended, so that valid messages pay nothing for it.
type finding struct {
	// at is an offset inside the innermost value that is meant, or -1 when the
	// violation knows its place.
	at int
	// below is what comes after the pointer of at.
	below string
	Violation
}

// full says that enough has been found.
func (d *decoder) full() bool { return len(d.found) >= maxFindings }

// add keeps a violation while there is room.
func (d *decoder) add(f finding) {
	if !d.full() {
		d.found = append(d.found, f)
	}
}

// report keeps a violation of the value at offset at. It gives next, where the
// conversion goes on, or -1 when enough has been found.
func (d *decoder) report(at int, code, detail string, next int) int {
	d.add(finding{at: at, Violation: Violation{Code: code, Detail: detail}})
	if d.full() {
		return -1
	}
	return next
}

// syntax keeps the violation that ends a conversion; it gives -1.
func (d *decoder) syntax(at int, detail string) int {
	line, column := 1, 1
	for _, c := range d.in[:min(at, len(d.in))] {
		switch {
		case c == '\n':
			line, column = line+1, 1
		case utf8.RuneStart(c):
			column++
		}
	}
	detail = fmt.Sprintf("invalid JSON at line %d, column %d: %s", line, column, detail)
	return d.report(at, CodeSyntax, detail, -1)
}

// tooDeep refuses the array or object at i; it gives -1.
func (d *decoder) tooDeep(i int) int {
	return d.report(i, CodeDepth, "nested deeper than "+itoa(d.maxDepth)+" levels", -1)
}

// badEncoding refuses the string at i and goes on at next.
func (d *decoder) badEncoding(i, next int) int {
	return d.report(i, CodeEncoding, notUnicode, next)
}

// mismatch refuses the value at i, which is of another kind than n.
func (d *decoder) mismatch(n *node, i, depth int) int {
	end := d.skipValue(i, depth)
	if end < 0 {
		return end
	}
	return d.report(i, CodeType, "expected "+n.want()+", got "+jsonKind(d.in[i]), end)
}

// missing notes that the required field f of the struct at offset at is absent.
func (d *decoder) missing(f *field, at int) {
	v := finding{at: at, Violation: Violation{Code: CodeRequired, Detail: "required field is missing"}}
	if namer, ok := d.src.(Namer); ok && f.place != InBody {
		v.Parameter = namer.Parameter(f.slot)
	}
	if v.Parameter != "" {
		v.at = -1
	} else {
		v.below = d.below() + "/" + escapePointer(f.f.JSON)
	}
	d.add(v)
}

// unionMembers notes that the union at offset at has not one member but members.
func (d *decoder) unionMembers(at, members int) {
	detail := "the union has no member; it takes exactly one"
	if members > 1 {
		detail = fmt.Sprintf("the union has %d members; it takes exactly one", members)
	}
	d.add(finding{at: at, below: d.below(), Violation: Violation{Code: CodeUnion, Detail: detail}})
}

// below is the pointer from the present object to the absent struct that is being built.
func (d *decoder) below() string {
	below := ""
	for _, name := range d.trail {
		below += "/" + escapePointer(name)
	}
	return below
}

// want names what a value of the type looks like in JSON.
func (n *node) want() string {
	switch n.kind {
	case Bool:
		return "true or false"
	case I8, I16, I32, I64:
		return "an integer"
	case Double:
		return "a number"
	case String:
		return "a string"
	case Binary:
		return "a base64 string"
	case UUID:
		return "a uuid string"
	case Enum:
		return "a name or number of enum " + n.typ.Name
	case List, Set:
		return "an array"
	default:
		return "an object"
	}
}

// kindName names a kind as the IDL does.
func kindName(k Kind) string {
	switch k {
	case Bool:
		return "bool"
	case I8:
		return "i8"
	case I16:
		return "i16"
	case I32:
		return "i32"
	case I64:
		return "i64"
	case Double:
		return "double"
	case String:
		return "string"
	case Binary:
		return "binary"
	case UUID:
		return "uuid"
	case Enum:
		return "enum"
	case Struct:
		return "struct"
	case Union:
		return "union"
	case Exception:
		return "exception"
	case List:
		return "list"
	case Set:
		return "set"
	case Map:
		return "map"
	default:
		return "unknown type"
	}
}

// jsonKind names the kind of the valid JSON value that starts with c.
func jsonKind(c byte) string {
	switch c {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

// quote shows text from a client in a detail, cut to a bearable length.
func quote(text []byte) string { return `"` + shorten(text) + `"` }

func shorten(text []byte) string { return cutText(text, 40) }

// maxToken is the most bytes of a client's name that a pointer shows: with all
// of it, each of many violations below one long name would repeat the name.
const maxToken = 128

// cutText is text, or its first bytes, most of them at most, and "…".
func cutText(text []byte, most int) string {
	if len(text) <= most {
		return string(text)
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return string(text[:cut]) + "…"
}

// invalid makes the error of all violations found.
func (d *decoder) invalid() error {
	d.locate()
	e := &InvalidError{Violations: make([]Violation, len(d.found))}
	for i, f := range d.found {
		e.Violations[i] = f.Violation
	}
	return e
}

// locate fills in the pointers: one walk over the text, which is valid JSON up
// to the last offset that is wanted.
func (d *decoder) locate() {
	order := make([]*finding, 0, len(d.found))
	for i := range d.found {
		if d.found[i].at >= 0 {
			order = append(order, &d.found[i])
		}
	}
	slices.SortStableFunc(order, func(a, b *finding) int { return a.at - b.at })
	w := walker{in: d.in}
	for _, f := range order {
		w.advance(f.at)
		f.Pointer = w.pointer() + f.below
	}
}

// walker follows a JSON text which is known to be valid as far as it goes.
type walker struct {
	in []byte
	i  int
	// open are the arrays and objects around i.
	open []level
}

// level is an open array or object; inside says that i is in an element or
// the value of a member.
type level struct {
	array, inside bool
	index         int
	name          []byte // with quotes, of the current member
	token         string // what the pointer says for name; empty until it is asked for
}

// advance goes on to the start of the token that offset at is in.
func (w *walker) advance(at int) {
	for w.i < len(w.in) && w.i < at {
		var top *level
		if len(w.open) > 0 {
			top = &w.open[len(w.open)-1]
		}
		next := w.i + 1
		switch c := w.in[w.i]; c {
		case ' ', '\n', '\r', '\t':
		case '{', '[':
			w.open = append(w.open, level{array: c == '[', inside: c == '['})
		case '}', ']':
			if top != nil {
				w.open = w.open[:len(w.open)-1]
			}
			w.leave()
		case ',':
			if top != nil {
				top.index++
				top.inside = top.array
			}
		case ':':
			if top != nil {
				top.inside = true
			}
		case '"':
			next = w.stringEnd()
			if next > at {
				return
			}
			if top != nil && !top.inside {
				top.name, top.token = w.in[w.i:next], ""
			} else {
				w.leave()
			}
		default:
			for next < len(w.in) && !isDelimiter(w.in[next]) {
				next++
			}
			if next > at {
				return
			}
			w.leave()
		}
		w.i = next
	}
}

// leave ends a value.
func (w *walker) leave() {
	if len(w.open) > 0 {
		w.open[len(w.open)-1].inside = false
	}
}

func (w *walker) stringEnd() int {
	i := w.i + 1
	for i < len(w.in) {
		i, _ = scanPlain(w.in, i)
		switch {
		case i >= len(w.in):
		case w.in[i] == '"':
			return i + 1
		case w.in[i] == '\\':
			i += 2
		default:
			i++
		}
	}
	return len(w.in)
}

func isDelimiter(c byte) bool {
	return c <= ' ' || c == ',' || c == ':' || c == '"' || c == '[' || c == ']' || c == '{' || c == '}'
}

// pointer is the JSON pointer of the innermost value around w.i.
func (w *walker) pointer() string {
	pointer := ""
	for i := range w.open {
		l := &w.open[i]
		switch {
		case !l.inside:
			return pointer
		case l.array:
			pointer += "/" + strconv.Itoa(l.index)
		default:
			if l.token == "" {
				name, _, _ := unescape(nil, l.name, 0)
				l.token = "/" + escapePointer(cutText(name, maxToken))
			}
			pointer += l.token
		}
	}
	return pointer
}

// escapePointer writes a name as a token of a JSON pointer (RFC 6901).
func escapePointer(name string) string {
	extra := 0
	for i := range len(name) {
		if name[i] == '~' || name[i] == '/' {
			extra++
		}
	}
	if extra == 0 {
		return name
	}
	out := make([]byte, 0, len(name)+extra)
	for i := range len(name) {
		switch name[i] {
		case '~':
			out = append(out, "~0"...)
		case '/':
			out = append(out, "~1"...)
		default:
			out = append(out, name[i])
		}
	}
	return string(out)
}
