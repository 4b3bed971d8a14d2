package servicemapping

import "bytes"

// cookie gives the value of the first cookie of that name (RFC 6265, 4.2),
// without the quotes that may stand around it. Values are not decoded: what
// a cookie means is its writer's choice.
func (b *binder) cookie(name string) ([]byte, bool) {
	base := len(b.texts)
	b.req.Header("Cookie", b.collect)
	lines := b.texts[base:]
	b.texts = b.texts[:base]
	for _, line := range lines {
		if v, ok := findCookie(line, name); ok {
			return v, true
		}
	}
	return nil, false
}

func findCookie(line []byte, name string) ([]byte, bool) {
	for len(line) > 0 {
		var part []byte
		if i := bytes.IndexByte(line, ';'); i >= 0 {
			part, line = line[:i], line[i+1:]
		} else {
			part, line = line, nil
		}
		part = bytes.Trim(part, " \t")
		key, value, ok := bytes.Cut(part, equals)
		if !ok || string(bytes.TrimRight(key, " \t")) != name {
			continue
		}
		value = bytes.TrimLeft(value, " \t")
		if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1]
		}
		return value, true
	}
	return nil, false
}

// appendCookieValue writes v so that it is one cookie-value (RFC 6265, 4.1.1):
// text that is one already stays as it is, any other is percent-encoded.
func appendCookieValue(dst, v []byte) []byte {
	safe := true
	for _, c := range v {
		safe = safe && cookieByte(c)
	}
	if safe {
		return append(dst, v...)
	}
	const hex = "0123456789ABCDEF"
	for _, c := range v {
		if cookieByte(c) && c != '%' {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

func cookieByte(c byte) bool {
	return c > ' ' && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\'
}
