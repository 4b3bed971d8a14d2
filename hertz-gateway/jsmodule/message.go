package jsmodule

import (
	"context"
	"time"
)

// Headers is how hooks read and edit the header lines of a message. Names are
// case-insensitive. Byte slices are valid until the next edit; they are copied
// before JavaScript sees them.
type Headers interface {
	// Header calls yield for every line of that name until it says false.
	Header(name string, yield func(value []byte) bool)
	// EachHeader calls yield for every line until it says false.
	EachHeader(yield func(name, value []byte) bool)
	// SetHeader replaces all lines of that name. It fails on values with CR,
	// LF or NUL, on names that are no token, and on headers that the server
	// alone may write.
	SetHeader(name, value string) error
	// AddHeader appends a line; it fails as SetHeader does.
	AddHeader(name, value string) error
	// DelHeader removes all lines of that name.
	DelHeader(name string)
}

// Request is the HTTP request that hooks see and edit. Edits take effect when
// the request is bound or sent; they never choose another route. A Request is
// used by one goroutine at a time, and not after Session.Close.
type Request interface {
	Headers
	Method() []byte
	// SetMethod fails when method is not a token.
	SetMethod(method string) error
	// Path is the path of the request target, as it came: not decoded.
	Path() []byte
	// SetPath takes an encoded path that starts with "/".
	SetPath(path string) error
	// RawQuery is the query without "?", not decoded.
	RawQuery() []byte
	SetRawQuery(query string) error
	// Scheme is "http" or "https", Proto "HTTP/1.1" and the like.
	Scheme() string
	Host() []byte
	Proto() string
	// RemoteAddr is the peer, "address:port"; ClientIP the client's address
	// as the gateway's rules about forwarding headers see it.
	RemoteAddr() string
	ClientIP() string
	// PathParam gives the decoded value of a parameter of the route's path; it
	// is valid until the session ends, like byte slices.
	PathParam(name string) (string, bool)
	// PathParams calls yield for every parameter, in the order of the path.
	PathParams(yield func(name, value string) bool)
	// Body is the whole body, content codings undone. Nobody writes to the
	// slice before the session is closed, also not after SetBody. It fails
	// when the body cannot be had whole.
	Body() ([]byte, error)
	// SetBody hands over a new body, which is the message's from now on. An empty
	// contentType leaves that header alone.
	SetBody(contentType string, body []byte)
}

// Response is the HTTP answer that hooks see and edit: the mapped one in
// responseModifier, an empty one before. The rules of Request apply, but between
// the hooks before the upstream's answer and those after it the body may be
// written over.
type Response interface {
	Headers
	Status() int
	SetStatus(code int)
	Body() ([]byte, error)
	SetBody(contentType string, body []byte)
}

// Call is one exchange, as its hooks see it.
type Call struct {
	// ID is the request id; it is in every log line.
	ID string
	// Route is what ctx.route shows.
	Route Route
	// Service and Method are the IDL service and method behind the route,
	// empty when there is none.
	Service string
	Method  string

	Request  Request
	Response Response
	// Binding is what ctx.rpc shows; nil on routes without a service.
	Binding Binding

	// Deadline ends waiting; the zero time means Limits.Wait from the start
	// of each phase. The session's context ends it too.
	Deadline time.Time
}

// Route describes a route to its modules.
type Route struct {
	Name    string
	Methods []string
	Paths   []string
}

// Target is what a fetchUpstream hook chose; the zero value leaves the choice
// to the balancer.
type Target struct {
	// Address is the URL or the instance address that the hook returned. The
	// caller checks that it may be used.
	Address string
	Tag     string
	HashKey string
}

// Failure is what an errorHandler hook learns about the error.
type Failure struct {
	// Name is the class of the error: "UpstreamError", "ModuleError" …
	Name string
	// Message is safe to show.
	Message string
	// Code is the stable problem code, Status the HTTP status that the client
	// would get.
	Code    string
	Status  int
	Service string
	Method  string
}

// Caller calls services for `import rpc from "dgate/rpc"`. It is used by many
// goroutines at once, and returns when ctx ends.
type Caller interface {
	// Call sends call.Args, a JSON object, and returns the JSON of the result.
	// An error that wraps *CallError shows its fields to the module; of any
	// other error the module sees the text.
	Call(ctx context.Context, call RPC) ([]byte, error)
}

// RPC is one call a module makes.
type RPC struct {
	Namespace string
	RequestID string
	Module    string
	Service   string
	Method    string
	// Args is never nil; a call without arguments sends {}.
	Args []byte
	// Timeout is what the module asked for, zero when it did not; the
	// context's deadline already respects it.
	Timeout time.Duration
	// Tag asks for instances that carry it.
	Tag string
}

// CallError is a failed call, as a module may see it.
type CallError struct {
	// Code is a stable identifier, Status the HTTP status that the gateway
	// would answer with.
	Code    string
	Status  int
	Message string
}

func (e *CallError) Error() string { return e.Message }
