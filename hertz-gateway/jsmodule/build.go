package jsmodule

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/dop251/goja"
	"github.com/evanw/esbuild/pkg/api"
)

// Source is the text of one module.
type Source struct {
	// Name is how routes, logs and other modules call it.
	Name string
	// File is the name shown in positions; empty means Name. What ends in
	// ".js", ".mjs" or ".cjs" is JavaScript, everything else TypeScript.
	File string
	Text string
	// Permissions are grants such as "rpc:BookSvc" or "rpc:*", see
	// CheckPermission. Nil means Config.DefaultPermissions and the
	// collections of the namespace, an empty list nothing at all.
	Permissions []string
	// Isolation as the text's own comment says, unless set here.
	Isolation Isolation
}

func (s Source) isolation() Isolation {
	if s.Isolation != IsolationNone {
		return s.Isolation
	}
	return DirectivesOf(s.Text).Isolation
}

func (s Source) file() string {
	if s.File != "" {
		return s.File
	}
	return s.Name
}

// Resolver finds the modules of a namespace by name, for imports.
type Resolver func(name string) (Source, bool)

// Program is a compiled module. It is immutable and shared by all runtimes.
type Program struct {
	name        string
	file        string
	permissions []string
	isolation   Isolation
	digest      string
	imports     []string
	hooks       [hookCount]bool
	packages    []string
	// plain are the hooks that stand as plain functions.
	plain []string
	rpc   *rpcUse // nil: it makes no calls
	reach *reach
	code  *goja.Program
}

// Name is the name of the module.
func (p *Program) Name() string { return p.name }

// File is the name of its file, as it stands in positions.
func (p *Program) File() string { return p.file }

// Digest is equal for programs that behave the same: it covers the text, the
// imported modules and the permissions.
func (p *Program) Digest() string { return p.digest }

// Imports lists the modules that were linked into this one, sorted.
func (p *Program) Imports() []string { return p.imports }

// Isolation says what the module shares with other requests.
func (p *Program) Isolation() Isolation { return p.isolation }

// Has says whether the module exports the hook.
func (p *Program) Has(h Hook) bool { return p.hooks[h] }

// Hooks lists the hooks of the module.
func (p *Program) Hooks() []Hook {
	var hooks []Hook
	for h, ok := range p.hooks {
		if ok {
			hooks = append(hooks, Hook(h))
		}
	}
	return hooks
}

const (
	// buildVersion is part of every digest; it changes with what Build emits.
	buildVersion = "dgate-module-4"
	// sourceNamespace marks the paths of our sources inside esbuild.
	sourceNamespace = "dgate"
	// entryNamespace is that of entry.
	entryNamespace = "dgate-entry"
	// topName is the function through which a module without exports hands
	// over its top-level functions; the others bound operands of BigInt
	// operators, what spreads copy, and computed names. All are parameters of the function around every module.
	topName      = "__dgate_top"
	shiftName    = "__dgate_shift"
	exponentName = "__dgate_exponent"
	spreadName   = "__dgate_spread"
	keyName      = "__dgate_key"
	keysName     = "__dgate_keys"
	freeName     = "__dgate_free"
	importName   = "__dgate_import"
	exportsName  = "__dgate_exports"
	// fetchName stands for fetch, which knows the module that it belongs to.
	fetchName = "__dgate_fetch"
)

// unsupported are features that goja lacks and esbuild lowers or refuses.
var unsupported = map[string]bool{
	"async-generator": false, "for-await": false, "dynamic-import": false, "import-meta": false,
	"top-level-await": false, "using": false, "decorators": false,
}

// Build compiles a module to a program: esbuild strips the types and links
// imports, goja compiles, and the result is run once in a throw-away runtime,
// which also finds the hooks. An import is "dgate" or one of its parts, or the
// name of another module, which becomes a part of this one with a state of its
// own. resolve may be nil.
//
// The error is an Errors that holds everything found.
func Build(src Source, resolve Resolver) (*Program, error) {
	p, err := (&build{src: src, resolve: resolve, linked: map[string]Source{}}).program()
	if err != nil {
		return nil, err
	}
	if err := loadCheck(p); err != nil {
		return nil, Errors{err}
	}
	return p, nil
}

// program compiles without running anything.
func (b *build) program() (*Program, error) {
	err := b.src.isolation().check()
	for _, grant := range b.src.Permissions {
		if err == nil {
			err = CheckPermission(grant)
		}
	}
	if err != nil {
		return nil, Errors{{Module: b.src.Name, Kind: KindSyntax, File: b.src.file(), Message: err.Error(), cause: err}}
	}
	p, errs := b.compile(api.ES2022)
	if errs != nil {
		// Once more without our own last line, which confuses the parser
		// where the text before it is not complete.
		b.bare = true
		if _, plain := b.compile(api.ES2022); plain != nil {
			errs = plain
		}
	}
	if p == nil && errs == nil {
		// goja refuses some newer syntax that esbuild can rewrite, at a price
		// in speed: `class { get = 1 }`.
		p, errs = b.compile(api.ES2017)
	}
	if p == nil {
		if errs == nil {
			errs = Errors{b.refused}
		}
		return nil, errs
	}
	p.name, p.file, p.permissions = b.src.Name, b.src.file(), b.src.Permissions
	p.isolation = b.src.isolation()
	p.imports, p.digest, p.packages = b.names(), b.digest(), b.packages
	return p, nil
}

// build is one run of Build.
type build struct {
	src     Source
	resolve Resolver
	linked  map[string]Source
	// bare leaves out topLevelHooks.
	bare bool
	// disk is the file of src when imports are read from disk, and packages
	// are then those that were found in node_modules.
	disk     string
	packages []string
	// files are the others that were linked, relative to the working directory.
	files []string
	// refused is what goja said about code that esbuild emitted.
	refused *Error
}

// compile returns nothing at all when goja refuses what esbuild emitted.
func (b *build) compile(target api.Target) (*Program, Errors) {
	options := api.BuildOptions{
		EntryPoints:    []string{b.src.Name},
		Bundle:         true,
		TreeShaking:    api.TreeShakingFalse, // what a library calls is of interest too
		Write:          false,
		Format:         api.FormatCommonJS,
		Platform:       api.PlatformNeutral,
		Target:         target,
		Supported:      unsupported,
		Sourcemap:      api.SourceMapInline,
		SourcesContent: api.SourcesContentExclude,
		TsconfigRaw:    "{}",
		LogLevel:       api.LogLevelSilent,
		LogLimit:       100,
		KeepNames:      false,
		Banner:         map[string]string{"js": "(function(exports, require, module, " + topName + ", " + shiftName + ", " + exponentName + ", " + spreadName + ", " + keyName + ", " + keysName + ", " + exportsName + ", " + fetchName + ", " + importName + ", " + freeName + ") {"},
		Define:         map[string]string{"fetch": fetchName, "globalThis.fetch": fetchName},
		Footer:         map[string]string{"js": "})"},
		Plugins:        []api.Plugin{{Name: "dgate", Setup: b.plugin}},
	}
	if b.disk != "" {
		b.readDisk(&options)
	}
	result := api.Build(options)
	if len(result.Errors) > 0 {
		return nil, b.errors(result.Errors)
	}
	name := b.src.file()
	if b.disk != "" {
		name = path.Base(name) // files in the source map would count from its directory
		b.files, b.packages = linkedOf(result.Metafile)
	}
	text := string(result.OutputFiles[0].Contents)
	code, reached, err := compileScript(name, text, b.texts())
	if err != nil {
		b.refused = &Error{
			Module: b.src.Name, Kind: KindSyntax, File: b.src.file(), cause: err,
			Message: "not understood after translation: " + err.Error(),
		}
		return nil, nil
	}
	return &Program{code: code, reach: reached, rpc: rpcUseOf(text)}, nil
}

// texts are the sources that went into the bundle.
func (b *build) texts() []string {
	texts := []string{b.src.Text}
	for _, src := range b.linked {
		texts = append(texts, src.Text)
	}
	if b.disk != "" {
		texts = append(texts, helpers...) // other texts were not looked at
	}
	return texts
}

// plugin serves every source from memory, so that nothing is read from disk.
func (b *build) plugin(p api.PluginBuild) {
	p.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		switch {
		case args.Kind == api.ResolveEntryPoint:
			return api.OnResolveResult{Path: b.src.file(), Namespace: entryNamespace}, nil
		case args.Namespace == entryNamespace:
			return api.OnResolveResult{Path: b.src.file(), Namespace: sourceNamespace, PluginData: b.src}, nil
		}
		if slices.Contains(builtinModules(), args.Path) {
			return api.OnResolveResult{Path: args.Path, External: true}, nil
		}
		name := moduleName(args.Path)
		if name == b.src.Name {
			return api.OnResolveResult{}, fmt.Errorf("module %q imports itself", name)
		}
		src, ok := b.linked[name]
		if !ok && b.resolve != nil {
			src, ok = b.resolve(name)
		}
		if !ok {
			return api.OnResolveResult{}, fmt.Errorf("there is no module %q in this namespace, and the built-in ones are %s",
				args.Path, strings.Join(builtinModules(), ", "))
		}
		b.linked[name] = src
		return api.OnResolveResult{Path: src.file(), Namespace: sourceNamespace, PluginData: src}, nil
	})
	p.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: entryNamespace}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
		return api.OnLoadResult{Contents: &entry, Loader: api.LoaderJS}, nil
	})
	p.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: sourceNamespace}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		src, ok := args.PluginData.(Source)
		if !ok {
			return api.OnLoadResult{}, fmt.Errorf("no source for %q", args.Path)
		}
		text := src.Text
		if src.Name == b.src.Name && !b.bare {
			text += topLevelHooks
		}
		return api.OnLoadResult{Contents: &text, Loader: loaderOf(src.file())}, nil
	})
}

// topLevelHooks hands over the hooks that stand as plain functions. Exports
// come first.
var topLevelHooks = func() string {
	var args []string
	for _, e := range hookExports {
		args = append(args, fmt.Sprintf("typeof %s === 'function' ? %s : void 0", e.name, e.name))
	}
	return "\n;" + topName + "(" + strings.Join(args, ", ") + ");"
}()

// entry is what a bundle begins with: it hands over the hooks that the module
// exports, without the objects and functions that an export takes otherwise.
var entry = func() string {
	args := "module.default"
	for _, e := range hookExports {
		args += ", module." + e.name
	}
	return "import * as module from 'module';" + exportsName + "(" + args + ");"
}()

func loaderOf(file string) api.Loader {
	switch path.Ext(file) {
	case ".js", ".mjs", ".cjs":
		return api.LoaderJS
	}
	return api.LoaderTS
}

// moduleName takes "./othermod.ts" for "othermod".
func moduleName(importPath string) string {
	name := strings.TrimPrefix(importPath, "./")
	switch ext := path.Ext(name); ext {
	case ".ts", ".mts", ".js", ".mjs", ".cjs":
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

func (b *build) names() []string {
	names := make([]string, 0, len(b.linked))
	for name := range b.linked {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (b *build) digest() string {
	h := sha256.New()
	part := func(s string) { fmt.Fprintf(h, "%d:%s,", len(s), s) }
	part(buildVersion)
	add := func(s Source) {
		part(s.Name)
		part(s.file())
		part(s.Text)
	}
	add(b.src)
	part(string(b.src.isolation()))
	part(fmt.Sprint(b.src.Permissions != nil))
	for _, grant := range b.src.Permissions {
		part(grant)
	}
	for _, name := range b.names() {
		add(b.linked[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (b *build) errors(list []api.Message) Errors {
	errs := make(Errors, len(list))
	for i, m := range list {
		errs[i] = b.message(m)
	}
	return errs
}

func (b *build) message(m api.Message) *Error {
	e := &Error{Module: b.src.Name, Kind: KindSyntax, Message: strings.ReplaceAll(m.Text, `"`+sourceNamespace+":", `"`)}
	if l := m.Location; l != nil {
		e.File, e.Line, e.Column = sourceFile(l.File), l.Line, l.Column+1
		e.Text = l.LineText
	} else {
		e.File = b.src.file()
	}
	return e
}
