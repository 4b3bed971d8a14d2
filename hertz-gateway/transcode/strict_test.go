package transcode

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// documents are JSON texts and what is nearly one.
var documents = []string{
	``, ` `, `{}`, `[]`, `""`, `0`, `-0`, `1`, `true`, `false`, `null`, `{"a":1}`, `[1,2]`, ` [ 1 , { "a" : "b" } ] `,
	`{`, `}`, `[`, `]`, `{}}`, `[]]`, `{]`, `[}`, `{"a"}`, `{"a":}`, `{:1}`, `{1:1}`, `{a:1}`, `{'a':1}`, `{"a":1,}`, `{,}`, `{,"a":1}`,
	`{"a":1 "b":2}`, `{"a":1,,"b":2}`, `{"a"::1}`, `{"a" "b"}`, `{"a":1}x`, `{"a":1}{}`, `{"a":1};`, `{"a":1`, `{"a":`, `{"a"`, `{"a`,
	`[1,]`, `[,1]`, `[,]`, `[1 2]`, `[1,,2]`, `[1`, `[1,`, `[1;2]`, `[1]]`, `[[1]`, `[1}`, `["a]`, `["a"`, `["a",`,
	`"`, `"a`, `"\`, `"\"`, `"\x"`, `"\u"`, `"\u1"`, `"\u12"`, `"\u123"`, `"\u123g"`, `"\U0041"`, `"\u{41}"`, `"\'"`, `"\0"`, `"\a"`, `'a'`, "`a`",
	"\"\n\"", "\"\t\"", "\"\x00\"", "\"\x1f\"", "\"\x7f\"", "\"aaaaaaaa\n\"", `"\u0000"`, `"\/\b\f\n\r\t"`, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x01\"",
	`01`, `-01`, `00`, `-`, `+1`, `.5`, `5.`, `-.5`, `1.e5`, `1e`, `1e+`, `1E-`, `1e5.5`, `1.2.3`, `1e5e5`, `0x10`, `1_000`, `1,000`, `٣`, `NaN`, `Infinity`, `-Infinity`, `1f`, `--1`, `1-`,
	`0.0`, `1E5`, `1e+5`, `1.5e-5`, `-1.0`, `123456789012345678901234567890`, `1e999`,
	`True`, `TRUE`, `tru`, `truee`, `t`, `nul`, `nulll`, `None`, `undefined`, `fals`, `falsey`,
	`// c` + "\n1", `/* c */ 1`, `1 // c`, `# c` + "\n1", "\ufeff1", "\ufeff{}", "1\x00", "\x001", "\v1", "\f1", "\u00a01", "\u20281", `1 1`, `"a" "b"`, `[1] [2]`,
	"\"\xff\"", "\"\xc3\"", "\"\xc3(\"", "\"\xe2\x82\"", "\"\xf0\x9f\x98\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xf8\x88\x80\x80\x80\"", "{\"\xff\":1}", "[\"a\xff\"]", "\xff", "[\xff]",
	"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xff\"", `"é"`, `"😀"`, "\"\u2028\"", `{"é":"😀"}`,
	strings.Repeat(`[`, 60) + strings.Repeat(`]`, 60), strings.Repeat(`[`, 60) + strings.Repeat(`]`, 59), strings.Repeat(`{"a":`, 60) + `1` + strings.Repeat(`}`, 60),
}

// TestStrictness compares what is accepted with encoding/json and utf8.Valid,
// as a member that nobody knows, and as the value of a field.
func TestStrictness(t *testing.T) {
	c := mustCompile(t, structOf(optional(i64Type), &Field{Name: "other", Type: stringType}), Options{})
	anything := mustCompile(t, treeType, Options{})
	for _, doc := range documents {
		valid := json.Valid([]byte(doc)) && utf8.ValidString(doc)
		for _, around := range []string{`{"unknown":%}`, `{"unknown":[%]}`, `{"unknown":{"x":%},"v":1}`, ` { "other" : "x" , "unknown" : % } `} {
			text := strings.Replace(around, "%", doc, 1)
			want := json.Valid([]byte(text)) && utf8.ValidString(text)
			if _, err := c.AppendThrift(nil, []byte(text)); (err == nil) != want {
				t.Errorf("%q: error %v, valid %v", text, err, want)
			}
		}
		// Where a field has the value, a type may be wrong too, but what is
		// not JSON is said not to be.
		for _, around := range []string{`{"v":%}`, `{"other":%}`, `{"sub":%}`, `{"subs":[%]}`, `{"named":{"k":%}}`} {
			text := strings.Replace(around, "%", doc, 1)
			for _, c := range []*Codec{c, anything} {
				_, err := c.AppendThrift(nil, []byte(text))
				malformed := false
				for _, v := range violations(t, err) {
					malformed = malformed || v.Code == CodeSyntax || v.Code == CodeEncoding
				}
				if want := !json.Valid([]byte(text)) || !utf8.ValidString(text); malformed != want {
					t.Errorf("%q: error %v, malformed %v", text, err, want)
				}
			}
		}
		_, err := c.AppendThrift(nil, []byte(doc))
		if err == nil && !valid {
			t.Errorf("%q is accepted", doc)
		}
	}
}

// TestScanPlain compares the scan of eight bytes at a time with the obvious one.
func TestScanPlain(t *testing.T) {
	buf := make([]byte, 80)
	for size := range len(buf) {
		for at := range size + 1 {
			for c := range 256 {
				in := buf[:size]
				for i := range in {
					in[i] = 'a' + byte(i%26)
				}
				if at < size {
					in[at] = byte(c)
				}
				wantEnd, wantASCII := size, true
				if at < size && (c < ' ' || c == '"' || c == '\\') {
					wantEnd = at
				} else if at < size && c >= 0x80 {
					wantASCII = false
				}
				if end, ascii := scanPlain(in, 0); end != wantEnd || ascii != wantASCII {
					t.Fatalf("byte %#x at %d of %d: %d, %v, want %d, %v", c, at, size, end, ascii, wantEnd, wantASCII)
				}
			}
		}
	}
	// Bytes before and behind a hit do not change what is found.
	for _, tt := range []struct {
		in    string
		end   int
		ascii bool
	}{
		{"\xff\xff\xff\xff\"\xff\xff\xff", 4, false},
		{"aaaa\"\xff\xff\xff", 4, true},
		{"aaaaaaaaa\"\x00\x01\x02\x21\x23\x5d", 9, true},
		{"\x80!#[]\x7f\x20\x1f", 7, false},
	} {
		if end, ascii := scanPlain([]byte(tt.in), 0); end != tt.end || ascii != tt.ascii {
			t.Errorf("%q: %d, %v", tt.in, end, ascii)
		}
	}
}

// TestLinearTime converts texts made to be slow for whoever compares names or
// elements each with each, or walks a text again and again.
func TestLinearTime(t *testing.T) {
	const n = 200_000
	var b strings.Builder
	number := func(format func(i int)) string {
		b.Reset()
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			format(i)
		}
		return b.String()
	}
	names := number(func(i int) { b.WriteString(`"n` + itoa(i) + `":1`) })
	elements := number(func(i int) { b.WriteString(itoa(i)) })
	structs := number(func(i int) { b.WriteString(`{"y":` + itoa(i) + `,"x":1}`) })
	wide := structOf(
		&Field{Name: "m", Type: mapOf(stringType, i32Type)},
		&Field{Name: "s", Type: setOf(i32Type)},
		&Field{Name: "p", Type: setOf(pointType)},
	)
	c := mustCompile(t, wide, Options{})
	deep := mustCompile(t, fuzzType, Options{})
	trees := number(func(i int) { b.WriteString(`{"i64":` + itoa(i) + `}`) })
	if _, err := deep.AppendThrift(nil, []byte(strings.Repeat(`{"set":[{},`, 30)+`{"set":[`+trees+`]}`+strings.Repeat(`]}`, 30))); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		`{"z":{` + names + `}}`, `{` + names + `}`, `{"m":{` + names + `}}`, `{"s":[` + elements + `]}`, `{"p":[` + structs + `]}`,
	} {
		wire, err := c.AppendThrift(nil, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.AppendJSON(nil, wire); err != nil {
			t.Fatal(err)
		}
	}
}
