package message

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/google/go-cmp/cmp"
)

// request makes a Request as Hertz would hand it over.
func request(t *testing.T, target, head string, body []byte) *Request {
	t.Helper()
	c := app.NewContext(0)
	c.Request.SetMethod("POST")
	c.Request.Header.SetRequestURI(target)
	c.Request.Header.SetRawHeaders([]byte(head))
	c.Request.SetBody(body)
	r := &Request{}
	r.Reset(c)
	return r
}

func TestTargets(t *testing.T) {
	for _, tt := range []struct {
		target, path, query string
		bad                 bool
	}{
		{target: "/a/b", path: "/a/b"},
		{target: "/a%2fb?x=1&y", path: "/a%2fb", query: "x=1&y"},
		{target: "/?a?b", path: "/", query: "a?b"},
		{target: "*", path: "*"},
		{target: "http://h:1/a?b", path: "/a", query: "b"},
		{target: "http://h", path: "/"},
		{target: "http://h?b", path: "/", query: "b"},
		{target: "a/b", bad: true},
		{target: "/a#b", bad: true},
		{target: "/a b", bad: true},
		{target: "/a\x01", bad: true},
		{target: "://", bad: true},
	} {
		t.Run(tt.target, func(t *testing.T) {
			r := request(t, tt.target, "", nil)
			if bad := r.TargetError() != nil; bad != tt.bad {
				t.Fatalf("error %v", r.TargetError())
			}
			if !tt.bad && (r.RawPath() != tt.path || string(r.RawQuery()) != tt.query) {
				t.Errorf("path %q query %q", r.RawPath(), r.RawQuery())
			}
		})
	}
}

func lines(r *Request) (out []string) {
	r.EachHeader(func(n, v []byte) bool { out = append(out, string(n)+"="+string(v)); return true })
	return out
}

func TestHeaders(t *testing.T) {
	r := request(t, "/", "Host: h\r\nX-A:  1 \r\nx-a: 2\r\nno colon\r\nX-B:\r\n", nil)
	if diff := cmp.Diff([]string{"Host=h", "X-A=1", "x-a=2", "X-B="}, lines(r)); diff != "" {
		t.Error(diff)
	}
	var as []string
	r.Header("X-a", func(v []byte) bool { as = append(as, string(v)); return true })
	if diff := cmp.Diff([]string{"1", "2"}, as); diff != "" {
		t.Error(diff)
	}
	if err := errors.Join(r.SetHeader("X-A", "3"), r.AddHeader("X-C", "4")); err != nil {
		t.Fatal(err)
	}
	r.DelHeader("x-b")
	if diff := cmp.Diff([]string{"Host=h", "X-A=3", "X-C=4"}, lines(r)); diff != "" {
		t.Error(diff)
	}
	for name, value := range map[string]string{"": "x", "a b": "x", "X-A": "1\r\n2", "X-N": "\x00"} {
		var bad *HeaderError
		if err := r.SetHeader(name, value); !errors.As(err, &bad) {
			t.Errorf("%q: %q: %v", name, value, err)
		}
	}
	r.Reset(app.NewContext(0))
	if got := lines(r); got != nil {
		t.Errorf("after Reset: %v", got)
	}
}

func zipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBody(t *testing.T) {
	text := []byte("some text")
	for _, tt := range []struct {
		name, head string
		body       []byte
		limit      int
		want       string // of the error; empty: text comes
	}{
		{"plain", "", text, 9, ""},
		{"too large", "", text, 8, "body above 8 bytes"},
		{"identity", "Content-Encoding: identity\r\n", text, 9, ""},
		{"gzip", "Content-Encoding: GZIP\r\n", zipped(t, text), 100, ""},
		{"gzip that grows", "Content-Encoding: gzip\r\n", zipped(t, bytes.Repeat([]byte("x"), 100_000)), 1000, "body above 1000 bytes"},
		{"gzip cut", "Content-Encoding: gzip\r\n", zipped(t, text)[:20], 100, "the body is not valid gzip"},
		{"unknown", "Content-Encoding: br\r\n", text, 9, `content coding "br" is not supported`},
		{"two", "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n", text, 9, `content coding "gzip,gzip" is not supported`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t, "/", tt.head, tt.body)
			r.LimitBody(tt.limit)
			for range 2 { // the second time gives the same
				got, err := r.Body()
				switch {
				case tt.want == "" && (err != nil || !bytes.Equal(got, text)):
					t.Errorf("%q, %v", got, err)
				case tt.want != "" && (err == nil || err.Error() != tt.want):
					t.Errorf("got %v, want %s", err, tt.want)
				}
			}
		})
	}
}

func TestEdits(t *testing.T) {
	r := request(t, "/a?b", "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", []byte("x"))
	if err := errors.Join(r.SetMethod("PUT"), r.SetPath("/c%20d"), r.SetRawQuery("e=f")); err != nil {
		t.Fatal(err)
	}
	r.SetBody("application/json", []byte("{}"))
	body, err := r.Body()
	if got := r.Verb() + " " + r.RawPath() + "?" + string(r.RawQuery()) + " " + string(r.ContentType()) + " " + string(body); err != nil || got != "PUT /c%20d?e=f application/json {}" {
		t.Error(got, err)
	}
	for name, err := range map[string]error{
		"method": r.SetMethod("G T"), "path": r.SetPath("c"), "path with query": r.SetPath("/c?d"),
		"path with space": r.SetPath("/c d"), "query": r.SetRawQuery("a b"), "query with fragment": r.SetRawQuery("a#b"),
	} {
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestResponse(t *testing.T) {
	c := app.NewContext(0)
	r := &Response{}
	r.Reset(c)
	if err := errors.Join(r.SetHeader("X-A", "1"), r.AddHeader("X-A", "2"), r.SetHeader("Set-Cookie", "a=1"), r.AddHeader("Set-Cookie", "b=2; Path=/")); err != nil {
		t.Fatal(err)
	}
	r.SetStatus(201)
	r.SetBody("text/plain", append(r.BodyBuffer(), "hi"...))
	var got []string
	for _, name := range []string{"x-a", "set-cookie", "content-type"} {
		r.Header(name, func(v []byte) bool { got = append(got, string(v)); return true })
	}
	if diff := cmp.Diff([]string{"1", "2", "a=1", "b=2; Path=/", "text/plain"}, got); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"Content-Length", "transfer-encoding", "Connection", "X\r\nY"} {
		if err := r.SetHeader(name, "1"); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	r.Clear()
	body, err := r.Body()
	if err != nil || len(body) > 0 || r.Status() != 200 || strings.Contains(string(c.Response.Header.Header()), "X-A") {
		t.Errorf("after Clear: %d %q %v %s", r.Status(), body, err, c.Response.Header.Header())
	}
}
