package kitex

import (
	"context"
	"errors"
	"fmt"

	"github.com/cloudwego/gopkg/bufiox"
	"github.com/cloudwego/kitex/pkg/generic"

	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// The codec kitex-json has Kitex's stock JSON generic client turn messages
// into Thrift and back. Callers hold Thrift here, so requests become JSON
// first and results come back from it, in Kitex's dialect: the names of the
// IDL, enums as numbers, binary as base64. What that client cannot express
// goes the binary way: methods without exactly one argument, uuids, maps whose
// keys are no scalars, and the declared exceptions, which it would print as Go
// text or lose.

// jsonGeneric makes Kitex's JSON generic from the texts of a service. Kitex's
// reader of IDLs panics on some of them, such as a default of a list that has
// its name by typedef.
func jsonGeneric(s *servicemapping.Service) (g generic.Generic, err error) {
	defer func() {
		if p := recover(); p != nil {
			g, err = nil, fmt.Errorf("codec kitex-json: Kitex cannot read the IDL: %v", p)
		}
	}()
	if s == nil || s.Sources == nil {
		return nil, errors.New("codec kitex-json: the IDL's text is not known")
	}
	files := make(map[string]string, len(s.Sources.Files))
	for path, text := range s.Sources.Files {
		files[path] = normaliseIDL(text)
	}
	provider, err := generic.NewThriftContentWithAbsIncludePathProvider(s.Sources.Main, files,
		generic.WithIDLServiceName(s.Name), generic.WithGoTagDisabled(true))
	if err != nil {
		return nil, fmt.Errorf("codec kitex-json: %w", err)
	}
	if g, err = generic.JSONThriftGeneric(provider); err != nil {
		return nil, fmt.Errorf("codec kitex-json: %w", err)
	}
	return g, nil
}

// jsonMethod converts the messages of one method.
type jsonMethod struct {
	args *transcode.Codec
	// result is of a struct with the success alone; nil for a string, which
	// Kitex hands out as it is, and for void.
	result *transcode.Codec
	// quote: the result is binary, which Kitex hands out as bare base64.
	quote bool
}

// wrapped is the name of the one member in what the codecs of a jsonMethod convert.
const wrapped = "v"

// jsonMethods compiles the methods that Kitex's JSON generic client can call.
func jsonMethods(s *servicemapping.Service) (map[string]*jsonMethod, error) {
	methods := map[string]*jsonMethod{}
	for _, m := range s.Methods {
		if len(m.Args.Fields) != 1 || beyondKitex(m.Args, nil) || beyondKitex(m.Result, nil) {
			continue
		}
		jm := &jsonMethod{}
		var err error
		if jm.args, err = plainCodec(m.Args.Fields[0]); err != nil {
			return nil, fmt.Errorf("codec kitex-json: arguments of %s: %w", m.Name, err)
		}
		for _, f := range m.Result.Fields {
			if f.ID == 0 && f.Type.Kind != transcode.String {
				jm.quote = f.Type.Kind == transcode.Binary
				if jm.result, err = plainCodec(f); err != nil {
					return nil, fmt.Errorf("codec kitex-json: result of %s: %w", m.Name, err)
				}
			}
		}
		methods[m.Name] = jm
	}
	return methods, nil
}

// plainCodec is of a struct with one member, the field's value, in Kitex's dialect.
func plainCodec(f *transcode.Field) (*transcode.Codec, error) {
	t := plainTypes{}.plain(f.Type)
	return transcode.Compile(&transcode.Type{
		Kind: transcode.Struct, Name: "kitex",
		Fields: []*transcode.Field{{ID: f.ID, Name: wrapped, JSON: wrapped, Type: t, Requiredness: transcode.Required}},
	}, transcode.Options{})
}

// plainTypes copies types without what annotations made of them.
type plainTypes map[*transcode.Type]*transcode.Type

func (p plainTypes) plain(t *transcode.Type) *transcode.Type {
	if t == nil {
		return nil
	}
	if c := p[t]; c != nil {
		return c
	}
	c := *t
	p[t] = &c
	if c.Kind == transcode.Enum {
		// Requests have been checked, and a service may know numbers that the
		// IDL does not.
		c.Kind, c.Values = transcode.I32, nil
	}
	c.Key, c.Elem = p.plain(t.Key), p.plain(t.Elem)
	c.Fields = nil
	for _, f := range t.Fields {
		g := *f
		g.JSON, g.Hidden, g.Stringly = f.Name, false, false
		g.Type = p.plain(f.Type)
		c.Fields = append(c.Fields, &g)
	}
	return &c
}

// beyondKitex tells types that Kitex's JSON generic client cannot express: a
// uuid, and a map whose keys are no scalars.
func beyondKitex(t *transcode.Type, seen map[*transcode.Type]bool) bool {
	if t == nil || seen[t] {
		return false
	}
	if seen == nil {
		seen = map[*transcode.Type]bool{}
	}
	seen[t] = true
	if t.Kind == transcode.UUID || t.Key != nil && t.Key.Kind >= transcode.Struct || beyondKitex(t.Key, seen) || beyondKitex(t.Elem, seen) {
		return true
	}
	for _, f := range t.Fields {
		if beyondKitex(f.Type, seen) {
			return true
		}
	}
	return false
}

// request is the JSON of the one argument.
func (m *jsonMethod) request(args []byte) (string, error) {
	b, err := m.args.AppendJSON(nil, args)
	if err != nil {
		return "", err
	}
	const prefix = `{"` + wrapped + `":`
	if len(b) < len(prefix)+1 {
		return "", errors.New("no argument")
	}
	return string(b[len(prefix) : len(b)-1]), nil
}

// reply is the result struct that has the success in Kitex's JSON.
func (m *jsonMethod) reply(text string) ([]byte, error) {
	if m.result == nil {
		b := transcode.AppendFieldHeader(nil, wireString, 0)
		return transcode.AppendStop(transcode.AppendString(b, text)), nil
	}
	if m.quote {
		text = `"` + text + `"`
	}
	b := make([]byte, 0, len(text)+8)
	b = append(b, `{"`+wrapped+`":`...)
	b = append(b, text...)
	return m.result.AppendThrift(nil, append(b, '}'))
}

const (
	wireString = 11
	wireStruct = 12
)

// decodeJSON has Kitex read a success; it leaves anything else as Thrift.
func decodeJSON(ctx context.Context, res *generic.Result, method string, payload []byte) error {
	if n, err := transcode.Skip(payload, wireStruct); err != nil || n != len(payload) {
		return badFrame("result struct: %v, %d of %d bytes", err, n, len(payload))
	}
	if payload[0] == transcode.WireStop {
		res.Success = payload
		return nil
	}
	if _, id, _, err := transcode.ReadFieldHeader(payload); err != nil || id != 0 {
		res.Success = payload
		return err
	}
	r := bufiox.NewBytesReader(payload)
	defer func() { _ = r.Release(nil) }()
	if err := res.Read(ctx, method, len(payload), r); err != nil {
		return badFrame("Kitex: %v", err)
	}
	if _, ok := res.Success.(string); !ok {
		return badFrame("Kitex read %T", res.Success)
	}
	return nil
}
