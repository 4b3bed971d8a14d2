package servicemapping

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"os"
	"testing"

	"dgate/hertz-gateway/internal/corpus"
	"dgate/hertz-gateway/internal/wiretext"
	"dgate/hertz-gateway/transcode"
)

const fuzzIDL = `
enum Color { RED = 1, GREEN = 2 }
union Choice { 1: i32 num, 2: string text }
struct Inner { 1: required i32 a, 2: optional string h (api.header = "X-H"), 3: optional Inner next, 4: optional list<Inner> more, 5: optional map<string, Inner> by }
struct Req {
    1: optional i64 n (api.query = "n")
    2: optional list<i32> ids (api.query = "ids", api.form = "ids")
    3: optional set<string> tags
    4: optional map<i32, list<string>> m
    5: optional Inner k
    6: optional Choice c
    7: optional string sid (api.cookie = "sid")
    8: optional binary file (api.form = "file")
    9: optional Color color = 1
    10: optional double d (api.header = "X-D", api.body = "dd")
    11: optional string secret (api.none = "true")
    12: optional uuid u
    13: optional list<list<i32>> grid
    14: optional map<Choice, map<set<double>, i32>> keyed
}
service Fuzz {
    void get(1: Req r) (api.get = "/f")
    void post(1: Req r) (api.post = "/f")
}
`

// FuzzBind sends anything at every part of a request: a plan never panics, and
// gives either one whole argument struct or a list of violations.
func FuzzBind(f *testing.F) {
	m := mustLoad(f, fuzzIDL)
	method := m.Services[0].Methods
	types := []string{"", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=XX", "application/x-thrift", "text/plain; charset=x"}
	f.Add("n=1&ids=1,2&k.a=1&m[1]=x&c.num=1", "1.5", "sid=x", uint8(0), []byte(`{"k":{"a":1},"dd":1}`))
	f.Add("k.next.more[0].by[x].a=1&grid=[[1]]", "", "sid", uint8(2), []byte("k.a=1&ids=1&tags=a&tags=a"))
	f.Add("", "", "", uint8(3), []byte("--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--XX--"))
	f.Add(`keyed[{"num":1}][[1,2]]=3&keyed={"{\"num\":1}":{}}`, "", "", uint8(1), []byte(`{"keyed":{"{\"num\":1}":{"[1,-0]":5}}}`))
	wire, err := wiretext.Parse(`1 i64 1 3 set<string> ["a"] 5 struct { 1 i32 1 5 map<string,struct> { "x": { 1 i32 1 } } }`)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("", "", "", uint8(4), wire)
	f.Fuzz(func(t *testing.T, query, header, cookie string, kind uint8, body []byte) {
		r := newFakeRequest(&corpus.Message{Verb: "POST", Target: "/f"})
		r.query, r.body = []byte(query), body
		r.Request.Header["X-H"], r.Request.Header["X-D"], r.Request.Header["Cookie"] = []string{header}, []string{header}, []string{cookie}
		if ct := types[int(kind)%len(types)]; ct != "" {
			r.Request.Header.Set("Content-Type", ct)
		}
		for _, p := range []*Plan{method[0].Bindings[0].Plan, method[1].Bindings[0].Plan, method[1].Generic} {
			wire, err := p.AppendRequest(nil, r)
			if err != nil {
				var bad *transcode.InvalidError
				var media *UnsupportedMediaTypeError
				switch {
				case errors.As(err, &bad):
					if len(bad.Violations) == 0 {
						t.Fatal("an error without a violation")
					}
				case !errors.As(err, &media):
					t.Fatal(err)
				}
				continue
			}
			text, err := wiretext.Dump(wire)
			if err != nil {
				t.Fatalf("%v: %q", err, wire)
			}
			// What was bound is a value of its type: its JSON can be written,
			// and holds nothing hidden.
			codec, err := transcode.Compile(p.method.Args, transcode.Options{SpecialFloats: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := codec.AppendJSON(nil, wire); err != nil {
				t.Fatalf("%v:\n%s", err, text)
			}
			if bytes.Contains([]byte(text), []byte("\n  11 ")) {
				t.Fatalf("a hidden field was set:\n%s", text)
			}
		}
	})
}

// FuzzQuery compares with net/url where that is as strict.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"a=1&b=2", "a=%20+&&=x", "%zz=1", "k.a[x].b=1&k=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var p params
		p.parse([]byte(raw))
		for i := range p.pairs {
			name := string(p.pairs[i].name)
			if at, count := p.only(name); at < 0 || count < 1 {
				t.Fatalf("%q is not found", name)
			}
			if len(p.appendEntries(nil, name)) == 0 || !p.has(name) {
				t.Fatalf("%q has no entries", name)
			}
		}
		want, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		for name, values := range want {
			if _, count := p.only(name); count != len(values) {
				t.Fatalf("%q: %d values, want %d", name, count, len(values))
			}
		}
	})
}

// FuzzMultipart compares with mime/multipart: what both read, they read alike.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte("--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\n\r\n--XX--\r\n"))
	f.Add([]byte("pre\r\n--XX \r\nContent-Disposition: form-data; name=a\r\nX: y\r\n\r\n\r\nx\r\n\r\n--XX--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var p params
		if p.parseMultipart(body, []byte("XX")) != "" {
			return
		}
		if rest := bytes.ReplaceAll(body, []byte("\r\n"), nil); bytes.ContainsAny(rest, "\r\n") {
			return // mime/multipart takes bare line feeds for line ends
		}
		r := multipart.NewReader(bytes.NewReader(body), "XX")
		for i := 0; ; i++ {
			part, err := r.NextRawPart()
			if errors.Is(err, io.EOF) && i < len(p.pairs) {
				t.Fatalf("%d parts are read, not %d", len(p.pairs), i)
			}
			if err != nil {
				return
			}
			value, err := io.ReadAll(part)
			if err != nil {
				return
			}
			if part.FormName() == "" || part.FileName() == "" && len(value) == 0 {
				return // mime/multipart takes other liberties with those
			}
			if i >= len(p.pairs) {
				return
			}
			if string(p.pairs[i].name) != part.FormName() || !bytes.Equal(p.pairs[i].value, value) {
				t.Fatalf("part %d is %q=%q, want %q=%q", i, p.pairs[i].name, p.pairs[i].value, part.FormName(), value)
			}
		}
	})
}

func FuzzCookie(f *testing.F) {
	f.Add("a=b; sid=x; sid=\"y\"", "sid")
	f.Fuzz(func(t *testing.T, line, name string) {
		v, ok := findCookie([]byte(line), name)
		if ok && !bytes.Contains([]byte(line), v) {
			t.Fatalf("%q is not in %q", v, line)
		}
		for _, c := range appendCookieValue(nil, []byte(line)) {
			if !cookieByte(c) {
				t.Fatalf("%q stands in a cookie", c)
			}
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`{"biz_params":"{}"}`))
	f.Add([]byte(`{"a":1,"biz_params":{"x":[1]}} `))
	f.Fuzz(func(_ *testing.T, body []byte) {
		_, _, _ = openEnvelope(body)
		mediaKind(body, "")
		acceptsInt64Strings(body)
	})
}

// FuzzResult sends anything as the answer of a backend.
func FuzzResult(f *testing.F) {
	data, err := os.ReadFile(corpusFolder + "/responses.txtar")
	if err != nil {
		f.Fatal(err)
	}
	file, err := corpus.Parse("responses.txtar", data)
	if err != nil {
		f.Fatal(err)
	}
	m := mustLoad(f, file.IDL["test.thrift"])
	for _, c := range file.Cases {
		if c.Reply != "" {
			wire, err := wiretext.Parse(c.Reply)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(wire)
		}
	}
	f.Fuzz(func(t *testing.T, result []byte) {
		for _, method := range m.Services[0].Methods {
			for _, p := range []*Plan{method.Bindings[0].Plan, method.Generic} {
				w := newFakeResponse()
				err := p.WriteResponse(w, result)
				var wire *transcode.WireError
				if err != nil && !errors.As(err, &wire) {
					t.Fatal(err)
				}
				if err == nil && (w.status < 200 || w.status > 599) {
					t.Fatalf("status %d", w.status)
				}
			}
		}
	})
}
