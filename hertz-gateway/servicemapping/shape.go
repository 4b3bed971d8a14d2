package servicemapping

import (
	"sync"

	"dgate/hertz-gateway/transcode"
)

// shape is how text from outside a JSON body becomes a value of one type.
// There is one for each type of a plan; its codecs are compiled when they are
// first needed, since few requests spell a struct in a query.
type shape struct {
	plan *Plan
	t    *transcode.Type
	key  *shape // map
	elem *shape // list, set, map
	// stringly is api.js_conv of the field.
	stringly bool
	// outside: a field below has places of its own, so that the struct may be
	// there although nothing under its name is.
	outside bool

	jsonOnce sync.Once
	json     *transcode.Codec
	jsonErr  error

	structOnce sync.Once
	fields     *structBinding
	structErr  error
}

type shapeKey struct {
	t        *transcode.Type
	stringly bool
}

// structBinding binds the fields of a struct that is spelled as names: k.a=1&k.b=2.
type structBinding struct {
	codec *transcode.Codec // every field is Outside
	slots []slot
}

// slot is one field that may be found outside the JSON body.
type slot struct {
	field  *transcode.Field
	places []place
	// body is the index in places that stands for the JSON member, or
	// len(places) when the field never lives there.
	body  int
	split string // dgate.split
	shape *shape
}

// shapeOf gives the shape of a type, the same one every time.
func (p *Plan) shapeOf(t *transcode.Type, stringly bool) *shape {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shapeLocked(t, stringly)
}

func (p *Plan) shapeLocked(t *transcode.Type, stringly bool) *shape {
	key := shapeKey{t, stringly}
	if s := p.shapes[key]; s != nil {
		return s
	}
	s := &shape{plan: p, t: t, stringly: stringly}
	p.shapes[key] = s
	if t.Key != nil {
		s.key = p.shapeLocked(t.Key, stringly)
	}
	if t.Elem != nil {
		s.elem = p.shapeLocked(t.Elem, stringly)
	}
	s.outside = p.hasPlaces(t, map[*transcode.Type]bool{})
	return s
}

// hasPlaces tells whether a field of t, or of a struct directly in it, has
// places of its own.
func (p *Plan) hasPlaces(t *transcode.Type, seen map[*transcode.Type]bool) bool {
	if !isStruct(t) || seen[t] {
		return false
	}
	seen[t] = true
	for _, f := range t.Fields {
		if f.Hidden {
			continue
		}
		if r := p.rulesOf(f); r != nil && len(r.places) > 0 || p.hasPlaces(f.Type, seen) {
			return true
		}
	}
	return false
}

// jsonCodec reads the whole value from JSON text.
func (s *shape) jsonCodec() (*transcode.Codec, error) {
	s.jsonOnce.Do(func() {
		o := s.plan.in.settings.options()
		o.LaxNumbers = o.LaxNumbers || s.stringly
		s.json, s.jsonErr = transcode.Compile(s.t, o)
	})
	return s.json, s.jsonErr
}

// structBinding reads a struct from names.
func (s *shape) structBinding() (*structBinding, error) {
	s.structOnce.Do(func() {
		b := &structBinding{slots: make([]slot, 0, len(s.t.Fields))}
		index := make(map[*transcode.Field]int, len(s.t.Fields))
		for _, f := range s.t.Fields {
			if f.Hidden {
				continue
			}
			index[f] = len(b.slots)
			b.slots = append(b.slots, s.plan.nestedSlot(f))
		}
		o := s.plan.in.settings.options()
		o.Place = func(f *transcode.Field) (transcode.Place, int) { return transcode.Outside, index[f] }
		b.codec, s.structErr = transcode.Compile(s.t, o)
		s.fields = b
	})
	return s.fields, s.structErr
}

// nestedSlot is the slot of a field in a struct that is spelled as names: its
// places of its own are absolute, and its name counts below the struct's.
func (p *Plan) nestedSlot(f *transcode.Field) slot {
	s := slot{field: f, shape: p.shapeOf(f.Type, f.Stringly)}
	r := p.rulesOf(f)
	if r == nil {
		r = &fieldRules{}
	}
	s.split = r.split
	for _, pl := range explicitRequest(r) {
		if pl.name == "" {
			pl.name = f.JSON
		}
		switch pl.kind {
		case inHeader:
			pl.name = CanonicalHeader(pl.name)
		case inQuery, inForm, inBody:
			s.places = append(s.places, place{inName, pl.name})
		}
		s.places = append(s.places, pl)
	}
	if len(s.places) == 0 {
		s.places = []place{{inName, f.JSON}}
	}
	s.body = len(s.places)
	return s
}

func isStruct(t *transcode.Type) bool {
	return t.Kind == transcode.Struct || t.Kind == transcode.Union || t.Kind == transcode.Exception
}

func isList(t *transcode.Type) bool { return t.Kind == transcode.List || t.Kind == transcode.Set }

func isContainer(t *transcode.Type) bool {
	return isStruct(t) || isList(t) || t.Kind == transcode.Map
}

// isText tells the kinds for which the empty text is a value.
func isText(t *transcode.Type) bool {
	return t.Kind == transcode.String || t.Kind == transcode.Binary
}
