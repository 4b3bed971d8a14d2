package servicemapping

// Settings are the choices a route may make about its JSON; the zero value is
// the default behaviour.
type Settings struct {
	Int64AsString bool
	OmitZero      bool
	EnumNames     bool
	SpecialFloats bool
	RejectUnknown bool
	LaxNumbers    bool
}

// Plan is the compiled way of one binding: from the sources of a request to
// the argument struct, and from the result struct to a response. Immutable and
// safe for concurrent use.
type Plan struct {
	method *Method
}

// AppendRequest binds r and appends the argument struct in Thrift binary to
// dst. An *transcode.InvalidError lists everything the client did wrong,
// failed validations included; *UnsupportedMediaTypeError is a body of a kind
// that this method does not read.
func (p *Plan) AppendRequest(dst []byte, r Request) ([]byte, error) {
	panic("to be written")
}

// WriteResponse reads the result struct and writes status, headers, cookies
// and body. A declared exception is returned as *DeclaredError, nothing
// written; a *transcode.WireError means that the backend's answer is unusable.
func (p *Plan) WriteResponse(w Response, result []byte) error {
	panic("to be written")
}

// DeclaredError is an exception that the IDL declares for the method.
type DeclaredError struct {
	Name   string // the exception's IDL name: the problem's code
	Status int    // from api.http_code, else 422
	JSON   []byte // its fields as a JSON object
}

func (e *DeclaredError) Error() string { return "exception " + e.Name }

// UnsupportedMediaTypeError is a request body of a type the plan cannot read.
type UnsupportedMediaTypeError struct{ ContentType string }

func (e *UnsupportedMediaTypeError) Error() string {
	return "unsupported media type " + e.ContentType
}

// newPlan compiles a plan. A binding that cannot serve at all is an error.
func newPlan(in planInput) (*Plan, error) {
	panic("to be written")
}
