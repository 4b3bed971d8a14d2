package servicemapping

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// LoadFiles is Load for texts by path ("shop/book.thrift"). A path that is not
// relative and clean, or does not end in .thrift, is an error.
func LoadFiles(files map[string]string, o Options) (*Mapping, error) {
	dir := texts{}
	for name, text := range files {
		if !fs.ValidPath(name) || !strings.HasSuffix(name, ".thrift") {
			return nil, fmt.Errorf("%q is no path of a Thrift file, like \"shop/book.thrift\"", name)
		}
		dir[name] = text
	}
	return Load(dir, o)
}

// texts is a directory of texts by path.
type texts map[string]string

var _ fs.ReadDirFS = texts{}

// Open opens a file or a folder.
func (t texts) Open(name string) (fs.File, error) {
	if text, ok := t[name]; ok {
		return &textFile{textInfo{path.Base(name), len(text), false}, strings.NewReader(text)}, nil
	}
	if entries, err := t.ReadDir(name); err == nil && (len(entries) > 0 || name == ".") {
		return &textFile{textInfo{path.Base(name), 0, true}, strings.NewReader("")}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists a folder by name.
func (t texts) ReadDir(name string) ([]fs.DirEntry, error) {
	prefix := name + "/"
	if name == "." {
		prefix = ""
	}
	var out []fs.DirEntry
	seen := map[string]bool{}
	for file, text := range t {
		rest, ok := strings.CutPrefix(file, prefix)
		if !ok {
			continue
		}
		first, _, folder := strings.Cut(rest, "/")
		if !seen[first] {
			seen[first] = true
			out = append(out, fs.FileInfoToDirEntry(textInfo{first, len(text), folder}))
		}
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

type textFile struct {
	info textInfo
	*strings.Reader
}

var _ interface {
	fs.File
	io.ReaderAt
} = (*textFile)(nil)

func (f *textFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *textFile) Close() error               { return nil }

type textInfo struct {
	name   string
	size   int
	folder bool
}

func (i textInfo) Name() string { return i.name }
func (i textInfo) Size() int64  { return int64(i.size) }
func (i textInfo) Mode() fs.FileMode {
	if i.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
func (i textInfo) ModTime() time.Time { return time.Time{} }
func (i textInfo) IsDir() bool        { return i.folder }
func (i textInfo) Sys() any           { return nil }
