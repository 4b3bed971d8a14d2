// Package upstream says how the data plane calls a backend; the packages below
// it do so: kitex (Thrift services) and discovery (instances in etcd).
package upstream

import (
	"context"
	"time"

	"dgate/hertz-gateway/servicemapping"
)

// Codec says who turns messages into Thrift.
type Codec string

// The codecs.
const (
	CodecDGate     Codec = "dgate"      // our transcoder in front of Kitex's binary generic client; the default
	CodecKitexJSON Codec = "kitex-json" // Kitex's stock JSON generic client
)

// Transport is what frames the messages.
type Transport string

// The transports.
const (
	TransportTTHeader Transport = "ttheader" // carries metainfo and business errors; the default
	TransportFramed   Transport = "framed"
)

// Settings are choices about one service; the zero value is the default.
type Settings struct {
	Codec     Codec     `yaml:"codec" json:"codec,omitempty"`
	Transport Transport `yaml:"transport" json:"transport,omitempty"`
}

// Spec says which client is wanted. Equal keys (see Key) may share one client.
type Spec struct {
	Destination string // name in the registry
	Service     string // Thrift service name
	Settings    Settings
	// IDL is for codecs that parse for themselves (kitex-json); nil otherwise.
	IDL *servicemapping.Service
}

// Key is equal for specs that the same client can serve.
func (s Spec) Key() string {
	k := s.Destination + "\x00" + s.Service + "\x00" + string(s.Settings.Codec) + "\x00" + string(s.Settings.Transport)
	if s.IDL != nil {
		k += "\x00" + s.IDL.Digest
	}
	return k
}

// Call is one RPC. Args is the argument struct in Thrift binary; it stays the
// caller's, and is not touched after Call returned.
type Call struct {
	Service string // Thrift service name
	Method  string
	Args    []byte
	Oneway  bool
	// Void tells that an empty result struct is an answer; NilResult, that it is
	// one where the transport carries business errors apart.
	Void, NilResult bool
	Deadline        time.Time // zero: the client's default
	// Choice narrows down which instance is called; nil leaves it to the balancer.
	Choice *Choice
	// Header is metainfo to send along (TTHeader only); nil none.
	Header map[string]string
	// Reader, if there is one, may be given the result in place of the Reply.
	Reader ResultReader
	// Tried takes the addresses of instances that refused a connection; nil:
	// nobody asks.
	Tried *[]string
}

// ResultReader reads a result where it has been received, so that nothing has
// to copy it.
type ResultReader interface {
	// ReadResult gets what would have been Reply.Result, in bytes that are only
	// valid until it returns. It is called in the goroutine of the call, at most
	// once; the call may fail nevertheless.
	ReadResult(result []byte)
}

// Choice says which instance a call is for; an Address stands alone,
// a HashKey picks among those with the Tag.
type Choice struct {
	// Address of a registered instance, "host:port".
	Address string
	// Tag that the instance must have: "key=value", or "key" with any value.
	Tag string
	// HashKey sends the same key to the same instance as long as that is there.
	HashKey string
}

// Reply is the answer of a service.
type Reply struct {
	// Result is the result struct in Thrift binary: the success or a declared
	// exception. It belongs to the caller; nil: the Reader has had it.
	Result []byte
	// Instance that answered, "host:port".
	Instance string
}

// Client calls one destination. Safe for concurrent use. An error is always an *Error.
type Client interface {
	Call(ctx context.Context, c *Call) (Reply, error)
	// Close ends its connections; calls in flight fail.
	Close() error
}

// Lister is a Client that can tell whom it would call.
type Lister interface {
	// Instances are the addresses of the instances that take calls, in a
	// stable order.
	Instances() []string
}

// Code says what went wrong with a call, for the one place that turns it into a status.
type Code uint8

// The codes.
const (
	NoInstance  Code = iota + 1 // nothing to call: 503
	Refused                     // no instance accepted the connection: 503
	Timeout                     // 504
	Broken                      // connection lost, or the request could not be written: 502
	Unreadable                  // an answer that is none, or that breaks the protocol: 502
	Application                 // the service's unexpected error or panic, or unknown method: 502
	Business                    // Kitex BizStatusError: its own code
	Closed                      // the client was closed: 503
)

// Error is a failed call. Error() is for logs; nothing of it but Biz* may reach a client.
type Error struct {
	Code     Code
	Service  string
	Method   string
	Instance string // empty when none was chosen
	// Sent tells whether the request may have reached an instance.
	Sent bool
	// The fields of a Business error.
	BizCode    int32
	BizMessage string
	BizExtra   map[string]string
	Cause      error
}

func (e *Error) Error() string {
	s := "call " + e.Service + "." + e.Method
	if e.Instance != "" {
		s += " at " + e.Instance
	}
	if e.Code == Business {
		return s + ": " + e.BizMessage
	}
	if e.Cause != nil {
		return s + ": " + e.Cause.Error()
	}
	return s + " failed"
}

func (e *Error) Unwrap() error { return e.Cause }
