package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// DefaultAdminURL is where the admin API is when nothing else is said.
const DefaultAdminURL = "http://localhost:9080"

// maxAnswer bounds what the client reads of one answer, in bytes.
const maxAnswer = 64 << 20

// ClientConfig is what NewClient needs; its zero value is useful.
type ClientConfig struct {
	// URL of the admin API, http or https; empty: DefaultAdminURL.
	URL string
	// Auth is "user:password" (basic) or a token (bearer); empty: none is sent.
	Auth string
	// HTTP is the client to use; nil: http.DefaultClient. Deadlines come from
	// the contexts.
	HTTP *http.Client
}

// Client talks to the admin API of a gateway. Safe for concurrent use. Its
// errors are *Error, but for those of a request that cannot be made at all.
type Client struct {
	base *url.URL
	auth string
	http *http.Client
}

// NewClient checks the configuration; it does not connect.
func NewClient(c ClientConfig) (*Client, error) {
	if c.URL == "" {
		c.URL = DefaultAdminURL
	}
	if !strings.Contains(c.URL, "://") {
		c.URL = "http://" + c.URL
	}
	base, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("the admin URL: %w", err)
	}
	if (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, fmt.Errorf("the admin URL %q is not like %s", c.URL, DefaultAdminURL)
	}
	client := &Client{base: base, http: c.HTTP}
	if client.http == nil {
		client.http = http.DefaultClient
	}
	switch {
	case c.Auth == "":
	case strings.Contains(c.Auth, ":"):
		client.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Auth))
	default:
		client.auth = "Bearer " + c.Auth
	}
	return client, nil
}

// URL is the address of the admin API.
func (c *Client) URL() string { return c.base.String() }

// Status asks for the state of the cluster as the gateway sees it.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	var s Status
	if err := c.do(ctx, http.MethodGet, nil, &s, "api", "v1", "status"); err != nil {
		return nil, err
	}
	return &s, nil
}

// Ready tells with nil that the gateway serves; an *Error says why not.
func (c *Client) Ready(ctx context.Context) error {
	return c.do(ctx, http.MethodGet, nil, nil, "readyz")
}

// Call calls a method of a service through the gateway. args is its request
// in JSON, as on the generic route; empty for a method without arguments.
func (c *Client) Call(ctx context.Context, service, method string, args json.RawMessage) (*CallResult, error) {
	for _, name := range []string{service, method} {
		if name == "" || name == "." || name == ".." {
			return nil, fmt.Errorf("%q is no name of a service or a method", name)
		}
	}
	var r CallResult
	if err := c.do(ctx, http.MethodPost, args, &r, "api", "v1", "call", url.PathEscape(service), url.PathEscape(method)); err != nil {
		return nil, err
	}
	return &r, nil
}

// Explain tells what the gateway would do with a request, which is not sent.
func (c *Client) Explain(ctx context.Context, r ExplainRequest) (*Explanation, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("a request to explain: %w", err)
	}
	var e Explanation
	if err := c.do(ctx, http.MethodPost, body, &e, "api", "v1", "explain"); err != nil {
		return nil, err
	}
	return &e, nil
}

// LogQuery chooses lines of a gateway's log.
type LogQuery struct {
	// Follow goes on with the lines that come, until the context ends.
	Follow bool
	// Tail is how many of the last lines; < 0: 10 with Follow, else all that are kept.
	Tail int
	// Level is the lowest: debug, info, warn or error; empty: info.
	Level string
	// Module and Route take only lines about them; empty: all.
	Module, Route string
}

func (q LogQuery) encode() string {
	v := url.Values{}
	for name, value := range map[string]string{"level": q.Level, "module": q.Module, "route": q.Route} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Follow {
		v.Set("follow", "true")
	}
	if q.Tail >= 0 {
		v.Set("tail", strconv.Itoa(q.Tail))
	}
	return v.Encode()
}

// Logs gives lines of the gateway's log, each a JSON object with time, level,
// msg and the attributes. It ends with the log, with ctx, or with an error of
// each.
func (c *Client) Logs(ctx context.Context, q LogQuery, each func(line json.RawMessage) error) error {
	u := c.base.JoinPath("api", "v1", "logs")
	u.RawQuery = q.encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("a request to the admin API: %w", err)
	}
	req.Header.Set("Accept", "application/x-ndjson, "+ProblemMediaType)
	if c.auth != "" {
		req.Header.Set("Authorization", c.auth)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return c.noAnswer(err)
	}
	defer func() { _ = res.Body.Close() }() // what was not read is not wanted
	if res.StatusCode/100 != 2 {
		answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
		if err != nil {
			return c.noAnswer(err)
		}
		return problemOf(res, answer)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxLogLine)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue // a sign of life
		}
		if err := each(bytes.Clone(lines.Bytes())); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return c.noAnswer(err)
	}
	return nil
}

// maxLogLine bounds a line of the log, in bytes.
const maxLogLine = 1 << 20

// do sends one request and decodes the answer into out unless that is nil.
func (c *Client) do(ctx context.Context, verb string, body []byte, out any, path ...string) error {
	return c.send(ctx, &call{verb: verb, path: path, body: body, out: out})
}

// call is one request; the parts of path are escaped already.
type call struct {
	verb   string
	path   []string
	query  url.Values
	header http.Header
	body   []byte
	out    any
}

// send sends one request and decodes the answer into r.out unless that is nil.
func (c *Client) send(ctx context.Context, r *call) error {
	u := c.base.JoinPath(r.path...)
	u.RawQuery = r.query.Encode()
	verb, body, out := r.verb, r.body, r.out
	req, err := http.NewRequestWithContext(ctx, verb, u.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("a request to the admin API: %w", err)
	}
	maps.Copy(req.Header, r.header)
	req.Header.Set("Accept", "application/json, "+ProblemMediaType)
	if verb != http.MethodGet {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.auth != "" {
		req.Header.Set("Authorization", c.auth)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return c.noAnswer(err)
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return c.noAnswer(err)
	}
	if len(answer) > maxAnswer {
		return c.noAnswer(fmt.Errorf("more than %d bytes", maxAnswer))
	}
	if res.StatusCode/100 != 2 {
		return problemOf(res, answer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return &Error{
			Problem: Problem{Title: c.URL() + " does not answer like a gateway", Status: res.StatusCode},
			Hint:    "is this the address of a gateway's admin listener?",
			Cause:   err,
		}
	}
	return nil
}

// noAnswer is the error for a request that got no whole answer.
func (c *Client) noAnswer(cause error) error {
	// What url.Error adds to its cause is the URL, which is said already.
	var at *url.Error
	if errors.As(cause, &at) {
		cause = at.Err
	}
	return &Error{
		Problem: Problem{Title: "no answer from " + c.URL()},
		Hint:    "is a gateway running there? `make run` starts one; --admin or DGATE_ADMIN_API names another",
		Cause:   cause,
	}
}

// problemOf reads an answer with an error status.
func problemOf(res *http.Response, answer []byte) error {
	e := &Error{}
	if strings.HasPrefix(res.Header.Get("Content-Type"), ProblemMediaType) && json.Unmarshal(answer, &e.Problem) == nil {
		e.Problem.Status = res.StatusCode
		e.Hint = hints[e.Problem.Code]
		return e
	}
	e.Problem = Problem{Title: "the admin API answered " + res.Status, Status: res.StatusCode}
	if res.StatusCode/100 == 3 {
		e.Hint = "-f follows redirects: `dgate-cli -f …`"
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/plain") {
		e.Problem.Detail = strings.TrimSpace(string(answer[:min(len(answer), 1<<10)]))
	}
	return e
}
