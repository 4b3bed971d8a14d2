package jsmodule

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	// listFile names the modules of a directory, their order, routes and
	// permissions. It is optional.
	listFile = "modules.yaml"
	// maxSource bounds a module's text, in bytes.
	maxSource = 4 << 20
)

// Set is the modules of a directory.
type Set struct {
	// Modules are in the order of modules.yaml, then by name.
	Modules []Module
	// Problems are what did not load; everything else serves.
	Problems []Problem
	// Missing are the required modules among them that have no version that
	// works: their routes do not serve.
	Missing []Missing

	listed []listEntry
}

// Module is a program and where it runs.
type Module struct {
	Program *Program
	Routes  []Pattern
	// Stale is set when the file is broken now: this is its last good version.
	Stale bool
}

// Problem is a file that did not load, and why.
type Problem struct {
	File string
	Err  error
}

// Error makes a Problem an error.
func (p Problem) Error() string { return p.File + ": " + p.Err.Error() }

// Unwrap gives the cause.
func (p Problem) Unwrap() error { return p.Err }

// Named finds a program; nil when there is none of that name, or no set.
func (s *Set) Named(name string) *Program {
	if s == nil {
		return nil
	}
	if m := s.module(name); m != nil {
		return m.Program
	}
	return nil
}

// Len is the number of modules that work; 0 when there is no set.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.Modules)
}

// For gives the programs that run on a route, in order; none when there is no set.
func (s *Set) For(k RouteKey) []*Program {
	if s == nil {
		return nil
	}
	var programs []*Program
	for _, m := range s.Modules {
		if slices.ContainsFunc(m.Routes, func(p Pattern) bool { return p.Match(k) }) {
			programs = append(programs, m.Program)
		}
	}
	return programs
}

// LoadDir builds the modules of a directory: *.ts and *.js, but no *.d.ts and
// *.test.ts. A module's name is that of its file without the ending. Its routes
// and permissions stand in modules.yaml,
//
//	modules:
//	  - file: header.ts
//	    routes: [BookSvc.queryBook, GET /book/*]
//	    permissions: ["rpc:BookSvc"]
//	    isolation: request
//	    required: true
//
// or in comments at the very top of the file:
//
//	// @routes BookSvc.queryBook, GET /book/*
//	// @permissions rpc:BookSvc
//	// @isolation request
//	// @required
//
// previous is what LoadDir returned before, or nil. Modules that did not change
// are taken from it, and so are those that are broken now.
func LoadDir(fsys fs.FS, previous *Set) *Set {
	if previous == nil {
		previous = &Set{}
	}
	set := &Set{}
	listed, err := readList(fsys)
	if err != nil {
		set.report(listFile, err)
		listed = previous.listed
	}
	set.listed = listed

	sources := set.readSources(fsys, listed)
	resolve := func(name string) (Source, bool) {
		for _, s := range sources {
			if s.Name == name {
				return s.Source, true
			}
		}
		return Source{}, false
	}
	for _, s := range sources {
		before := previous.module(s.Name)
		m, err := s.build(resolve, before)
		if err != nil {
			set.report(s.File, err)
			if before == nil {
				if s.required {
					set.Missing = append(set.Missing, Missing{s.Name, s.patterns(), err})
				}
				continue
			}
			m = Module{Program: before.Program, Routes: before.Routes, Stale: true}
		}
		set.Modules = append(set.Modules, m)
	}
	return set
}

func (s *Set) report(file string, err error) { s.Problems = append(s.Problems, Problem{file, err}) }

func (s *Set) module(name string) *Module {
	for i, m := range s.Modules {
		if m.Program.name == name {
			return &s.Modules[i]
		}
	}
	return nil
}

// listEntry is one module in modules.yaml.
type listEntry struct {
	File        string    `yaml:"file"`
	Routes      []string  `yaml:"routes"`
	Permissions []string  `yaml:"permissions"`
	Isolation   Isolation `yaml:"isolation"`
	Required    bool      `yaml:"required"`
}

func readList(fsys fs.FS) ([]listEntry, error) {
	data, err := fs.ReadFile(fsys, listFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list struct {
		Modules []listEntry `yaml:"modules"`
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&list); err != nil {
		return nil, err
	}
	return list.Modules, nil
}

// dirSource is a module's text with what is said about it.
type dirSource struct {
	Source
	routes   []string
	required bool
}

// patterns are the routes that can be understood.
func (s dirSource) patterns() []Pattern {
	var patterns []Pattern
	for _, text := range s.routes {
		if p, err := ParsePattern(text); err == nil {
			patterns = append(patterns, p)
		}
	}
	return patterns
}

// readSources reads the listed files in their order, then the others.
func (s *Set) readSources(fsys fs.FS, listed []listEntry) []dirSource {
	var files []string
	for _, e := range listed {
		files = append(files, e.File)
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		s.report(".", err)
	}
	for _, e := range entries {
		if !e.IsDir() && isModuleFile(e.Name()) && !slices.Contains(files, e.Name()) {
			files = append(files, e.Name())
		}
	}
	var sources []dirSource
	for i, file := range files {
		src, err := readSource(fsys, file)
		if err == nil && slices.ContainsFunc(sources, func(o dirSource) bool { return o.Name == src.Name }) {
			err = fmt.Errorf("there is another module of the name %q", src.Name)
		}
		if err != nil {
			s.report(file, err)
			continue
		}
		if i < len(listed) {
			if listed[i].Routes != nil {
				src.routes = listed[i].Routes
			}
			if listed[i].Permissions != nil {
				src.Permissions = listed[i].Permissions
			}
			if listed[i].Isolation != IsolationNone {
				src.Isolation = listed[i].Isolation
			}
			src.required = src.required || listed[i].Required
		}
		sources = append(sources, src)
	}
	return sources
}

func isModuleFile(name string) bool {
	switch path.Ext(name) {
	case ".ts", ".js":
		stem := strings.TrimSuffix(name, path.Ext(name))
		return !strings.HasSuffix(stem, ".d") && !strings.HasSuffix(stem, ".test") && !strings.HasPrefix(name, ".")
	}
	return false
}

func readSource(fsys fs.FS, file string) (dirSource, error) {
	info, err := fs.Stat(fsys, file)
	if err != nil {
		return dirSource{}, err
	}
	if info.Size() > maxSource {
		return dirSource{}, fmt.Errorf("the file has %d bytes, %d is the most", info.Size(), maxSource)
	}
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return dirSource{}, err
	}
	d := DirectivesOf(string(data))
	return dirSource{
		Source: Source{
			Name: moduleName(path.Base(file)), File: file, Text: string(data),
			Permissions: d.Permissions, Isolation: d.Isolation,
		},
		routes: d.Routes, required: d.Required,
	}, nil
}

// build compiles the module, unless before is the same already.
func (s dirSource) build(resolve Resolver, before *Module) (Module, error) {
	m := Module{}
	for _, text := range s.routes {
		p, err := ParsePattern(text)
		if err != nil {
			return m, err
		}
		m.Routes = append(m.Routes, p)
	}
	if before != nil && before.Program.sameAs(s.Source, resolve) {
		m.Program = before.Program
		return m, nil
	}
	p, err := Build(s.Source, resolve)
	if err != nil {
		return m, err
	}
	m.Program = p
	return m, nil
}

// sameAs says whether building src would give p again.
func (p *Program) sameAs(src Source, resolve Resolver) bool {
	b := &build{src: src, linked: map[string]Source{}}
	for _, name := range p.imports {
		linked, ok := resolve(name)
		if !ok {
			return false
		}
		b.linked[name] = linked
	}
	return b.digest() == p.digest
}
