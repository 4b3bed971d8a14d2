package servicemapping

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"dgate/hertz-gateway/transcode"
)

// Codes of violations that only values outside a JSON body can have; the
// others are those of transcode.
const (
	codeEscape  = "invalid_escape"      // %zz in a query or form
	codeTwice   = "duplicate_parameter" // a scalar given twice
	codeTooMany = "too_many_parameters"
	codeName    = "invalid_parameter_name" // k[x] where a number is asked for
	codeForm    = "invalid_form"           // a multipart body that cannot be read
	codeWire    = "invalid_thrift"         // a Thrift body that cannot be read
)

// kindNames are the places as clients know them, the first half of "query.num".
var kindNames = [...]string{
	inPath: "path", inQuery: "query", inHeader: "header", inCookie: "cookie",
	inForm: "form", inBody: "form", inRawBody: "body", inRawURI: "uri", inFile: "form", inHTTPCode: "status",
}

// origin is where a value came from, for people: query.num.
type origin struct {
	kind placeKind
	name string
}

func (o origin) String() string {
	name := kindNames[o.kind]
	if o.name == "" || o.kind == inRawBody || o.kind == inRawURI {
		return name
	}
	return name + "." + strings.ToValidUTF8(shorten(o.name), "\uFFFD")
}

// maxName bounds a client's name in a violation: all of it, in many violations
// below it, would be a multiple of the request.
const maxName = 256

// shorten cuts a name to maxName bytes; where that is within a character, what
// is left of it goes too.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	cut := maxName
	for cut > maxName-utf8.UTFMax && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return name[:cut] + "…"
}

// index is the place of the i-th of n values; a single value needs no number.
func (o origin) index(i, n int) origin {
	if n == 1 {
		return o
	}
	return origin{o.kind, o.name + "[" + strconv.Itoa(i) + "]"}
}

func violation(at origin, code, detail string) transcode.Violation {
	return transcode.Violation{Parameter: at.String(), Code: code, Detail: detail}
}

func invalid(at origin, code, detail string) error {
	return &transcode.InvalidError{Violations: []transcode.Violation{violation(at, code, detail)}}
}

func twice(at origin) error {
	return invalid(at, codeTwice, "the parameter is given more than once")
}

// relabel turns the pointers of a violation inside one value into its parameter.
func relabel(err error, at origin) error {
	var bad *transcode.InvalidError
	if !errors.As(err, &bad) {
		return err
	}
	out := slices.Clone(bad.Violations)
	for i := range out {
		if out[i].Parameter == "" {
			out[i].Parameter = at.String() + suffix(out[i].Pointer)
			out[i].Pointer = ""
		}
	}
	return &transcode.InvalidError{Violations: out}
}

// gather adds the violations of err to bad; any other error is returned.
func gather(bad []transcode.Violation, err error) ([]transcode.Violation, error) {
	var e *transcode.InvalidError
	if !errors.As(err, &e) {
		return bad, err
	}
	return append(bad, e.Violations...), nil
}

// suffix spells a JSON pointer the way names are spelled: /a/0 is .a[0].
func suffix(pointer string) string {
	if pointer == "" {
		return ""
	}
	var b strings.Builder
	for _, seg := range strings.Split(pointer[1:], "/") {
		seg = unescapePointer(seg)
		if _, err := strconv.ParseUint(seg, 10, 32); err == nil {
			b.WriteString("[" + seg + "]")
		} else {
			b.WriteString("." + seg)
		}
	}
	return b.String()
}

func unescapePointer(seg string) string {
	if !strings.Contains(seg, "~") {
		return seg
	}
	return strings.ReplaceAll(strings.ReplaceAll(seg, "~1", "/"), "~0", "~")
}

func escapePointer(seg string) string {
	if !strings.ContainsAny(seg, "~/") {
		return seg
	}
	return strings.ReplaceAll(strings.ReplaceAll(seg, "~", "~0"), "/", "~1")
}

// cutPointer splits a pointer after its first segment.
func cutPointer(pointer string) (first, rest string) {
	if pointer == "" {
		return "", ""
	}
	first, rest = pointer[1:], ""
	if i := strings.IndexByte(first, '/'); i >= 0 {
		first, rest = first[:i], first[i:]
	}
	return unescapePointer(first), rest
}
