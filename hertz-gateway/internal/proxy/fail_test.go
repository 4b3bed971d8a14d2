package proxy

import (
	"errors"
	"strings"
	"testing"
)

// A service decides how long its error is, but not how long a line of the log is.
func TestLoggedErrorIsCut(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"short", "call S.m: no", "call S.m: no"},
		{"long", strings.Repeat("x", 10<<20), strings.Repeat("x", 2048) + "…"},
		{"cut within a character", "x" + strings.Repeat("é", 2000), "x" + strings.Repeat("é", 1023) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := logged(errors.New(tt.text)); got != tt.want {
				t.Errorf("got %d bytes, want %d", len(got), len(tt.want))
			}
		})
	}
}
