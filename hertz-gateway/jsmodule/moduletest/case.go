package moduletest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dgate/hertz-gateway/jsmodule"
)

// Case is one exchange in a file *.case.json with what should come of it.
type Case struct {
	Name string `json:"name"`
	// Module is the file of the module, relative to that of the case. Default:
	// the name of the case's file up to its first dot, as .ts or .js.
	Module  string  `json:"module,omitempty"`
	Request Request `json:"request"`
	// Service, Hook and Args are as in Exchange.
	Service string          `json:"service,omitempty"`
	Hook    string          `json:"hook,omitempty"`
	Args    json.RawMessage `json:"args,omitempty"`
	Mocks   Mocks           `json:"mocks"`
	Expect  Expect          `json:"expect"`
}

// Request is the request of a Case.
type Request struct {
	Method string `json:"method,omitempty"`
	// URL is absolute, or a path with a query.
	URL     string            `json:"url,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
	Params  map[string]string `json:"params,omitempty"`
	IP      string            `json:"ip,omitempty"`
}

// Expect is what should come of a Case; what is left out is not looked at.
type Expect struct {
	Request  *ExpectedRequest  `json:"request,omitempty"`
	Response *ExpectedResponse `json:"response,omitempty"`
	// Answered says whether requestModifier or the hook that ran answered.
	Answered *bool `json:"answered,omitempty"`
	// Target is what fetchUpstream chose: address, tag, hashKey.
	Target map[string]string `json:"target,omitempty"`
	// Args are the arguments of the call behind the route.
	Args json.RawMessage `json:"args,omitempty"`
	// Calls are the RPCs, in any order.
	Calls []Call `json:"calls,omitempty"`
	// Logs are the lines written, level and text.
	Logs []string `json:"logs,omitempty"`
	// Error is a part of the error that the exchange ends with.
	Error string `json:"error,omitempty"`
}

// ExpectedRequest is what hooks should make of the request.
type ExpectedRequest struct {
	Method string `json:"method,omitempty"`
	// URL is a path with its query, or absolute.
	URL     string             `json:"url,omitempty"`
	Headers map[string]*string `json:"headers,omitempty"` // null: not there
	Body    json.RawMessage    `json:"body,omitempty"`
}

// ExpectedResponse is what the client should get.
type ExpectedResponse struct {
	Status  int                `json:"status,omitempty"`
	Headers map[string]*string `json:"headers,omitempty"` // null: not there
	Body    json.RawMessage    `json:"body,omitempty"`
}

// LoadCases reads a file of one case, or of a list of them.
func LoadCases(file string) ([]Case, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var cases []Case
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '[' {
		err = strictUnmarshal(data, &cases)
	} else {
		cases = make([]Case, 1)
		err = strictUnmarshal(data, &cases[0])
	}
	if err != nil {
		return nil, &caseError{at(file, data, err), err}
	}
	stem, _, _ := strings.Cut(filepath.Base(file), ".")
	for i := range cases {
		c := &cases[i]
		if c.Name == "" {
			c.Name = fmt.Sprintf("case %d", i+1)
		}
		if c.Module == "" {
			if c.Module = stem + ".ts"; !isFile(filepath.Join(filepath.Dir(file), c.Module)) {
				c.Module = stem + ".js"
			}
		}
		c.Module = filepath.Join(filepath.Dir(file), c.Module)
	}
	return cases, nil
}

// caseError is a case that cannot be read.
type caseError struct {
	place Place
	err   error
}

func (e *caseError) Error() string { return e.place.String() + ": " + e.err.Error() }

func (e *caseError) Unwrap() error { return e.err }

// at is where in a file a JSON error is, as far as that tells.
func at(file string, data []byte, err error) Place {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	offset := int64(-1)
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset - 1
	case errors.As(err, &kind):
		offset = kind.Offset
	}
	if offset < 0 || offset > int64(len(data)) {
		return Place{File: file}
	}
	before := data[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	return Place{file, line, len(before) - bytes.LastIndexByte(before, '\n')}
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// Message makes the request.
func (r Request) Message() (*jsmodule.MemoryRequest, error) {
	q, err := jsmodule.NewMemoryRequest(r.Method, r.URL)
	if err != nil {
		return nil, err
	}
	if err := (Message{Headers: r.Headers, Body: r.Body}).fill(q); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(r.Params)) {
		q.SetParam(name, r.Params[name])
	}
	if r.IP != "" {
		q.SetIP(r.IP)
	}
	return q, nil
}

// play plays the case and names what differs from what is expected.
func (c *Case) play(ctx context.Context, p *jsmodule.Program, limits jsmodule.Limits, version string) (Outcome, []string, error) {
	q, err := c.Request.Message()
	if err != nil {
		return Outcome{}, nil, fmt.Errorf("request: %w", err)
	}
	var o Outcome
	err = jsmodule.Patiently(func() error {
		var err error
		o, err = Play(ctx, p, Exchange{
			Request: q, Service: c.Service, Hook: c.Hook, Args: c.Args, Mocks: c.Mocks, Simulated: true, Limits: limits, Version: version,
		})
		return err
	})
	if want := c.Expect.Error; want != "" {
		switch {
		case err == nil:
			return o, []string{fmt.Sprintf("error: got none, want %q", want)}, nil
		case !strings.Contains(err.Error(), want):
			return o, []string{fmt.Sprintf("error: got %q, want %q", err, want)}, nil
		}
		return o, c.Expect.differ(o), nil
	}
	if err != nil {
		return o, nil, err
	}
	return o, c.Expect.differ(o), nil
}

func (e *Expect) differ(o Outcome) (all []string) {
	say := func(what string, got, want any) {
		all = append(all, fmt.Sprintf("%s: got %v, want %v", what, got, want))
	}
	if w := e.Request; w != nil {
		if got := string(o.Request.Method()); w.Method != "" && got != w.Method {
			say("request.method", got, w.Method)
		}
		got := o.Request.URL()
		if strings.HasPrefix(w.URL, "/") {
			_, rest, _ := strings.Cut(got, "://")
			got = rest[strings.IndexByte(rest, '/'):]
		}
		if w.URL != "" && got != w.URL {
			say("request.url", got, w.URL)
		}
		body, _ := o.Request.Body() // in memory
		all = append(all, differHeaders("request.headers", o.Request, w.Headers)...)
		all = append(all, differBody("request.body", body, w.Body)...)
	}
	if w := e.Response; w != nil {
		if got := o.Response.Status(); w.Status != 0 && got != w.Status {
			say("response.status", got, w.Status)
		}
		body, _ := o.Response.Body() // in memory
		all = append(all, differHeaders("response.headers", o.Response, w.Headers)...)
		all = append(all, differBody("response.body", body, w.Body)...)
	}
	if e.Answered != nil && *e.Answered != o.Answered {
		say("answered", o.Answered, *e.Answered)
	}
	if e.Target != nil {
		got := map[string]string{"address": o.Target.Address, "tag": o.Target.Tag, "hashKey": o.Target.HashKey}
		maps.DeleteFunc(got, func(_, v string) bool { return v == "" })
		if !maps.Equal(got, e.Target) {
			say("target", show(got), show(e.Target))
		}
	}
	if len(e.Args) > 0 {
		if o.Binding == nil {
			say("args", "no service", string(e.Args))
		} else {
			got, _ := o.Binding.Bind() // in memory
			all = append(all, differ("args", got, e.Args)...)
		}
	}
	if e.Calls != nil {
		all = append(all, differCalls(o.Calls, e.Calls)...)
	}
	if e.Logs != nil {
		got := make([]string, len(o.Logs))
		for i, l := range o.Logs {
			got[i] = l.Level + " " + l.Message
		}
		if !slices.Equal(got, e.Logs) {
			say("logs", show(got), show(e.Logs))
		}
	}
	return all
}

func differHeaders(at string, h jsmodule.Headers, want map[string]*string) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		var lines []string
		h.Header(name, func(v []byte) bool { lines = append(lines, string(v)); return true })
		got := strings.Join(lines, ", ")
		switch w := want[name]; {
		case w == nil && lines != nil:
			all = append(all, fmt.Sprintf("%s.%s: got %q, want none", at, name, got))
		case w != nil && lines == nil:
			all = append(all, fmt.Sprintf("%s.%s: missing, want %q", at, name, *w))
		case w != nil && got != *w:
			all = append(all, fmt.Sprintf("%s.%s: got %q, want %q", at, name, got, *w))
		}
	}
	return all
}

func differBody(at string, got []byte, want json.RawMessage) []string {
	if len(want) == 0 {
		return nil
	}
	var text string
	if json.Unmarshal(want, &text) == nil && string(want) != "null" {
		if string(got) == text {
			return nil
		}
		return []string{fmt.Sprintf("%s: got %s, want %s", at, short(got), short([]byte(text)))}
	}
	return differ(at, got, want)
}

// differCalls compares calls without regard to their order.
func differCalls(got, want []Call) (all []string) {
	left := slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(left, func(c Call) bool {
			return c.Service == w.Service && c.Method == w.Method && (len(w.Args) == 0 || len(differ("", c.Args, w.Args)) == 0)
		})
		if i < 0 {
			all = append(all, fmt.Sprintf("calls: %s.%s(%s) was not called", w.Service, w.Method, short(w.Args)))
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, c := range left {
		all = append(all, fmt.Sprintf("calls: %s.%s(%s) was not wanted", c.Service, c.Method, short(c.Args)))
	}
	return all
}
