// Package explain is the command "explain".
package explain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/explain"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/servicemapping"
)

type options struct {
	env        *cli.Env
	verb, url  string
	headers    []string
	data       string // the body, "-" or "@FILE"
	dir        string
	modules    string
	routesOnly bool
	timeout    time.Duration
	send       bool
}

// New makes the command.
func New(env *cli.Env) *cobra.Command {
	o := &options{env: env}
	cmd := &cobra.Command{
		Use:   "explain METHOD URL",
		Short: "What becomes of a request, without sending it",
		Long: `Tells what the gateway would do with a request: which route takes it and why not
the others, where each field of the method's argument comes from, which hooks
run, and how the result becomes an answer. Nothing is called, unless --send has
the gateway serve the request and tell which instance answered and where the
time went.

With --idl it works on files; otherwise the gateway explains what it serves. URL
is a path with its query, or a whole URL.`,
		Example: `  dgate-cli explain GET '/book/query?num=1'
  dgate-cli explain --idl idl --modules modules POST /book -H content-type:application/json -d '{"title":"x"}'`,
		Args: cli.Args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.verb, o.url = strings.ToUpper(args[0]), args[1]
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().StringArrayVarP(&o.headers, "header", "H", nil, "a header, `NAME:VALUE`; may repeat")
	cmd.Flags().StringVarP(&o.data, "data", "d", "", "the `BODY`; @FILE reads a file and - standard input")
	cmd.Flags().StringVar(&o.dir, "idl", "", "the `DIR` of the IDLs: explain offline")
	cmd.Flags().StringVar(&o.modules, "modules", "", "the `DIR` of the modules, offline")
	cmd.Flags().BoolVar(&o.routesOnly, "routes-only", false, "offline: nothing is called by name (genericRoute: off)")
	cmd.Flags().BoolVar(&o.send, "send", false, "have the gateway serve the request too, and tell what became of it")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 10*time.Second, "how long to wait for the gateway")
	return cmd
}

func (o *options) run(ctx context.Context) error {
	req, err := o.request()
	if err != nil {
		return err
	}
	var e *api.Explanation
	req.Send = o.send
	switch {
	case o.dir != "" && o.send:
		return cli.Usagef("leave out --idl", "--send takes a gateway")
	case o.dir != "":
		e, err = o.offline(req)
	case o.modules != "" || o.routesOnly:
		return cli.Usagef("--idl DIR explains offline", "--modules and --routes-only go with --idl")
	default:
		e, err = o.ask(ctx, req)
	}
	if err != nil {
		return err
	}
	return o.env.Print(e, func(t *cli.Table) {
		table(t, e)
		sent(t, e.Sent)
	})
}

// request is what is to be explained.
func (o *options) request() (api.ExplainRequest, error) {
	r := api.ExplainRequest{Method: o.verb, URL: o.url, Headers: map[string]api.HeaderValues{}}
	if !strings.HasPrefix(o.url, "/") && !strings.Contains(o.url, "://") {
		return r, cli.Usagef("write /path?query, or http://host/path", "%q is no URL", o.url)
	}
	for _, h := range o.headers {
		name, value, ok := strings.Cut(h, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return r, cli.Usagef("-H content-type:application/json", "%q is no header", h)
		}
		r.Headers[name] = append(r.Headers[name], strings.TrimSpace(value))
	}
	body := []byte(o.data)
	var err error
	if file, ok := strings.CutPrefix(o.data, "@"); ok {
		body, err = os.ReadFile(file)
	} else if o.data == "-" {
		body, err = io.ReadAll(o.env.Stdin)
	}
	r.Body = string(body)
	return r, err
}

func (o *options) offline(req api.ExplainRequest) (*api.Explanation, error) {
	info, err := os.Stat(o.dir)
	if err != nil {
		return nil, &cli.HintError{Err: err, Hint: "name the directory with the IDLs"}
	}
	if !info.IsDir() {
		return nil, cli.Usagef("name the directory that it stands in", "%s is not a directory", o.dir)
	}
	files := explain.Files{Open: func(*servicemapping.Method) bool { return !o.routesOnly }}
	if files.Mapping, err = servicemapping.Load(os.DirFS(o.dir), servicemapping.Options{}); err != nil {
		return nil, fmt.Errorf("%s: %w", o.dir, err)
	}
	if o.modules != "" {
		if info, err := os.Stat(o.modules); err != nil {
			return nil, &cli.HintError{Err: err, Hint: "name the directory of the modules"}
		} else if !info.IsDir() {
			return nil, cli.Usagef("name the directory that it stands in", "%s is not a directory", o.modules)
		}
		files.Modules = jsmodule.LoadDir(os.DirFS(o.modules), nil)
		for _, p := range files.Modules.Problems {
			if err := o.env.Sayf("%s: this module does not load, and is not looked at: %v", filepath.Join(o.modules, p.File), p.Err); err != nil {
				return nil, err
			}
		}
	}
	e, err := explain.Explain(files.Input(), req)
	if errors.Is(err, explain.ErrURL) {
		return nil, &cli.UsageError{Err: err}
	}
	if err != nil {
		return nil, err
	}
	if e.Route != nil && e.Route.File != "" {
		e.Route.File = filepath.Join(o.dir, filepath.FromSlash(e.Route.File))
	}
	return e, nil
}

func (o *options) ask(ctx context.Context, req api.ExplainRequest) (*api.Explanation, error) {
	client, err := o.env.Client()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	return client.Explain(ctx, req)
}

// table is the explanation for people.
func table(t *cli.Table, e *api.Explanation) {
	head(t, e)
	if e.Route != nil {
		about(t, e)
	}
	if e.Binding != nil {
		binding(t, e.Binding)
	}
	if len(e.Hooks) > 0 {
		t.Line("")
		t.Row("HOOK", "MODULE", "WHEN")
		for _, h := range e.Hooks {
			module := h.Module
			if h.Hook == "call" && e.Route != nil {
				module = "(" + e.Route.Service + "." + e.Route.RPCMethod + ")"
			} else if h.File != "" {
				module = h.File
			}
			t.Row(h.Hook, module, h.When)
		}
	}
	if e.Response != nil {
		answer(t, e.Response)
	}
	if len(e.Others) > 0 {
		t.Line("")
		t.Row("NOT CHOSEN", "", "WHY")
		for _, m := range e.Others {
			t.Row(m.Verb+" "+m.Path, m.Name, m.Why)
		}
	}
}

func head(t *cli.Table, e *api.Explanation) {
	line := e.Method + " " + e.Path + ": "
	switch {
	case e.Route == nil:
		line += fmt.Sprintf("%d, %s", e.Status, e.Reason)
		if len(e.Allow) > 0 {
			line += " (Allow: " + strings.Join(e.Allow, ", ") + ")"
		}
		if e.Location != "" {
			line += " (Location: " + e.Location + ")"
		}
	case e.Binding != nil && e.Binding.Status != 0:
		line += fmt.Sprintf("%s refuses it with %d", e.Route.Name, e.Binding.Status)
	default:
		line += e.Route.Name
	}
	t.Line(cli.OneLine(line))
}

// sent tells what became of the request, if it was sent.
func sent(t *cli.Table, x *api.ExplainedExchange) {
	if x == nil {
		return
	}
	t.Line("")
	t.Row("SENT", "TOOK")
	t.Row(fmt.Sprintf("status %d", x.Status), x.Took)
	for _, s := range x.Stages {
		t.Row("  "+s.Name, s.Took)
	}
	for _, a := range x.Tried {
		t.Row("refused by", a)
	}
	if x.Instance != "" {
		t.Row("answered by", x.Instance+", "+x.Why)
	}
	t.Line(cli.OneLine(x.Body))
}

func about(t *cli.Table, e *api.Explanation) {
	r := e.Route
	t.Line("")
	t.Row("route", r.Verb+" "+r.Path+" ("+r.Origin+")")
	if r.File != "" {
		t.Row("asked for in", fmt.Sprintf("%s:%d", r.File, r.Line))
	}
	for _, p := range r.Params {
		t.Row("parameter "+p.Name, p.Value)
	}
	if r.Service != "" {
		t.Row("method", r.Service+"."+r.RPCMethod+traits(r))
		t.Row("instances of", cmp.Or(r.Registry, "nobody: the registry name is not known"))
	}
	if e.Gateway != "" && r.Registry != "" && len(e.Instances) == 0 {
		t.Row("", "none is registered")
	}
	for _, i := range e.Instances {
		t.Row("", fmt.Sprintf("%s, weight %d, %s", i.Address, i.Weight, i.State))
	}
	if r.Timeout != "" {
		t.Row("timeout", r.Timeout)
	}
	if len(r.Settings) > 0 {
		t.Row("settings", strings.Join(r.Settings, ", "))
	}
	if r.Problem != "" {
		t.Row("does not serve", r.Problem)
	}
	if e.Namespace != "" {
		t.Row("namespace", e.Namespace)
	}
	if e.Gateway != "" {
		t.Row("gateway", fmt.Sprintf("%s, revision %d", e.Gateway, e.Revision))
	}
}

func traits(r *api.ExplainedRoute) string {
	var list []string
	if r.Idempotent {
		list = append(list, "idempotent")
	}
	if r.Oneway {
		list = append(list, "oneway")
	}
	if list == nil {
		return ""
	}
	return " (" + strings.Join(list, ", ") + ")"
}

func binding(t *cli.Table, b *api.ExplainedBinding) {
	if len(b.Fields) > 0 {
		t.Line("")
		t.Row("FIELD", "TYPE", "FROM", "RAW", "VALUE", "")
	}
	told := map[string]bool{}
	for _, f := range b.Fields {
		note := f.Conversion
		from := f.From
		switch {
		case f.Problem != "":
			note = "refused: " + f.Problem
			for d := range strings.SplitSeq(f.Problem, "; ") {
				told[d] = true
			}
		case from == "absent":
			note = "not sent"
		}
		if from == "absent" || from == "default" {
			from += " (" + strings.Join(f.Places, ", ") + ")"
		}
		t.Row(f.Field, f.Type, from, f.Raw, string(f.Value), note)
	}
	for _, e := range b.Errors {
		if !told[e.Detail] {
			t.Line(cli.OneLine("refused: " + strings.TrimLeft(cmp.Or(e.Parameter, e.Pointer)+": "+e.Detail, ": ")))
		}
	}
}

func answer(t *cli.Table, r *api.ExplainedResponse) {
	t.Line("")
	t.Row("ANSWER", "BODY")
	t.Row(r.Status, r.Body)
	for _, f := range r.Fields {
		t.Row("", f.Field+" is "+f.To)
	}
	for _, e := range r.Exceptions {
		status := fmt.Sprint(e.Status)
		if e.StatusField != "" {
			status = "that of " + e.StatusField + ", else " + status
		}
		t.Row(status, "exception "+e.Name)
	}
}
