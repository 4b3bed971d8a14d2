package servicemapping

import (
	"sync"

	"dgate/hertz-gateway/transcode"
)

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

func (s Settings) options() transcode.Options {
	return transcode.Options{
		Int64AsString: s.Int64AsString,
		OmitZero:      s.OmitZero,
		EnumNames:     s.EnumNames,
		SpecialFloats: s.SpecialFloats,
		RejectUnknown: s.RejectUnknown,
		LaxNumbers:    s.LaxNumbers,
	}
}

// Plan is the compiled way of one binding: from the sources of a request to
// the argument struct, and from the result struct to a response. Immutable and
// safe for concurrent use.
type Plan struct {
	method *Method
	in     planInput
	copied ruleSet // rules of the fields that were copied to rename their members

	// direct: the body is the only argument, a struct; its own name does not
	// occur in HTTP. Otherwise the body is an object keyed by argument name.
	direct  bool
	root    *transcode.Type // what the body is: the struct argument or Method.Args
	request *transcode.Codec
	slots   []slot
	byField map[*transcode.Field]int
	// body: some field may be found in the body; names: in the parts of it;
	// raw: a field takes the whole, whatever its type.
	body, names, raw bool
	// formNames are the fields that a form may have, where the route refuses others.
	formNames map[string]bool
	// ownsEnvelope: the request has a member of the envelope's name.
	ownsEnvelope bool

	response responsePlan

	// verbs holds the plans of the verbs whose default places differ, for ANY.
	verbs map[string]*Plan

	// int64s is the variant for clients that ask for i64 as strings.
	int64s     *Plan
	int64sOnce sync.Once

	pool sync.Pool // of *binder

	mu     sync.Mutex
	shapes map[shapeKey]*shape
}

// AppendRequest binds r and appends the argument struct in Thrift binary to
// dst. An *transcode.InvalidError lists everything the client did wrong,
// failed validations included; *UnsupportedMediaTypeError is a body of a kind
// that this method does not read. Errors of r.Body are returned as they are.
func (p *Plan) AppendRequest(dst []byte, r Request) ([]byte, error) {
	if p.verbs != nil {
		if other := p.verbs[r.Verb()]; other != nil {
			return other.AppendRequest(dst, r)
		}
	}
	b, _ := p.pool.Get().(*binder)
	if b == nil {
		b = newBinder(p)
	}
	b.req = r
	out, err := b.appendRequest(dst)
	b.release()
	p.pool.Put(b)
	return out, err
}

// With gives the plan of the same binding under other settings.
func (p *Plan) With(s Settings) (*Plan, error) {
	if s == p.in.settings {
		return p, nil
	}
	in := p.in
	in.settings = s
	in.report = nil
	return newPlan(in)
}

// Settings are those the plan was compiled with.
func (p *Plan) Settings() Settings { return p.in.settings }

// For gives the plan that answers in the way an Accept header asks for: its
// int64=string parameter on application/json. It is compiled when the first
// client asks and kept; p itself is given when nothing differs.
func (p *Plan) For(accept []byte) *Plan {
	if p.in.settings.Int64AsString || !acceptsInt64Strings(accept) {
		return p
	}
	p.int64sOnce.Do(func() {
		s := p.in.settings
		s.Int64AsString = true
		variant, err := p.With(s)
		if err != nil {
			// What compiled without the option compiles with it.
			variant = p
		}
		p.int64s = variant
	})
	return p.int64s
}

// rulesOf gives what annotations say of a field; nil: nothing.
func (p *Plan) rulesOf(f *transcode.Field) *fieldRules {
	if r := p.copied[f]; r != nil {
		return r
	}
	return p.in.rules[f]
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
