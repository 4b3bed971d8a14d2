package idl

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/servicemapping/breaking"
)

type breakingOptions struct {
	env        *cli.Env
	dir        string
	against    string
	modules    string
	allow      []string
	routesOnly bool
	strict     bool
	all        bool
}

func newBreaking(env *cli.Env) *cobra.Command {
	o := &breakingOptions{env: env, dir: defaultDir}
	cmd := &cobra.Command{
		Use:   "breaking [DIR] --against DIR|git:REF[:PATH]",
		Short: "What a change of IDLs breaks",
		Long: `Compares the IDLs of a directory (default "idl") with those of another one, or
with those of a commit, and prints one line for each change:

  FILE:LINE: SEVERITY RULE: MESSAGE (ROUTES; MODULES)

Breaking: callers that were right, or instances that run the old IDL, are wrong
now. Risky: it depends on what they send. Breaking changes give exit code 100.

git:REF is DIR in that commit; a PATH counts from the top of the repository.`,
		Example: `  dgate-cli idl breaking --against git:main
  dgate-cli idl breaking new --against old --modules modules --strict`,
		Args: cli.Args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.dir = args[0]
			}
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&o.against, "against", "", "what was there before: a `DIR`, or git:REF[:PATH]")
	cmd.Flags().StringVar(&o.modules, "modules", "", "the `DIR` of the modules, to name those that a change breaks")
	cmd.Flags().StringSliceVar(&o.allow, "allow", nil, "`RULES` that may be broken")
	cmd.Flags().BoolVar(&o.routesOnly, "routes-only", false, "nobody calls methods by name (genericRoute: off)")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "a risky change is a finding too")
	cmd.Flags().BoolVar(&o.all, "all", false, "tell safe changes too")
	return cmd
}

func (o *breakingOptions) run(ctx context.Context) error {
	if o.against == "" {
		return cli.Usagef("--against DIR or --against git:REF", "what are the IDLs to be compared with?")
	}
	for _, rule := range o.allow {
		if !slices.Contains(breaking.Rules(), rule) {
			return cli.Usagef("the rules are "+strings.Join(breaking.Rules(), ", "), "--allow: there is no rule %q", rule)
		}
	}
	use := breaking.Usage{ByName: !o.routesOnly, Allow: o.allow}
	if o.modules != "" {
		set, err := loadModules(o.env, o.modules)
		if err != nil {
			return err
		}
		use.Callers = set.Callers
		use.Attached = func(r breaking.Route) []string { return set.Attached(jsmodule.RouteKey(r)) }
	}
	old, where, err := o.before(ctx)
	if err != nil {
		return err
	}
	next, err := load(o.dir)
	if err != nil {
		return err
	}
	if err := errors.Join(o.sayUnread(o.against, old), o.sayUnread(o.dir, next)); err != nil {
		return err
	}
	return o.tell(breaking.Compare(old, next, use), where)
}

// sayUnread tells that some of the IDLs cannot be compared, since it does not serve.
func (o *breakingOptions) sayUnread(dir string, m *servicemapping.Mapping) error {
	errs := 0
	for _, d := range m.Diagnostics {
		if d.Severity == servicemapping.Error {
			errs++
		}
	}
	if errs == 0 {
		return nil
	}
	return o.env.Sayf("%s in the IDLs of %s: what does not serve is not compared", count(errs, "error"), dir)
}

// before reads what was there before. The function gives the name that a file
// of it is shown by.
func (o *breakingOptions) before(ctx context.Context) (*servicemapping.Mapping, func(file string) string, error) {
	ref, ok := strings.CutPrefix(o.against, "git:")
	if !ok {
		m, err := load(o.against)
		return m, func(file string) string { return filepath.Join(o.against, filepath.FromSlash(file)) }, err
	}
	tree, err := gitTree(ctx, o.dir, ref)
	if err != nil {
		return nil, nil, err
	}
	defer tree.remove()
	m, err := loadFS("git:"+tree.name, os.DirFS(tree.dir))
	return m, func(file string) string { return "git:" + strings.TrimSuffix(tree.name, "/") + "/" + file }, err
}

func (o *breakingOptions) tell(all []breaking.Finding, where func(file string) string) error {
	least := breaking.Risky
	if o.all {
		least = breaking.Safe
	}
	shown := breaking.AtLeast(least, all)
	for i := range shown {
		if f := &shown[i]; f.Gone {
			f.File = where(f.File)
		} else {
			f.File = filepath.Join(o.dir, filepath.FromSlash(f.File))
		}
	}
	err := o.env.Print(shown, func(t *cli.Table) {
		for _, f := range shown {
			t.Line(formatFinding(f, t.Colour))
		}
	})
	if err != nil {
		return err
	}
	broken := len(breaking.AtLeast(breaking.Breaking, all))
	risky := len(breaking.AtLeast(breaking.Risky, all)) - broken
	summary := strconv.Itoa(broken) + " breaking, " + strconv.Itoa(risky) + " risky, " +
		count(len(all)-broken-risky, "safe change")
	if broken > 0 || o.strict && risky > 0 {
		return &cli.FindingsError{Summary: summary}
	}
	return o.env.Sayf("ok: %s", summary)
}

func formatFinding(f breaking.Finding, colour bool) string {
	text := cli.OneLine(f.String())
	if !colour {
		return text
	}
	code := "32" // green
	switch f.Severity {
	case breaking.Breaking:
		code = "31" // red
	case breaking.Risky:
		code = "33" // yellow
	}
	severity := ": " + string(f.Severity) + " "
	return strings.Replace(text, severity, ": \x1b["+code+"m"+string(f.Severity)+"\x1b[0m ", 1)
}

// loadModules reads a directory of modules as the gateway does.
func loadModules(env *cli.Env, dir string) (*jsmodule.Set, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, &cli.HintError{Err: err, Hint: "name the directory of the modules"}
	}
	if !info.IsDir() {
		return nil, cli.Usagef("name the directory that it stands in", "%s is not a directory", dir)
	}
	set := jsmodule.LoadDir(os.DirFS(dir), nil)
	for _, p := range set.Problems {
		if err := env.Sayf("%s: this module does not load, and is not looked at: %v", filepath.Join(dir, p.File), p.Err); err != nil {
			return nil, err
		}
	}
	return set, nil
}
