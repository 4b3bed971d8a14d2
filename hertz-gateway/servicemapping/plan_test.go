package servicemapping

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/internal/wiretext"
	"dgate/hertz-gateway/transcode"
)

const settingsIDL = `
enum Color { RED = 1 }
struct Req { 1: optional i32 n, 2: optional i64 big }
struct Resp { 1: i64 big, 2: Color color, 3: double d, 4: i32 zero }
service Settled {
    Resp post(1: Req r) (api.post = "/p")
}
`

func TestSettings(t *testing.T) {
	m := mustLoad(t, settingsIDL)
	base := m.Services[0].Methods[0].Bindings[0].Plan
	result, err := wiretext.Parse(`0 struct { 1 i64 5 2 i32 1 3 double NaN 4 i32 0 }`)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		settings Settings
		request  string
		bound    string
		response string
	}{
		{"default", Settings{}, `{"n":"5","zz":1}`, "/n type_mismatch", ""},
		{"lax numbers", Settings{LaxNumbers: true}, `{"n":"5"}`, "1 struct {\n  1 i32 5\n}", ""},
		{"reject unknown", Settings{RejectUnknown: true}, `{"n":5,"zz":1}`, "/zz unknown_field", ""},
		{"special floats", Settings{SpecialFloats: true}, `{}`, "1 struct {}", `{"big":5,"color":1,"d":"NaN","zero":0}`},
		{
			"all of the answer",
			Settings{SpecialFloats: true, EnumNames: true, OmitZero: true, Int64AsString: true},
			`{}`, "1 struct {}",
			`{"big":"5","color":"RED","d":"NaN"}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := base.With(tt.settings)
			if err != nil {
				t.Fatal(err)
			}
			if p.Settings() != tt.settings {
				t.Errorf("settings are %+v", p.Settings())
			}
			r := readRequest(t, "POST /p\n\n"+tt.request)
			wire, err := p.AppendRequest(nil, r)
			got := ""
			if err != nil {
				got = showError(err)
			} else if text, err := wiretext.Dump(wire); err == nil {
				got = strings.TrimSuffix(text, "\n")
			}
			if got != tt.bound {
				t.Errorf("bound %s, want %s", got, tt.bound)
			}
			w := newFakeResponse()
			if err := p.WriteResponse(w, result); err != nil && tt.response != "" {
				t.Fatal(err)
			}
			if string(w.body) != tt.response {
				t.Errorf("answered %s, want %s", w.body, tt.response)
			}
		})
	}
	if p, err := base.With(Settings{}); err != nil || p != base {
		t.Errorf("the same settings made another plan: %v", err)
	}
}

func TestRejectUnknownFormFields(t *testing.T) {
	m := mustLoadWith(t, fuzzIDL, Settings{RejectUnknown: true})
	got := bind(t, m, "POST /f?utm=1\nContent-Type: application/x-www-form-urlencoded\n\nids=1&k.a=1&m[1]=x&zz=1&yy.a=2")
	if want := "form.zz unknown_field\nform.yy.a unknown_field"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPlanForAccept(t *testing.T) {
	p := mustLoad(t, settingsIDL).Services[0].Methods[0].Generic
	accept := []byte("application/json; int64=string")
	var wg sync.WaitGroup
	plans := make([]*Plan, 8)
	for i := range plans {
		wg.Add(1)
		go func() {
			defer wg.Done()
			plans[i] = p.For(accept)
		}()
	}
	wg.Wait()
	for _, other := range plans {
		if other != plans[0] || !other.Settings().Int64AsString {
			t.Fatalf("got %p %+v, want one variant %p", other, other.Settings(), plans[0])
		}
	}
	if p.For([]byte("*/*")) != p || plans[0].For(accept) != plans[0] {
		t.Error("a variant where nothing differs")
	}
}

func TestPlansAreShared(t *testing.T) {
	m := mustLoad(t, fuzzIDL)
	p := m.Services[0].Methods[1].Bindings[0].Plan
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 50 {
				r := readRequest(t, fmt.Sprintf("POST /f?n=%d&k.next.a=1&k.a=2&m[1]=x", i))
				wire, err := p.AppendRequest(nil, r)
				if err != nil {
					t.Error(err)
					return
				}
				text, err := wiretext.Dump(wire)
				if err != nil || !strings.Contains(text, fmt.Sprintf("1 i64 %d\n", i)) {
					t.Errorf("%v: %s", err, text)
					return
				}
			}
		}()
	}
	wg.Wait()
}

func TestPlanDiagnostics(t *testing.T) {
	m, err := Load(fstest.MapFS{"test.thrift": {Data: []byte(`
struct Req {
    1: optional string body (api.body = "b")
    2: optional string raw (api.raw_body = "")
    3: optional string form (api.form = "f")
    4: required string path (api.path = "nope")
    5: required string gone (api.body = "gone")
    6: optional i32 uri (api.raw_uri = "")
    7: optional list<string> bytes (api.raw_body = "")
    8: optional string id (api.path = "id")
    9: optional string ext (api.path = "ext")
    10: optional string rest (api.path = "rest")
}
struct Resp {
    1: list<i32> status (api.http_code = "true")
    2: string length (api.header = "content-length")
    3: i32 raw (api.raw_body = "")
}
service S {
    Resp get(1: Req r) (api.get = "/s/:unread")
    Resp mixed(1: Req r) (api.options = "/m/{id:[0-9]+}.{ext}/v{other}/*rest")
    Resp nameless(1: Req r) (api.options = "/n/*")
}
exception Bad { 1: list<i32> status (api.http_code = "true") }
service T { void throws(1: Req r) throws (1: Bad b) (api.post = "/t") }

`)}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range m.Diagnostics {
		got = append(got, fmt.Sprintf("%d %s: %s", d.Line, d.Rule, d.Message))
	}
	want := []string{
		"3 body-without-body: body cannot come from the body: GET requests have none",
		"3 body-without-body: body cannot come from the body: OPTIONS requests have none",
		"4 body-without-body: raw cannot come from the body: GET requests have none",
		"4 body-without-body: raw cannot come from the body: OPTIONS requests have none",
		"5 form-without-body: form comes from the query: GET requests have no form",
		"5 form-without-body: form comes from the query: OPTIONS requests have no form",
		`6 path-unknown: the path /m/{id:[0-9]+}.{ext}/v{other}/*rest has no parameter "nope" for the required field path`,
		`6 path-unknown: the path /n/* has no parameter "nope" for the required field path`,
		`6 path-unknown: the path /s/:unread has no parameter "nope" for the required field path`,
		`6 path-unknown: the path /t has no parameter "nope" for the required field path`,
		"7 body-without-body: gone cannot come from the body: GET requests have none",
		"7 body-without-body: gone cannot come from the body: OPTIONS requests have none",
		"7 no-place: no part of the request can fill the required field gone",
		"8 raw-type: uri is neither a string nor binary and cannot hold the request URI",
		"9 raw-type: bytes is neither a string nor binary and cannot hold the whole body",
		"15 response-annotation: status is no number and cannot be the status",
		"16 framing-header: length cannot be written to the header Content-Length, which frames the message",
		"17 response-annotation: raw is neither a string nor binary and cannot be the whole body",
		`20 path-parameter: no field reads the path parameter "unread" of /s/:unread`,
		`21 path-parameter: no field reads the path parameter "other" of /m/{id:[0-9]+}.{ext}/v{other}/*rest`,
		"24 response-annotation: status is no number and cannot be the status",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFormOnGetComesFromTheQuery(t *testing.T) {
	m := mustLoad(t, `
struct Req { 1: optional string f (api.form = "f") }
service S { void get(1: Req r) (api.get = "/s") }`)
	if got, want := bind(t, m, "GET /s?f=x"), "1 struct {\n  1 string \"x\"\n}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBodyErrors(t *testing.T) {
	m := mustLoad(t, settingsIDL)
	r := readRequest(t, "POST /p")
	r.err = io.ErrUnexpectedEOF
	if _, err := route(t, m, r).AppendRequest(nil, r); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func TestEmptyResult(t *testing.T) {
	m := mustLoad(t, settingsIDL)
	p := m.Services[0].Methods[0]
	for _, write := range []func(Response, []byte) error{p.Bindings[0].Plan.WriteResponse, p.Generic.WriteResponse, p.Generic.WriteEnvelope} {
		w := newFakeResponse()
		if _, ok := errors.AsType[*transcode.WireError](write(w, []byte{0})); !ok || w.status != 0 {
			t.Errorf("status %d for a result that holds nothing", w.status)
		}
	}
}

// TestManyParameters feeds sizes at which anything but linear work would show.
func TestManyParameters(t *testing.T) {
	m := mustLoad(t, fuzzIDL)
	var ids, keys, nested, names strings.Builder
	for i := range maxParams {
		fmt.Fprintf(&ids, "ids=%d&", i)
		fmt.Fprintf(&keys, "m[%d]=x&", i)
		fmt.Fprintf(&nested, "k.by[%d].a=1&", i)
		fmt.Fprintf(&names, "x%d=1&", i)
	}
	for _, tt := range []struct{ name, body, want string }{
		{"list", ids.String(), ""},
		{"map", keys.String(), ""},
		{"structs", "k.a=1&" + strings.TrimSuffix(nested.String(), "k.by[9999].a=1&"), ""},
		{"others", names.String(), ""},
		{"too many", names.String() + "y=1", "form too_many_parameters"},
		{"commas", "ids=" + strings.Repeat("1,", 200_000) + "1", ""},
		{"brackets", "k" + strings.Repeat("[", 200_000) + "=1", "form.k.a required"},
		{"dots", "k" + strings.Repeat(".next", 50_000) + "=1", "form.k"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			begin := time.Now()
			got := bind(t, m, "POST /f\nContent-Type: application/x-www-form-urlencoded\n\n"+tt.body)
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			if tt.want == "" && !strings.HasPrefix(got, "1 struct {") || !strings.Contains(got, tt.want) {
				t.Errorf("got %.300s", got)
			}
		})
	}
}

func TestManyParts(t *testing.T) {
	part := "--XX\nContent-Disposition: form-data; name=\"ids\"\n\n1\n"
	m := mustLoad(t, fuzzIDL)
	head := "POST /f\nContent-Type: multipart/form-data; boundary=XX\nCorpus-Body: crlf\n\n"
	if got := bind(t, m, head+strings.Repeat(part, maxParts)+"--XX--"); !strings.HasPrefix(got, "1 struct {") {
		t.Errorf("got %.200s", got)
	}
	if got := bind(t, m, head+strings.Repeat(part, maxParts+1)+"--XX--"); got != codeForm {
		t.Errorf("got %.200s", got)
	}
}

// TestSharedTypes compiles an IDL whose structs make exponentially many paths.
func TestSharedTypes(t *testing.T) {
	var idl strings.Builder
	idl.WriteString("struct S0 { 1: optional string a (api.query = \"a\") }\n")
	for i := 1; i < 14; i++ {
		fmt.Fprintf(&idl, "struct S%d { 1: optional S%d a, 2: optional S%d b }\n", i, i-1, i-1)
	}
	idl.WriteString("service S { void get(1: S13 r) (api.get = \"/s\"), void post(1: S3 r) (api.post = \"/s\") }\n")
	begin := time.Now()
	m := mustLoad(t, idl.String())
	if got := bind(t, m, "GET /s"); got != "1 struct {}" {
		t.Errorf("got %.200s", got)
	}
	if got := bind(t, m, "GET /s?a=x"); !strings.Contains(got, transcode.CodeSize) {
		t.Errorf("got %.200s", got)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestRecursiveStructs: fields of a struct inside itself have no places of
// their own, else one header would fill it without end.
func TestRecursiveStructs(t *testing.T) {
	m := mustLoad(t, `
struct Tree { 1: optional string h (api.header = "X-H"), 2: optional Tree left, 3: optional Tree right, 4: optional Other other }
struct Other { 1: optional Tree tree, 2: optional string q (api.query = "q") }
struct Req { 1: optional Tree tree }
service S { void get(1: Req r) (api.get = "/s"), void post(1: Req r) (api.post = "/s") }`)
	for _, tt := range []struct{ name, request, want string }{
		{"header", "GET /s\nX-H: x", "1 struct { 1 struct { 1 string \"x\" } }"},
		{"names", "GET /s?tree.left.right.h=y\nX-H: x", "1 struct { 1 struct { 1 string \"x\" 2 struct { 3 struct { 1 string \"y\" } } } }"},
		{"nothing", "GET /s", "1 struct {}"},
		{"json", "POST /s\nX-H: x\n\n{\"tree\":{\"left\":{\"h\":\"y\"}}}", "1 struct { 1 struct { 1 string \"x\" 2 struct { 1 string \"y\" } } }"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(strings.Fields(bind(t, m, tt.request)), " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestOriginLabels(t *testing.T) {
	for _, tt := range []struct {
		at   origin
		want string
	}{
		{origin{inQuery, "num"}, "query.num"},
		{origin{inPath, "id"}, "path.id"},
		{origin{inHeader, "X-Id"}, "header.X-Id"},
		{origin{inCookie, "sid"}, "cookie.sid"},
		{origin{inForm, "title"}, "form.title"},
		{origin{inRawBody, ""}, "body"},
		{origin{inRawURI, "x"}, "uri"},
		{origin{inQuery, "a\xff"}, "query.a\uFFFD"},
		{origin{inForm, strings.Repeat("a", maxName-1) + "éb"}, "form." + strings.Repeat("a", maxName-1) + "…"},
	} {
		if got := tt.at.String(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	if got := suffix("/a/0/b~1c~0"); got != ".a[0].b/c~" {
		t.Errorf("got %q", got)
	}
}

func BenchmarkPost4K(b *testing.B) {
	m := mustLoad(b, `
struct Item { 1: i32 id, 2: string name, 3: double price, 4: list<string> tags }
struct Req { 1: string title, 2: i64 n, 3: list<Item> items, 4: optional string trace (api.header = "X-Trace") }
service S { void post(1: Req r) (api.post = "/s") }`)
	item := `{"id":123,"name":"a name of some length","price":12.5,"tags":["one","two","three"]}`
	body := `{"title":"x","n":5,"items":[` + strings.Repeat(item+",", 4096/len(item)) + item + `]}`
	r := readRequest(b, "POST /s\nContent-Type: application/json\nX-Trace: t\n\n"+body)
	p := route(b, m, r)
	dst := make([]byte, 0, 8192)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := p.AppendRequest(dst, r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkForm(b *testing.B) {
	m := mustLoad(b, fuzzIDL)
	r := readRequest(b, "POST /f?n=5\nContent-Type: application/x-www-form-urlencoded\n\nids=1&ids=2&k.a=1&color=RED")
	p := route(b, m, r)
	dst := make([]byte, 0, 8192)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.AppendRequest(dst, r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteResponse(b *testing.B) {
	m := mustLoad(b, `
struct Resp { 1: string id, 2: string title, 3: string author, 4: string content }
service S { Resp get() (api.get = "/s") }`)
	p := m.Services[0].Methods[0].Bindings[0].Plan
	result, err := wiretext.Parse(`0 struct { 1 string "1" 2 string "title" 3 string "author" 4 string "content" }`)
	if err != nil {
		b.Fatal(err)
	}
	w := newFakeResponse()
	w.body = make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.WriteResponse(w, result); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNewPlan is what one more route costs.
func BenchmarkNewPlan(b *testing.B) {
	m := mustLoad(b, fuzzIDL)
	in := m.Services[0].Methods[1].Bindings[0].Plan.in
	in.report = nil
	b.ReportAllocs()
	for b.Loop() {
		if _, err := newPlan(in); err != nil {
			b.Fatal(err)
		}
	}
}
