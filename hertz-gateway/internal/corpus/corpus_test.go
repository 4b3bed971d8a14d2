package corpus

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const sample = `A title
-- idl/a.thrift --
service S {}
-- one.request --
POST /a?b=1 HTTP/1.1
Corpus-Body: quoted
X-A: 1

"x\ny"
-- one.call --
S.m
1 i32 5
-- one.response --
200
Content-Type: application/json

{"a":1}
-- two.request --
GET / HTTP/1.1
-- two.response --
204
`

func TestLoad(t *testing.T) {
	files, err := Load(fstest.MapFS{"a.txtar": {Data: []byte(sample)}, "b.txt": {Data: []byte("x")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || len(files[0].Cases) != 2 {
		t.Fatalf("got %d files: %+v", len(files), files)
	}
	f := files[0]
	if diff := cmp.Diff(sample, string(f.Format())); diff != "" {
		t.Error(diff)
	}
	message, err := f.Cases[0].Message()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Message{Verb: "POST", Target: "/a?b=1", Headers: []Header{{"X-A", "1"}}, Body: []byte("x\ny")}, message); diff != "" {
		t.Error(diff)
	}
	want, err := f.Cases[0].Want()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Want{Status: 200, Headers: []Header{{"Content-Type", "application/json"}}, Body: `{"a":1}`}, want); diff != "" {
		t.Error(diff)
	}
	if want, err = f.Cases[1].Want(); err != nil || want.Status != 204 || want.Body != "" {
		t.Errorf("%+v, %v", want, err)
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"order", "-- a.call --\nx\n", "f: a.call before its request"},
		{"unknown", "-- a.request --\nx\n-- a.what --\n", "f: unknown section a.what"},
		{"twice", "-- a.request --\nx\n-- a.request --\ny\n", "f: a.request is there twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse("f", []byte(tt.text)); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
