package gateway

import (
	"context"
	"encoding/binary"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"dgate/hertz-gateway/internal/upstream/kitex/kitextest"
	"dgate/hertz-gateway/transcode"
)

// readText reads a file of the repository.
func readText(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// books answers queryBook with the number as ID, but for the numbers that it
// does not have.
func books(missing ...int32) kitextest.Handler {
	return func(_ context.Context, _ string, args []byte) ([]byte, error) {
		num := int32(-1)
		if i := strings.Index(string(args), "\x08\x00\x01"); i >= 0 { // the i32 in field 1
			num = int32(binary.BigEndian.Uint32(args[i+3:]))
		}
		for _, m := range missing {
			if num == m {
				return nil, errors.New("no such book")
			}
		}
		b := transcode.AppendFieldHeader(nil, transcode.Struct.WireType(), 0)
		b = transcode.AppendFieldHeader(b, transcode.String.WireType(), 1)
		b = transcode.AppendString(b, strconv.Itoa(int(num)))
		return transcode.AppendStop(transcode.AppendStop(b)), nil
	}
}

// TestExamples has a gateway run what people copy.
func TestExamples(t *testing.T) {
	const examples = "../../modules/examples/"
	files := map[string]string{"book.thrift": readText(t, "../../../idl/book.thrift")}
	for _, name := range []string{"book-page.ts", "shorten.ts", "cache-answers.ts", "sticky-by-ip.ts"} {
		files["modules/"+name] = readText(t, examples+name)
	}
	g := start(t, files)
	g.serve("book", 10, books(8, 20))

	t.Run("aggregation", func(t *testing.T) {
		for _, tt := range []struct {
			path, body string
			status     int
		}{
			{"/page/book/1", `{"book":{"ID":"1","Title":"","Author":"","Content":""},"next":{"ID":"2","Title":"","Author":"","Content":""},"missing":[]}`, 200},
			{"/page/book/7", `{"book":{"ID":"7","Title":"","Author":"","Content":""},"next":null,"missing":["next"]}`, 200},
			{"/page/book/8", `{"error":"upstream_failed"}`, 502},
			{"/page/book/x", `{"error":"num must be an integer"}`, 400},
		} {
			if a := g.get(tt.path); a.status != tt.status || a.body != tt.body {
				t.Errorf("%s: %d %s, want %d %s", tt.path, a.status, a.body, tt.status, tt.body)
			}
		}
	})
	t.Run("URL shortener", func(t *testing.T) {
		a := g.post("/short", "application/json", `{"url": "`+g.url+`/book/query?num=3"}`)
		if a.status != 201 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		// The client follows the redirect.
		if b := g.get(a.header.Get("Location")); b.status != 200 || !strings.Contains(b.body, `"ID":"3"`) {
			t.Errorf("%s: %d %s", a.header.Get("Location"), b.status, b.body)
		}
		if a := g.post("/short", "application/json", `{"url": "javascript:alert(1)"}`); a.status != 422 {
			t.Errorf("%d %s", a.status, a.body)
		}
		if a := g.get("/short/nothing"); a.status != 404 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	t.Run("cache", func(t *testing.T) {
		for _, want := range []string{"miss", "hit"} {
			if a := g.get("/book/query?num=5"); a.status != 200 || a.header.Get("X-Cache") != want || !strings.Contains(a.body, `"ID":"5"`) {
				t.Errorf("%d %v %s, want a %s", a.status, a.header, a.body, want)
			}
		}
		req, err := http.NewRequest("GET", g.url+"/book/query?num=5", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer x")
		if a := g.do(req); a.header.Get("X-Cache") != "" {
			t.Errorf("an answer for one client was kept: %v", a.header)
		}
	})
}
