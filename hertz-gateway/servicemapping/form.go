package servicemapping

import (
	"bytes"
	"strings"
)

// mediaKind tells how a body of that Content-Type is read. boundary is set for
// multipart bodies. ok is false when nothing here reads such a body.
func mediaKind(contentType []byte, serializer string) (kind bodyKind, boundary []byte, ok bool) {
	if len(bytes.TrimSpace(contentType)) == 0 {
		switch serializer {
		case "form":
			return bodyForm, nil, true
		case "thrift":
			return bodyThrift, nil, true
		}
		return bodyJSON, nil, true
	}
	media, rest, _ := bytes.Cut(contentType, semicolon)
	media = bytes.TrimSpace(media)
	utf8 := true
	eachParameter(rest, func(name string, value []byte) {
		switch {
		case strings.EqualFold(name, "charset"):
			utf8 = foldIs(value, "utf-8") || foldIs(value, "utf8") || foldIs(value, "us-ascii")
		case strings.EqualFold(name, "boundary"):
			boundary = value
		}
	})
	if !utf8 {
		return bodyNone, nil, false
	}
	switch {
	case foldIs(media, "application/json"), foldIs(media, "text/json"), isJSONSuffix(media):
		return bodyJSON, nil, true
	case foldIs(media, "application/x-www-form-urlencoded"):
		return bodyForm, nil, true
	case foldIs(media, "multipart/form-data"):
		return bodyForm, boundary, len(boundary) > 0 && len(boundary) <= 70
	case foldIs(media, "application/x-thrift"), foldIs(media, "application/vnd.apache.thrift.binary"):
		return bodyThrift, nil, true
	}
	return bodyNone, nil, false
}

// isJSONSuffix tells media types like application/merge-patch+json (RFC 6839).
func isJSONSuffix(media []byte) bool {
	const suffix = "+json"
	return len(media) > len(suffix) && foldIs(media[len(media)-len(suffix):], suffix)
}

func foldIs(b []byte, s string) bool {
	return len(b) == len(s) && strings.EqualFold(unsafeString(b), s)
}

// eachParameter reads the parameters of a header such as Content-Type
// (RFC 9110, 5.6.6): name=token or name="quoted", separated by semicolons.
// What is malformed is left out.
func eachParameter(s []byte, yield func(name string, value []byte)) {
	for len(s) > 0 {
		s = bytes.TrimLeft(s, " \t;")
		i := bytes.IndexAny(s, "=;")
		if i < 0 {
			return
		}
		if s[i] == ';' {
			s = s[i:]
			continue
		}
		name := string(bytes.TrimSpace(s[:i]))
		s = bytes.TrimLeft(s[i+1:], " \t")
		if len(s) == 0 || s[0] != '"' {
			var value []byte
			if j := bytes.IndexByte(s, ';'); j >= 0 {
				value, s = s[:j], s[j:]
			} else {
				value, s = s, nil
			}
			yield(name, bytes.TrimSpace(value))
			continue
		}
		value, n := unquote(s)
		if n == 0 {
			return
		}
		s = s[n:]
		yield(name, value)
	}
}

// unquote reads the quoted-string at the start of s and gives the bytes it
// takes; 0 when it does not end.
func unquote(s []byte) (value []byte, n int) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			return unescapeQuoted(s, i)
		case '"':
			return s[1:i], i + 1
		}
	}
	return nil, 0
}

// unescapeQuoted is unquote from the first backslash on.
func unescapeQuoted(s []byte, i int) (value []byte, n int) {
	value = append(value, s[1:i]...)
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
				i++
			}
			value = append(value, s[i])
		case '"':
			return value, i + 1
		default:
			value = append(value, s[i])
		}
	}
	return nil, 0
}

var semicolon = []byte{';'}

// acceptsInt64Strings tells whether an Accept header has the parameter
// int64=string on application/json.
func acceptsInt64Strings(accept []byte) bool {
	if len(accept) < len("int64=string") {
		return false
	}
	for len(accept) > 0 {
		var one []byte
		if i := bytes.IndexByte(accept, ','); i >= 0 {
			one, accept = accept[:i], accept[i+1:]
		} else {
			one, accept = accept, nil
		}
		media, rest, _ := bytes.Cut(one, semicolon)
		if media = bytes.TrimSpace(media); !foldIs(media, "application/json") && !isJSONSuffix(media) {
			continue
		}
		found := false
		eachParameter(rest, func(name string, value []byte) {
			found = found || strings.EqualFold(name, "int64") && foldIs(value, "string")
		})
		if found {
			return true
		}
	}
	return false
}
