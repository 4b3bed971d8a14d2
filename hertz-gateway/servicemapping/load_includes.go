package servicemapping

import (
	"crypto/sha256"
	"fmt"
	"path"
	"strings"

	"dgate/hertz-gateway/servicemapping/internal/syntax"
)

// maxIncludes bounds the include lines of one file and the files that one IDL
// includes at any depth.
const maxIncludes = 1000

// include is one include line, followed.
type include struct {
	prefix string // what its symbols are qualified with
	target *document
	// failure is why nothing can be taken from it; every use of it costs.
	failure *problem
}

// link follows the include lines, breaks the cycles and computes the digests.
func (l *loader) link() {
	for _, d := range l.order {
		if d.tree == nil {
			continue
		}
		for i, line := range d.tree.Includes {
			if i == maxIncludes {
				p := d.at(line.Pos, Error, ruleTooManyIncludes, "more than %d include lines: this one and those after it are not read", maxIncludes)
				l.findings = append(l.findings, finding{problem: p})
				break
			}
			d.includes = append(d.includes, l.follow(d, line))
		}
	}
	l.breakCycles()
	done := make(map[*document]bool, len(l.order))
	for _, d := range l.order {
		l.digest(d, done)
	}
}

func prefixOf(file string) string { return strings.TrimSuffix(path.Base(file), ".thrift") }

// follow resolves a path relative to the including file, then to the root.
func (l *loader) follow(d *document, line *syntax.Include) *include {
	inc := &include{prefix: prefixOf(line.Path)}
	near, root := path.Join(path.Dir(d.path), line.Path), path.Clean(line.Path)
	for _, p := range []string{near, root} {
		if t := l.documents[p]; t != nil {
			inc.target = t
			if t.tree == nil {
				inc.failure = t.failure
			}
			return inc
		}
	}
	message := fmt.Sprintf("%q is not there, neither as %s nor as %s", line.Path, near, root)
	switch {
	case strings.HasPrefix(near, "../") && (near == root || strings.HasPrefix(root, "../")), path.IsAbs(line.Path):
		message = fmt.Sprintf("%q leads out of the IDL directory", line.Path)
	case near == root:
		message = fmt.Sprintf("%q is not there", line.Path)
	}
	p := d.at(line.Pos, Error, ruleIncludeNotFound, "%s", message)
	inc.failure = &p
	l.findings = append(l.findings, finding{problem: p})
	return inc
}

// breakCycles reports each include on a circle of includes and makes it
// unusable, so that what follows meets no circle.
func (l *loader) breakCycles() {
	t := &tarjan{}
	for _, d := range l.order {
		if d.index == 0 {
			t.visit(d)
		}
	}
	steps := 1 << 16 // names circles exactly while that is cheap
	for _, d := range l.order {
		for i, inc := range d.includes {
			if inc.failure != nil || inc.target.component != d.component {
				continue
			}
			p := d.at(d.tree.Includes[i].Pos, Error, ruleIncludeCycle, "circular include: %s", circle(d, inc.target, &steps))
			inc.failure = &p
			l.findings = append(l.findings, finding{problem: p})
		}
	}
}

// tarjan finds the strongly connected components of the includes.
type tarjan struct {
	count, components int
	stack             []*document
}

func (t *tarjan) visit(d *document) {
	t.count++
	d.index, d.low = t.count, t.count
	t.stack = append(t.stack, d)
	for _, inc := range d.includes {
		switch to := inc.target; {
		case to == nil || inc.failure != nil:
		case to.index == 0:
			t.visit(to)
			d.low = min(d.low, to.low)
		case to.component == 0:
			d.low = min(d.low, to.index)
		}
	}
	if d.low != d.index {
		return
	}
	t.components++
	for {
		last := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		last.component = t.components
		if last == d {
			return
		}
	}
}

// circle names the shortest circle that goes from one file over its include of
// another.
func circle(from, to *document, steps *int) string {
	back := map[*document]*document{to: nil}
	for queue := []*document{to}; len(queue) > 0 && *steps > 0; queue = queue[1:] {
		if queue[0] == from {
			const enough = 10
			names, n := "", 0
			for d := from; d != nil; d = back[d] {
				if n++; n <= enough {
					names = " → " + d.path + names
				}
			}
			if n > enough {
				names = " → …" + names
			}
			return from.path + names
		}
		for _, inc := range queue[0].includes {
			*steps--
			next := inc.target
			if next == nil || next.component != from.component {
				continue
			}
			if _, seen := back[next]; !seen {
				back[next] = queue[0]
				queue = append(queue, next)
			}
		}
	}
	return from.path + " → " + to.path + " → … → " + from.path
}

// digest covers the text of a document, where its includes lead, and the
// digests of what they lead to.
func (l *loader) digest(d *document, done map[*document]bool) {
	if done[d] {
		return
	}
	done[d] = true
	h := sha256.New()
	fmt.Fprintf(h, "%q %x\n", d.path, d.hash)
	if d.tree == nil {
		fmt.Fprintf(h, "failed: %+v\n", *d.failure)
	}
	for _, inc := range d.includes {
		if inc.failure != nil {
			fmt.Fprintf(h, "failed: %+v\n", *inc.failure)
			continue
		}
		l.digest(inc.target, done)
		fmt.Fprintf(h, "include %x\n", inc.target.digest)
	}
	h.Sum(d.digest[:0])
}

// sources collects the texts of a document and all that it includes; ok is
// false when these are too many.
func (d *document) sources() (s *Sources, ok bool) {
	s = &Sources{Main: d.path, Files: map[string]string{}}
	var walk func(*document)
	walk = func(d *document) {
		if _, seen := s.Files[d.path]; seen || len(s.Files) > maxIncludes {
			return
		}
		s.Files[d.path] = d.text
		for _, inc := range d.includes {
			if inc.target != nil && inc.target.tree != nil {
				walk(inc.target)
			}
		}
	}
	walk(d)
	return s, len(s.Files) <= maxIncludes
}
