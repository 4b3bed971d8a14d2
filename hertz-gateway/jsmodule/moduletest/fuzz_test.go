package moduletest

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzCases reads any text as a file of cases: it is refused with a place in
// it, or makes requests and expectations that can be looked at.
func FuzzCases(f *testing.F) {
	f.Add([]byte(`{"request": {"url": "/a?b=1", "headers": {"x-a": "1"}, "body": {"a": 1}}, "expect": {"response": {"body": [1e3]}}}`))
	f.Add([]byte(`[{"mocks": {"rpc": {"A.b": {"args": {"a": 1}, "result": 2}}, "upstream": {"error": {"code": "x"}}}}]`))
	f.Add([]byte(`[{"mocks": {"rpc": {"A.b": [`))
	file := filepath.Join(f.TempDir(), "m.case.json")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		cases, err := LoadCases(file)
		if err != nil {
			place, message, _ := Explain(err)
			if place.File != file || message == "" {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		for _, c := range cases {
			q, err := c.Request.Message()
			if err != nil {
				continue
			}
			_, _ = c.Mocks.upstream() // it may be refused
			body, _ := q.Body()
			if differences := differBody("body", body, c.Request.Body); len(differences) > 0 {
				t.Errorf("a body differs from itself: %q", differences)
			}
		}
	})
}
