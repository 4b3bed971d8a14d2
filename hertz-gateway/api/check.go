package api

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The codes of FieldErrors in resources.
const (
	CodeUnknownField  = "unknown_field" // no such field in this kind
	CodeDuplicateKey  = "duplicate_key" // a member that stands twice
	CodeType          = "type"          // another JSON type than the field's
	CodeSyntax        = "syntax"        // not JSON at all
	CodeRequired      = "required"      // a field that must be there
	CodeInvalid       = "invalid"       // a value that the field cannot have
	CodeNotEnforced   = "not_enforced"  // a policy that this version knows and does not enforce
	CodeReference     = "reference"     // it names something that is not there
	CodeConflictField = "conflict"      // it contradicts another resource
	CodeInUse         = "in_use"        // something refers to what is to be removed
)

// Check lists what is wrong with r by itself; empty: nothing. References and
// conflicts show when a snapshot is built from all resources.
func Check(r Resource) []FieldError {
	c := &checker{errors: new([]FieldError)}
	m := r.Head()
	if r.Kind() != KindDocument {
		c.name("name", m.Name)
	}
	switch {
	case m.Namespace == "":
	case r.Kind() != KindNamespace:
		c.name("namespace", m.Namespace)
	case m.Namespace != m.Name:
		c.add("namespace", CodeInvalid, "a namespace is in itself; leave it out")
	}
	for k := range m.Labels {
		if k == "" || len(k) > 63 {
			c.add("labels", CodeInvalid, "%q is no key of a label: 1 to 63 bytes", k)
		}
	}
	r.check(c)
	slices.SortStableFunc(*c.errors, func(a, b FieldError) int { return strings.Compare(a.Pointer, b.Pointer) })
	return *c.errors
}

// checker collects errors below a place.
type checker struct {
	place  string // JSON pointer
	errors *[]FieldError
}

func (c *checker) at(field string) *checker {
	return &checker{c.place + "/" + EscapePointer(field), c.errors}
}

func (c *checker) add(field, code, format string, args ...any) {
	*c.errors = append(*c.errors, FieldError{
		Pointer: c.place + "/" + EscapePointer(field), Code: code, Detail: fmt.Sprintf(format, args...),
	})
}

// EscapePointer makes a member name a token of a JSON pointer (RFC 6901).
func EscapePointer(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

// ValidName tells whether s can name a resource.
func ValidName(s string) bool {
	if s == "" || len(s) > 63 || s == "." || s == ".." {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

func (c *checker) name(field, v string) {
	switch {
	case v == "":
		c.add(field, CodeRequired, "%s is required", field)
	case !ValidName(v):
		c.add(field, CodeInvalid, "%q is no name: 1 to 63 of A-Z a-z 0-9 . _ -", v)
	}
}

func (c *checker) oneOf(field, v string, allowed ...string) {
	if v != "" && !slices.Contains(allowed, v) {
		c.add(field, CodeInvalid, "%q is none of %s", v, strings.Join(allowed, ", "))
	}
}

func (c *checker) positive(field string, d Duration) {
	if d < 0 {
		c.add(field, CodeInvalid, "%s is negative", time.Duration(d))
	}
}

func (n *Namespace) check(c *checker) { n.Policies.check(c) }

func (d *Domain) check(c *checker) {
	if len(d.Patterns) == 0 {
		c.add("patterns", CodeRequired, "patterns is required: the hosts of the namespace")
	}
}

func (i *IDL) check(c *checker) {
	if len(i.Files) == 0 {
		c.add("files", CodeRequired, "files is required: the text of each Thrift file by its path")
	}
	if _, ok := i.Files[i.Main]; i.Main != "" && !ok {
		c.add("main", CodeReference, "files has no %q", i.Main)
	}
}

func (s *Service) check(c *checker) {
	c.oneOf("type", s.Type, ServiceKitex, ServiceHTTP)
	c.oneOf("codec", s.Codec, "dgate", "kitex-json")
	c.oneOf("transport", s.Transport, "ttheader", "framed")
	c.positive("retryTimeout", s.RetryTimeout)
	c.positive("connectTimeout", s.ConnectTimeout)
	c.positive("requestTimeout", s.RequestTimeout)
	if s.Retries < 0 {
		c.add("retries", CodeInvalid, "%d is negative", s.Retries)
	}
	s.Policies.check(c)
	if s.IsHTTP() {
		s.checkHTTP(c)
		return
	}
	if len(s.URLs) > 0 {
		c.add("urls", CodeInvalid, "a Kitex service has no urls: its instances come from the registry")
	}
	for name, v := range map[string]bool{
		"loadBalancer": s.LoadBalancer != "", "healthCheck": s.HealthCheck != nil,
		"circuitBreaker": s.CircuitBreaker != nil, "hedging": s.Hedging != nil,
		"retries": s.Retries != 0, "retryTimeout": s.RetryTimeout != 0, "connectTimeout": s.ConnectTimeout != 0,
		"tlsSkipVerify": s.TLSSkipVerify, "http2Only": s.HTTP2Only,
	} {
		if v {
			c.add(name, CodeNotEnforced, "%s is not enforced for Kitex services by this version, so it is refused", name)
		}
	}
}

func (s *Service) checkHTTP(c *checker) {
	if len(s.URLs) == 0 {
		c.add("urls", CodeRequired, "urls is required for an http service")
	}
	for i, raw := range s.URLs {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "h2c", "ws", "wss"}, u.Scheme) {
			c.at("urls").add(fmt.Sprint(i), CodeInvalid, "%q is no URL with http, https, h2c or ws", raw)
		}
	}
	for name, v := range map[string]string{
		"destination": s.Destination, "idl": s.IDL, "idlService": s.IDLService, "codec": s.Codec, "transport": s.Transport,
	} {
		if v != "" {
			c.add(name, CodeInvalid, "%s is for Kitex services, and this one has urls", name)
		}
	}
}

func (r *Route) check(c *checker) {
	for i, p := range r.Paths {
		if p == "" {
			c.at("paths").add(fmt.Sprint(i), CodeInvalid, "the path is empty")
		}
	}
	for i, m := range r.Methods {
		if m == "" {
			c.at("methods").add(fmt.Sprint(i), CodeInvalid, "the method is empty; \"*\" stands for all")
		}
	}
	if len(r.Paths) == 0 {
		for name, v := range map[string]bool{"methods": len(r.Methods) > 0, "service": r.Service != "", "rpcMethod": r.RPCMethod != ""} {
			if v {
				c.add("paths", CodeRequired, "paths is required with %s; a route without paths attaches modules and policies to the IDL route of its name", name)
				break
			}
		}
	}
	if r.RPCMethod != "" && r.Service == "" {
		c.add("service", CodeRequired, "service is required with rpcMethod")
	}
	if len(r.Paths) > 0 && r.Service == "" && len(r.Modules) == 0 {
		c.add("service", CodeRequired, "name a service, or modules that answer")
	}
	seen := map[string]bool{}
	for i, m := range r.Modules {
		if seen[m] {
			c.at("modules").add(fmt.Sprint(i), CodeInvalid, "%q stands there twice", m)
		}
		seen[m] = true
	}
	r.Policies.check(c)
}

// Text is the source of the module; an error is for people.
func (m *Module) Text() (string, error) {
	if m.Payload == "" {
		return m.PayloadRaw, nil
	}
	packed := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, m.Payload)
	text, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return "", fmt.Errorf("payload is not base64 (%w); payloadRaw takes the text itself", err)
	}
	return string(text), nil
}

func (m *Module) check(c *checker) {
	switch {
	case m.Payload != "" && m.PayloadRaw != "":
		c.add("payloadRaw", CodeInvalid, "payload and payloadRaw exclude each other")
	case m.Payload == "" && m.PayloadRaw == "":
		c.add("payload", CodeRequired, "payload is required: the text of the module in base64; or payloadRaw, the text itself")
	default:
		if text, err := m.Text(); err != nil {
			c.add("payload", CodeInvalid, "%v", err)
		} else if !utf8.ValidString(text) {
			c.add("payload", CodeInvalid, "the text is not UTF-8")
		}
	}
	c.oneOf("moduleType", m.ModuleType, ModuleTypeScript, ModuleJavaScript)
	if m.Timeout != 0 {
		c.add("timeout", CodeNotEnforced, "the timeout of a module is not enforced by this version, so it is refused")
	}
	for i, p := range m.Permissions {
		kind, what, ok := strings.Cut(p, ":")
		if !ok || what == "" || !slices.Contains([]string{"rpc", "http", "secret", "state"}, kind) {
			c.at("permissions").add(fmt.Sprint(i), CodeInvalid, "%q is no permission: rpc:SERVICE, http:HOST, secret:NAME or state:COLLECTION", p)
		}
	}
}

func (col *Collection) check(c *checker) {
	c.oneOf("visibility", col.Visibility, VisibilityPrivate, VisibilityPublic)
	c.oneOf("type", col.Type, "document")
}

func (s *Secret) check(*checker) {}

func (con *Consumer) check(c *checker) {
	for i, k := range con.APIKeys {
		if len(k) < 16 {
			c.at("apiKeys").add(fmt.Sprint(i), CodeInvalid, "the key is shorter than 16 bytes")
		}
	}
}

func (d *Document) check(c *checker) {
	c.name("collection", d.Collection)
	switch {
	case d.ID == "":
		c.add("id", CodeRequired, "id is required")
	case len(d.ID) > 255 || !utf8.ValidString(d.ID) || strings.ContainsFunc(d.ID, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		c.add("id", CodeInvalid, "the id is not 1 to 255 bytes of UTF-8 without control characters")
	}
	if d.Data == nil {
		c.add("data", CodeRequired, "data is required")
	}
}
