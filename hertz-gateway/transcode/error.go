package transcode

import "strings"

// Violation is one thing wrong with a message from a client.
type Violation struct {
	// Pointer is the JSON pointer (RFC 6901) of the place in the body, or
	// empty when Parameter is set. The whole body is the empty pointer.
	Pointer string
	// Parameter names a value outside the JSON body, with its place:
	// "query.num", "path.id", "header.X-Id", "cookie.sid", "form.title".
	Parameter string
	// Code is a stable identifier such as "json_syntax", "out_of_range".
	Code string
	// Detail is one sentence for people; it never holds Go text.
	Detail string
}

// InvalidError is a message from a client that breaks the rules; it lists all
// violations that were found, at least one.
type InvalidError struct{ Violations []Violation }

func (e *InvalidError) Error() string {
	var b strings.Builder
	for i, v := range e.Violations {
		if i > 0 {
			b.WriteString("; ")
		}
		if at := v.Parameter + v.Pointer; at != "" {
			b.WriteString(at + ": ")
		}
		b.WriteString(v.Detail)
	}
	return b.String()
}

// WireError is Thrift binary from a backend that cannot be a value of its
// type: truncated, oversized or ill-typed. The client never sees its text.
type WireError struct {
	Offset int
	Reason string
	// placed: Reason names the field already.
	placed bool
}

func (e *WireError) Error() string { return "thrift: " + e.Reason }
