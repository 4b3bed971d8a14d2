package api

import (
	"bytes"
	"encoding/json"
	"strings"
)

// ProblemMediaType is the Content-Type of a problem document.
const ProblemMediaType = "application/problem+json"

// Problem is an error as a client gets it: a problem document (RFC 9457) with
// members of our own. It holds nothing of Go's texts and no address.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail is about this occurrence, for people.
	Detail string `json:"detail,omitempty"`
	// Instance is the path that was asked for.
	Instance string `json:"instance,omitempty"`
	Code     Code   `json:"code"`
	// RequestID finds the request in the gateway's logs.
	RequestID string `json:"request_id,omitempty"`
	// Errors lists everything wrong with the request.
	Errors []FieldError `json:"errors,omitempty"`
	// Upstream is set when a service was to be called.
	Upstream *Upstream `json:"upstream,omitempty"`
	// Exception holds the fields of a declared exception as a JSON object.
	Exception json.RawMessage `json:"exception,omitempty"`
	// Business is what a BizStatusError carries beside its message, which is Detail.
	Business *BusinessError `json:"business,omitempty"`
}

// FieldError is one thing wrong with a request. Pointer or Parameter tells the
// place; the empty pointer is the whole body.
type FieldError struct {
	// Pointer is a JSON pointer (RFC 6901) into the body.
	Pointer string `json:"pointer,omitempty"`
	// Parameter is a value outside the body, with its place: "query.num".
	Parameter string `json:"parameter,omitempty"`
	// Resource names what is wrong where it is not what was sent, or one of many:
	// "route default/books".
	Resource string `json:"resource,omitempty"`
	Code     string `json:"code"`
	Detail   string `json:"detail"`
}

// Upstream names the service and the method that a problem is about.
type Upstream struct {
	Service string `json:"service"`
	Method  string `json:"method"`
}

// BusinessError is the code and the extra of a Kitex BizStatusError, as the service gave them.
type BusinessError struct {
	Code  int32             `json:"code"`
	Extra map[string]string `json:"extra,omitempty"`
}

// NewProblem fills in what goes with the code.
func NewProblem(code Code, detail string) *Problem {
	return &Problem{Type: code.URI(), Title: code.Title(), Status: code.Status(), Detail: detail, Code: code}
}

// AppendJSON appends the document. It cannot fail: invalid UTF-8 is replaced,
// and an Exception that is not JSON is left out.
func (p *Problem) AppendJSON(dst []byte) []byte {
	doc := *p
	if doc.Exception != nil && !json.Valid(doc.Exception) {
		doc.Exception = nil
	}
	b := bytes.NewBuffer(dst)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&doc); err != nil {
		panic("api: a problem document that cannot be encoded: " + err.Error()) // no field of it can fail
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// String is the problem in the lines of a terminal: title and detail, then one
// line for each error and for a declared exception.
func (p *Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Title)
	if p.Detail != "" && (len(p.Errors) != 1 || p.Errors[0].Detail != p.Detail) {
		b.WriteString(": " + p.Detail)
	}
	for _, e := range p.Errors {
		at := e.Parameter
		if at == "" {
			at = strings.TrimSpace(e.Resource + " " + e.Pointer)
		}
		if at == "" {
			at = "body"
		}
		b.WriteString("\n  " + at + ": " + e.Detail)
	}
	if p.Exception != nil {
		b.WriteString("\n  exception " + string(p.Code) + ": " + string(p.Exception))
	}
	return b.String()
}
