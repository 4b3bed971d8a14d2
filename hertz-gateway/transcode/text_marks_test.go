package transcode

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unicode/utf8"
)

// checkTextMarks compares the marks of text, made in the way of this machine
// and in the general one, with what each byte says alone.
func checkTextMarks(t *testing.T, text []byte) {
	t.Helper()
	var m textMarks
	for done := 0; done < len(text); {
		m, done = m.mark(text, done, min(done+50, len(text)))
	}
	blocks := text[:len(text)/markBlock*markBlock]
	generic := make(textMarks, len(blocks)/8)
	markBlocksGeneric(generic, blocks)
	if !bytes.Equal(generic, m[:len(generic)]) {
		t.Fatalf("%q: marks %x, in the general way %x", text, m[:len(generic)], generic)
	}
	marked := 0 // the first marked offset behind the last one that was
	for i, c := range text {
		want := c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf
		if got := m[i/8]>>(i%8)&1 != 0; got != want {
			t.Fatalf("%q: offset %d is marked: %v", text, i, got)
		}
		if want {
			if !m.plain(marked, i) || m.plain(marked, i+1) {
				t.Fatalf("%q: plain up to %d: %v, with the next: %v", text, i, m.plain(marked, i), m.plain(marked, i+1))
			}
			marked = i + 1
		}
	}
	if marked < len(text) && !m.plain(marked, len(text)) {
		t.Fatalf("%q: the end is not plain", text)
	}
}

func TestTextMarks(t *testing.T) {
	for c := range 256 {
		for _, n := range []int{1, 31, 32, 33, 71} {
			checkTextMarks(t, append(bytes.Repeat([]byte("a"), n-1), byte(c)))
			checkTextMarks(t, bytes.Repeat([]byte{byte(c)}, n))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		text := make([]byte, random.IntN(300))
		odd := random.IntN(100)
		for i := range text {
			if text[i] = ' ' + byte(random.IntN(90)); random.IntN(100) < odd {
				text[i] = byte(random.Uint32())
			}
		}
		checkTextMarks(t, text)
	}
	checkTextMarks(t, bytes.Repeat([]byte("Zürich, ten thousand bytes of it. "), 300))
}

// TestUnicode tries all pairs of bytes and what may come behind them, at the
// ends and in the middle of a register.
func TestUnicode(t *testing.T) {
	for _, at := range []int{0, 14, 15, 16, 27, 28, 29, 30} {
		for pair := range 1 << 16 {
			for _, rest := range []string{"", "a", "\x80", "\xbf\x80", "\x80\x80\x80", "\xc3\xa9"} {
				if at+2+len(rest) > shortString {
					continue
				}
				// What is behind the text does not count.
				text := chunk{[32]byte(bytes.Repeat([]byte{byte(pair)}, 32))}
				copy(text.bytes[:], "a plain text of thirty-one bytes"[:at])
				n := at + 2 + copy(text.bytes[at+2:], rest)
				text.bytes[at], text.bytes[at+1] = byte(pair>>8), byte(pair)
				if got, want := unicode(&text, n), unicodeGeneric(&text, n); got != want {
					t.Fatalf("%x, then %x: %v", text.bytes[:n], text.bytes[n:], got)
				}
			}
		}
	}
}

// TestScannedString: what is done without marks gives the same.
func TestScannedString(t *testing.T) {
	g := newGenerator(1)
	for range 20_000 {
		text := []byte(g.text())
		if len(text) > 0 && g.IntN(4) == 0 {
			text[g.IntN(len(text))] = 0xff
		}
		e := encoder{wire: append(text, make([]byte, g.IntN(40))...)}
		e.room(0, valueRoom)
		w, i := e.scannedString(0, 0, len(text))
		want, repaired := appendString(nil, text)
		if string(e.out[:w]) != string(want) || i != len(text) || (e.repaired == 1) != repaired {
			t.Fatalf("%q is written %s up to %d, repaired %d", text, e.out[:w], i, e.repaired)
		}
	}
}

func FuzzUnicode(f *testing.F) {
	f.Add([]byte("Zürich, 東京 and 😀, with a \" in it"), 30)
	f.Add([]byte("\xed\xa0\x80 \xf4\x90\x80\x80 \xc0\xaf 0123456789012345678901"), 7)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		var text chunk
		copy(text.bytes[:], b)
		n = min(max(n, 0), shortString)
		if got, want := unicode(&text, n), unicodeGeneric(&text, n); got != want {
			t.Fatalf("%x, then %x: %v", text.bytes[:n], text.bytes[n:], got)
		}
	})
}

func FuzzTextMarks(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	f.Fuzz(checkTextMarks)
}
