package servicemapping

import (
	"bytes"
	"encoding/json"
	"strconv"

	"dgate/hertz-gateway/transcode"
)

// The codes of the older envelope, which is answered with HTTP 200 whatever
// happened. The samples of the gateways it comes from fix numbers and names.
const (
	EnvelopeOK              = 0
	EnvelopeBadRequest      = 10001
	EnvelopeServiceNotFound = 10002
	EnvelopeMethodNotFound  = 10003
	EnvelopeRequestFailed   = 10004 // the call could not be made
	EnvelopeServiceFailed   = 10005 // the service answered with an error
	EnvelopeUnreadable      = 10006 // the service's answer cannot be read
)

// envelopeMember holds the request in the older envelope, as an object or as
// the text of one. Members beside it are not looked at.
const envelopeMember = "biz_params"

// IsEnvelope tells whether a body of the generic route is the older envelope:
// a JSON object whose member biz_params is a string or an object.
func IsEnvelope(body []byte) bool {
	_, ok, err := openEnvelope(body)
	return ok || err != nil
}

// IsEnvelope tells whether p, the plan of a generic route, takes body for the
// older envelope: not if its own request has a member biz_params.
func (p *Plan) IsEnvelope(body []byte) bool {
	return p.in.binding == nil && !p.ownsEnvelope && IsEnvelope(body)
}

// openEnvelope gives the request in an envelope. An *transcode.InvalidError is
// an envelope that does not hold one.
func openEnvelope(body []byte) (request []byte, ok bool, err error) {
	if !bytes.Contains(body, []byte(envelopeMember)) {
		return nil, false, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false, nil
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, false, nil
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, false, nil
		}
		if name != envelopeMember {
			continue
		}
		if ok {
			return nil, false, envelopeError(transcode.CodeDuplicateKey, "the object has this member twice")
		}
		switch value[0] {
		case '{':
			request, ok = value, true
		case '"':
			var text string
			if err := json.Unmarshal(value, &text); err != nil {
				return nil, false, nil
			}
			request, ok = []byte(text), true
		}
	}
	if _, err := d.Token(); err != nil || d.InputOffset() != int64(len(bytes.TrimRight(body, " \t\r\n"))) {
		return nil, false, nil
	}
	return request, ok, nil
}

func envelopeError(code, detail string) error {
	return &transcode.InvalidError{Violations: []transcode.Violation{{Pointer: "/" + envelopeMember, Code: code, Detail: detail}}}
}

// inEnvelope turns pointers of the request into pointers of the envelope.
func inEnvelope(found []transcode.Violation) {
	for i := range found {
		if found[i].Parameter == "" {
			found[i].Pointer = "/" + envelopeMember + found[i].Pointer
		}
	}
}

// WriteEnvelope is WriteResponse for a request in the older envelope: the
// members of the result stand beside err_code and err_msg, as the samples have
// it. A result that is no object, or has a member of those names itself, is
// the member data.
func (p *Plan) WriteEnvelope(w Response, result []byte) error {
	field, wire, err := p.response.pick(result)
	switch {
	case err != nil:
		return err
	case field < 0 && !p.method.Void && !p.method.Oneway:
		return p.noResult()
	case field < 0:
		w.SetStatus(200)
		w.SetBody(jsonType, appendEnvelope(w.BodyBuffer(), EnvelopeOK, "ok", nil, false))
		return nil
	case p.response.fields[field].id != 0:
		return p.response.fields[field].declared(wire)
	}
	f := &p.response.fields[field]
	data, err := f.codec.AppendJSON(nil, wire)
	if err != nil {
		return err
	}
	flat := isStruct(f.typ)
	for _, member := range f.typ.Fields {
		if member.JSON == "err_code" || member.JSON == "err_msg" {
			flat = false
		}
	}
	w.SetStatus(200)
	w.SetBody(jsonType, appendEnvelope(w.BodyBuffer(), EnvelopeOK, "ok", data, flat))
	return nil
}

// AppendEnvelopeError appends the answer of the older envelope to a request that failed.
func AppendEnvelopeError(dst []byte, code int, message string) []byte {
	return appendEnvelope(dst, code, message, nil, false)
}

// appendEnvelope writes the envelope around data, a JSON value or nothing.
func appendEnvelope(dst []byte, code int, message string, data []byte, flat bool) []byte {
	dst = append(dst, `{"err_code":`...)
	dst = strconv.AppendInt(dst, int64(code), 10)
	dst = append(dst, `,"err_msg":`...)
	text, err := json.Marshal(message)
	if err != nil {
		text = []byte(`""`) // no string fails
	}
	dst = append(dst, text...)
	switch {
	case flat && len(data) > 2:
		dst = append(dst, ',')
		return append(dst, data[1:]...)
	case !flat && len(data) > 0:
		dst = append(dst, `,"data":`...)
		dst = append(dst, data...)
	}
	return append(dst, '}')
}
