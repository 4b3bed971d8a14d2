package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/pprof/profile"

	"dgate/bench/internal/payload"
)

// Shares tells by case and package which part of the CPU time was spent there.
type Shares struct{ byCase map[string]map[string]float64 }

// Row is one package, with a share for each case.
type Row struct {
	Package string
	Shares  []float64
}

// Rows are the packages with 1 % or more in a case, the busiest first.
func (s *Shares) Rows(cases []payload.Case) []Row {
	sum := map[string]float64{}
	most := map[string]float64{}
	for _, shares := range s.byCase {
		for pkg, v := range shares {
			sum[pkg] += v
			most[pkg] = max(most[pkg], v)
		}
	}
	var rows []Row
	for pkg := range sum {
		if most[pkg] < 0.01 {
			continue
		}
		row := Row{Package: pkg}
		for _, c := range cases {
			row.Shares = append(row.Shares, s.byCase[c.Key][pkg])
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		if sum[a.Package] != sum[b.Package] {
			if sum[a.Package] > sum[b.Package] {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Package, b.Package)
	})
	return rows
}

// KeepProfiles writes the profiles, by the key of the case, as dir/gateway-KEY.pb.gz
// without what belongs to the machine that they were taken on.
func KeepProfiles(files map[string]string, dir string) (*Shares, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	s := &Shares{byCase: map[string]map[string]float64{}}
	for key, file := range files {
		p, err := read(file)
		if err != nil {
			return nil, err
		}
		s.byCase[key] = shares(p)
		if err := write(p, filepath.Join(dir, "gateway-"+key+".pb.gz")); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// MergeProfiles writes one profile of all of them to path, each with the same
// weight, for the compiler.
func MergeProfiles(files map[string]string, path string) error {
	var all []*profile.Profile
	for _, key := range slices.Sorted(func(yield func(string) bool) {
		for k := range files {
			if !yield(k) {
				return
			}
		}
	}) {
		p, err := read(files[key])
		if err != nil {
			return err
		}
		if t := total(p); t > 0 {
			p.Scale(1e9 / float64(t))
		}
		all = append(all, p)
	}
	merged, err := profile.Merge(all)
	if err != nil {
		return fmt.Errorf("merging profiles: %w", err)
	}
	return write(merged, path)
}

func read(file string) (p *profile.Profile, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if p, err = profile.Parse(f); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, m := range p.Mapping {
		m.File = filepath.Base(m.File)
	}
	for _, f := range p.Function {
		f.Filename = importPath(f.Name) + "/" + filepath.Base(f.Filename)
	}
	return p, nil
}

func write(p *profile.Profile, path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := p.Write(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func total(p *profile.Profile) int64 {
	var t int64
	for _, s := range p.Sample {
		t += s.Value[len(s.Value)-1]
	}
	return t
}

func shares(p *profile.Profile) map[string]float64 {
	all := float64(total(p))
	by := map[string]float64{}
	for _, s := range p.Sample {
		if len(s.Location) == 0 || len(s.Location[0].Line) == 0 {
			continue
		}
		by[packageOf(s.Location[0].Line[0].Function.Name)] += float64(s.Value[len(s.Value)-1]) / all
	}
	return by
}

// importPath of a function is everything before the first dot after the last slash.
func importPath(function string) string {
	slash := strings.LastIndexByte(function, '/')
	if dot := strings.IndexByte(function[slash+1:], '.'); dot >= 0 {
		return function[:slash+1+dot]
	}
	return function
}

// packageOf is the row of a function: its package, or for other people's
// modules and the runtime something larger.
func packageOf(function string) string {
	pkg := importPath(function)
	switch {
	case strings.Contains(pkg, "syscall"):
		return "system calls"
	case pkg == "runtime" || strings.HasPrefix(pkg, "internal/") || strings.HasPrefix(pkg, "runtime/"):
		switch {
		case strings.Contains(function, "memmove") || strings.Contains(function, "memclr"):
			return "runtime: copying and clearing memory"
		default:
			return "runtime"
		}
	case strings.HasPrefix(pkg, "dgate/"):
		return pkg
	}
	if parts := strings.Split(pkg, "/"); strings.Contains(parts[0], ".") && len(parts) > 3 {
		return strings.Join(parts[:3], "/")
	}
	return pkg
}
