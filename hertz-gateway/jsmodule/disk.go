package jsmodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// BuildFile compiles a module as Build does, but out of a file on disk, whose
// imports may also be other files and npm packages in node_modules: it is for
// tools. A gateway reads one file for each module; Bundle makes it. Positions
// name files relative to the working directory.
//
// Permissions are those of the comments in the file.
func BuildFile(file string) (*Program, error) {
	b, err := diskBuild(file)
	if err != nil {
		return nil, err
	}
	p, err := b.program()
	if err != nil {
		return nil, err
	}
	if err := loadCheck(p); err != nil {
		return nil, Errors{err}
	}
	return p, nil
}

// Packages lists the npm packages that BuildFile linked in, sorted. A gateway
// does not find them: such a module is to be bundled.
func (p *Program) Packages() []string { return p.packages }

// Bundle gives the text of one file that does what the module in file does,
// npm packages and imported modules included: what a gateway takes. The
// comments at its top stay; errors keep their positions in the sources.
func Bundle(file string) ([]byte, error) {
	b, err := diskBuild(file)
	if err != nil {
		return nil, err
	}
	p, err := BuildFile(file)
	if err != nil {
		return nil, err
	}
	// Plain functions without exports would be left out as unused.
	if len(p.plain) > 0 {
		b.src.Text += "\n;export { " + strings.Join(p.plain, ", ") + " };\n"
	}
	b.bare = true
	options := api.BuildOptions{
		EntryPoints: []string{b.src.Name}, Bundle: true, Format: api.FormatCommonJS, Platform: api.PlatformNeutral,
		Target: api.ESNext, Sourcemap: api.SourceMapInline, SourcesContent: api.SourcesContentExclude,
		TsconfigRaw: "{}", LogLevel: api.LogLevelSilent, LogLimit: 100,
		Plugins: []api.Plugin{{Name: "dgate", Setup: b.plugin}},
	}
	if head := headComments(b.src.Text); head != "" {
		options.Banner = map[string]string{"js": head}
	}
	b.readDisk(&options)
	result := api.Build(options)
	if len(result.Errors) > 0 {
		return nil, b.errors(result.Errors)
	}
	return result.OutputFiles[0].Contents, nil
}

// diskBuild reads the file of a module.
func diskBuild(file string) (*build, error) {
	full, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	src, err := readSource(os.DirFS(filepath.Dir(full)), filepath.Base(full))
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = fmt.Errorf("%s: %w", file, path.Err)
		}
		return nil, err
	}
	src.File = filepath.ToSlash(file)
	return &build{src: src.Source, linked: map[string]Source{}, disk: full}, nil
}

// readDisk sets what a build needs that reads imports from disk.
func (b *build) readDisk(o *api.BuildOptions) {
	o.EntryPoints = []string{b.disk}
	o.Metafile = true
	o.MainFields = []string{"module", "main"}
	o.Conditions = []string{"worker", "module"}
	o.Define = map[string]string{"process.env.NODE_ENV": `"production"`}
	o.Plugins = []api.Plugin{{Name: "dgate", Setup: b.diskPlugin}}
}

// diskPlugin leaves what it does not know to esbuild, which finds files and
// packages. The modules beside a module go before packages of that name, as in
// a gateway.
func (b *build) diskPlugin(p api.PluginBuild) {
	p.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if slices.Contains(builtinModules(), args.Path) {
			return api.OnResolveResult{Path: args.Path, External: true}, nil
		}
		if isBuiltinName(args.Path) {
			return api.OnResolveResult{}, fmt.Errorf("there is no %q; the built-in modules are %s", args.Path, strings.Join(builtinModules(), ", "))
		}
		if args.Kind == api.ResolveEntryPoint || strings.ContainsAny(args.Path, `/\`) || inPackage(args.Importer) {
			return api.OnResolveResult{}, nil
		}
		for _, ext := range []string{".ts", ".js"} {
			name := filepath.Join(args.ResolveDir, args.Path+ext)
			if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
				return api.OnResolveResult{Path: name}, nil
			}
		}
		return api.OnResolveResult{}, nil
	})
	p.OnLoad(api.OnLoadOptions{Filter: ".*"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		if args.Path != b.disk {
			return api.OnLoadResult{}, nil
		}
		text := b.src.Text
		if !b.bare {
			text += topLevelHooks
		}
		return api.OnLoadResult{Contents: &text, Loader: loaderOf(b.disk), ResolveDir: filepath.Dir(b.disk)}, nil
	})
}

func isBuiltinName(path string) bool { return path == "dgate" || strings.HasPrefix(path, "dgate/") }

func inPackage(file string) bool {
	return strings.Contains(filepath.ToSlash(file), "/node_modules/")
}

// linkedOf lists the files that were linked, and the packages of others.
func linkedOf(metafile string) (files, packages []string) {
	var meta struct {
		Inputs map[string]json.RawMessage `json:"inputs"`
	}
	if json.Unmarshal([]byte(metafile), &meta) != nil {
		return nil, nil
	}
	for file := range meta.Inputs {
		_, inside, ok := cutLast(filepath.ToSlash("/"+file), "/node_modules/")
		if !ok {
			files = append(files, file)
			continue
		}
		parts := strings.SplitN(inside, "/", 3)
		name := parts[0]
		if strings.HasPrefix(name, "@") && len(parts) > 1 {
			name += "/" + parts[1]
		}
		if !slices.Contains(packages, name) {
			packages = append(packages, name)
		}
	}
	slices.Sort(files)
	slices.Sort(packages)
	return files, packages
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// headComments are the comments at the top of a module, which say where it
// runs.
func headComments(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "//") {
			break
		}
		b.WriteString(line)
	}
	return b.String()
}
