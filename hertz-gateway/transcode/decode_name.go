package transcode

// nameMark remembers the stacks at the beginning of an object.
type nameMark struct{ refs, text int }

func (d *decoder) beginNames() nameMark { return nameMark{len(d.refs.refs), len(d.text)} }

// endNames looks for a name that came twice since the mark.
func (d *decoder) endNames(m nameMark) {
	if r := d.refs.repeated(m.refs, d.in, d.text); r >= 0 {
		d.report(d.refs.refs[r].at, CodeDuplicateKey, "the object has this member twice", 0)
	}
	d.refs.refs, d.text = d.refs.refs[:m.refs], d.text[:m.text]
}

// name reads the name of a member at i with its colon; next is where its value
// starts. The bytes of the name are in d.in, or unescaped on top of d.text.
func (d *decoder) name(i int) (name ref, next int) {
	in := d.in
	if i >= len(in) || in[i] != '"' {
		return ref{}, d.syntax(i, "expected the name of a member in quotes")
	}
	end := d.marks.stop(i + 1)
	if d.plain(i+1, end) {
		name = ref{off: i + 1, n: end - i - 1}
		i = end + 1
	} else {
		mark := len(d.text)
		var ok bool
		d.text, end, ok = d.unescape(d.text, i)
		if end < 0 {
			return ref{}, end
		}
		if !ok {
			d.badEncoding(i, end)
			return ref{}, -1
		}
		name = ref{off: ^mark, n: len(d.text) - mark}
		i = end
	}
	if i = skipSpace(in, i); i >= len(in) || in[i] != ':' {
		return ref{}, d.syntax(i, "expected ':' after the name of a member")
	}
	i = skipSpace(in, i+1)
	name.at = i
	return name, i
}

// habit is the field whose member came when that of another was expected. The
// objects of a list often have the same members in the same order.
type habit struct{ expected, came *field }

// habit gives the place where the one of f is, or that of another field.
func (d *decoder) habit(f *field) *habit { return &d.habits[f.serial%uint8(len(d.habits))] }

// learn keeps a habit. Nobody is expected in several structs, and has none.
func (d *decoder) learn(h *habit, expected, came *field) {
	if expected != nobody {
		*h, d.learned = habit{expected, came}, true
	}
}

// fieldAt reads the name of the member at i and finds its field, nil for a
// member that nobody knows; next is where its value starts, or white space
// before it.
func (d *decoder) fieldAt(m *members, i int) (f *field, next int) {
	expected := m.expected
	if expected.tokenAt(d.in, i) {
		return expected, i + len(expected.token)
	}
	h := d.habit(expected)
	if h.expected == expected && h.came.tokenAt(d.in, i) {
		return h.came, i + len(h.came.token)
	}
	// Optional fields are often absent.
	f = expected
	for range 3 {
		if f = f.next; f.tokenAt(d.in, i) {
			d.learn(h, expected, f)
			return f, i + len(f.token)
		}
	}
	name, next := d.name(i)
	if next < 0 {
		return nil, next
	}
	if f = m.sp.byName[string(name.bytes(d.in, d.text))]; f != nil {
		if name.off < 0 {
			d.text = d.text[:^name.off]
		}
		d.learn(h, expected, f)
		return f, next
	}
	if !m.strange {
		m.strange, m.names = true, nameMark{len(d.refs.refs), len(d.text)}
		if name.off < 0 {
			m.names.text = ^name.off
		}
	}
	d.refs.refs = append(d.refs.refs, name)
	if d.codec.opts.RejectUnknown {
		next = d.report(next, CodeUnknown, "unknown field", next)
	}
	return nil, next
}

// startsAt says whether the text at i, of which there are window bytes, goes on
// like f.key. It is asked for nearly every member, hence by words; a field with a
// longer key is found in the general way.
func (f *field) startsAt(win []byte, i int) bool {
	return (rawLittle64(win, i)^f.words[0])&f.masks[0]|(rawLittle64(win, i+8)^f.words[1])&f.masks[1]|
		(rawLittle64(win, i+16)^f.words[2])&f.masks[2] == 0
}

// tokenAt says whether the name of f is at i in quotes and with a colon.
func (f *field) tokenAt(in []byte, i int) bool {
	return f != nobody && len(in)-i >= len(f.token) && string(in[i:i+len(f.token)]) == f.token
}
