package cli

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"dgate/hertz-gateway/api"
)

// Env is the world of a command. Its fields are set before a command runs.
type Env struct {
	Stdin io.Reader
	// Stdout takes data, Stderr everything said about it.
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	// Terminal tells that Stdout is a terminal, Colour that it wants colours.
	Terminal, Colour bool

	// Output is how data is printed.
	Output Output
	// AdminURL and Auth are flags of the root; empty: the environment decides.
	AdminURL, Auth string
	// Follow follows redirects of the admin API.
	Follow bool
	// Verbose tells on Stderr what is sent.
	Verbose bool
}

// Client connects to the admin API that flags, environment or the current
// context name, in this order.
func (e *Env) Client() (*api.Client, error) {
	c := api.ClientConfig{
		URL:  firstOf(e.AdminURL, e.Getenv("DGATE_ADMIN_API")),
		Auth: firstOf(e.Auth, e.Getenv("DGATE_ADMIN_AUTH")),
		HTTP: &http.Client{},
	}
	if c.URL == "" {
		contexts, err := e.ReadContexts()
		if err != nil {
			return nil, err
		}
		// The credentials of a context are for its address alone.
		current := contexts.Contexts[contexts.Current]
		c.URL, c.Auth = current.Admin, firstOf(c.Auth, current.Auth)
	}
	if !e.Follow {
		c.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	if e.Verbose {
		c.HTTP.Transport = &talker{w: e.Stderr, next: http.DefaultTransport}
	}
	client, err := api.NewClient(c)
	if err != nil {
		return nil, &UsageError{Err: err, Hint: "--admin and DGATE_ADMIN_API take the address of a gateway's admin listener"}
	}
	return client, nil
}

// Sayf writes a line for people.
func (e *Env) Sayf(format string, args ...any) error {
	_, err := fmt.Fprintf(e.Stderr, format+"\n", args...)
	return err
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// talker tells of each request and its answer.
type talker struct {
	w    io.Writer
	next http.RoundTripper
}

func (t *talker) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	res, err := t.next.RoundTrip(req)
	outcome := "no answer"
	if err == nil {
		outcome = res.Status
	}
	if _, err := fmt.Fprintf(t.w, "%s %s: %s after %s\n", req.Method, req.URL.Redacted(), outcome, time.Since(start).Round(time.Microsecond)); err != nil {
		return nil, err
	}
	return res, err
}
