package servicemapping

import "dgate/hertz-gateway/transcode"

// placeKind is a place of an HTTP message that a field can be tied to.
type placeKind uint8

const (
	inPath placeKind = iota + 1
	inQuery
	inHeader
	inCookie
	inForm
	inBody
	inRawBody
	inRawURI
	inFile     // api.file_name: the file part's bytes
	inHTTPCode // responses only: the status

	// inName is a name relative to the struct around: the a of k.a=1. Plans
	// make it; no annotation says it.
	inName
)

// place is one location annotation of a field: api.query="num".
type place struct {
	kind placeKind
	name string
}

// fieldRules is what the annotations of one field say beyond its
// transcode.Field; agw.* and janus.* are folded into it.
type fieldRules struct {
	// places in written order; empty: the default place of the verb.
	places []place
	// noBodyStruct fills a struct from places outside the body only.
	noBodyStruct bool
	// split cuts a single string value of a list or set (dgate.split).
	split string
	// eventID marks the id of a server-sent event.
	eventID bool
	// line and column of the field, for diagnostics.
	file         string
	line, column int
}

// ruleSet holds the rules of every field that has any.
type ruleSet map[*transcode.Field]*fieldRules

// exceptionStatus is the HTTP status of a declared exception, from
// api.http_code on its throws entry, else on the exception itself; 0: none said.
type exceptionStatus map[*transcode.Field]int

// planInput is what a plan is compiled from: the loader fills it for each binding.
type planInput struct {
	method     *Method
	binding    *Binding // nil: the generic route
	serializer string   // api.serializer: "json", "form", "thrift" or ""
	rules      ruleSet
	statuses   exceptionStatus // keys are fields of Method.Result
	settings   Settings
	// pathByName lets path parameters fill fields of their name that say nothing
	// of their own: the binding was not written by the author of the IDL.
	pathByName bool
	// validator checks an encoded argument struct; nil: nothing to check.
	validator validator
	// report takes diagnostics about the binding ("api.body on GET").
	report func(f *fieldRules, rule, message string)
}

// validator is what servicemapping/internal/validate compiles.
type validator interface {
	// Check reads a complete argument struct in Thrift binary. paths of the
	// violations are Pointer from the argument struct's root, in JSON names.
	Check(args []byte) []transcode.Violation
}
