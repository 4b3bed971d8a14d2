package api

import (
	"encoding/json"
	"time"
)

// DefaultNamespace is the namespace that always exists, and the one of
// everything that names none.
const DefaultNamespace = "default"

// Resource is one object of the control plane: *Namespace, *Route and so on.
type Resource interface {
	// Kind is the kind of the resource.
	Kind() Kind
	// Head gives the fields that every kind has, to read and to change.
	Head() *Meta
	// check reports what is wrong with the resource by itself.
	check(c *checker)
}

// Meta is what every resource has.
type Meta struct {
	// Name is unique in kind and namespace: [A-Za-z0-9._-]{1,63}. The name of
	// a document is its id.
	Name string `json:"name"`
	// Namespace; empty means DefaultNamespace. A namespace is in itself.
	Namespace string            `json:"namespace,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	Tags      []string          `json:"tags,omitempty"`
	// Revision of the last change, set by the server. In a write it is ignored;
	// If-Match is the way to say which revision is meant.
	Revision int64 `json:"revision,omitempty"`
	// CreatedAt and UpdatedAt are set by the server, in UTC.
	CreatedAt time.Time `json:"createdAt,omitzero"`
	UpdatedAt time.Time `json:"updatedAt,omitzero"`
}

// Head gives the fields that every kind has.
func (m *Meta) Head() *Meta { return m }

// Namespace keeps resources apart: a request belongs to one, and nothing in one
// can refer to another.
type Namespace struct {
	Meta
	Policies *Policies `json:"policies,omitempty"`
}

// Domain says which namespace serves a Host (and a TLS server name).
type Domain struct {
	Meta
	// Patterns are exact names, "*x", "x*", "*x*" or "/regexp/" (RE2, the whole
	// host), compared without case and port.
	Patterns []string `json:"patterns"`
	// Priority: the highest of several that match wins; then the longest
	// pattern, then the name.
	Priority int `json:"priority,omitempty"`
	// Cert and Key are PEM. The key is never returned.
	Cert string `json:"cert,omitempty"`
	Key  string `json:"key,omitempty"`
}

// IDL is a set of Thrift files, pushed instead of put into the directory.
type IDL struct {
	Meta
	// Files are the texts by path.
	Files map[string]string `json:"files"`
	// Main is the file whose services serve; empty: those of all files.
	Main string `json:"main,omitempty"`
	// Service picks one service; empty: all.
	Service string `json:"service,omitempty"`
}

// The types of a service.
const (
	ServiceKitex = "kitex"
	ServiceHTTP  = "http"
)

// Service is where routes send requests: a Kitex service of the registry, or
// HTTP servers.
type Service struct {
	Meta
	// Type is ServiceKitex or ServiceHTTP; empty: http when URLs are given.
	Type string `json:"type,omitempty"`

	// Destination is the registry name of a Kitex service; empty: the IDL's.
	Destination string `json:"destination,omitempty"`
	// IDL names a resource of that kind; empty: IDLService is looked for in all
	// IDLs of the namespace.
	IDL string `json:"idl,omitempty"`
	// IDLService is the service block; empty: the name of this resource.
	IDLService string `json:"idlService,omitempty"`
	// Codec is "dgate" (default) or "kitex-json".
	Codec string `json:"codec,omitempty"`
	// Transport is "ttheader" (default) or "framed".
	Transport string `json:"transport,omitempty"`

	// URLs of HTTP servers: http, https, h2c, ws.
	URLs []string `json:"urls,omitempty"`

	LoadBalancer       string          `json:"loadBalancer,omitempty"`
	Retries            int             `json:"retries,omitempty"`
	RetryTimeout       Duration        `json:"retryTimeout,omitempty"`
	ConnectTimeout     Duration        `json:"connectTimeout,omitempty"`
	RequestTimeout     Duration        `json:"requestTimeout,omitempty"`
	TLSSkipVerify      bool            `json:"tlsSkipVerify,omitempty"`
	HTTP2Only          bool            `json:"http2Only,omitempty"`
	HideDGateHeaders   bool            `json:"hideDGateHeaders,omitempty"`
	DisableQueryParams bool            `json:"disableQueryParams,omitempty"`
	HealthCheck        json.RawMessage `json:"healthCheck,omitempty"`
	CircuitBreaker     json.RawMessage `json:"circuitBreaker,omitempty"`
	Hedging            json.RawMessage `json:"hedging,omitempty"`
	Policies           *Policies       `json:"policies,omitempty"`
}

// IsHTTP tells whether the service is one of HTTP servers.
func (s *Service) IsHTTP() bool {
	return s.Type == ServiceHTTP || s.Type == "" && len(s.URLs) > 0
}

// Route says what is done with the requests of some paths. Without Paths and
// with the name of an IDL route it attaches modules and policies to that one.
type Route struct {
	Meta
	// Paths are templates: {id}, {id:regexp}, {a}-{b}, and at the end "*".
	Paths []string `json:"paths,omitempty"`
	// Methods are verbs; "*" for all, which is also the default.
	Methods []string `json:"methods,omitempty"`
	Service string   `json:"service,omitempty"`
	// RPCMethod is the Thrift method that a route to a Kitex service calls.
	RPCMethod string `json:"rpcMethod,omitempty"`
	// StripPath and PreserveHost are for HTTP services.
	StripPath    bool `json:"stripPath,omitempty"`
	PreserveHost bool `json:"preserveHost,omitempty"`
	// Modules run in the order written.
	Modules  []string  `json:"modules,omitempty"`
	Policies *Policies `json:"policies,omitempty"`
}

// The languages of modules.
const (
	ModuleJavaScript = "javascript"
	ModuleTypeScript = "typescript"
)

// Module is a program that runs around the exchanges of routes.
type Module struct {
	Meta
	// Payload is the text in base64, which may hold newlines; PayloadRaw is the
	// text itself. One of them.
	Payload    string `json:"payload,omitempty"`
	PayloadRaw string `json:"payloadRaw,omitempty"`
	// ModuleType is ModuleTypeScript (default) or ModuleJavaScript.
	ModuleType string `json:"moduleType,omitempty"`
	// Timeout bounds the CPU time of one phase of an exchange.
	Timeout Duration `json:"timeout,omitempty"`
	// Permissions are "rpc:SERVICE", "http:HOST", "secret:NAME",
	// "state:COLLECTION"; nil: the defaults of the gateway; empty: none.
	Permissions []string `json:"permissions,omitzero"`
}

// The visibilities of a collection.
const (
	VisibilityPublic  = "public"
	VisibilityPrivate = "private"
)

// Collection is a set of documents that fit a schema.
type Collection struct {
	Meta
	// Schema is a JSON Schema (2020-12); absent: any document fits.
	Schema json.RawMessage `json:"schema,omitempty"`
	// Visibility is VisibilityPrivate (default: modules alone see documents) or
	// VisibilityPublic (the admin API too).
	Visibility string `json:"visibility,omitempty"`
	// Type is "document", which is also the default.
	Type string `json:"type,omitempty"`
}

// Secret is a value that modules with a permission can read and no API returns.
type Secret struct {
	Meta
	// Data is the secret text; in answers it is absent.
	Data string `json:"data,omitempty"`
}

// Consumer is somebody who calls the gateway.
type Consumer struct {
	Meta
	// APIKeys are given as texts and kept and returned as "sha256:HEX".
	APIKeys []string `json:"apiKeys,omitempty"`
	// JWT are claims, and the values that they must have.
	JWT map[string]string `json:"jwt,omitempty"`
}

// Document is data of a collection. Its name is not used: ID is its identity
// within the collection, 1 to 255 bytes without control characters.
type Document struct {
	Meta
	ID         string          `json:"id"`
	Collection string          `json:"collection"`
	Data       json.RawMessage `json:"data"`
}

// Kind implements Resource.
func (*Namespace) Kind() Kind { return KindNamespace }

// Kind implements Resource.
func (*Domain) Kind() Kind { return KindDomain }

// Kind implements Resource.
func (*IDL) Kind() Kind { return KindIDL }

// Kind implements Resource.
func (*Service) Kind() Kind { return KindService }

// Kind implements Resource.
func (*Route) Kind() Kind { return KindRoute }

// Kind implements Resource.
func (*Module) Kind() Kind { return KindModule }

// Kind implements Resource.
func (*Collection) Kind() Kind { return KindCollection }

// Kind implements Resource.
func (*Secret) Kind() Kind { return KindSecret }

// Kind implements Resource.
func (*Consumer) Kind() Kind { return KindConsumer }

// Kind implements Resource.
func (*Document) Kind() Kind { return KindDocument }
