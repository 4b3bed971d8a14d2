package api

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProblemAppendJSON(t *testing.T) {
	invalid := NewProblem(InvalidRequest, "")
	invalid.Instance = "/book/query"
	invalid.RequestID = "r1"
	invalid.Errors = []FieldError{
		{Parameter: "query.num", Code: "validation", Detail: "num must be <100"},
		{Pointer: "/a/0", Code: "out_of_range", Detail: "not an i8"},
	}
	exception := NewProblem(Exception, "no such book")
	exception.Code = "NotFoundException"
	exception.Upstream = &Upstream{Service: "BookSvc", Method: "queryBook"}
	exception.Exception = json.RawMessage(`{"id": "1"}`)
	business := NewProblem(Business, "out of stock")
	business.Business = &BusinessError{Code: 1001, Extra: map[string]string{"k": "v"}}
	garbage := NewProblem(Exception, "a\xffb")
	garbage.Exception = json.RawMessage(`{"id":`)

	for _, tt := range []struct {
		name string
		p    *Problem
		want string
	}{
		{
			"plain", NewProblem(NotFound, "nothing at /x"),
			`{"type":"urn:dgate:problem:not_found","title":"Not found","status":404,"detail":"nothing at /x","code":"not_found"}`,
		},
		{
			"errors, HTML unescaped", invalid,
			`{"type":"urn:dgate:problem:invalid_request","title":"Invalid request","status":400,"instance":"/book/query","code":"invalid_request","request_id":"r1",` +
				`"errors":[{"parameter":"query.num","code":"validation","detail":"num must be <100"},{"pointer":"/a/0","code":"out_of_range","detail":"not an i8"}]}`,
		},
		{
			"exception", exception,
			`{"type":"urn:dgate:problem:exception","title":"The service answered with an exception","status":422,"detail":"no such book","code":"NotFoundException",` +
				`"upstream":{"service":"BookSvc","method":"queryBook"},"exception":{"id":"1"}}`,
		},
		{
			"business error", business,
			`{"type":"urn:dgate:problem:business_error","title":"The service refused","status":422,"detail":"out of stock","code":"business_error","business":{"code":1001,"extra":{"k":"v"}}}`,
		},
		{
			"what is not JSON or UTF-8", garbage,
			`{"type":"urn:dgate:problem:exception","title":"The service answered with an exception","status":422,"detail":"a\ufffdb","code":"exception"}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := string(tt.p.AppendJSON([]byte("before ")))
			if diff := cmp.Diff("before "+tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCodes(t *testing.T) {
	titles := map[string]Code{}
	for code, k := range codes {
		if http.StatusText(k.status) == "" || k.status < 400 {
			t.Errorf("%s: %d is no status of an error", code, k.status)
		}
		if other, ok := titles[k.title]; ok || k.title == "" {
			t.Errorf("%s: title %q is empty or also that of %q", code, k.title, other)
		}
		titles[k.title] = code
	}
	if got := Code("NoSuchCode").Status(); got != http.StatusInternalServerError {
		t.Errorf("an unknown code has status %d", got)
	}
}

func TestProblemString(t *testing.T) {
	one := NewProblem(InvalidRequest, "not an i32")
	one.Errors = []FieldError{{Parameter: "query.num", Detail: "not an i32"}}
	two := NewProblem(InvalidRequest, "2 things are wrong.")
	two.Errors = []FieldError{{Pointer: "/a", Detail: "too long"}, {Detail: "no object"}}
	exception := NewProblem(Exception, "")
	exception.Code = "Gone"
	exception.Exception = json.RawMessage(`{"id":1}`)
	for _, tt := range []struct {
		name string
		p    *Problem
		want string
	}{
		{"detail", NewProblem(NotFound, "nothing at /x"), "Not found: nothing at /x"},
		{"one error, not said twice", one, "Invalid request\n  query.num: not an i32"},
		{"several errors", two, "Invalid request: 2 things are wrong.\n  /a: too long\n  body: no object"},
		{"exception", exception, "The service answered with an exception\n  exception Gone: {\"id\":1}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.p.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
