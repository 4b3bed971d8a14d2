package openapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/openapi"
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

type jsonObject = map[string]any

// document reads a generated document as a tool would.
func document(t testing.TB, m *servicemapping.Mapping) jsonObject {
	t.Helper()
	text, _ := openapi.Generate(m, openapi.Info{})
	var doc jsonObject
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// each calls visit for every object of a document.
func each(v any, visit func(jsonObject)) {
	switch v := v.(type) {
	case jsonObject:
		visit(v)
		for _, inner := range v {
			each(inner, visit)
		}
	case []any:
		for _, inner := range v {
			each(inner, visit)
		}
	}
}

func at(v any, path ...string) any {
	for _, p := range path {
		o, _ := v.(jsonObject)
		v = o[p]
	}
	return v
}

var inBraces = regexp.MustCompile(`\{([^}]*)\}`)

// TestDocumentsAreOpenAPI checks what the specification asks for beyond the
// form of single objects.
func TestDocumentsAreOpenAPI(t *testing.T) {
	for _, name := range cases(t) {
		t.Run(name, func(t *testing.T) {
			doc := document(t, load(t, name))
			each(doc, func(o jsonObject) {
				ref, ok := o["$ref"].(string)
				if !ok {
					return
				}
				rest, local := strings.CutPrefix(ref, "#/")
				if !local || at(doc, strings.Split(rest, "/")...) == nil {
					t.Errorf("%s leads nowhere", ref)
				}
			})
			ids, shapes := map[string]bool{}, map[string]bool{}
			for path, item := range doc["paths"].(jsonObject) {
				shape := inBraces.ReplaceAllString(path, "{}")
				if shapes[shape] {
					t.Errorf("%s: OpenAPI takes it for another path", path)
				}
				shapes[shape] = true
				for verb, op := range item.(jsonObject) {
					checkOperation(t, verb+" "+path, path, op.(jsonObject), ids)
				}
			}
			for name := range at(doc, "components", "schemas").(jsonObject) {
				if !regexp.MustCompile(`^[a-zA-Z0-9._-]+$`).MatchString(name) {
					t.Errorf("component %q", name)
				}
			}
		})
	}
}

func checkOperation(t *testing.T, name, path string, op jsonObject, ids map[string]bool) {
	t.Helper()
	id, _ := op["operationId"].(string)
	if id == "" || ids[id] {
		t.Errorf("%s: operationId %q", name, id)
	}
	ids[id] = true
	want := map[string]bool{}
	for _, m := range inBraces.FindAllStringSubmatch(path, -1) {
		want[m[1]] = true
	}
	seen := map[string]bool{}
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		o := p.(jsonObject)
		key := fmt.Sprint(o["in"], " ", o["name"])
		if seen[key] {
			t.Errorf("%s: parameter %s twice", name, key)
		}
		seen[key] = true
		if (o["schema"] == nil) == (o["content"] == nil) {
			t.Errorf("%s: parameter %s has to have either schema or content", name, key)
		}
		if o["in"] == "path" {
			if o["required"] != true || !want[o["name"].(string)] {
				t.Errorf("%s: parameter %s", name, key)
			}
			delete(want, o["name"].(string))
		}
	}
	if len(want) > 0 {
		t.Errorf("%s: path parameters %v are not described", name, slices.Collect(maps.Keys(want)))
	}
	responses, _ := op["responses"].(jsonObject)
	for status, r := range responses {
		if o := r.(jsonObject); o["$ref"] == nil && o["description"] == nil {
			t.Errorf("%s: response %s has no description", name, status)
		}
	}
	if len(responses) < 6 {
		t.Errorf("%s: responses %v", name, slices.Collect(maps.Keys(responses)))
	}
	if body, ok := op["requestBody"].(jsonObject); ok && len(body["content"].(jsonObject)) == 0 {
		t.Errorf("%s: a body without content", name)
	}
}

// compiled gives the schemas of a document, which its compiler checks against
// the meta-schema of JSON Schema 2020-12.
func compiled(t testing.TB, doc jsonObject) *jsonschema.Compiler {
	t.Helper()
	delete(doc, "jsonSchemaDialect")
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("doc.json", doc); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSchemasCompile(t *testing.T) {
	for _, name := range cases(t) {
		doc := document(t, load(t, name))
		c := compiled(t, doc)
		for schema := range at(doc, "components", "schemas").(jsonObject) {
			if _, err := c.Compile("doc.json#/components/schemas/" + schema); err != nil {
				t.Errorf("%s: %s: %v", name, schema, err)
			}
		}
	}
}

func schemaAt(t testing.TB, c *jsonschema.Compiler, pointer string) *jsonschema.Schema {
	t.Helper()
	s, err := c.Compile("doc.json#" + pointer)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func instance(t testing.TB, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// message is a request with a JSON body, and collects the answer.
type message struct {
	verb, body string
	out        []byte
}

func (m *message) Verb() string                     { return m.verb }
func (m *message) PathParam(string) (string, bool)  { return "1", true }
func (m *message) RawQuery() []byte                 { return nil }
func (m *message) RequestURI() []byte               { return nil }
func (m *message) Header(string, func([]byte) bool) {}
func (m *message) ContentType() []byte              { return []byte("application/json") }
func (m *message) Body() ([]byte, error)            { return []byte(m.body), nil }
func (m *message) SetStatus(int)                    {}
func (m *message) SetHeader(string, string) error   { return nil }
func (m *message) AddHeader(string, string) error   { return nil }
func (m *message) SetBody(_ string, body []byte)    { m.out = body }
func (m *message) BodyBuffer() []byte               { return nil }

func binding(t testing.TB, m *servicemapping.Mapping, verb, path string) *servicemapping.Binding {
	t.Helper()
	for b := range m.Bindings() {
		if b.Verb == verb && b.Path == path {
			return b
		}
	}
	t.Fatalf("no route %s %s", verb, path)
	return nil
}

// TestSchemaAndGatewayAgree sends bodies through the plan and holds them
// against the schema of the document.
func TestSchemaAndGatewayAgree(t *testing.T) {
	const order, scalars = "/orders/:id", "/scalars"
	tests := []struct {
		idl, verb, path, body string
		valid                 bool
	}{
		{"shop", "PUT", order, `{"order": {}}`, true},
		{"shop", "PUT", order, `{}`, false},
		{"shop", "PUT", order, `{"order": {"id": "12", "big": "9007199254740993", "discount": 1}}`, true},
		{"shop", "PUT", order, `{"order": {"id": 1.5}}`, false},
		{"shop", "PUT", order, `{"order": {"id": "x"}}`, false},
		{"shop", "PUT", order, `{"order": {"state": 2, "seen": [1, 5]}}`, true},
		{"shop", "PUT", order, `{"order": {"state": 3}}`, false},
		{"shop", "PUT", order, `{"order": {"seen": [1, 1]}}`, false},
		{"shop", "PUT", order, `{"order": {"ref": "c0ffee00-0000-4000-8000-000000000001"}}`, true},
		{"shop", "PUT", order, `{"order": {"ref": "c0ffee"}}`, false},
		{"shop", "PUT", order, `{"order": {"marks": {"a": 1}, "byNumber": {"-7": {"sku": "a-1", "count": 3}}}}`, true},
		{"shop", "PUT", order, `{"order": {"byNumber": {"seven": {"sku": "a-1"}}}}`, false},
		{"shop", "PUT", order, `{"order": {"items": [{"sku": "a-1", "count": 100, "notes": ["x"], "price": {"currency": "EUR", "cents": 0}}]}}`, true},
		{"shop", "PUT", order, `{"order": {"items": [{"count": 1}]}}`, false},
		{"shop", "PUT", order, `{"order": {"items": [{"sku": "A-1"}]}}`, false},
		{"shop", "PUT", order, `{"order": {"items": [{"sku": "a-1", "count": 0}]}}`, false},
		{"shop", "PUT", order, `{"order": {"items": [{"sku": "a-1", "count": 101}]}}`, false},
		{"shop", "PUT", order, `{"order": {"items": [{"sku": "a-1", "notes": ["1", "2", "3", "4", "5", "6"]}]}}`, false},
		{"shop", "PUT", order, `{"order": {"items": [{"sku": "a-1", "price": {"currency": "EURO", "cents": 0}}]}}`, false},
		{"shop", "PUT", order, `{"order": {"items": [{"sku": "a-1", "price": {"currency": "öre", "cents": -1}}]}}`, false},
		{"shapes", "POST", "/walk", `{"name": "a", "next": {"name": "b"}, "choice": {"node": {"name": "c"}}}`, true},
		{"shapes", "POST", "/walk", `{"name": "a", "next": {}}`, false},
		{"shapes", "POST", "/walk", `{"name": "a", "choice": {}}`, false},
		{"shapes", "POST", "/walk", `{"name": "a", "choice": {"text": "x", "number": 1}}`, false},
		{"shapes", "POST", "/walk", `{"name": "a", "named": {"x": {"name": "y", "children": [{"name": "z"}]}}}`, true},
		{"shapes", "POST", scalars, `{"text": "12", "texts": {"1": "1.5"}, "byBool": {"true": "x"}, "with space": "y"}`, true},
		{"shapes", "POST", scalars, `{"byBool": {"yes": "x"}}`, false},
		{"shapes", "POST", scalars, `{"bool_": 1}`, false},
		{"shapes", "POST", scalars, `{"empty": {}, "numbers": [1, "2"]}`, true},
		{"shapes", "POST", "/open", `{"both": {"n": 1, "inner": {"a": "x"}}, "list": [{"query": "x", "inner": {"header": "y"}}]}`, true},
		{"shapes", "POST", "/choices", `{"choices": [{"text": "x"}, {"number": "5"}]}`, true},
		{"shapes", "POST", "/choices", `{"choices": {}}`, false},
	}
	documents := map[string]jsonObject{}
	for _, tt := range tests {
		m := load(t, tt.idl)
		if documents[tt.idl] == nil {
			documents[tt.idl] = document(t, m)
		}
		b := binding(t, m, tt.verb, tt.path)
		path := strings.ReplaceAll(tt.path, ":id", "{id}")
		ref, _ := at(documents[tt.idl], "paths", path, strings.ToLower(tt.verb), "requestBody", "content", "application/json", "schema", "$ref").(string)
		schema := schemaAt(t, compiled(t, documents[tt.idl]), strings.TrimPrefix(ref, "#"))
		if err := schema.Validate(instance(t, tt.body)); (err == nil) != tt.valid {
			t.Errorf("%s: the schema says %v", tt.body, err)
		}
		if _, err := b.Plan.AppendRequest(nil, &message{verb: tt.verb, body: tt.body}); (err == nil) != tt.valid {
			t.Errorf("%s: the gateway says %v", tt.body, err)
		}
	}
}

// TestAnswersFitTheirSchemas writes the least that a service may answer.
func TestAnswersFitTheirSchemas(t *testing.T) {
	for _, name := range cases(t) {
		m := load(t, name)
		doc := document(t, m)
		c := compiled(t, doc)
		for b := range m.Bindings() {
			if b.Method.Void || b.Verb == "ANY" {
				continue
			}
			typ := b.Method.Result.Fields[0].Type
			if isUnionBelow(typ) {
				continue // their zero values are none
			}
			wire := transcode.AppendFieldHeader(nil, typ.Kind.WireType(), 0)
			wire = transcode.AppendStop(transcode.AppendZero(wire, typ))
			answer := &message{}
			if err := b.Plan.WriteResponse(answer, wire); err != nil {
				t.Errorf("%s: %s: %v", name, b.Method.Name, err)
				continue
			}
			path := inPath.ReplaceAllString(b.Path, "{$1}")
			pointer := fmt.Sprintf("/paths/%s/%s/responses/200/content/application~1json/schema",
				strings.ReplaceAll(path, "/", "~1"), strings.ToLower(b.Verb))
			if at(doc, "paths", path, strings.ToLower(b.Verb), "responses", "200", "content", "application/json") == nil {
				continue // raw, or described on a path of other names
			}
			if err := schemaAt(t, c, pointer).Validate(instance(t, string(answer.out))); err != nil {
				t.Errorf("%s: %s answers %s: %v", name, b.Method.Name, answer.out, err)
			}
		}
	}
}

var inPath = regexp.MustCompile(`[:*](\w+)`)

// isUnionBelow tells a type with enums or unions that are always there.
func isUnionBelow(t *transcode.Type) bool {
	return t.Kind == transcode.Enum || t.Kind == transcode.Union || t.Kind <= transcode.Exception && slices.ContainsFunc(t.Fields, func(f *transcode.Field) bool {
		return f.Requiredness != transcode.Optional && !f.Hidden && isUnionBelow(f.Type)
	})
}

func TestHiddenFieldsNeverAppear(t *testing.T) {
	m := load(t, "shop")
	document, _ := openapi.Generate(m, openapi.Info{})
	types, _ := openapi.Types(m)
	for _, text := range []string{string(document), string(types)} {
		if strings.Contains(text, `internal:`) || strings.Contains(text, `"internal"`) {
			t.Errorf("a hidden field is described")
		}
	}
}

// TestSkippedRules: rules below a field that switches them off are not those
// of the same struct elsewhere.
func TestSkippedRules(t *testing.T) {
	m, err := servicemapping.Load(idl(`struct In { 1: i32 n (vt.lt = "5") }
		struct S { 1: In checked, 2: In free (vt.skip = "true") }
		service Svc { void put(1: S s) (api.post = "/s") }`), servicemapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := compiled(t, document(t, m))
	for body, valid := range map[string]bool{`{"checked": {"n": 9}}`: false, `{"free": {"n": 9}}`: true} {
		if err := schemaAt(t, c, "/components/schemas/S").Validate(instance(t, body)); (err == nil) != valid {
			t.Errorf("%s: the schema says %v", body, err)
		}
		_, err := binding(t, m, "POST", "/s").Plan.AppendRequest(nil, &message{verb: "POST", body: body})
		if (err == nil) != valid {
			t.Errorf("%s: the gateway says %v", body, err)
		}
	}
}

// TestProblemSchema holds the schema against the type that the gateway writes.
func TestProblemSchema(t *testing.T) {
	properties := at(document(t, load(t, "book")), "components", "schemas", "Problem", "properties").(jsonObject)
	sameMembers(t, reflect.TypeFor[api.Problem](), properties)
	sameMembers(t, reflect.TypeFor[api.FieldError](), at(properties["errors"], "items", "properties").(jsonObject), "resource")
	sameMembers(t, reflect.TypeFor[api.Upstream](), at(properties["upstream"], "properties").(jsonObject))
	sameMembers(t, reflect.TypeFor[api.BusinessError](), at(properties["business"], "properties").(jsonObject))
}

// sameMembers compares members; those in adminOnly no client of a route gets.
func sameMembers(t *testing.T, typ reflect.Type, properties jsonObject, adminOnly ...string) {
	t.Helper()
	for f := range typ.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if slices.Contains(adminOnly, name) {
			continue
		}
		if properties[name] == nil {
			t.Errorf("%s.%s is not described", typ.Name(), f.Name)
		}
	}
	if len(properties) != typ.NumField()-len(adminOnly) {
		t.Errorf("%s has %d members, its schema %d", typ.Name(), typ.NumField()-len(adminOnly), len(properties))
	}
}

// TestSettings checks what routes may choose about their JSON.
func TestSettings(t *testing.T) {
	m, err := servicemapping.Load(idl(`enum E { A = 1 } struct S { 1: i64 n, 2: E e, 3: double d, 4: required i32 r }
		service Svc { S get() (api.get = "/s") }`), servicemapping.Options{
		Settings: servicemapping.Settings{Int64AsString: true, EnumNames: true, SpecialFloats: true, OmitZero: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	schemas := at(document(t, m), "components", "schemas")
	tests := []struct {
		name string
		want any
		path []string
	}{
		{"i64", "string", []string{"S", "properties", "n", "type"}},
		{"enum", []any{"A"}, []string{"E", "enum"}},
		{"double", []any{"number", "string"}, []string{"S", "properties", "d", "type"}},
		{"required", []any{"r"}, []string{"S", "required"}},
	}
	for _, tt := range tests {
		if got := at(schemas, tt.path...); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	types, _ := openapi.Types(m)
	for _, want := range []string{"n?: string;", "e?: EName;", "d?: number | string;", "r: number;"} {
		if !strings.Contains(string(types), want) {
			t.Errorf("no %q in:\n%s", want, types)
		}
	}
}
