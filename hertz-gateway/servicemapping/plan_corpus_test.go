package servicemapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/corpus"
	"dgate/hertz-gateway/internal/wiretext"
	"dgate/hertz-gateway/router"
	"dgate/hertz-gateway/transcode"
)

var updateCorpus = flag.Bool("update-corpus", false, "rewrite the calls and responses of the corpus")

const corpusFolder = "../testdata/corpus"

// TestCorpus runs the corpus against the plans alone: what needs a whole
// gateway (routing failures, errors of backends) is left to the gateway's test.
func TestCorpus(t *testing.T) {
	files, err := corpus.Load(os.DirFS(corpusFolder))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no corpus")
	}
	cases := 0
	for _, f := range files {
		t.Run(strings.TrimSuffix(f.Name, ".txtar"), func(t *testing.T) {
			idl := fstest.MapFS{}
			for name, text := range f.IDL {
				idl[name] = &fstest.MapFile{Data: []byte(text)}
			}
			m, err := Load(idl, Options{Settings: settingsOf(t, f)})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range m.Diagnostics {
				if d.Severity == Error {
					t.Errorf("%s:%d: %s: %s", d.File, d.Line, d.Rule, d.Message)
				}
			}
			for _, c := range f.Cases {
				cases++
				t.Run(c.Name, func(t *testing.T) { runCase(t, m, c) })
			}
			if *updateCorpus {
				if err := os.WriteFile(filepath.Join(corpusFolder, f.Name), f.Format(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	t.Log(cases, "cases")
}

// settingsOf reads what the policies of a file mean for a plan.
func settingsOf(t *testing.T, f *corpus.File) Settings {
	if f.Settings == "" {
		return Settings{}
	}
	var p api.JSONPolicy
	d := json.NewDecoder(strings.NewReader(f.Settings))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	return Settings{
		Int64AsString: p.Int64 == "string", OmitZero: p.ZeroValues == "omit", EnumNames: p.Enum == "name",
		RejectUnknown: p.UnknownFields == "reject", SpecialFloats: p.SpecialFloats == "string", LaxNumbers: p.Integers == "lax",
	}
}

func runCase(t *testing.T, m *Mapping, c *corpus.Case) {
	message, err := c.Message()
	if err != nil {
		t.Fatal(err)
	}
	r := newFakeRequest(message)
	p, found := match(t, m, r)
	if !found {
		t.Skip("routing")
	}
	w := newFakeResponse()
	call, answered := serve(t, p, r, c, w)
	if !answered {
		t.Skip("an error of the backend")
	}
	if *updateCorpus {
		c.Call, c.Response = call, w.text(c.Response)
		return
	}
	if diff := cmp.Diff(c.Call, call); diff != "" {
		t.Errorf("call (-want +got):\n%s", diff)
	}
	want, err := c.Want()
	if err != nil {
		t.Fatal(err)
	}
	got := &corpus.Want{Status: w.status, Body: string(w.body)}
	for _, h := range want.Headers {
		for _, v := range w.header[http.CanonicalHeaderKey(h.Name)] {
			if line := (corpus.Header{Name: h.Name, Value: v}); len(got.Headers) < len(want.Headers) {
				got.Headers = append(got.Headers, line)
			}
		}
	}
	got.Headers = uniqueHeaders(got.Headers)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
}

func uniqueHeaders(in []corpus.Header) (out []corpus.Header) {
	seen := map[corpus.Header]bool{}
	for _, h := range in {
		if !seen[h] {
			seen[h] = true
			out = append(out, h)
		}
	}
	return out
}

// serve does what an exchange does with a plan. answered is false when the
// case needs a backend that fails.
func serve(t *testing.T, p *Plan, r *fakeRequest, c *corpus.Case, w *fakeResponse) (call string, answered bool) {
	p = p.For([]byte(r.Request.Header.Get("Accept")))
	envelope := p.IsEnvelope(r.body)
	wire, err := p.AppendRequest(nil, r)
	if err == nil {
		text, err := wiretext.Dump(wire)
		if err != nil {
			t.Fatalf("%v: %q", err, wire)
		}
		call = p.method.Service.Name + "." + p.method.Name + "\n" + text
		checkArguments(t, p.method, wire)
		if strings.HasPrefix(c.Reply, "error ") {
			return "", false
		}
		result := zeroResult(p.method)
		if c.Reply != "" {
			if result, err = wiretext.Parse(c.Reply); err != nil {
				t.Fatal(err)
			}
			if len(result) == 1 && !p.method.Void {
				return "", false // upstream refuses it before a plan sees it
			}
		}
		if envelope {
			err = p.WriteEnvelope(w, result)
		} else {
			err = p.WriteResponse(w, result)
		}
		if err == nil {
			if w.contentType != "" {
				w.header.Set("Content-Type", w.contentType)
			}
			return call, true
		}
		writeProblem(t, w, p, envelope, err)
		return call, true
	}
	writeProblem(t, w, p, envelope, err)
	return "", true
}

// checkArguments takes the arguments of a call through the JSON that modules see
// of them, and back.
func checkArguments(t *testing.T, m *Method, wire []byte) {
	t.Helper()
	shown, err := m.AppendArguments(nil, wire)
	if err != nil {
		t.Fatalf("the arguments cannot be shown: %v", err)
	}
	r := readRequest(t, "POST /gateway/s/m\nContent-Type: application/json\n\n")
	r.body = shown
	again, err := m.Generic.AppendRequest(nil, r)
	if err != nil {
		t.Errorf("arguments %s: %v", shown, err)
		return
	}
	// The bytes may differ: order of fields, zeros of fields that are always sent.
	got, err := m.AppendArguments(nil, again)
	if err != nil || string(got) != string(shown) {
		t.Errorf("arguments %s become %s, %v", shown, got, err)
	}
}

// writeProblem answers as the gateway does.
func writeProblem(t *testing.T, w *fakeResponse, p *Plan, envelope bool, err error) {
	*w = *newFakeResponse()
	var (
		bad      *transcode.InvalidError
		wire     *transcode.WireError
		declared *DeclaredError
		media    *UnsupportedMediaTypeError
	)
	var problem *api.Problem
	code := EnvelopeBadRequest
	switch {
	case errors.As(err, &bad):
		problem = api.NewProblem(api.InvalidRequest, fmt.Sprintf("%d things are wrong with the request.", len(bad.Violations)))
		for _, v := range bad.Violations {
			problem.Errors = append(problem.Errors, api.FieldError{Pointer: v.Pointer, Parameter: v.Parameter, Code: v.Code, Detail: v.Detail})
		}
		if len(bad.Violations) == 1 {
			problem.Detail = bad.Violations[0].Detail
		}
	case errors.As(err, &media):
		problem = api.NewProblem(api.UnsupportedMediaType, fmt.Sprintf("A body of type %q cannot be read here.", media.ContentType))
	case errors.As(err, &declared):
		code = EnvelopeServiceFailed
		problem = api.NewProblem(api.Exception, "")
		problem.Status, problem.Code, problem.Exception = declared.Status, api.Code(declared.Name), declared.JSON
		problem.Upstream = &api.Upstream{Service: p.method.Service.Name, Method: p.method.Name}
	case errors.As(err, &wire):
		code = EnvelopeUnreadable
		problem = api.NewProblem(api.UpstreamFailed, "The service's answer could not be read.")
		problem.Upstream = &api.Upstream{Service: p.method.Service.Name, Method: p.method.Name}
	default:
		t.Fatal(err)
	}
	if envelope {
		text := problem.Detail
		if text == "" {
			text = problem.Title
		}
		w.status, w.body = 200, AppendEnvelopeError(nil, code, text)
		w.header.Set("Content-Type", jsonType)
		return
	}
	problem.RequestID, problem.Instance = "-", "-"
	w.status, w.body = problem.Status, problem.AppendJSON(nil)
	w.header.Set("Content-Type", api.ProblemMediaType)
}

// text is the response as the corpus writes it; old is what it replaces, whose
// choice of headers stays.
func (w *fakeResponse) text(old string) string {
	c := &corpus.Case{Response: old}
	names := []string{}
	if want, err := c.Want(); err == nil {
		for _, h := range want.Headers {
			names = append(names, http.CanonicalHeaderKey(h.Name))
		}
	} else {
		for name := range w.header {
			names = append(names, name)
		}
	}
	var b strings.Builder
	fmt.Fprintln(&b, w.status)
	done := map[string]bool{}
	for _, name := range slices.Sorted(slices.Values(names)) {
		if done[name] {
			continue
		}
		done[name] = true
		for _, v := range w.header[name] {
			b.WriteString(strings.TrimRight(name+": "+v, " ") + "\n")
		}
	}
	if len(w.body) > 0 {
		fmt.Fprintf(&b, "\n%s\n", w.body)
	}
	return b.String()
}

func zeroResult(m *Method) []byte {
	for _, f := range m.Result.Fields {
		if f.ID == 0 {
			wire := transcode.AppendFieldHeader(nil, f.Type.Kind.WireType(), 0)
			return transcode.AppendStop(transcode.AppendZero(wire, f.Type))
		}
	}
	return []byte{0}
}

var genericPath = regexp.MustCompile(`^/gateway/([^/?]+)/([^/?]+)$`)

// match finds the plan that serves a request, and its path parameters.
func match(t testing.TB, m *Mapping, r *fakeRequest) (*Plan, bool) {
	t.Helper()
	b := new(router.Builder[*Plan])
	path, _, _ := strings.Cut(r.target, "?")
	generic := genericPath.FindStringSubmatch(path)
	var byName *Plan
	for _, s := range m.Services {
		for _, method := range s.Methods {
			for _, binding := range method.Bindings {
				tmpl, err := router.Parse(binding.Path)
				if err != nil {
					t.Fatal(err)
				}
				if err := b.Add(binding.Verb, tmpl, binding.Plan); err != nil {
					t.Fatal(err)
				}
			}
			if generic != nil && r.Method == "POST" && generic[1] == s.Name && generic[2] == method.Name {
				byName = method.Generic
			}
		}
	}
	if p, outcome := b.Build().Match(r.Method, path, &r.params); outcome.Kind == router.Found {
		return p, true
	}
	return byName, byName != nil && r.Request.Header.Get("Origin") == ""
}

// TestCorpusFormat keeps the files in the form that an update writes.
func TestCorpusFormat(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(corpusFolder, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := corpus.Parse(filepath.Base(name), data)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.Format(), data) {
			t.Errorf("%s is not written in order", name)
		}
	}
}
