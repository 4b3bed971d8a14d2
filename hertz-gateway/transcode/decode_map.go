package transcode

// mapping converts the object at i to a map.
func (d *decoder) mapping(n *node, w, i, depth int) (end, next int) {
	if depth > d.maxDepth {
		return w, d.tooDeep(i)
	}
	in := d.in
	head := w
	w = d.keep(append(d.out[:w], n.key.wt, n.elem.wt, 0, 0, 0, 0))
	i = skipSpace(in, i+1)
	if i < len(in) && in[i] == '}' {
		return w, i + 1
	}
	refMark, textMark := len(d.refs.refs), len(d.text)
	count, limit := 0, d.maxElements
	for {
		var key ref
		if key, i = d.name(i); i < 0 {
			return w, i
		}
		if count++; count == limit+1 {
			d.report(i, CodeElements, "more than "+itoa(limit)+" elements", i)
		}
		valid := false
		if count <= limit {
			w, valid = d.mapKey(n.key, w, key, depth)
		}
		switch {
		case d.full():
			return w, -1
		case !valid:
			i = d.skipValue(i, depth+1)
		case i < len(in) && in[i] == 'n':
			i = d.null(n, i)
		default:
			w, i = d.value(n.elem, w, i, depth+1)
		}
		if i < 0 {
			return w, i
		}
		if i < len(in) && in[i] <= ' ' {
			i = skipSpace(in, i)
		}
		if i >= len(in) {
			return w, d.syntax(i, "the object is not closed")
		}
		if in[i] == '}' {
			break
		}
		if in[i] != ',' {
			return w, d.syntax(i, "expected ',' or '}' after a member")
		}
		i = skipSpace(in, i+1)
	}
	if r := d.refs.repeated(refMark, d.out, d.text); r >= 0 {
		d.report(d.refs.refs[r].at, CodeDuplicateKey, "the map has this key twice", 0)
	}
	d.refs.refs, d.text = d.refs.refs[:refMark], d.text[:textMark]
	putCount(d.out[head+2:], count)
	return w, i + 1
}

// mapKey converts the name of a member to a key of type n and notes it for the
// search for repeated ones.
func (d *decoder) mapKey(n *node, w int, name ref, depth int) (end int, valid bool) {
	from, dst := w, d.out[:w]
	text := name.bytes(d.in, d.text)
	var bad *Violation
	switch {
	case n.kind == String:
		dst = AppendString(dst, text)
	case n.kind >= Struct:
		dst, bad = d.jsonKey(n, dst, text, depth+1)
	default:
		dst, bad = appendText(dst, n, text, false)
	}
	if bad != nil {
		d.report(name.at, CodeMapKey, "not a key of the map: "+bad.Detail, 0)
		return d.keep(dst), false
	}
	if name.off < 0 {
		d.text = d.text[:^name.off]
	}
	key := ref{off: from, n: len(dst) - from}
	if n.canonical {
		key = d.form(n.typ, dst, from)
	}
	name.off, name.n = key.off, key.n
	d.refs.refs = append(d.refs.refs, name)
	return d.keep(dst), true
}

// maxKeys is how deep keys that are JSON may be in each other: quoting text
// again and again doubles its quotes each time.
const maxKeys = 4

// jsonKey converts the JSON that text is to a key of type n at nesting depth.
func (d *decoder) jsonKey(n *node, dst, text []byte, depth int) ([]byte, *Violation) {
	if d.keys == maxKeys {
		return dst, &Violation{Code: CodeDepth, Detail: keysTooDeep}
	}
	k, _ := decoders.Get().(*decoder)
	defer k.free()
	k.codec, k.start, k.sent, k.keys = d.codec, d.start, d.sent, d.keys+1
	k.maxDepth, k.maxElements = d.maxDepth, d.maxElements
	k.read(text)
	k.refs.seed, k.omitZero = d.refs.seed, d.omitZero
	mark := len(dst)
	w, i := k.document(n, k.keep(dst), depth)
	out := k.out[:w]
	if i < 0 || len(k.found) > 0 {
		k.locate()
		bad := k.found[0].Violation
		if bad.Pointer != "" {
			bad.Detail += " at " + cutText([]byte(bad.Pointer), maxToken)
		}
		return out[:mark], &bad
	}
	return out, nil
}

const keysTooDeep = "keys nested in keys deeper than 4 levels"
