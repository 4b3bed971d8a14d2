package jsmodule_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"dgate/hertz-gateway/jsmodule"
)

// example is a module of the guide with one exchange.
type example struct {
	line                     int
	file, module             string
	request, service, answer []string
	failure                  string
}

// examples reads the fenced blocks of the guide. A text block belongs to the
// module before it.
func examples(t *testing.T, name string) []example {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var (
		all          []example
		module, file string
		kind         string
		block        []string
	)
	for i, line := range strings.Split(string(data), "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && kind == "":
			kind, block = fence, nil
		case isFence:
			switch kind {
			case "ts", "js":
				module, file = strings.Join(block, "\n"), "example."+kind
			case "text":
				all = append(all, readExample(t, i+1, file, module, block))
			}
			kind = ""
		case kind != "":
			block = append(block, line)
		}
	}
	return all
}

func readExample(t *testing.T, line int, file, module string, block []string) example {
	t.Helper()
	e := example{line: line, file: file, module: module}
	for _, l := range block {
		text := strings.TrimPrefix(l[1:], " ")
		switch l[0] {
		case '>':
			e.request = append(e.request, text)
		case '=':
			e.service = append(e.service, text)
		case '<':
			e.answer = append(e.answer, text)
		case '!':
			e.failure = text
		default:
			t.Fatalf("line %d: %q", line, l)
		}
	}
	return e
}

// split cuts a message into its first line, its headers and its body.
func split(message []string) (first string, headers [][2]string, body string) {
	first = message[0]
	for i, l := range message[1:] {
		if l == "" {
			return first, headers, strings.Join(message[i+2:], "\n")
		}
		name, value, _ := strings.Cut(l, ": ")
		headers = append(headers, [2]string{name, value})
	}
	return first, headers, "-"
}

func compare(t *testing.T, what string, want [][2]string, body string, l *lines, got []byte) {
	t.Helper()
	for _, h := range want {
		if value := l.get(h[0]); value != h[1] {
			t.Errorf("%s: header %s is %q, want %q", what, h[0], value, h[1])
		}
	}
	if body != "-" && body != string(got) {
		t.Errorf("%s: body\n%s\nwant\n%s", what, got, body)
	}
}

// TestGuide runs the examples of docs/modules.md.
func TestGuide(t *testing.T) {
	all := examples(t, "../../docs/modules.md")
	if len(all) < 6 {
		t.Fatalf("only %d examples were found", len(all))
	}
	docs := jsmodule.NewMemoryDocuments()
	if _, err := docs.PutCollection(t.Context(), "default", jsmodule.Collection{Name: "links", Schema: []byte(`{"type":"object","properties":{"url":{"type":"string","format":"uri"}},"required":["url"]}`)}); err != nil {
		t.Fatal(err)
	}
	h := newHost(t, jsmodule.Config{
		Documents: docs,
		Fetcher: fetcherFunc(func(context.Context, jsmodule.Fetch) (jsmodule.Fetched, error) {
			return jsmodule.Fetched{Status: 200, Body: []byte(`{"usd":1.08}`)}, nil
		}),
		DefaultPermissions: []string{},
		Secrets:            secretMap{"default/shop-key": "open sesame"},
		Caller: callerFunc(func(_ context.Context, call jsmodule.RPC) ([]byte, error) {
			var args struct{ Num json.Number }
			if err := json.Unmarshal(call.Args, &args); err != nil {
				return nil, err
			}
			return fmt.Appendf(nil, `{"ID":9007199254740993,"Title":"Book %s"}`, args.Num), nil
		}),
	})
	for _, e := range all {
		t.Run("line "+strconv.Itoa(e.line), func(t *testing.T) {
			set := jsmodule.LoadDir(files(map[string]string{
				e.file: e.module, "lib.ts": `export const shout = (s: string) => s.toUpperCase() + "!"`,
			}), nil)
			if len(set.Problems) > 0 {
				t.Fatal(set.Problems)
			}
			c, err := h.NewChain("default", set.Modules[0].Program)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()

			first, headers, body := split(e.request)
			method, target, _ := strings.Cut(first, " ")
			path, query, _ := strings.Cut(target, "?")
			x := open(t, c, func(call *jsmodule.Call, q *request, _ *response) {
				call.Binding = &binding{args: `{"Num":-1}`}
				q.method, q.path, q.query, q.list = method, path, query, headers
				if body != "-" {
					q.body = []byte(body)
				}
			})
			serve(t, c, x, e)

			if e.service != nil {
				first, headers, body := split(e.service)
				if got := x.q.method + " " + x.q.path + "?" + x.q.query; strings.TrimSuffix(got, "?") != first {
					t.Errorf("the service gets %s, want %s", got, first)
				}
				compare(t, "to the service", headers, body, &x.q.lines, x.q.body)
			}
			status, headers, body := split(e.answer)
			if got := strconv.Itoa(x.r.status); got != status {
				t.Errorf("status %s, want %s", got, status)
			}
			compare(t, "to the client", headers, body, &x.r.lines, x.r.body)
		})
	}
}

// serve does what the gateway does with an exchange.
func serve(t *testing.T, c *jsmodule.Chain, x *exchange, e example) {
	t.Helper()
	if e.failure != "" {
		if handled, err := x.Fail(jsmodule.Failure{Name: "UpstreamError", Code: e.failure}); !handled || err != nil {
			t.Fatal(handled, err)
		}
		return
	}
	answered, err := x.Request()
	if err != nil {
		t.Fatal(err)
	}
	if answered {
		return
	}
	if c.Has(jsmodule.RequestHandler) {
		if _, err := x.Handle(); err != nil {
			t.Fatal(err)
		}
		return
	}
	_ = x.r.SetHeader("Content-Type", "application/json")
	x.r.body = []byte(`{"ID":9007199254740993,"Title":"Go"}`)
	if err := x.Response(); err != nil {
		t.Fatal(err)
	}
}
