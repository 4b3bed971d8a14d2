package servicemapping

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"dgate/hertz-gateway/transcode"
)

const jsonType = "application/json"

// responsePlan is the half of a plan that reads the result struct.
type responsePlan struct {
	fields  []resultField
	success int // index in fields; -1 for void
	// empty is the success value of a result struct without fields; nil: that
	// is no answer.
	empty []byte
	// slots are the fields of the success value that leave the JSON body.
	slots []answerSlot
	raw   bool // a slot is the whole body
	pool  sync.Pool
}

// resultField is the success value or a declared exception.
type resultField struct {
	id     int16
	wire   byte
	typ    *transcode.Type
	view   *transcode.Type // typ with the names that annotations give its JSON members
	codec  *transcode.Codec
	status int              // of an exception, from the IDL
	code   *transcode.Field // of an exception: the field with its status
}

// answerSlot is one place of the response that a field goes to.
type answerSlot struct {
	field *transcode.Field
	kind  placeKind
	name  string
	t     *transcode.Type
	text  *transcode.Codec // a header that is JSON: structs and maps
}

// framing are the headers that say how the message is framed or connected:
// no field may write them.
var framing = [...]string{
	"Connection", "Content-Encoding", "Content-Length", "Keep-Alive", "Proxy-Connection",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

func (c *planCompiler) compileResponse() error {
	r := &c.response
	r.success = -1
	options := c.in.settings.options()
	for i, f := range c.method.Result.Fields {
		out := resultField{id: f.ID, wire: f.Type.Kind.WireType(), typ: f.Type}
		o := options
		t := f.Type
		if f.ID == 0 {
			r.success = len(r.fields)
			if nilable(f.Type.Kind) {
				r.empty = transcode.AppendZero(nil, f.Type)
			}
		} else {
			out.status = c.in.statuses[f]
		}
		placed := c.anyRules(t, map[*transcode.Type]bool{})
		if !placed {
			// Nothing tells this plan from that of the generic route.
			out.codec = c.genericCodec(i)
		} else {
			if !c.generic {
				t = c.renamed(t, responseMember)
			}
			switch {
			case f.ID != 0:
				o.Place = c.exceptionPlace(&out)
			case !c.generic:
				o.Place = c.answerPlace
			}
		}
		out.view = t
		if out.codec == nil {
			codec, err := transcode.Compile(t, o)
			if err != nil {
				return err
			}
			out.codec = codec
		}
		r.fields = append(r.fields, out)
	}
	return nil
}

// anyRules tells whether annotations say anything of a field that t reaches.
func (c *planCompiler) anyRules(t *transcode.Type, seen map[*transcode.Type]bool) bool {
	if t == nil || !isContainer(t) || seen[t] {
		return false
	}
	seen[t] = true
	for _, f := range t.Fields {
		if r := c.rulesOf(f); r != nil && len(r.places) > 0 || c.anyRules(f.Type, seen) {
			return true
		}
	}
	return c.anyRules(t.Key, seen) || c.anyRules(t.Elem, seen)
}

// genericCodec is the codec of the i-th result field in the plan of the
// generic route, if that is compiled and has the same settings.
func (c *planCompiler) genericCodec(i int) *transcode.Codec {
	if g := c.method.Generic; g != nil && g.in.settings == c.in.settings {
		return g.response.fields[i].codec
	}
	return nil
}

// answerPlace is transcode.Options.Place of the success value.
func (c *planCompiler) answerPlace(f *transcode.Field) (transcode.Place, int) {
	r := c.rulesOf(f)
	if r == nil {
		return transcode.InBody, 0
	}
	for _, pl := range r.places {
		s := answerSlot{field: f, kind: pl.kind, name: pl.name, t: f.Type}
		if s.name == "" {
			s.name = f.JSON
		}
		switch pl.kind {
		case inHTTPCode:
			if !isStatusType(f.Type) {
				c.reportNoStatus(r, f)
				continue
			}
		case inHeader:
			s.name = CanonicalHeader(s.name)
			if isFraming(s.name) {
				c.report(r, ruleFramingHeader, "%s cannot be written to the header %s, which frames the message", f.Name, s.name)
				continue
			}
		case inRawBody:
			if !isText(f.Type) {
				c.report(r, ruleAnswerPlace, "%s is neither a string nor binary and cannot be the whole body", f.Name)
				continue
			}
			c.response.raw = true
		case inCookie:
		default:
			continue
		}
		if isStruct(f.Type) || f.Type.Kind == transcode.Map || isList(f.Type) && isContainer(f.Type.Elem) {
			codec, err := transcode.Compile(f.Type, c.in.settings.options())
			if err != nil {
				continue
			}
			s.text = codec
		}
		c.response.slots = append(c.response.slots, s)
		return transcode.Outside, len(c.response.slots) - 1
	}
	return transcode.InBody, 0
}

// exceptionPlace is transcode.Options.Place of a declared exception: only its
// status leaves the JSON.
func (c *planCompiler) exceptionPlace(out *resultField) func(*transcode.Field) (transcode.Place, int) {
	return func(f *transcode.Field) (transcode.Place, int) {
		r := c.rulesOf(f)
		if r == nil || out.code != nil || !slices.ContainsFunc(r.places, func(pl place) bool { return pl.kind == inHTTPCode }) {
			return transcode.InBody, 0
		}
		if !isStatusType(f.Type) {
			c.reportNoStatus(r, f)
			return transcode.InBody, 0
		}
		out.code = f
		return transcode.Outside, 0
	}
}

func (c *planCompiler) reportNoStatus(r *fieldRules, f *transcode.Field) {
	c.report(r, ruleAnswerPlace, "%s is no number and cannot be the status", f.Name)
}

func isStatusType(t *transcode.Type) bool {
	switch t.Kind {
	case transcode.I16, transcode.I32, transcode.I64, transcode.Enum, transcode.String:
		return true
	}
	return false
}

func isFraming(name string) bool {
	for _, f := range framing {
		if f == name {
			return true
		}
	}
	return false
}

// answer collects what leaves the JSON of one result; it is the Sink.
type answer struct {
	values [][]byte // by slot; nil: not set
	text   []byte
}

// Field implements transcode.Sink. The wire bytes are used before the call of
// WriteResponse ends.
func (a *answer) Field(slot int, wire []byte) error {
	a.values[slot] = wire
	return nil
}

var _ transcode.Sink = (*answer)(nil)

// WriteResponse reads the result struct and writes status, headers, cookies
// and body. A declared exception is returned as *DeclaredError, nothing
// written; a *transcode.WireError means that the backend's answer is unusable,
// and nothing is written either, or at most a header.
func (p *Plan) WriteResponse(w Response, result []byte) error {
	if p.method.Oneway {
		return p.writeNothing(w, http.StatusAccepted)
	}
	if body, ok := p.response.onlySuccess(w, result); ok {
		w.SetStatus(http.StatusOK)
		w.SetBody(jsonType, body)
		return nil
	}
	field, wire, err := p.response.pick(result)
	if err != nil {
		return err
	}
	if field < 0 {
		if !p.method.Void {
			return p.noResult()
		}
		return p.writeNothing(w, http.StatusNoContent)
	}
	f := &p.response.fields[field]
	if f.id != 0 {
		return f.declared(wire)
	}
	if len(p.response.slots) == 0 {
		body, err := f.codec.AppendJSON(w.BodyBuffer(), wire)
		if err != nil {
			return err
		}
		w.SetStatus(http.StatusOK)
		w.SetBody(jsonType, body)
		return nil
	}
	a, _ := p.response.pool.Get().(*answer)
	if a == nil {
		a = &answer{values: make([][]byte, len(p.response.slots))}
	}
	err = p.writeAnswer(w, f, wire, a)
	clear(a.values)
	a.text = a.text[:0]
	p.response.pool.Put(a)
	return err
}

func (p *Plan) noResult() error {
	return &transcode.WireError{Reason: "the result of " + p.method.Name + " holds neither a value nor an exception"}
}

// writeNothing answers for methods without a result.
func (p *Plan) writeNothing(w Response, status int) error {
	if p.in.binding == nil {
		w.SetStatus(http.StatusOK)
		w.SetBody(jsonType, append(w.BodyBuffer(), "null"...))
		return nil
	}
	w.SetStatus(status)
	w.SetBody("", nil)
	return nil
}

// onlySuccess is the way of nearly all results, which hold a success value that
// is all body, and nothing else: they are read once, where pick reads them once
// more. ok false: this is another one.
func (r *responsePlan) onlySuccess(w Response, result []byte) (body []byte, ok bool) {
	if r.success < 0 || len(r.slots) > 0 {
		return nil, false
	}
	f := &r.fields[r.success]
	wire, id, n, err := transcode.ReadFieldHeader(result)
	if err != nil || wire != f.wire || id != f.id {
		return nil, false
	}
	body, used, err := f.codec.AppendJSONPrefix(w.BodyBuffer(), result[n:])
	if err != nil || string(result[n+used:]) != resultEnd {
		return nil, false
	}
	return body, true
}

// resultEnd is what follows the last field of a struct.
const resultEnd = "\x00"

// pick finds what the result struct holds: the first exception in the order of
// the IDL, else the success value, else -1.
func (r *responsePlan) pick(result []byte) (field int, value []byte, err error) {
	field = -1
	for at := 0; ; {
		wire, id, n, err := transcode.ReadFieldHeader(result[at:])
		if err != nil {
			return -1, nil, err
		}
		at += n
		if wire == transcode.WireStop {
			if at != len(result) {
				return -1, nil, &transcode.WireError{Offset: at, Reason: "bytes after the result struct"}
			}
			if field < 0 && r.empty != nil {
				return r.success, r.empty, nil
			}
			return field, value, nil
		}
		n, err = transcode.Skip(result[at:], wire)
		if err != nil {
			return -1, nil, err
		}
		for i := range r.fields {
			if r.fields[i].id != id {
				continue
			}
			if r.fields[i].wire != wire {
				return -1, nil, &transcode.WireError{Offset: at, Reason: fmt.Sprintf("field %d of the result is of wire type %d", id, wire)}
			}
			// Exceptions come before the success value.
			if field < 0 || r.fields[field].id == 0 || id != 0 && i < field {
				field, value = i, result[at:at+n]
			}
			break
		}
		at += n
	}
}

// declared makes the error of an exception.
func (f *resultField) declared(wire []byte) error {
	a := answer{values: make([][]byte, 1)}
	text, err := f.codec.AppendJSONWith(nil, wire, &a)
	if err != nil {
		return err
	}
	e := &DeclaredError{Name: f.name(), Status: f.status, JSON: text}
	if a.values[0] != nil {
		if code, ok := statusOf(f.code.Type, a.values[0]); ok && isErrorStatus(code) {
			e.Status = code
		}
	}
	e.Status = statusOrDefault(e.Status)
	return e
}

// name is what the IDL calls an exception.
func (f *resultField) name() string {
	_, name, found := strings.Cut(f.typ.Name, ".")
	if !found {
		return f.typ.Name
	}
	return name
}

// statusOrDefault is the status of an exception: one that is no error is not taken.
func statusOrDefault(status int) int {
	if !isErrorStatus(status) {
		return http.StatusUnprocessableEntity
	}
	return status
}

func isErrorStatus(status int) bool { return status >= 400 && status <= 599 }

// statusOf reads a status from its field.
func statusOf(t *transcode.Type, wire []byte) (int, bool) {
	if isText(t) {
		s, _, err := transcode.ReadString(wire)
		if err != nil {
			return 0, false
		}
		if len(s) == 0 {
			return 0, true
		}
		n, err := strconv.Atoi(string(s))
		return n, err == nil
	}
	n := int64(0)
	for i, b := range wire {
		if i == 0 {
			n = int64(int8(b))
		} else {
			n = n<<8 | int64(b)
		}
	}
	return int(n), true
}

// writeAnswer writes a success value of which parts leave the JSON.
func (p *Plan) writeAnswer(w Response, f *resultField, wire []byte, a *answer) error {
	body, err := f.codec.AppendJSONWith(w.BodyBuffer(), wire, a)
	if err != nil {
		return err
	}
	status := http.StatusOK
	contentType := jsonType
	typed := false
	raw := []byte(nil)
	for i, value := range a.values {
		s := &p.response.slots[i]
		if value == nil {
			continue
		}
		switch s.kind {
		case inHTTPCode:
			code, ok := statusOf(s.t, value)
			if !ok || code != 0 && (code < 200 || code > 599) {
				return &transcode.WireError{Reason: fmt.Sprintf("the status of %s is no HTTP status", p.method.Name)}
			}
			if code != 0 {
				status = code
			}
		case inHeader:
			if s.name == "Content-Type" {
				from := len(a.text)
				if a.text, err = s.appendText(a.text, value); err != nil {
					return err
				}
				text := string(a.text[from:])
				if strings.ContainsAny(text, "\r\n\x00") {
					return badHeaderText(s.name)
				}
				if text != "" {
					contentType, typed = text, true
				}
			} else if err := s.writeHeader(w, value, a); err != nil {
				return err
			}
		case inCookie:
			if err := s.writeCookie(w, value, a); err != nil {
				return err
			}
		case inRawBody:
			if raw, _, err = transcode.ReadString(value); err != nil {
				return err
			}
		}
	}
	w.SetStatus(status)
	switch {
	case status == http.StatusNoContent || status == http.StatusNotModified:
		w.SetBody("", nil)
	case raw != nil || p.response.raw:
		if !typed {
			contentType = http.DetectContentType(raw)
		}
		w.SetBody(contentType, append(body[:0], raw...))
	default:
		w.SetBody(contentType, body)
	}
	return nil
}

// appendText writes a value as the text of a header.
func (s *answerSlot) appendText(dst, wire []byte) ([]byte, error) {
	if s.text != nil {
		return s.text.AppendJSON(dst, wire)
	}
	return transcode.AppendTextOf(dst, s.t, wire)
}

// writeHeader writes one line, or for lists a line for each element.
func (s *answerSlot) writeHeader(w Response, wire []byte, a *answer) error {
	if s.text != nil || !isList(s.t) {
		from := len(a.text)
		var err error
		if a.text, err = s.appendText(a.text, wire); err != nil {
			return err
		}
		return headerError(w.SetHeader(s.name, string(a.text[from:])), s.name)
	}
	elem, count, n, err := transcode.ReadListHeader(wire)
	if err != nil {
		return err
	}
	for wire = wire[n:]; count > 0; count-- {
		if n, err = transcode.Skip(wire, elem); err != nil {
			return err
		}
		from := len(a.text)
		if a.text, err = transcode.AppendTextOf(a.text, s.t.Elem, wire[:n]); err != nil {
			return err
		}
		if err := headerError(w.AddHeader(s.name, string(a.text[from:])), s.name); err != nil {
			return err
		}
		wire = wire[n:]
	}
	return nil
}

// writeCookie sets a cookie for the whole host; the value is encoded where it
// could not stand in a cookie.
func (s *answerSlot) writeCookie(w Response, wire []byte, a *answer) error {
	from := len(a.text)
	var err error
	if a.text, err = s.appendText(a.text, wire); err != nil {
		return err
	}
	line := append(make([]byte, 0, len(s.name)+len(a.text)-from+16), s.name...)
	line = append(line, '=')
	line = appendCookieValue(line, a.text[from:])
	line = append(line, "; Path=/"...)
	return headerError(w.AddHeader("Set-Cookie", string(line)), "Set-Cookie")
}

func headerError(err error, name string) error {
	if err == nil {
		return nil
	}
	return badHeaderText(name)
}

func badHeaderText(name string) error {
	return &transcode.WireError{Reason: "a value for the header " + name + " cannot stand in a header"}
}
