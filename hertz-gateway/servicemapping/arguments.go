package servicemapping

import "dgate/hertz-gateway/transcode"

// AppendArguments appends the arguments of a call as the JSON object that the
// generic route takes for them. wire is what AppendRequest of any plan of the
// method gave. m.Generic.AppendRequest is the way back.
func (m *Method) AppendArguments(dst, wire []byte) ([]byte, error) {
	p := m.Generic
	if !p.direct {
		return p.request.AppendJSON(dst, wire)
	}
	const fieldHeader = 3 // type and id
	if len(wire) < fieldHeader || wire[0] != transcode.WireStruct {
		return append(dst, "{}"...), nil
	}
	out, _, err := p.request.AppendJSONPrefix(dst, wire[fieldHeader:])
	return out, err
}
