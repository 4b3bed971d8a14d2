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

func FuzzTextMarks(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	f.Fuzz(checkTextMarks)
}
