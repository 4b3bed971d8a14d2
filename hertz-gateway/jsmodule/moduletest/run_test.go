package moduletest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/jsmodule/moduletest"
)

// onDisk makes files in a new working directory, given as name, text, ….
func onDisk(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// run gives one line for each result, and one for each failure.
func run(t *testing.T, filter string) string {
	t.Helper()
	files, err := moduletest.Find(".")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err = moduletest.Run(context.Background(), files, moduletest.Config{Filter: filter, Version: "9", Report: func(r moduletest.Result) {
		fmt.Fprintf(&b, "%s %s: %s\n", r.File, r.Name, r.Outcome)
		for _, f := range r.Failures {
			fmt.Fprintf(&b, "  %s: %s\n", f.Place, f.Message)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const book = `// @permissions rpc:BookSvc, secret:key, state:seen
import rpc from "dgate/rpc";
import { get } from "dgate/secrets";
import { getDocument, addDocument } from "dgate/state";

export async function requestModifier(ctx: any) {
  ctx.request.headers.set("x-key", get("key"));
  ctx.request.query.num = Number(ctx.queryParam("num")) + 1;
  const { data } = await getDocument("a", "seen");
  await addDocument({ id: "a", collection: "seen", data: { count: data.count + 1 } });
  console.log("seen", data.count);
}

export async function responseModifier(ctx: any, res: any) {
  const body = res.json();
  body.extra = await rpc.BookSvc.queryBook({ Num: 1 });
  if (ctx.queryParam("num") === "100") throw new TypeError("too many");
}
`

func TestRun(t *testing.T) {
	onDisk(t, map[string]string{
		"book.ts": book,
		"book.case.json": `[
  {
    "name": "adds",
    "request": {"url": "/book/query?num=7"},
    "service": "BookSvc.queryBook",
    "mocks": {
      "secrets": {"key": "s3cret"},
      "state": {"seen": {"a": {"count": 41}}},
      "rpc": {"BookSvc.queryBook": [{"args": {"Num": 2}, "error": {"code": "no"}}, {"args": {"Num": 1.0}, "result": {"ID": 9007199254740993}}]},
      "upstream": {"status": 201, "headers": {"x-a": "1"}, "body": {"Title": "Go"}}
    },
    "expect": {
      "request": {"method": "GET", "url": "/book/query?num=8", "headers": {"X-Key": "s3cret", "x-other": null}},
      "response": {"status": 201, "headers": {"x-a": "1"}, "body": {"Title": "Go", "extra": {"ID": 9007199254740993}}},
      "answered": false,
      "calls": [{"service": "BookSvc", "method": "queryBook", "args": {"Num": 1}}],
      "logs": ["info seen 41"]
    }
  },
  {
    "name": "differs everywhere",
    "request": {"method": "POST", "url": "/book/query?num=7", "body": {"a": [1, 2]}},
    "mocks": {
      "secrets": {"key": "s3cret"}, "state": {"seen": {"a": {"count": 1}}},
      "rpc": {"BookSvc.queryBook": {"result": {"ID": 9007199254740993}}},
      "upstream": {"body": {}}
    },
    "expect": {
      "request": {"method": "PUT", "url": "http://localhost/x", "headers": {"x-key": null, "x-other": "1", "content-type": "text/plain"}, "body": {"a": [1, 3, 4], "b": 1}},
      "response": {"status": 404, "body": {"extra": {"ID": 9007199254740992}}},
      "target": {"tag": "a"}, "answered": true, "logs": [], "calls": []
    }
  },
  {"name": "no mock", "request": {"url": "/?num=1"}, "mocks": {"secrets": {"key": "s3cret"}}},
  {
    "name": "an error that is wanted", "request": {"url": "/?num=99"},
    "mocks": {"secrets": {"key": "k"}, "state": {"seen": {"a": {"count": 1}}}, "rpc": {"BookSvc.queryBook": {}}, "upstream": {"body": {}}},
    "expect": {"error": "book.ts:17:46: module book responseModifier: TypeError: too many"}
  },
  {"name": "an error that does not come", "hook": "requestModifier", "request": {"url": "/?num=99"},
   "mocks": {"secrets": {"key": "k"}, "state": {"seen": {"a": {"count": 1}}}}, "expect": {"error": "too many"}}
]`,
		"sub/broken.case.json":             "{\n  \"name\": 7}",
		"sub/unknown.case.json":            `{"mock": {}}`,
		"sub/gone.case.json":               `{"module": "nothing.ts"}`,
		"sub/syntax.test.ts":               "let x: number = ;\nimport a from './gone';",
		"sub/none.test.js":                 "let x",
		"sub/some.test.js":                 `import { it, expect } from "dgate/test"; it("passes", () => {}); it.skip("is skipped", () => {}); it("fails", () => { expect(1).toBe(2) });`,
		"node_modules/x/not.test.ts":       "!",
		".hidden/not.test.ts":              "!",
		"sub/throws-while-loading.test.js": `import { it } from "dgate/test"; it("a", () => {}); null.x`,
	})
	want := `book.case.json adds: passed
book.case.json differs everywhere: failed
  book.case.json: request.method: got POST, want PUT
  book.case.json: request.url: got http://localhost/book/query?num=8, want http://localhost/x
  book.case.json: request.headers.content-type: got "application/json", want "text/plain"
  book.case.json: request.headers.x-key: got "s3cret", want none
  book.case.json: request.headers.x-other: missing, want "1"
  book.case.json: request.body/a/1: got 2, want 3
  book.case.json: request.body/a: got 2 elements, want 3
  book.case.json: request.body/b: missing, want 1
  book.case.json: response.status: got 200, want 404
  book.case.json: response.body/extra/ID: got 9007199254740993, want 9007199254740992
  book.case.json: answered: got false, want true
  book.case.json: target: got {}, want {"tag":"a"}
  book.case.json: calls: BookSvc.queryBook({"Num":1}) was not wanted
  book.case.json: logs: got ["info seen 1"], want []
book.case.json no mock: failed
  book.ts:9:38: requestModifier: StateError: there is no such collection
book.case.json an error that is wanted: passed
book.case.json an error that does not come: failed
  book.case.json: error: got none, want "too many"
sub/broken.case.json : failed
  sub/broken.case.json:2:12: cannot unmarshal number into Go struct field Case.name of type string
sub/gone.case.json : failed
  sub/gone.case.json: sub/nothing.ts: no such file or directory
sub/none.test.js : failed
  sub/none.test.js: the file holds no tests: import { it } from "dgate/test"
sub/some.test.js passes: passed
sub/some.test.js is skipped: skipped
sub/some.test.js fails: failed
  sub/some.test.js:1:134: expected 1 toBe(2)
sub/syntax.test.ts : failed
  sub/syntax.test.ts:1:17: Unexpected ";"
sub/throws-while-loading.test.js : failed
  sub/throws-while-loading.test.js:1:58: TypeError: Cannot read property 'x' of undefined
sub/unknown.case.json : failed
  sub/unknown.case.json: unknown field "mock"
`
	if diff := cmp.Diff(want, run(t, "")); diff != "" {
		t.Error(diff)
	}
	got := run(t, "some.test.js passes")
	if !strings.Contains(got, "some.test.js passes: passed") || strings.Contains(got, "some.test.js fails") || strings.Contains(got, "adds") {
		t.Errorf("with a filter: %s", got)
	}
}
