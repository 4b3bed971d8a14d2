package servicemapping

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// Limits on what is read. An IDL directory that needs more is not one.
const (
	maxFileSize  = 4 << 20
	maxTotalSize = 256 << 20
	maxFiles     = 20_000
	maxFolders   = 64 // nesting
)

// found is one *.thrift file of the directory, or a folder that cannot be read.
type found struct {
	path   string
	text   string
	folder bool
	// failure says why there is no text.
	failure string
}

// scanner walks the directory. Names with a leading dot are passed over: they
// are editors' lock files and the hidden folders of mounted volumes. A link to
// a file is read as the file; a link to a folder is followed if that folder is
// not in the walk already, so a loop of links ends.
type scanner struct {
	dir     fs.FS
	found   []found
	files   int
	size    int
	folders []fs.FileInfo
	links   []string
}

// scan lists the *.thrift files by path.
func scan(dir fs.FS) ([]found, error) {
	s := &scanner{dir: dir}
	if err := s.folder(".", 0); err != nil {
		return nil, err
	}
	for len(s.links) > 0 {
		link := s.links[0]
		s.links = s.links[1:]
		info, err := fs.Stat(dir, link)
		if err != nil || s.visited(info) {
			continue
		}
		s.subfolder(link, strings.Count(link, "/")+1)
	}
	slices.SortFunc(s.found, func(a, b found) int { return strings.Compare(a.path, b.path) })
	return s.found, nil
}

// keep puts texts in the place of files.
func keep(files []found, texts map[string]string) []found {
	if len(texts) == 0 {
		return files
	}
	files = slices.DeleteFunc(files, func(f found) bool {
		_, kept := texts[f.path]
		return kept && !f.folder
	})
	for path, text := range texts {
		files = append(files, found{path: path, text: text})
	}
	slices.SortFunc(files, func(a, b found) int { return strings.Compare(a.path, b.path) })
	return files
}

func (s *scanner) visited(info fs.FileInfo) bool {
	return slices.ContainsFunc(s.folders, func(f fs.FileInfo) bool { return os.SameFile(f, info) })
}

func (s *scanner) subfolder(name string, depth int) {
	err := s.folder(name, depth)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.found = append(s.found, found{path: name, folder: true, failure: "this folder cannot be read: " + cause(err)})
	}
}

func (s *scanner) folder(name string, depth int) error {
	if depth > maxFolders {
		return fmt.Errorf("folders are nested more than %d deep", maxFolders)
	}
	entries, err := fs.ReadDir(s.dir, name)
	if err != nil {
		return err
	}
	if info, err := fs.Stat(s.dir, name); err == nil {
		s.folders = append(s.folders, info)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		p := path.Join(name, e.Name())
		mode := e.Type()
		if mode&fs.ModeSymlink != 0 {
			info, err := fs.Stat(s.dir, p)
			if err == nil && info.IsDir() {
				s.links = append(s.links, p)
				continue
			}
		}
		switch {
		case mode.IsDir():
			s.subfolder(p, depth+1)
		case strings.HasSuffix(e.Name(), ".thrift"):
			s.file(p, mode)
		}
	}
	return nil
}

func (s *scanner) file(name string, mode fs.FileMode) {
	if s.files++; s.files > maxFiles {
		if s.files == maxFiles+1 {
			s.found = append(s.found, found{path: name, failure: fmt.Sprintf("more than %d files in the directory: this one and those after it are not read", maxFiles)})
		}
		return
	}
	text, err := s.read(name)
	switch {
	case err == nil:
		s.found = append(s.found, found{path: name, text: text})
	case errors.Is(err, fs.ErrNotExist) && mode&fs.ModeSymlink == 0:
		// Removed since the folder was listed.
	case errors.Is(err, fs.ErrNotExist):
		s.found = append(s.found, found{path: name, failure: "this link leads nowhere"})
	default:
		s.found = append(s.found, found{path: name, failure: cause(err)})
	}
}

func (s *scanner) read(name string) (string, error) {
	// Opening a pipe would wait for its writer: look first.
	info, err := fs.Stat(s.dir, name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("not a regular file")
	}
	f, err := s.dir.Open(name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.Grow(int(min(max(info.Size(), 0), maxFileSize)))
	n, err := io.Copy(&b, io.LimitReader(f, maxFileSize+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if n > maxFileSize {
		return "", fmt.Errorf("larger than %d MiB", maxFileSize>>20)
	}
	if s.size += int(n); s.size > maxTotalSize {
		return "", fmt.Errorf("the files of the directory are larger than %d MiB together", maxTotalSize>>20)
	}
	return b.String(), nil
}

// cause is the text of a file system's error without operation and path,
// which stand beside it already.
func cause(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}
