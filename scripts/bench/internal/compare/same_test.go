package compare

import "testing"

func TestSameJSON(t *testing.T) {
	for _, tt := range []struct {
		name, want, got string
		same            bool
		textNumbers     bool
	}{
		{"order and space", `{"a":1,"b":[1.5,true]}`, `{ "b": [1.50, true], "a": 1.0 }`, true, false},
		{"another number", `{"a":1.5}`, `{"a":1.6}`, false, false},
		{"integers that are one as float64", `9007199254740993`, `9007199254740992`, false, false},
		{"a member too many", `{"a":1}`, `{"a":1,"b":null}`, false, false},
		{"text for a number", `1`, `"1"`, false, false},
		{"text for a number where it may be", `{"a":[1]}`, `{"a":["1"]}`, true, true},
		{"another text", `{"a":[1]}`, `{"a":["2"]}`, false, true},
		{"two values", `1`, `1 2`, false, false},
		{"no JSON", `1`, `{`, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := sameJSON([]byte(tt.want), []byte(tt.got), tt.textNumbers); (err == nil) != tt.same {
				t.Errorf("got %v, want same: %t", err, tt.same)
			}
		})
	}
}
