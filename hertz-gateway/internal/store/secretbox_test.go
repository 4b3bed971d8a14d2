package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestSecretbox(t *testing.T) {
	first, second := NewSecretKey("first"), NewSecretKey("second")
	old, err := NewKeyring("# a comment\n\n " + first + "\n")
	if err != nil {
		t.Fatal(err)
	}
	k := Key{"default", "secret", "db"}
	const canary = "canary-7f3a"
	box, err := old.Seal(k, []byte(canary))
	if err != nil {
		t.Fatal(err)
	}
	again, err := old.Seal(k, []byte(canary))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(box, []byte(canary)) || bytes.Equal(box, again) || !json.Valid(box) {
		t.Errorf("box %s", box)
	}
	rotated, err := NewKeyring(second + "," + first)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rotated.Open(k, box); err != nil || string(got) != canary {
		t.Errorf("after rotation: %q, %v", got, err)
	}
	if old.Stale(box) || !rotated.Stale(box) {
		t.Error("Stale is wrong")
	}
	alone, err := NewKeyring(second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alone.Open(k, box); !errors.Is(err, ErrNoSecretKey) {
		t.Errorf("without the key: %v", err)
	}
	if _, err := old.Open(Key{"default", "secret", "other"}, box); err == nil {
		t.Error("a secret opens in another's place")
	}
	if _, err := old.Open(Key{"other", "secret", "db"}, box); err == nil {
		t.Error("a secret opens in another's namespace")
	}
	var b sealed
	if err := json.Unmarshal(box, &b); err != nil {
		t.Fatal(err)
	}
	for i := range b.Data {
		b.Data[i] ^= 1
		if _, err := old.Open(k, marshal(b)); err == nil {
			t.Errorf("opens with byte %d flipped", i)
		}
		b.Data[i] ^= 1
	}
	for i := range b.DataKey {
		b.DataKey[i] ^= 1
		if _, err := old.Open(k, marshal(b)); err == nil {
			t.Errorf("opens with byte %d of the data key flipped", i)
		}
		b.DataKey[i] ^= 1
	}
	for _, bad := range []string{``, `{}`, `null`, `{"key":"first"}`, `{"key":"first","dataKey":"AA==","data":"AA=="}`} {
		if _, err := old.Open(k, []byte(bad)); err == nil {
			t.Errorf("%q opens", bad)
		}
	}
}

func TestBadKeyrings(t *testing.T) {
	good := NewSecretKey("k")
	tests := []struct{ name, text, want string }{
		{"nothing", "# only this\n", "there is no key for secrets: it takes a line id:base64 of 32 random bytes"},
		{"no id", strings.TrimPrefix(good, "k:"), "key 1 for secrets: not of the form id:base64"},
		{"short", good + "\nl:c2hvcnQ=", "key l for secrets: not the base64 of 32 bytes"},
		{"not base64", "k:***", "key k for secrets: not the base64 of 32 bytes"},
		{"twice", good + "\n" + good, "key k for secrets is there twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := NewKeyring(tt.text); err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}
