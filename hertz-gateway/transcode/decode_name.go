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
