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
	// contained: the value is in a list, set or map, or in a struct that recurs
	// inside itself, where fields have no places of their own.
	contained bool
	// outside: a field below has places of its own, so that the struct may be
	// there although nothing under its name is.
	outside bool

	jsonOnce sync.Once
	json     *structBinding
	jsonErr  error

	structOnce sync.Once
	fields     *structBinding
	structErr  error

	belowOnce sync.Once
	below     []place
}

type shapeKey struct {
	t                   *transcode.Type
	stringly, contained bool
}

// structBinding binds a value that a codec reads with the help of a Source.
type structBinding struct {
	codec *transcode.Codec
	slots []slot
	// mixed: the value is JSON text and slots are the fields with places of
	// their own; else it is spelled as names, k.a=1&k.b=2, and all are slots.
	mixed bool
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
func (p *Plan) shapeOf(t *transcode.Type, stringly, contained bool) *shape {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shapeLocked(shapeKey{t, stringly, contained})
}

func (p *Plan) shapeLocked(key shapeKey) *shape {
	if s := p.shapes[key]; s != nil {
		return s
	}
	t := key.t
	s := &shape{plan: p, t: t, stringly: key.stringly, contained: key.contained}
	p.shapes[key] = s
	if t.Key != nil {
		s.key = p.shapeLocked(shapeKey{t.Key, key.stringly, true})
	}
	if t.Elem != nil {
		s.elem = p.shapeLocked(shapeKey{t.Elem, key.stringly, true})
	}
	s.outside = !key.contained && p.hasPlaces(t, map[*transcode.Type]bool{})
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

// placesBelow are the places of their own that fields of the struct have, and
// fields of structs directly in it.
func (s *shape) placesBelow() []place {
	s.belowOnce.Do(func() {
		known := map[place]bool{}
		seen := map[*transcode.Type]bool{}
		var collect func(t *transcode.Type)
		collect = func(t *transcode.Type) {
			if !isStruct(t) || seen[t] {
				return
			}
			seen[t] = true
			for _, f := range t.Fields {
				if f.Hidden {
					continue
				}
				if r := s.plan.rulesOf(f); r != nil {
					for _, pl := range s.plan.named(f, r) {
						if !known[pl] {
							known[pl] = true
							s.below = append(s.below, pl)
						}
					}
				}
				if !recurs(f.Type) {
					collect(f.Type)
				}
			}
		}
		collect(s.t)
	})
	return s.below
}

// recurs tells whether a struct has itself below by way of struct fields.
func recurs(t *transcode.Type) bool {
	seen := map[*transcode.Type]bool{}
	var reaches func(u *transcode.Type) bool
	reaches = func(u *transcode.Type) bool {
		for _, f := range u.Fields {
			if f.Type == t {
				return true
			}
			if isStruct(f.Type) && !seen[f.Type] {
				seen[f.Type] = true
				if reaches(f.Type) {
					return true
				}
			}
		}
		return false
	}
	return isStruct(t) && reaches(t)
}

// jsonBinding reads the whole value from JSON text.
func (s *shape) jsonBinding() (*structBinding, error) {
	s.jsonOnce.Do(func() {
		b := &structBinding{mixed: true}
		o := s.plan.in.settings.options()
		o.LaxNumbers = o.LaxNumbers || s.stringly
		if s.outside {
			o.Place = func(f *transcode.Field) (transcode.Place, int) {
				r := s.plan.rulesOf(f)
				if r == nil || len(explicitRequest(r)) == 0 {
					return transcode.InBody, 0
				}
				b.slots = append(b.slots, s.plan.memberSlot(f, r))
				last := &b.slots[len(b.slots)-1]
				if last.body == len(last.places) {
					return transcode.Outside, len(b.slots) - 1
				}
				return transcode.Either, len(b.slots) - 1
			}
		}
		b.codec, s.jsonErr = transcode.Compile(s.t, o)
		s.json = b
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
			b.slots = append(b.slots, s.plan.nestedSlot(f, s.contained))
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
func (p *Plan) nestedSlot(f *transcode.Field, contained bool) slot {
	r := p.rulesOf(f)
	if r == nil {
		r = &fieldRules{}
	}
	s := slot{field: f, shape: p.shapeOf(f.Type, f.Stringly, contained || recurs(f.Type)), split: r.split}
	if !contained {
		for _, pl := range p.named(f, r) {
			switch pl.kind {
			case inQuery, inForm, inBody:
				s.places = append(s.places, place{inName, pl.name})
			}
			s.places = append(s.places, pl)
		}
	}
	if len(s.places) == 0 {
		s.places = []place{{inName, f.JSON}}
	}
	s.body = len(s.places)
	return s
}

// memberSlot is the slot of a field with places of its own in JSON text.
func (p *Plan) memberSlot(f *transcode.Field, r *fieldRules) slot {
	s := slot{field: f, shape: p.shapeOf(f.Type, f.Stringly, false), split: r.split, body: -1}
	for _, pl := range p.named(f, r) {
		if pl.kind != inBody && pl.kind != inForm {
			s.places = append(s.places, pl)
		} else if s.body < 0 {
			s.body = len(s.places)
			s.places = append(s.places, pl)
		}
	}
	if s.body < 0 {
		s.body = len(s.places)
	}
	return s
}

// named are the places that annotations give a field, each with its name.
func (p *Plan) named(f *transcode.Field, r *fieldRules) []place {
	out := append([]place(nil), explicitRequest(r)...)
	for i := range out {
		if out[i].name == "" {
			out[i].name = f.JSON
		}
		if out[i].kind == inHeader {
			out[i].name = CanonicalHeader(out[i].name)
		}
	}
	return out
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
