package transcode

import "testing"

func TestErrorText(t *testing.T) {
	err := &InvalidError{Violations: []Violation{
		{Pointer: "/a/0", Detail: "expected an integer, got a string"},
		{Parameter: "query.num", Detail: "required field is missing"},
		{Detail: "invalid JSON"},
	}}
	if want := "/a/0: expected an integer, got a string; query.num: required field is missing; invalid JSON"; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if got, want := (&WireError{Offset: 3, Reason: "cut short"}).Error(), "thrift: cut short"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
