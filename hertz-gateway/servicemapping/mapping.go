package servicemapping

import (
	"iter"
	"slices"
	"time"

	"dgate/hertz-gateway/transcode"
)

// Mapping is everything read from a directory of IDLs: services, their
// methods, the routes they ask for, and what is wrong with them. Immutable and
// safe for concurrent use.
type Mapping struct {
	// Services by (file, line); a Thrift service name may stand here twice,
	// from two files.
	Services []*Service
	// Diagnostics in the order (file, line, column).
	Diagnostics []Diagnostic
	// Digest (hex SHA-256 of all that serves: paths and texts) tells two mappings apart.
	Digest string

	settings Settings
	units    map[string]*unit // by path
	order    []*unit
	names    map[string][]*Service
}

// Find gives the services of a name: a Thrift service, an IDL's file name
// without .thrift, or a name in the registry; nil when there is none.
func (m *Mapping) Find(name string) []*Service { return slices.Clone(m.names[name]) }

// Bindings yields every binding that serves, in the order of the services and
// of what is written in them.
func (m *Mapping) Bindings() iter.Seq[*Binding] {
	return func(yield func(*Binding) bool) {
		for _, s := range m.Services {
			for _, method := range s.Methods {
				for _, b := range method.Bindings {
					if !yield(b) {
						return
					}
				}
			}
		}
	}
}

// Service is one service block of an IDL.
type Service struct {
	Name string // "BookSvc"
	File string // relative to the directory, slashes: "shop/book.thrift"
	Line int
	// Registry is the destination: dgate.service, else the file's base name;
	// empty when other files of that base name rely on it too.
	Registry string
	Methods  []*Method
	Timeout  time.Duration // dgate.timeout; 0 when not said
	Modules  []string      // dgate.modules
	Sources  *Sources
	// Digest changes with anything that this service is compiled from; equal
	// digests mean that every plan of it may be shared between snapshots.
	Digest string
}

// Sources are the texts a service was read from, for codecs that parse for themselves.
type Sources struct {
	Main  string
	Files map[string]string // path → text: Main and everything it includes, at any depth
}

// Method is one method of a service, its own or inherited.
type Method struct {
	Service    *Service // the service it is called on
	DeclaredIn string   // the name of the service block it was written in
	Name       string
	File       string // where it was written
	Line       int
	// Args is the argument struct: what goes over the wire as the call.
	Args *transcode.Type
	// Result is the result struct: field 0 the success (absent for void), the
	// others the declared exceptions.
	Result *transcode.Type
	Oneway bool
	Void   bool
	// Idempotent is dgate.idempotent="true".
	Idempotent bool
	Timeout    time.Duration // dgate.timeout of the method, else of the service; 0 when not said
	Modules    []string      // dgate.modules of the service, then of the method
	Bindings   []*Binding
	// Generic binds the plain JSON of the generic route; it knows no location annotations.
	Generic *Plan
}

// NilResult tells whether a service can mean an empty container or binary by a
// result struct without fields: generated Go leaves a nil one out.
func (m *Method) NilResult() bool {
	for _, f := range m.Result.Fields {
		if f.ID == 0 {
			return nilable(f.Type.Kind)
		}
	}
	return false
}

func nilable(k transcode.Kind) bool {
	switch k {
	case transcode.List, transcode.Set, transcode.Map, transcode.Binary:
		return true
	}
	return false
}

// Binding is one route a method asks for with an annotation.
type Binding struct {
	Method *Method
	Verb   string // "GET" …, or "ANY"
	Path   string // normalised: leading slash
	Line   int
	Plan   *Plan
}

// Severity of a diagnostic.
type Severity uint8

// Error: something does not serve. Warning: it serves, perhaps not as meant.
const (
	Error Severity = iota
	Warning
)

// Diagnostic is one finding in an IDL.
type Diagnostic struct {
	File     string
	Line     int // 1-based; 0: the file as a whole
	Column   int // 1-based, in bytes
	Severity Severity
	Rule     string // stable id: "syntax", "unknown-type", "duplicate-route" …
	Message  string
	// Routes it costs: "GET /book/query", or "BookSvc.queryBook" for a method
	// that cannot be called at all.
	Routes []string
}
