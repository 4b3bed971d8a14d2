package breaking

import (
	"bytes"
	"fmt"
	"slices"

	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// walk compares what one way of calling a method reaches: a route, or the call
// by name.
type walk struct {
	*comparer
	subject
	next   *servicemapping.Method
	allows []servicemapping.Allowed
	// most is the severity of what breaks callers; on the wire it is Breaking.
	most Severity
	// onWire is whom a change of the wire touches.
	onWire subject
	// The parameters of the path, whose names are nobody's business.
	oldParams, newParams []string

	// moved: two methods that have a route in common are compared. Only callers of
	// the route care.
	moved bool

	answer               bool // else the request
	oldView, newView     *servicemapping.View
	oldOut, newOut       map[*transcode.Field]servicemapping.Place
	oldStatus, newStatus *transcode.Field // of an exception
	// seen are the types compared already, for each direction anew.
	seen map[[2]*transcode.Type]bool
}

// view is a type with the member names of the message, and as it is declared.
type view struct{ typ, declared *transcode.Type }

func (v view) elem() view { return view{v.typ.Elem, v.declared.Elem} }
func (v view) key() view  { return view{v.typ.Key, v.declared.Key} }

// member is a field of a view; around is the type that declares it.
type member struct {
	field, declared *transcode.Field
	around          *transcode.Type
}

func (m member) value() view { return view{m.field.Type, m.declared.Type} }

func (v view) members() []member {
	out := make([]member, len(v.typ.Fields))
	for i, f := range v.typ.Fields {
		out[i] = member{f, v.declared.Fields[i], v.declared}
	}
	return out
}

// where is the place of a change, with what allows it.
type where struct {
	at     servicemapping.At
	allows []servicemapping.Allowed
	name   string // what changes: "book.Book.title", "the result of BookSvc.get"
	// was and is are the whole types where an element of a container changes.
	was, is *transcode.Type
}

func (w *walk) inMethod(what string) where {
	return where{at: placeOf(w.next), allows: w.allows, name: what + " of " + nameOf(w.next)}
}

// inField is a field of the new IDLs.
func (w *walk) inField(m member) where {
	at := w.after.FieldAt(m.declared)
	if at.Line == 0 {
		at = placeOf(w.next)
	}
	return where{at: at, allows: w.around(m.around, w.after.FieldAllows(m.declared)), name: w.name(m)}
}

// name spells a field as "book.Book.title".
func (w *walk) name(m member) string {
	if m.around == w.next.Args || w.method != nil && m.around == w.method.Args {
		return "argument " + m.declared.Name + " of " + nameOf(w.next)
	}
	return m.around.Name + "." + m.declared.Name
}

// inType is a struct or enum of the new IDLs.
func (w *walk) inType(t *transcode.Type, name string) where {
	at := w.after.TypeAt(t)
	if at.Line == 0 { // the struct of a method's arguments
		at = placeOf(w.next)
	}
	return where{at: at, allows: w.around(t, nil), name: name}
}

func (w *walk) around(t *transcode.Type, own servicemapping.Allowed) []servicemapping.Allowed {
	return append([]servicemapping.Allowed{own, w.after.TypeAllows(t)}, w.allows...)
}

// http tells of a change that callers meet.
func (w *walk) http(at where, rule string, severity Severity, format string, args ...any) {
	if severity == Breaking {
		severity = w.most
	}
	w.tell(at, rule, severity, onHTTP, w.subject, format, args...)
}

// wire tells of a change that instances of the old IDL meet.
func (w *walk) wire(at where, rule string, severity Severity, format string, args ...any) {
	if w.moved {
		return
	}
	w.tell(at, rule, severity, onWire, w.onWire, format, args...)
}

// both tells of a change that instances and callers meet.
func (w *walk) both(at where, rule string, format string, args ...any) {
	if w.moved {
		w.http(at, rule, Breaking, format, args...)
		return
	}
	w.tell(at, rule, Breaking, overAll, w.onWire, format, args...)
}

func (w *walk) tell(at where, rule string, severity Severity, surface []Surface, s subject, format string, args ...any) {
	w.add(change{
		at: at.at, rule: rule, severity: severity, surface: surface, allows: at.allows,
		message: at.name + " " + fmt.Sprintf(format, args...),
	}, s)
}

// messages compares requests, answers and exceptions.
func (w *walk) messages(old, next *servicemapping.Plan, verb string) {
	w.request(old.View(verb), next.View(verb))
	o, n := old.Describe(verb), next.Describe(verb)
	w.answer, w.seen = true, map[[2]*transcode.Type]bool{}
	w.result(o.Success, n.Success)
	w.exceptions(o.Exceptions, n.Exceptions)
}

func (w *walk) request(old, next *servicemapping.View) {
	w.oldView, w.newView, w.seen = old, next, map[[2]*transcode.Type]bool{}
	if old.Serializer != next.Serializer {
		w.http(w.inMethod("a request"), ruleSerializer, Risky, "without Content-Type is read as %s, no longer as %s",
			serializer(next), serializer(old))
	}
	if old.Single != next.Single {
		w.both(w.inMethod("the request"), ruleArguments, "is %s, no longer %s", shape(next), shape(old))
		return
	}
	if old.Single {
		o, n := w.method.Args.Fields[0], w.next.Args.Fields[0]
		if o.ID != n.ID {
			at := w.inField(member{n, n, w.next.Args})
			w.wire(at, ruleFieldID, Breaking, "has the id %d, no longer %d", n.ID, o.ID)
		}
	}
	w.structs(view{old.Type, old.Declared}, view{next.Type, next.Declared})
}

func serializer(v *servicemapping.View) string {
	if v.Serializer == "" {
		return "json"
	}
	return v.Serializer
}

func shape(v *servicemapping.View) string {
	if v.Single {
		return "the struct that is the only argument"
	}
	return "an object keyed by the names of the arguments"
}

func (w *walk) result(old, next *servicemapping.Answer) {
	switch {
	case old == nil && next == nil:
	case old == nil:
		w.both(w.inMethod("the result"), ruleResult, "is %s, no longer void", typeText(next.Declared))
	case next == nil:
		w.both(w.inMethod("the result"), ruleResult, "is void, no longer %s", typeText(old.Declared))
	default:
		w.oldOut, w.newOut = old.Places, next.Places
		w.types(view{old.Type, old.Declared}, view{next.Type, next.Declared}, w.inMethod("the result"))
	}
}

// thrown is a declared exception with its id among the results of its method.
type thrown struct {
	servicemapping.DeclaredException
	id int16
}

func thrownBy(m *servicemapping.Method, declared []servicemapping.DeclaredException) []thrown {
	out := make([]thrown, 0, len(declared))
	for _, f := range m.Result.Fields {
		if f.ID != 0 && len(out) < len(declared) {
			out = append(out, thrown{declared[len(out)], f.ID})
		}
	}
	return out
}

func (w *walk) exceptions(declared, declaredNow []servicemapping.DeclaredException) {
	w.oldOut, w.newOut = nil, nil
	old, next := thrownBy(w.method, declared), thrownBy(w.next, declaredNow)
	taken := make([]bool, len(next))
	find := func(fits func(thrown) bool) int {
		for i, n := range next {
			if !taken[i] && fits(n) {
				taken[i] = true
				return i
			}
		}
		return -1
	}
	// One exception may be declared twice: the same id goes first.
	pairs := make([]int, len(old))
	for i, o := range old {
		pairs[i] = find(func(n thrown) bool { return n.Name == o.Name && n.id == o.id })
	}
	for i, o := range old {
		if pairs[i] < 0 {
			pairs[i] = find(func(n thrown) bool { return n.Name == o.Name })
		}
		if pairs[i] < 0 {
			w.both(w.inMethod("the exception "+o.Name), ruleExceptionRemoved, "is not declared any more")
			continue
		}
		w.exception(o, next[pairs[i]])
	}
	for i, n := range next {
		if taken[i] {
			continue
		}
		at := w.inMethod("the exception " + n.Name)
		for _, o := range old {
			if o.id == n.id {
				w.wire(at, ruleFieldIDReused, Breaking, "has the id %d, which was that of %s", n.id, o.Name)
			}
		}
		w.http(at, ruleExceptionAdded, Safe, "is new")
	}
}

func (w *walk) exception(o, n thrown) {
	at := w.inMethod("the exception " + n.Name)
	if o.id != n.id {
		w.wire(at, ruleFieldID, Breaking, "has the id %d, no longer %d", n.id, o.id)
	}
	if o.Status != n.Status || statusName(o) != statusName(n) {
		w.http(at, ruleExceptionStatus, Breaking, "answers with %s, no longer %s", statusText(n), statusText(o))
	}
	w.oldStatus, w.newStatus = o.StatusField, n.StatusField
	w.structs(view{o.Type, o.Declared}, view{n.Type, n.Declared})
	w.oldStatus, w.newStatus = nil, nil
}

func statusName(e thrown) string {
	if e.StatusField == nil {
		return ""
	}
	return e.StatusField.Name
}

func statusText(e thrown) string {
	if name := statusName(e); name != "" {
		return fmt.Sprintf("the status in %s or %d", name, e.Status)
	}
	return fmt.Sprint(e.Status)
}

// types compares two types in one place.
func (w *walk) types(old, next view, at where) {
	o, n := old.declared, next.declared
	if at.was == nil {
		at.was, at.is = o, n
	}
	switch {
	case o.Kind.WireType() != n.Kind.WireType():
		w.both(at, ruleType, "is %s, no longer %s", typeText(at.is), typeText(at.was))
		return
	case o.Kind != n.Kind:
		severity := Breaking
		if w.answer && isNumber(o.Kind) && isNumber(n.Kind) {
			severity = Risky // an enum is a number there
		}
		w.http(at, ruleType, severity, "is %s, no longer %s", typeText(at.is), typeText(at.was))
		if o.Kind < transcode.Struct || n.Kind < transcode.Struct {
			return
		}
	}
	switch n.Kind {
	case transcode.Enum:
		w.enums(o, n)
	case transcode.Struct, transcode.Union, transcode.Exception:
		w.structs(old, next)
	case transcode.Map:
		w.types(old.key(), next.key(), at)
		w.types(old.elem(), next.elem(), at)
	case transcode.List, transcode.Set:
		w.types(old.elem(), next.elem(), at)
	}
}

func isNumber(k transcode.Kind) bool { return k == transcode.Enum || k == transcode.I32 }

func (w *walk) enums(old, next *transcode.Type) {
	if old == next || w.met(old, next) {
		return
	}
	number := func(t *transcode.Type, name string) int {
		return slices.IndexFunc(t.Values, func(v transcode.EnumValue) bool { return v.Name == name })
	}
	for _, o := range old.Values {
		i := number(next, o.Name)
		if i >= 0 {
			if n := next.Values[i]; n.Number != o.Number {
				w.both(w.inValue(next, i), ruleEnumRenumbered, "is %d, no longer %d", n.Number, o.Number)
			}
			continue
		}
		j := slices.IndexFunc(next.Values, func(v transcode.EnumValue) bool { return v.Number == o.Number })
		switch {
		case j >= 0 && number(old, next.Values[j].Name) >= 0:
			if !w.answer {
				w.http(w.inValue(next, j), ruleEnumRenamed, Breaking, "has no second name %s any more", o.Name)
			}
		case j >= 0 && w.answer:
			w.http(w.inValue(next, j), ruleEnumRenamed, Risky, "was called %s", o.Name)
		case j >= 0:
			w.http(w.inValue(next, j), ruleEnumRenamed, Breaking, "was called %s", o.Name)
		case w.answer:
			w.http(w.inType(next, next.Name+"."+o.Name), ruleEnumRemoved, Risky, "(%d) is gone", o.Number)
		default:
			w.http(w.inType(next, next.Name+"."+o.Name), ruleEnumRemoved, Breaking, "(%d) is gone", o.Number)
		}
	}
	for i, n := range next.Values {
		known := func(o transcode.EnumValue) bool { return o.Number == n.Number || o.Name == n.Name }
		if slices.ContainsFunc(old.Values, known) {
			continue
		}
		severity := Safe
		if w.answer {
			severity = Risky // callers meet a value they don't know
		}
		w.http(w.inValue(next, i), ruleEnumAdded, severity, "(%d) is new", n.Number)
	}
}

func (w *walk) inValue(t *transcode.Type, i int) where {
	at := w.inType(t, t.Name+"."+t.Values[i].Name)
	if value := w.after.ValueAt(t, i); value.Line > 0 {
		at.at = value
	}
	at.allows = append([]servicemapping.Allowed{w.after.ValueAllows(t, i)}, at.allows...)
	return at
}

// met tells whether two types have been compared on this walk.
func (w *walk) met(old, next *transcode.Type) bool {
	k := [2]*transcode.Type{old, next}
	if w.seen[k] {
		return true
	}
	w.seen[k] = true
	return false
}

func (w *walk) structs(old, next view) {
	if w.met(old.typ, next.typ) {
		return
	}
	if !w.answer {
		w.validation(w.inType(next.declared, next.declared.Name), w.before.TypeRules(old.declared), w.after.TypeRules(next.declared))
	}
	byID := map[int16]member{}
	byName := map[string]member{}
	for _, n := range next.members() {
		byID[n.declared.ID], byName[n.declared.Name] = n, n
	}
	paired := map[*transcode.Field]bool{}
	oldNames := map[string]bool{}
	for _, o := range old.members() {
		oldNames[o.declared.Name] = true
	}
	for _, o := range old.members() {
		at, taken := byID[o.declared.ID]
		named, kept := byName[o.declared.Name]
		switch {
		case taken && at.declared.Name == o.declared.Name:
			w.fields(o, at)
			paired[at.declared] = true
		case kept:
			w.wire(w.inField(named), ruleFieldID, Breaking, "has the id %d, no longer %d", named.declared.ID, o.declared.ID)
			w.fields(o, named)
			paired[named.declared] = true
			if taken {
				w.wire(w.inField(at), ruleFieldIDReused, Breaking, "has the id %d, which was that of %s", at.declared.ID, o.declared.Name)
			}
		case taken && !oldNames[at.declared.Name] && sameKind(o.declared.Type, at.declared.Type):
			w.fields(o, at) // a new name
			paired[at.declared] = true
		case taken:
			w.both(w.inField(at), ruleFieldIDReused, "(%s) has the id %d, which was that of %s (%s)",
				typeText(at.declared.Type), at.declared.ID, o.declared.Name, typeText(o.declared.Type))
			paired[at.declared] = true
		default:
			w.fieldRemoved(o, next)
		}
	}
	for _, n := range next.members() {
		if !paired[n.declared] {
			w.fieldAdded(n, next)
		}
	}
}

func sameKind(a, b *transcode.Type) bool { return a.Kind == b.Kind }

func (w *walk) fieldRemoved(o member, next view) {
	at := w.inType(next.declared, w.name(o))
	required := o.declared.Requiredness == transcode.Required
	switch {
	case w.answer && !o.declared.Hidden:
		w.http(at, ruleFieldRemoved, Breaking, "is gone")
	case w.answer:
	case required && !w.moved:
		w.wire(at, ruleFieldRemoved, Breaking, "is gone, and instances of the old IDL require it")
	case next.declared.Kind == transcode.Union:
		w.http(at, ruleFieldRemoved, Breaking, "is gone")
	case !o.declared.Hidden:
		w.http(at, ruleFieldRemoved, Risky, "is gone: what callers send there is passed over")
	}
}

func (w *walk) fieldAdded(n member, next view) {
	at := w.inField(n)
	switch {
	case n.declared.Hidden:
	case !w.answer && n.declared.Requiredness == transcode.Required:
		w.http(at, ruleRequiredAdded, Breaking, "is new and required: callers that don't send it get a 400")
	case w.answer && next.declared.Kind == transcode.Union:
		w.http(at, ruleFieldAdded, Risky, "is new: callers meet a member of the union that they don't know")
	default:
		w.http(at, ruleFieldAdded, Safe, "is new")
	}
}

// fields compares a field that is there before and after, perhaps by another name.
func (w *walk) fields(o, n member) {
	at := w.inField(n)
	switch was, is := o.declared.Hidden, n.declared.Hidden; {
	case was && is:
		return
	case is:
		w.http(at, ruleFieldHidden, Breaking, "is hidden from callers: api.none is new")
		return
	case was:
		w.http(at, ruleFieldExposed, Risky, "is shown to callers: api.none is gone")
		return
	}
	if w.answer {
		w.answerField(o, n, at)
	} else {
		w.requestField(o, n, at)
	}
	w.types(o.value(), n.value(), at)
}

func (w *walk) requestField(o, n member, at where) {
	w.requestPlaces(o, n, at)
	switch was, is := o.declared.Requiredness, n.declared.Requiredness; {
	case was != transcode.Required && is == transcode.Required:
		w.http(at, ruleRequiredAdded, Breaking, "is required: callers that don't send it get a 400")
	case was == transcode.Required && is != transcode.Required:
		w.wire(at, ruleRequiredRemoved, Risky, "is not required any more: instances of the old IDL refuse calls without it")
	}
	if !bytes.Equal(o.declared.Default, n.declared.Default) || (o.declared.Default == nil) != (n.declared.Default == nil) {
		w.http(at, ruleDefault, Risky, "has another default value: callers that leave it out mean something else now")
	}
	if o.declared.Stringly && !n.declared.Stringly && numbers(o.declared.Type) {
		w.http(at, ruleNumberText, Breaking, "does not take numbers in strings any more: api.js_conv is gone")
	}
	if was, is := w.oldView.Split(o.field), w.newView.Split(n.field); was != is {
		w.http(at, ruleSplit, Breaking, "is split at %q, no longer at %q (dgate.split)", is, was)
	}
	w.validation(at, w.before.Rules(o.declared), w.after.Rules(n.declared))
}

// numbers tells the types for which a string instead of a number depends on
// api.js_conv: those with other numbers than i64.
func numbers(t *transcode.Type) bool {
	switch t.Kind {
	case transcode.I8, transcode.I16, transcode.I32, transcode.Double:
		return true
	case transcode.List, transcode.Set, transcode.Map:
		return numbers(t.Elem)
	}
	return false
}

// requestPlaces compares where a request may have the field.
func (w *walk) requestPlaces(o, n member, at where) {
	was, placed := w.oldView.Places(o.field)
	is, placedNow := w.newView.Places(n.field)
	if !placed {
		was = []servicemapping.Place{{In: servicemapping.InBody, Name: o.field.JSON}}
	}
	if !placedNow {
		is = []servicemapping.Place{{In: servicemapping.InBody, Name: n.field.JSON}}
	}
	was, is = numbered(was, w.oldParams), numbered(is, w.newParams)
	explicit := w.oldView.Explicit(o.field)
	for i, p := range was {
		if slices.Contains(is, p) {
			continue
		}
		severity := Breaking
		if i > 0 && !explicit {
			if first := was[0]; !slices.Contains(is, first) {
				break // said of the place that counts
			}
			severity = Risky // few look for the query of a POST
		}
		same := slices.IndexFunc(is, func(q servicemapping.Place) bool { return q.In == p.In })
		switch {
		case same >= 0 && p.In != servicemapping.InPath:
			w.http(at, ruleName, severity, "is %s, no longer %s", placeText(is[same]), placeText(p))
		case len(is) == 0:
			w.http(at, rulePlace, severity, "is nowhere in a request, no longer %s", placeText(p))
		default:
			w.http(at, rulePlace, severity, "is %s, no longer %s", placeText(is[0]), placeText(p))
		}
	}
}

// numbered gives the parameters of a path the names of their positions.
func numbered(places []servicemapping.Place, params []string) []servicemapping.Place {
	out := make([]servicemapping.Place, 0, len(places))
	for _, p := range places {
		if p.In == servicemapping.InPath {
			i := slices.Index(params, p.Name)
			if i < 0 {
				continue // of another route
			}
			p.Name = fmt.Sprint(i + 1)
		}
		out = append(out, p)
	}
	return out
}

func placeText(p servicemapping.Place) string {
	switch p.In {
	case servicemapping.InPath:
		return "parameter " + p.Name + " of the path"
	case servicemapping.InBody:
		return fmt.Sprintf("%q in the body", p.Name)
	case servicemapping.InForm:
		return fmt.Sprintf("%q in the form", p.Name)
	case servicemapping.InRawBody:
		return "the whole body"
	case servicemapping.InRawURI:
		return "the request target"
	case servicemapping.InStatus:
		return "the status"
	default:
		return fmt.Sprintf("the %s %q", p.In, p.Name)
	}
}

// validation compares rules as they are written: what they let through cannot be told.
func (w *walk) validation(at where, old, next []servicemapping.Rule) {
	for _, r := range next {
		if slices.Contains(old, r) {
			continue
		}
		i := slices.IndexFunc(old, func(o servicemapping.Rule) bool { return o.Key == r.Key })
		if i >= 0 {
			w.http(at, ruleValidation, Risky, "has another rule: %s %q, no longer %q", r.Key, r.Value, old[i].Value)
		} else {
			w.http(at, ruleValidation, Risky, "has a rule: %s %q", r.Key, r.Value)
		}
	}
	for _, o := range old {
		if !slices.ContainsFunc(next, func(r servicemapping.Rule) bool { return o.Key == r.Key }) {
			w.http(at, ruleValidation, Safe, "has no rule %s %q any more", o.Key, o.Value)
		}
	}
}

func (w *walk) answerField(o, n member, at where) {
	was, is := w.outPlace(o.field, w.oldOut, w.oldStatus), w.outPlace(n.field, w.newOut, w.newStatus)
	switch {
	case was == is:
	case was.In == is.In:
		w.http(at, ruleName, Breaking, "is %s, no longer %s", placeText(is), placeText(was))
	default:
		w.http(at, rulePlace, Breaking, "is %s, no longer %s", placeText(is), placeText(was))
	}
	if o.declared.Stringly != n.declared.Stringly {
		w.http(at, ruleNumberText, Breaking, "has its numbers %s: api.js_conv is %s",
			textIf(n.declared.Stringly, "in strings", "as numbers"), textIf(n.declared.Stringly, "new", "gone"))
	}
	switch a, b := o.declared.Requiredness, n.declared.Requiredness; {
	case a == transcode.Required && b == transcode.Optional:
		w.http(at, ruleRequiredRemoved, Breaking, "may be missing: it is not required any more")
	case a == transcode.Default && b == transcode.Optional && n.declared.Default == nil:
		w.http(at, ruleRequiredRemoved, Risky, "may be missing: it is optional")
	case a != transcode.Required && b == transcode.Required:
		w.wire(at, ruleRequiredAdded, Risky, "is required: instances of the old IDL may leave it out")
	}
	if !bytes.Equal(o.declared.Default, n.declared.Default) {
		w.http(at, ruleDefault, Risky, "has another default value: callers read it where a service leaves the field out")
	}
}

// outPlace is where an answer has a field.
func (w *walk) outPlace(f *transcode.Field, places map[*transcode.Field]servicemapping.Place, status *transcode.Field) servicemapping.Place {
	if p, ok := places[f]; ok {
		return p
	}
	if f == status {
		return servicemapping.Place{In: servicemapping.InStatus}
	}
	return servicemapping.Place{In: servicemapping.InBody, Name: f.JSON}
}

func textIf(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}

// typeText spells a type as an IDL does, typedefs undone.
func typeText(t *transcode.Type) string {
	if t.Name != "" {
		return "the " + t.Kind.String() + " " + t.Name
	}
	return t.String()
}
