package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"dgate/dgate-cli/internal/cli"
	"dgate/dgate-cli/internal/cmd"
)

// word is one word of a shell command, quoted or not.
var word = regexp.MustCompile(`'[^']*'|\S+`)

// TestModuleGuide writes the files that "Working on a module" shows and runs
// its commands in order.
func TestModuleGuide(t *testing.T) {
	guide, err := os.ReadFile("../docs/modules.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(guide), "\n## Working on a module\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !ok {
		t.Fatal("the section is gone")
	}
	dir := t.TempDir()
	for _, part := range []string{"idl", "hertz-gateway/modules"} {
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join("..", part))); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)

	// A file is what the last name before its block says.
	named := regexp.MustCompile("`(my-modules/[^`]+)`")
	var commands []string
	files := map[string]string{}
	before := ""
	for i, part := range strings.Split(section, "```") {
		if i%2 == 0 {
			before = part
			continue
		}
		kind, text, _ := strings.Cut(part, "\n")
		if kind == "sh" {
			for line := range strings.Lines(text) {
				line, _, _ = strings.Cut(line, " #")
				commands = append(commands, strings.TrimSpace(line))
			}
			continue
		}
		names := named.FindAllStringSubmatch(before, -1)
		if len(names) == 0 {
			t.Fatalf("a block of %s without a name", kind)
		}
		files[names[len(names)-1][1]] = text
	}
	if len(commands) != 8 || len(files) != 3 {
		t.Fatalf("%d commands, %d files: %q", len(commands), len(files), commands)
	}
	for i, command := range commands {
		if i == 1 { // after init
			for name, text := range files {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		rest, ok := strings.CutPrefix(command, "bin/dgate-cli ")
		if !ok {
			t.Fatalf("not a command of ours: %q", command)
		}
		args := word.FindAllString(rest, -1)
		for i, a := range args {
			args[i] = strings.Trim(a, "'")
		}
		var out bytes.Buffer
		if code := cmd.Run(context.Background(), args, &cli.Env{Stdout: &out, Stderr: &out, Getenv: os.Getenv}); code != cli.ExitOK {
			t.Errorf("%s: exit code %d\n%s", command, code, &out)
		}
	}
}
