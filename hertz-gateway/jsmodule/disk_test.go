package jsmodule_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dgate/hertz-gateway/jsmodule"
)

// onDisk makes files in a new working directory, given as name, text, ….
func onDisk(t *testing.T, files ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for i := 0; i < len(files); i += 2 {
		if err := os.MkdirAll(filepath.Dir(files[i]), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(files[i], []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// left is an npm package, and other a module beside the one that imports it.
var left = []string{
	"node_modules/left/package.json", `{"name": "left", "version": "1.0.0", "main": "dist/index.js"}`,
	"node_modules/left/dist/index.js", "exports.left = (s) => '<' + s;",
	"node_modules/@scope/esm/package.json", `{"name": "@scope/esm", "module": "m.mjs"}`,
	"node_modules/@scope/esm/m.mjs", "export default process.env.NODE_ENV;",
	"mods/lib.ts", "export const shout = (s: string): string => s + '!';",
	"node_modules/lib/package.json", `{"name": "lib"}`,
}

func TestBuildFile(t *testing.T) {
	onDisk(t, append(left, "mods/m.ts", `// @routes *
// @permissions rpc:BookSvc
import { left } from "left";
import env from "@scope/esm";
import { shout } from "lib";
import { version } from "dgate";
export function requestHandler(ctx: any) {
  if (ctx.queryParam("fail")) throw new Error("no");
  return left(shout(env + version));
}`)...)
	p, err := jsmodule.BuildFile("mods/m.ts")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Packages(); !slices.Equal(got, []string{"@scope/esm", "left"}) {
		t.Errorf("packages %q", got)
	}

	bundle, err := jsmodule.Bundle("mods/m.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(bundle), "// @routes *\n// @permissions rpc:BookSvc\n") {
		t.Errorf("the comments are lost: %.100s", bundle)
	}
	// What a gateway makes of the bundle, elsewhere.
	bundled, err := jsmodule.Build(jsmodule.Source{Name: "m", File: "m.js", Text: string(bundle)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(t, jsmodule.Config{Version: "9"})
	for name, p := range map[string]*jsmodule.Program{"file": p, "bundle": bundled} {
		c, err := h.NewChain("default", p)
		if err != nil {
			t.Fatal(err)
		}
		e := open(t, c)
		if _, err := e.Handle(); err != nil || string(e.r.body) != "<production9!" {
			t.Errorf("%s: %s %v", name, e.r.body, err)
		}
		e = open(t, c, func(_ *jsmodule.Call, q *request, _ *response) { q.query = "fail=1" })
		_, err = e.Handle()
		if got := moduleError(t, err); got.File != "mods/m.ts" || got.Line != 8 {
			t.Errorf("%s: %v", name, err)
		}
		c.Close()
	}
}

func TestBundleOfPlainFunctions(t *testing.T) {
	onDisk(t, "m.js", "// @routes *\nfunction requestHandler() { return 'plain'; }\nfunction unused() {}\n")
	bundle, err := jsmodule.Bundle("m.js")
	if err != nil {
		t.Fatal(err)
	}
	if p := build(t, "m", string(bundle)); !p.Has(jsmodule.RequestHandler) {
		t.Errorf("the hook is lost: %s", bundle)
	}
}

func TestBuildFileErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"all at once", "import a from 'nowhere';\nimport b from './gone';\nlet x: number = ;", `m.ts:3:17: module m: Unexpected ";"`},
		{"imports", "import a from 'nowhere';\nimport b from './gone';\na(b)", "m.ts:1:15: module m: Could not resolve \"nowhere\"\nm.ts:2:15: module m: Could not resolve \"./gone\""},
		{"Node's own", "import fs from 'fs'; fs()", `m.ts:1:16: module m: Could not resolve "fs"`},
		{"unknown built-in", "import a from 'dgate/nope'; a()", `m.ts:1:15: module m: there is no "dgate/nope"; the built-in modules are dgate, dgate/`},
		{"at load", "\nnull.x", "m.ts:2:6: module m: TypeError: Cannot read property 'x' of undefined"},
		{"tests in a module", "import { it } from 'dgate/test'; it('a', () => {})", "dgate/test is for tests: run them with `dgate-cli module test`"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onDisk(t, "m.ts", tt.text)
			_, err := jsmodule.BuildFile("m.ts")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			var errs jsmodule.Errors
			if !errors.As(err, &errs) {
				t.Errorf("got a %T", err)
			}
		})
	}
	t.Chdir(t.TempDir())
	if _, err := jsmodule.BuildFile("gone.ts"); err == nil || err.Error() != "gone.ts: no such file or directory" {
		t.Error(err)
	}
}
