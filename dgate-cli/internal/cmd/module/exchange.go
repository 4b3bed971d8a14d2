package module

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"dgate/dgate-cli/internal/cli"
	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/jsmodule/moduletest"
)

// exchangeOptions say which request `run` and `bench` play.
type exchangeOptions struct {
	request string
	mocks   string
	service string
	params  map[string]string
}

func (o *exchangeOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.request, "request", "GET /", "`'GET /path?q=1'`, or a FILE.http with headers and body")
	f.StringVar(&o.mocks, "mocks", "", "a `FILE.json` with what services answer, as \"mocks\" of a *.case.json")
	f.StringVar(&o.service, "service", "", "the `Service.method` of the route")
	f.StringToStringVar(&o.params, "param", nil, "a parameter of the route's path, `NAME=VALUE`; may repeat")
}

// prepare reads what the flags name.
func (o *exchangeOptions) prepare() (moduletest.Exchange, error) {
	x := moduletest.Exchange{Service: o.service, Version: api.Version()}
	var err error
	if x.Request, err = readRequest(o.request); err != nil {
		return x, err
	}
	for name, value := range o.params {
		x.Request.SetParam(name, value)
	}
	if o.mocks != "" {
		if x.Mocks, err = moduletest.LoadMocks(o.mocks); err != nil {
			return x, err
		}
	}
	return x, nil
}

// readRequest takes "GET /path", or a file that begins so.
func readRequest(text string) (*jsmodule.MemoryRequest, error) {
	const hint = "write --request 'GET /path?q=1', or name a FILE.http"
	name := text
	if strings.HasSuffix(text, ".http") {
		data, err := os.ReadFile(text)
		if err != nil {
			return nil, &cli.HintError{Err: err, Hint: hint}
		}
		text = strings.ReplaceAll(string(data), "\r\n", "\n")
	}
	head, body, hasBody := strings.Cut(strings.TrimLeft(text, "\n"), "\n\n")
	lines := bufio.NewScanner(strings.NewReader(head))
	lines.Buffer(nil, len(head)+1)
	lines.Scan()
	method, target, ok := strings.Cut(strings.TrimSpace(lines.Text()), " ")
	target = strings.TrimSpace(strings.TrimSuffix(target, " HTTP/1.1"))
	if !ok || target == "" {
		return nil, cli.Usagef(hint, "%s: the request begins with %q, not like GET /path", name, lines.Text())
	}
	q, err := jsmodule.NewMemoryRequest(method, target)
	if err != nil {
		return nil, cli.Usagef(hint, "%s: %v", name, err)
	}
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		header, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, cli.Usagef("a header is written as name: value", "%s: %q is no header", name, line)
		}
		if err := q.AddHeader(strings.TrimSpace(header), strings.TrimSpace(value)); err != nil {
			return nil, cli.Usagef(hint, "%s: %v", name, err)
		}
	}
	if hasBody {
		q.SetBody("", []byte(strings.TrimSuffix(body, "\n")))
	}
	return q, nil
}

// message is an HTTP message for Print.
type message struct {
	Method  string          `json:"method,omitempty"`
	URL     string          `json:"url,omitempty"`
	Status  int             `json:"status,omitempty"`
	Headers http.Header     `json:"headers"`
	Body    json.RawMessage `json:"body,omitempty"`
}

// bodyOf shows JSON as it is and everything else as text.
func bodyOf(body []byte) json.RawMessage {
	if len(body) == 0 {
		return nil
	}
	if json.Valid(body) {
		return body
	}
	text, err := json.Marshal(string(body))
	if err != nil {
		return nil
	}
	return text
}

func requestMessage(q *jsmodule.MemoryRequest) message {
	body, _ := q.Body() // in memory
	return message{Method: string(q.Method()), URL: q.URL(), Headers: q.HTTP(), Body: bodyOf(body)}
}

func responseMessage(r *jsmodule.MemoryResponse) message {
	body, _ := r.Body() // in memory
	return message{Status: r.Status(), Headers: r.HTTP(), Body: bodyOf(body)}
}

// writeMessage shows a message as it goes over the wire.
func writeMessage(t *cli.Table, first string, h *jsmodule.MemoryHeaders, body []byte) {
	t.Line(cli.Printable(first))
	h.Each(func(name, value string) bool {
		t.Line(cli.Printable(name + ": " + value))
		return true
	})
	if len(body) > 0 {
		t.Line("")
		t.Line(cli.Printable(string(bytes.TrimSuffix(body, []byte("\n")))))
	}
	t.Line("")
}

// buildFile compiles a module. All errors but the one that is returned are
// written.
func buildFile(env *cli.Env, file string) (*jsmodule.Program, error) {
	p, err := jsmodule.BuildFile(file)
	if err == nil {
		return p, nil
	}
	errs := errorsOf(err, file)
	for _, d := range errs {
		if err := env.Sayf("%s", cli.FormatDiagnostic(d, false)); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s: %s", file, count(len(errs), "error"))
}

// failure is what a module failed with, as an error of the command: its place
// first, its stack below.
func failure(err error) error {
	var e *jsmodule.Error
	if !errors.As(err, &e) {
		return err
	}
	place, text, stack := moduletest.Explain(err)
	lines := strings.Split(strings.TrimSpace(stack), "\n")
	text = place.String() + ": " + text
	for _, line := range lines[min(1, len(lines)):] {
		text += "\n  at " + line
	}
	return errors.New(text)
}
