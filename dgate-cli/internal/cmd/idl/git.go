package idl

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"dgate/dgate-cli/internal/cli"
)

// gitFiles are the IDLs of a commit, in a directory of their own.
type gitFiles struct {
	dir  string
	name string // "main:idl/"
}

func (t *gitFiles) remove() {
	_ = os.RemoveAll(t.dir) // a temporary directory
}

// gitTree takes the IDLs of REF[:PATH] from the repository that dir stands in;
// without a path, those of dir.
func gitTree(ctx context.Context, dir, name string) (*gitFiles, error) {
	ref, path, hasPath := strings.Cut(name, ":")
	if ref == "" || strings.HasPrefix(ref, "-") {
		return nil, cli.Usagef("as in git:main, git:v1.2, git:HEAD~1:idl", "%q is no commit", ref)
	}
	top, err := git(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	if !hasPath {
		prefix, err := git(ctx, dir, "rev-parse", "--show-prefix")
		if err != nil {
			return nil, err
		}
		path = strings.TrimSpace(string(prefix))
	}
	tree := ref + ":" + path
	archive, err := git(ctx, strings.TrimSuffix(string(top), "\n"), "archive", "--format=tar", tree)
	if err != nil {
		return nil, err
	}
	out := &gitFiles{name: tree}
	if out.dir, err = os.MkdirTemp("", "dgate-idl-"); err != nil {
		return nil, err
	}
	if err := unpack(out.dir, bytes.NewReader(archive)); err != nil {
		out.remove()
		return nil, fmt.Errorf("git:%s: %w", tree, err)
	}
	return out, nil
}

// git runs git in dir and gives what it prints.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, &cli.HintError{Err: errors.New("git is not installed"), Hint: "--against DIR compares with a directory"}
	case err != nil && said.Len() > 0:
		line, _, _ := strings.Cut(said.String(), "\n")
		return nil, &cli.HintError{
			Err:  fmt.Errorf("git %s: %s", args[0], strings.TrimPrefix(line, "fatal: ")),
			Hint: "git:REF needs a commit that has the directory; git:REF:PATH names another one, from the top of the repository",
		}
	case err != nil:
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out, nil
}

// unpack writes the IDLs of a tar archive to dir.
func unpack(dir string, archive io.Reader) error {
	r := tar.NewReader(archive)
	for {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if head.Typeflag != tar.TypeReg || filepath.Ext(head.Name) != ".thrift" || !fs.ValidPath(head.Name) {
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(head.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
}
