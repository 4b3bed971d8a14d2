package servicemapping

import "dgate/hertz-gateway/transcode"

// BodyForm is how the body of a request was read.
type BodyForm string

// The forms.
const (
	BodyUnread BodyForm = "unread" // there is none, or nothing asks for it
	BodyJSON   BodyForm = "json"
	BodyFields BodyForm = "form"
	BodyThrift BodyForm = "thrift"
)

var bodyForms = [...]BodyForm{bodyNone: BodyUnread, bodyJSON: BodyJSON, bodyForm: BodyFields, bodyThrift: BodyThrift}

// Trace is how one request was bound.
type Trace struct {
	// Args is the argument struct in Thrift binary; nil if there is none, since
	// the request cannot be read.
	Args []byte
	// Err is what AppendRequest answers: it may stand beside Args when a rule of
	// the validation has refused them.
	Err error
	// From has the place of each field of View.Type, or of a struct in it, that
	// was found outside of a JSON body.
	From map[*transcode.Field]Place
	// Body tells how the body was read.
	Body BodyForm
}

// Trace binds a request as AppendRequest does and keeps what happened, for
// people: it takes the time of a compilation, not of a request.
func (p *Plan) Trace(r Request) *Trace {
	if p.verbs != nil {
		if other := p.verbs[r.Verb()]; other != nil {
			return other.Trace(r)
		}
	}
	b := newBinder(p)
	b.req = r
	t := &Trace{From: map[*transcode.Field]Place{}}
	args, complete, err := b.bind(nil)
	if t.Err = err; complete {
		t.Args = args
	}
	for i, from := range b.from {
		if from == 0 {
			continue
		}
		pl := p.slots[i].places[from-1]
		at := Place{placeNames[pl.kind], pl.name}
		if at.In == InBody {
			at.In = InForm
		}
		t.From[p.slots[i].field] = at
	}
	t.Body = bodyForms[b.kind]
	return t
}
