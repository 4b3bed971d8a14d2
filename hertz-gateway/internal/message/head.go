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
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, rest = rest[:i], rest[i+1:]
		} else {
			line, rest = rest, nil
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		if !yield(name, bytes.Trim(value, " \t\r")) {
			return
		}
	}
}

func (h *head) each(name string, yield func(value []byte) bool) {
	h.all(func(n, v []byte) bool {
		if !equalFold(n, name) {
			return true
		}
		return yield(v)
	})
}

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
