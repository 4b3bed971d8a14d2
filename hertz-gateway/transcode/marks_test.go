package transcode

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkMarks compares the marks of text with what each byte says alone, made in
// the fast way of this machine and in the general one.
func checkMarks(t *testing.T, text []byte) {
	t.Helper()
	for _, way := range []struct {
		name string
		mark func(m marks, text []byte) bool
	}{{"fast", markText}, {"generic", markGeneric}} {
		m := make(marks, (len(text)+63)/64*8+8)
		if valid := way.mark(m, text); valid != utf8.Valid(text) {
			t.Fatalf("%s: valid is %v for %q", way.name, valid, text)
		}
		next := len(text)
		for i := len(text); i >= 0; i-- {
			if i < len(text) && (text[i] < ' ' || text[i] == '"' || text[i] == '\\') {
				next = i
			}
			if got := m.stop(i); got != next && (next < len(text) || got < next) {
				t.Fatalf("%s: %q: the mark after %d is at %d, not %d", way.name, text, i, got, next)
			}
		}
		for i := len(text); i < 8*len(m); i++ {
			if m[i/8]>>(i%8)&1 == 0 {
				t.Fatalf("%s: %d bytes: no mark at %d", way.name, len(text), i)
			}
		}
	}
}

func TestMarks(t *testing.T) {
	for c := range 256 {
		checkMarks(t, bytes.Repeat([]byte{byte(c)}, 70))
		checkMarks(t, append(bytes.Repeat([]byte("a"), 40), byte(c)))
	}
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"a", "Zürich", "日本", "😀", `"`, `\`, "\x1f", "\x7f", "\n", "plain text ", strings.Repeat("long", 20), "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xff", "\xc3"}
	for range 20_000 {
		var text []byte
		last := len(parts)
		if random.IntN(2) == 0 {
			last = 11
		}
		for range random.IntN(30) {
			text = append(text, parts[random.IntN(last)]...)
		}
		from := random.IntN(len(text) + 1)
		checkMarks(t, text[from:len(text):len(text)])
	}
}

// TestMarksUTF8 tries all pairs of bytes and what may come behind them, at the
// places where one register or block ends.
func TestMarksUTF8(t *testing.T) {
	m := make(marks, 3*8)
	for _, at := range []int{0, 29, 30, 31, 61, 62, 63} {
		for pair := range 1 << 16 {
			for _, rest := range []string{"", "a", "\x80", "\xbf\x80", "\x80\x80\x80", "\xc3\xa9"} {
				text := append(bytes.Repeat([]byte("a"), at), byte(pair>>8), byte(pair))
				text = append(text, rest...)
				if got := markText(m[:(len(text)+63)/64*8+8], text); got != utf8.Valid(text) {
					t.Fatalf("%x after %d bytes: valid is %v", text[at:], at, got)
				}
			}
		}
	}
}

func FuzzMarks(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	f.Fuzz(checkMarks)
}
