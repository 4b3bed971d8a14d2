package message

import (
	"bytes"
	"fmt"
)

// head is the header section of a request: the raw bytes as they came, and,
// once a module has edited it, a list of lines instead. Hertz's own parsed form
// is not used, since it joins and normalises; what is matched, authorised,
// logged and forwarded here is the same string.
type head struct {
	raw    []byte
	lines  []headLine
	edited bool
}

type headLine struct{ name, value []byte }

func (h *head) reset(raw []byte) {
	h.raw, h.edited = raw, false
	clear(h.lines)
	h.lines = h.lines[:0]
}

// all calls yield for every line in order.
func (h *head) all(yield func(name, value []byte) bool) {
	if h.edited {
		for _, l := range h.lines {
			if !yield(l.name, l.value) {
				return
			}
		}
		return
	}
	for rest := h.raw; len(rest) > 0; {
		var line []byte
		line, rest = cutByte(rest, '\n')
		colon := bytes.IndexByte(line, ':')
		if colon < 0 {
			continue
		}
		if !yield(line[:colon], trim(line[colon+1:])) {
			return
		}
	}
}

// each calls yield for the lines of that name, a token, in order.
func (h *head) each(name string, yield func(value []byte) bool) {
	if h.edited {
		for _, l := range h.lines {
			if equalFold(l.name, name) && !yield(l.value) {
				return
			}
		}
		return
	}
	// A name has no colon, so that the first one of a line is behind it or the
	// line has another name.
	for rest := h.raw; len(rest) > 0; {
		var line []byte
		line, rest = cutByte(rest, '\n')
		if len(line) > len(name) && line[len(name)] == ':' && equalFold(line[:len(name)], name) && !yield(trim(line[len(name)+1:])) {
			return
		}
	}
}

// cutByte cuts text at the first c; without one all of it is before.
func cutByte(text []byte, c byte) (before, after []byte) {
	if i := bytes.IndexByte(text, c); i >= 0 {
		return text[:i], text[i+1:]
	}
	return text, nil
}

// trim cuts the white space around the value of a header (RFC 9110 section 5.5),
// and the end of its line.
func trim(value []byte) []byte {
	for len(value) > 0 && isBlank(value[0]) {
		value = value[1:]
	}
	for len(value) > 0 && isBlank(value[len(value)-1]) {
		value = value[:len(value)-1]
	}
	return value
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// edit turns the raw bytes into lines.
func (h *head) edit() {
	if h.edited {
		return
	}
	h.all(func(n, v []byte) bool {
		h.lines = append(h.lines, headLine{n, v})
		return true
	})
	h.edited = true
}

func (h *head) set(name, value string) error {
	if err := checkHeader(name, value); err != nil {
		return err
	}
	h.del(name)
	h.lines = append(h.lines, headLine{[]byte(name), []byte(value)})
	return nil
}

func (h *head) add(name, value string) error {
	if err := checkHeader(name, value); err != nil {
		return err
	}
	h.edit()
	h.lines = append(h.lines, headLine{[]byte(name), []byte(value)})
	return nil
}

func (h *head) del(name string) {
	h.edit()
	kept := h.lines[:0]
	for _, l := range h.lines {
		if !equalFold(l.name, name) {
			kept = append(kept, l)
		}
	}
	clear(h.lines[len(kept):])
	h.lines = kept
}

// equalFold compares header names, which are ASCII.
func equalFold(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		d := b[i]
		if c != d && (c|0x20 != d|0x20 || c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// HeaderError is a header that may not be written.
type HeaderError struct{ Name, Reason string }

func (e *HeaderError) Error() string { return fmt.Sprintf("header %q: %s", e.Name, e.Reason) }

// checkHeader refuses what would break the framing (RFC 9110 section 5.5).
func checkHeader(name, value string) error {
	if !token(name) {
		return &HeaderError{name, "the name is not a token"}
	}
	for i := range len(value) {
		if c := value[i]; c == '\r' || c == '\n' || c == 0 {
			return &HeaderError{name, "the value holds a line break or NUL"}
		}
	}
	return nil
}

func token(s string) bool {
	for i := range len(s) {
		if !isToken[s[i]] {
			return false
		}
	}
	return s != ""
}

// isToken marks the characters of a token (RFC 9110 section 5.6.2).
var isToken = func() (t [256]bool) {
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-0x20] = true, true
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] = true
	}
	return t
}()
