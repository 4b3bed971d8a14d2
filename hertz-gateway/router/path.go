package router

import "strings"

// maxInlineSegments is how many segments of a path fit without an allocation.
const maxInlineSegments = 16

// splitPath cuts path at '/' into decoded segments, appended to segs, and
// refuses what no route may see. Only the first limit segments are kept; all
// are checked.
func splitPath(path string, segs []string, limit int) (_ []string, encodedSlash bool, reason string) {
	if path == "" || path[0] != '/' {
		return nil, false, "no leading slash"
	}
	for rest, more := path[1:], true; more; {
		var raw string
		raw, rest, more = cutSegment(rest)
		seg, slash, reason := decodeSegment(raw)
		if reason != "" {
			return nil, false, reason
		}
		encodedSlash = encodedSlash || slash
		switch {
		case seg == "" && more:
			return nil, false, "empty segment"
		case seg == "." || seg == "..":
			return nil, false, "dot segment"
		}
		if len(segs) < limit {
			segs = append(segs, seg)
		}
	}
	return segs, encodedSlash, ""
}

func cutSegment(s string) (seg, rest string, more bool) {
	if i := strings.IndexByte(s, '/'); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// decodeSegment decodes percent escapes once; without any the result is s.
func decodeSegment(s string) (seg string, slash bool, reason string) {
	escaped := false
	for i := range len(s) {
		if c := s[i]; pathBytes[c] != 0 {
			if c != '%' {
				return "", false, badByte(c)
			}
			escaped = true
		}
	}
	if !escaped {
		return s, false, ""
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			d, ok := unhex(s[i:])
			switch {
			case !ok:
				return "", false, "broken percent escape"
			case d == 0 || d == '\\':
				return "", false, badByte(d)
			case d == '/':
				slash = true
			}
			c = d
			i += 2
		}
		b = append(b, c)
	}
	return string(b), slash, ""
}

// decodeRest decodes the value of a catch-all, whose segments were checked.
func decodeRest(s string) string {
	rest, _, _ := decodeSegment(s)
	return rest
}

// tail returns the undecoded rest of a checked path from segment i on.
func tail(path string, i int) string {
	path = path[1:]
	for ; i > 0; i-- {
		path = path[strings.IndexByte(path, '/')+1:]
	}
	return path
}

// otherSlash returns the path with a trailing slash more or less.
func otherSlash(path string) string {
	if strings.HasSuffix(path, "/") {
		return path[:len(path)-1]
	}
	return path + "/"
}

// pathBytes marks the bytes of a path that are not taken as they are.
var pathBytes = func() (t [256]uint8) {
	for c := range ' ' + 1 {
		t[c] = 1
	}
	for _, c := range "\x7f\\%?#" {
		t[c] = 1
	}
	return t
}()

func badByte(c byte) string {
	switch c {
	case 0:
		return "NUL"
	case '\\':
		return "backslash"
	case '?', '#':
		return "query or fragment"
	}
	return "space or control character"
}

// unhex decodes the escape "%XX" at the start of s.
func unhex(s string) (byte, bool) {
	if len(s) < 3 {
		return 0, false
	}
	hi, ok1 := hexDigit(s[1])
	lo, ok2 := hexDigit(s[2])
	return hi<<4 | lo, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
