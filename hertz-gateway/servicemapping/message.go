package servicemapping

import "net/textproto"

// Request is what a plan reads of a client's message. The byte slices are
// valid as long as the request is; a plan never keeps or changes them.
type Request interface {
	// Verb is the HTTP method: "GET".
	Verb() string
	// PathParam gives the percent-decoded value of a path parameter of the
	// binding's own template.
	PathParam(name string) (string, bool)
	// RawQuery is the query without "?", undecoded.
	RawQuery() []byte
	// RequestURI is the request target as it came.
	RequestURI() []byte
	// Header calls yield for every line of that name (case-insensitive) until it says false.
	Header(name string, yield func(value []byte) bool)
	ContentType() []byte
	// Body is the whole body, content codings undone.
	Body() ([]byte, error)
}

// Response is what a plan writes of the answer.
type Response interface {
	SetStatus(code int)
	// SetHeader replaces; values with CR, LF or NUL are refused with an error.
	SetHeader(name, value string) error
	AddHeader(name, value string) error
	// SetBody hands over body.
	SetBody(contentType string, body []byte)
	// BodyBuffer gives a buffer to append the body to; SetBody takes it back.
	BodyBuffer() []byte
}

// CanonicalHeader is the form under which header names are compared.
func CanonicalHeader(name string) string { return textproto.CanonicalMIMEHeaderKey(name) }
