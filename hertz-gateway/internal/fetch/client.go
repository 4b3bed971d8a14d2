package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"dgate/hertz-gateway/jsmodule"
)

const (
	// maxRedirects is how many are followed.
	maxRedirects = 10
	dialTimeout  = 5 * time.Second
	// maxHead bounds the header of an answer, in bytes.
	maxHead = 64 << 10
	// maxConns bounds the connections to one host.
	maxConns = 256
)

// Client makes requests. It is safe for concurrent use.
type Client struct {
	// Connections are kept apart: one that a grant has opened into a private
	// network must not serve a module that has no such grant.
	public, named *http.Transport
	client        http.Client
}

var _ jsmodule.Fetcher = (*Client)(nil)

// New makes a Client. It uses no proxy: a proxy would resolve names by itself.
func New() *Client {
	c := &Client{
		public: transport(&net.Dialer{Timeout: dialTimeout, Control: refusePrivate}),
		named:  transport(&net.Dialer{Timeout: dialTimeout}),
	}
	c.client = http.Client{Transport: c, CheckRedirect: checkRedirect}
	return c
}

func transport(d *net.Dialer) *http.Transport {
	return &http.Transport{
		DialContext:            d.DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    32,
		MaxConnsPerHost:        maxConns,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    dialTimeout,
		MaxResponseHeaderBytes: maxHead,
	}
}

// Close drops the idle connections.
func (c *Client) Close() {
	c.public.CloseIdleConnections()
	c.named.CloseIdleConnections()
}

// refusePrivate is called with the address itself, after names have been resolved.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !public(a.Addr()) {
		return &privateError{a.Addr()}
	}
	return nil
}

type privateError struct{ addr netip.Addr }

func (e *privateError) Error() string { return e.addr.String() + " is on a private network" }

// fetchKey is where a request keeps its Fetch.
type fetchKey struct{}

func fetchOf(req *http.Request) *jsmodule.Fetch {
	f, _ := req.Context().Value(fetchKey{}).(*jsmodule.Fetch)
	return f
}

// RoundTrip implements http.RoundTripper for every hop of a request.
func (c *Client) RoundTrip(req *http.Request) (*http.Response, error) {
	ok, named := jsmodule.HTTPGranted(fetchOf(req).Grants, req.URL)
	switch {
	case req.URL.Scheme != "http" && req.URL.Scheme != "https":
		return nil, denied("the request leads to %s, which is neither http nor https", req.URL)
	case !ok:
		return nil, denied("the request leads to %s: module %s needs the permission http:%[1]s", req.URL.Host, fetchOf(req).Module)
	case named:
		return c.named.RoundTrip(req)
	}
	resp, err := c.public.RoundTrip(req)
	var private *privateError
	if errors.As(err, &private) {
		return nil, denied("%v, where %s leads to: module %s needs a permission that names the host, http:%s", private, req.URL.Host, fetchOf(req).Module, req.URL.Host)
	}
	return resp, err
}

func denied(format string, args ...any) error {
	return &jsmodule.CallError{Code: "permission_denied", Status: http.StatusForbidden, Message: "fetch: " + fmt.Sprintf(format, args...)}
}

func checkRedirect(req *http.Request, via []*http.Request) error {
	req.Header.Del("Referer") // it would tell the next host the query of the last URL
	switch fetchOf(req).Redirect {
	case "manual":
		return http.ErrUseLastResponse
	case "error":
		return failed("a redirect, which is refused")
	}
	if len(via) > maxRedirects {
		return failed("more than %d redirects", maxRedirects)
	}
	return nil
}

func failed(format string, args ...any) error {
	return &jsmodule.CallError{Code: "fetch_failed", Status: http.StatusBadGateway, Message: "fetch: " + fmt.Sprintf(format, args...)}
}

// Fetch implements jsmodule.Fetcher.
func (c *Client) Fetch(ctx context.Context, f jsmodule.Fetch) (jsmodule.Fetched, error) {
	req, err := http.NewRequestWithContext(context.WithValue(ctx, fetchKey{}, &f), f.Method, f.URL, bytes.NewReader(f.Body))
	if err != nil {
		return jsmodule.Fetched{}, failed("%v", inner(err))
	}
	req.Header.Set("User-Agent", "dgate")
	seen := map[string]bool{}
	for _, h := range f.Headers {
		if name := http.CanonicalHeaderKey(h[0]); seen[name] {
			req.Header.Add(name, h[1])
		} else {
			req.Header.Set(name, h[1])
			seen[name] = true
		}
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return jsmodule.Fetched{}, c.explain(ctx, req.URL, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 599 {
		return jsmodule.Fetched{}, failed("%s answered with the status %d", req.URL.Host, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, f.MaxBody+1))
	if err != nil {
		return jsmodule.Fetched{}, c.explain(ctx, req.URL, err)
	}
	if int64(len(body)) > f.MaxBody {
		return jsmodule.Fetched{}, &jsmodule.CallError{
			Code: jsmodule.CodeTooLarge, Status: http.StatusBadGateway,
			Message: fmt.Sprintf("fetch: the answer of %s is larger than %d bytes", req.URL.Host, f.MaxBody),
		}
	}
	return jsmodule.Fetched{
		Status: resp.StatusCode, Headers: headers(resp.Header), Body: body,
		URL: resp.Request.URL.String(), Redirected: resp.Request != req,
	}, nil
}

// connectionHeaders end at this hop.
var connectionHeaders = []string{
	"Connection", "Content-Length", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

func headers(h http.Header) [][2]string {
	var list [][2]string
	for name, values := range h {
		if slices.Contains(connectionHeaders, name) {
			continue
		}
		for _, v := range values {
			list = append(list, [2]string{name, v})
		}
	}
	return list
}

// explain names the host, but not the path and the query, which may hold what
// does not belong into logs.
func (c *Client) explain(ctx context.Context, u *url.URL, err error) error {
	var known *jsmodule.CallError
	var timeout net.Error
	switch {
	case errors.As(err, &known):
		return known
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &timeout) && timeout.Timeout():
		return &jsmodule.CallError{Code: "timeout", Status: http.StatusGatewayTimeout, Message: "fetch: " + u.Host + " did not answer in time"}
	}
	return failed("%s: %s", u.Host, strings.TrimPrefix(inner(err).Error(), "net/http: "))
}

// inner is an error without the URL around it.
func inner(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
