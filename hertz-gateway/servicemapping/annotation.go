package servicemapping

import (
	"cmp"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"dgate/hertz-gateway/servicemapping/internal/syntax"
	"dgate/hertz-gateway/servicemapping/internal/validate"
	"dgate/hertz-gateway/transcode"
)

// placeKeys are the annotations that tie a field to a place.
var placeKeys = map[string]placeKind{
	"api.path":      inPath,
	"api.query":     inQuery,
	"api.header":    inHeader,
	"api.cookie":    inCookie,
	"api.form":      inForm,
	"api.body":      inBody,
	"api.raw_body":  inRawBody,
	"api.raw_uri":   inRawURI,
	"api.file_name": inFile,
	"api.http_code": inHTTPCode,
}

// agwPlaces are the values of agw.source and agw.target.
var agwPlaces = map[string]placeKind{
	"path":      inPath,
	"query":     inQuery,
	"header":    inHeader,
	"cookie":    inCookie,
	"form":      inForm,
	"post":      inForm,
	"body":      inBody,
	"raw_body":  inRawBody,
	"raw_uri":   inRawURI,
	"http_code": inHTTPCode,
}

// noBodyStruct is the value of agw.source that names no place.
const noBodyStruct = "not_body_struct"

// fieldsOf says what a list of fields belongs to.
type fieldsOf struct {
	on     target
	union  bool
	naming naming
}

// fields compiles a list of fields into owner. What is wrong with one makes
// owner unusable.
func (l *loader) fields(u *unit, owner *transcode.Type, decls []*syntax.Field, of fieldsOf) []*transcode.Field {
	fields := make([]*transcode.Field, 0, len(decls))
	ids := make(map[int16]string, len(decls))
	names := make(map[string]bool, len(decls))
	members := make(map[string]string, len(decls))
	next := int64(1)
	for _, decl := range decls {
		if decl.ID != "" {
			n, err := strconv.ParseInt(decl.ID, 10, 64)
			if err != nil {
				n, err = strconv.ParseInt(decl.ID, 0, 64)
			}
			if err != nil {
				n = math.MaxInt64
			}
			next = n
		}
		if next < math.MinInt16 || next > math.MaxInt16 {
			u.breaks(owner, u.report(decl.Pos, Error, ruleFieldID, "the id of field %s does not fit in 16 bits", decl.Name))
			next = 0
		}
		f := &transcode.Field{ID: int16(next), Name: decl.Name, Requiredness: transcode.Requiredness(decl.Requiredness)}
		next++
		if other, taken := ids[f.ID]; taken {
			u.breaks(owner, u.report(decl.Pos, Error, ruleDuplicateFieldID, "field %s has the id %d, as %s has", f.Name, f.ID, other))
		}
		repeated := names[f.Name]
		if repeated {
			u.breaks(owner, u.report(decl.Pos, Error, ruleDuplicateFieldName, "there is a field %s already", f.Name))
		}
		ids[f.ID], names[f.Name] = f.Name, true
		if of.union || of.on == onThrows {
			f.Requiredness = transcode.Optional
		}
		typ, _, p := l.resolveType(u, decl.Type)
		if p != nil {
			u.breaks(owner, *p)
		}
		f.Type = typ
		u.fieldAnnotations(f, decl, of)
		if !f.Hidden && !repeated {
			if other, taken := members[f.JSON]; taken {
				u.breaks(owner, u.report(decl.Pos, Error, ruleDuplicateJSONName, "field %s is called %q in JSON, as %s is", f.Name, f.JSON, other))
			}
			members[f.JSON] = f.Name
		}
		if decl.Default != nil && p == nil {
			l.defaults[f] = &pendingDefault{unit: u, owner: owner, value: decl.Default}
		}
		fields = append(fields, f)
	}
	return fields
}

// fieldAnnotations reads the annotations of one field.
func (u *unit) fieldAnnotations(f *transcode.Field, decl *syntax.Field, of fieldsOf) {
	u.annotations(of.on, decl.Annotations)
	r := &fieldRules{}
	add := func(k placeKind, name string) {
		r.places = append(r.places, place{kind: k, name: name})
	}
	names := jsonNames{naming: of.naming}
	said := false
	for _, a := range decl.Annotations {
		key := keyOf(a)
		switch kind := placeKeys[key]; {
		case of.on == onThrows || key == "api.http_code" && !isTrue(a.Value):
			continue // a throws entry has a status only, and no place
		case kind != 0:
			name := a.Value
			if kind == inHTTPCode || kind == inRawBody || kind == inRawURI {
				name = ""
			}
			add(kind, name)
			if kind == inBody {
				names.body = cmp.Or(names.body, a.Value)
			}
		case key == "agw.source" || key == "agw.target":
			u.agwPlace(a, r, add)
		case key == "api.none":
			f.Hidden = isTrue(a.Value)
		case key == "api.no_body_struct":
			r.noBodyStruct = isTrue(a.Value)
		case key == "api.js_conv" || key == "agw.js_conv":
			f.Stringly = isTrue(a.Value)
		case key == "api.key":
			names.api = cmp.Or(names.api, a.Value)
		case key == "agw.key":
			names.agw = cmp.Or(names.agw, a.Value)
		case key == "go.tag":
			tag := goTag(a.Value)
			names.tag = cmp.Or(names.tag, tag.name)
			names.dash = names.dash || tag.dash
			f.Stringly = f.Stringly || tag.text
		case key == "dgate.split":
			r.split = a.Value
			if !isSeries(f.Type) {
				u.report(a.Pos, Warning, ruleMisplacedAnnotation, "%s means nothing on a field that is no list or set", a.Key)
			}
		case key == "dgate.event_id":
			r.eventID = isTrue(a.Value)
		case key == "api.vd" || strings.HasPrefix(key, "vt."):
			u.checks[f] = append(u.checks[f], u.check(a))
			continue
		default:
			names.naming.read(key, a.Value)
			continue
		}
		said = true
	}
	f.JSON = names.of(decl.Name)
	for i, p := range r.places {
		if p.name == "" && p.kind != inRawBody && p.kind != inRawURI && p.kind != inHTTPCode {
			r.places[i].name = cmp.Or(names.tag, names.api, names.agw, names.naming.apply(decl.Name))
		}
	}
	// json:"-" keeps a field out of every body. One that a place outside the
	// body is named for still comes from there.
	if names.dash && len(r.places) == 0 {
		f.Hidden = true
	}
	if said {
		r.file = u.path
		r.line, r.column = u.tree.Position(decl.Pos)
		u.rules[f] = r
	}
}

// agwPlace reads agw.source and agw.target.
func (u *unit) agwPlace(a syntax.Annotation, r *fieldRules, add func(placeKind, string)) {
	value := strings.ToLower(strings.TrimSpace(a.Value))
	if value == noBodyStruct {
		r.noBodyStruct = true
		return
	}
	kind := agwPlaces[value]
	if kind == 0 {
		u.report(a.Pos, Warning, ruleUnknownPlace, "%s knows no place %q%s", a.Key, a.Value, hint(value, func(yield func(string) bool) {
			for name := range agwPlaces {
				if !yield(name) {
					return
				}
			}
		}))
		return
	}
	// A field may have the same place as source and as target.
	for _, p := range r.places {
		if p.kind == kind && p.name == "" {
			return
		}
	}
	add(kind, "")
}

func isSeries(t *transcode.Type) bool {
	return t != nil && (t.Kind == transcode.List || t.Kind == transcode.Set)
}

// jsonNames are the names that a field's annotations give it in JSON.
type jsonNames struct {
	tag, api, agw, body string
	dash                bool
	naming              naming
}

// of picks the first that is said. api.body names the JSON member, so it
// counts where nothing else does: hz derives the json tag from it.
func (n jsonNames) of(name string) string {
	return cmp.Or(n.tag, n.api, n.agw, n.body, n.naming.apply(name))
}

// tagJSON is what the json part of a Go struct tag says.
type tagJSON struct {
	name string
	dash bool // json:"-"
	text bool // the option "string"
}

// goTag reads go.tag. The quotes in it may be escaped once more than needed,
// as in 'json:\"x\"'.
func goTag(value string) tagJSON {
	tag := reflect.StructTag(strings.ReplaceAll(value, `\"`, `"`)).Get("json")
	name, options, _ := strings.Cut(tag, ",")
	var t tagJSON
	t.dash = tag == "-"
	if !t.dash {
		t.name = strings.ToValidUTF8(name, "\uFFFD")
	}
	for o := range strings.SplitSeq(options, ",") {
		t.text = t.text || o == "string"
	}
	return t
}

// naming is how names are spelled in JSON by agw.to_snake and its like.
type naming uint8

const (
	asWritten naming = iota
	snakeCase
	lowerCamel
	upperCamel
)

func namingOf(as []syntax.Annotation) naming {
	n := asWritten
	for _, a := range as {
		n.read(keyOf(a), a.Value)
	}
	return n
}

func (n *naming) read(key, value string) {
	was := *n
	switch key {
	case "agw.to_snake":
		*n = snakeCase
	case "agw.to_lower_camel_case":
		*n = lowerCamel
	case "agw.to_upper_camel_case":
		*n = upperCamel
	default:
		return
	}
	if !isTrue(value) {
		if was == *n {
			was = asWritten
		}
		*n = was
	}
}

func (n naming) apply(name string) string {
	switch n {
	case snakeCase:
		return snake(name)
	case lowerCamel, upperCamel:
		return camel(name, n == upperCamel)
	default:
		return name
	}
}

// snake spells UserID2 as user_id2.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) {
			after := i > 0 && name[i-1] != '_' && !unicode.IsUpper(rune(name[i-1]))
			before := i > 0 && unicode.IsUpper(rune(name[i-1])) && i+1 < len(name) && unicode.IsLower(rune(name[i+1]))
			if after || before {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// camel spells user_id as userId or UserId.
func camel(name string, upper bool) string {
	var b strings.Builder
	raise := upper
	for i, r := range name {
		switch {
		case r == '_':
			raise = b.Len() > 0 || upper
			continue
		case raise:
			r = unicode.ToUpper(r)
		case i == 0:
			r = unicode.ToLower(r)
		}
		raise = false
		b.WriteRune(r)
	}
	return b.String()
}

// structAnnotations reads the annotations of a struct-like type.
func (u *unit) structAnnotations(s *syntax.Struct, t *transcode.Type) {
	on := onStruct
	if s.Kind == syntax.ExceptionBlock {
		on = onException
	}
	u.annotations(on, s.Annotations)
	for _, a := range s.Annotations {
		switch key := keyOf(a); {
		case key == "api.http_code" && on == onException:
			if status, ok := u.status(a); ok {
				u.statuses[t] = status
			}
		case strings.HasPrefix(key, "vt."):
			u.asserts[t] = append(u.asserts[t], u.check(a))
		}
	}
}

// check is a validation rule and where it stands.
type check struct {
	validate.Annotation
	at problem
}

func (u *unit) check(a syntax.Annotation) check {
	return check{validate.Annotation{Key: a.Key, Value: a.Value}, u.at(a.Pos, Error, ruleBadValidation, "")}
}

// status reads the status of a declared exception.
func (u *unit) status(a syntax.Annotation) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(a.Value))
	if err != nil || n < 200 || n > 599 {
		u.report(a.Pos, Warning, ruleBadStatus, "%s wants a status from 200 to 599, not %q: 422 is answered", a.Key, a.Value)
		return 0, false
	}
	return n, true
}
