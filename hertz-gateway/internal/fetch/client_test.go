package fetch

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"dgate/hertz-gateway/jsmodule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPublic(t *testing.T) {
	for _, tt := range []struct {
		addr string
		want bool
	}{
		{"1.1.1.1", true},
		{"172.15.255.255", true},
		{"172.32.0.0", true},
		{"2606:4700:4700::1111", true},
		{"127.0.0.1", false},
		{"127.255.255.254", false},
		{"0.0.0.0", false},
		{"10.1.2.3", false},
		{"172.16.0.1", false},
		{"192.168.1.1", false},
		{"169.254.169.254", false},
		{"100.64.0.1", false},
		{"224.0.0.1", false},
		{"255.255.255.255", false},
		{"::1", false},
		{"::", false},
		{"::ffff:127.0.0.1", false},
		{"::ffff:10.0.0.1", false},
		{"::ffff:1.1.1.1", true},
		{"64:ff9b::7f00:1", false},
		{"2002:7f00:1::", false},
		{"fe80::1%eth0", false},
		{"fd00::1", false},
		{"ff02::1", false},
	} {
		t.Run(tt.addr, func(t *testing.T) {
			if got := public(netip.MustParseAddr(tt.addr)); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// web is a server for all tests: the path says what it does.
func web(t *testing.T) *url.URL {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/echo":
			w.Header().Set("X-Method", r.Method)
			w.Header().Set("X-Host", r.Host)
			w.Header().Set("X-Agent", r.UserAgent())
			w.Header().Set("X-Referer", r.Referer())
			w.Header().Set("X-Auth", r.Header.Get("Authorization"))
			w.Header().Set("X-Twice", strings.Join(r.Header.Values("X-Twice"), "|"))
			_, _ = io.Copy(w, r.Body)
		case "/to":
			http.Redirect(w, r, r.URL.Query().Get("url"), http.StatusTemporaryRedirect)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/large":
			_, _ = w.Write(make([]byte, 101))
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 1<<20))
			_ = z.Close()
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, "plain")
			_ = z.Close()
		case "/odd":
			w.WriteHeader(999)
		case "/hang":
			<-r.Context().Done()
		case "/half":
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "half")
		}
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestFetch(t *testing.T) {
	u := web(t)
	c := New()
	t.Cleanup(c.Close)
	port := u.Port()
	for _, tt := range []struct {
		name, url string
		change    func(*jsmodule.Fetch)
		status    int
		header    [2]string
		body      string
		err       string
	}{
		{"body", "http://127.0.0.1:PORT/echo", func(f *jsmodule.Fetch) { f.Method, f.Body = "POST", []byte("text") }, 200, [2]string{"X-Method", "POST"}, "text", ""},
		{"headers", "http://127.0.0.1:PORT/echo", func(f *jsmodule.Fetch) { f.Headers = [][2]string{{"x-twice", "a"}, {"X-Twice", "b"}} }, 200, [2]string{"X-Twice", "a|b"}, "", ""},
		{"agent", "http://127.0.0.1:PORT/echo", nil, 200, [2]string{"X-Agent", "dgate"}, "", ""},
		{"agent of the module", "http://127.0.0.1:PORT/echo", func(f *jsmodule.Fetch) { f.Headers = [][2]string{{"user-agent", "me"}} }, 200, [2]string{"X-Agent", "me"}, "", ""},
		{"gzip", "http://127.0.0.1:PORT/gzip", nil, 200, [2]string{}, "plain", ""},
		{"redirect keeps the body", "http://127.0.0.1:PORT/to?url=/echo", func(f *jsmodule.Fetch) { f.Method, f.Body = "POST", []byte("text") }, 200, [2]string{"X-Method", "POST"}, "text", ""},
		{"redirect tells no referer", "http://127.0.0.1:PORT/to?url=/echo", nil, 200, [2]string{"X-Referer", ""}, "", ""},
		{
			"redirect keeps no credentials for another host", "http://127.0.0.1:PORT/to?url=http://localhost:PORT/echo",
			func(f *jsmodule.Fetch) {
				f.Grants, f.Headers = []string{"127.0.0.1", "localhost"}, [][2]string{{"Authorization", "x"}}
			}, 200,
			[2]string{"X-Auth", ""},
			"", "",
		},
		{"manual redirect", "http://127.0.0.1:PORT/to?url=/echo", func(f *jsmodule.Fetch) { f.Redirect = "manual" }, 307, [2]string{"Location", "/echo"}, "<a href=\"/echo\">Temporary Redirect</a>.\n\n", ""},
		{"no redirect", "http://127.0.0.1:PORT/to?url=/echo", func(f *jsmodule.Fetch) { f.Redirect = "error" }, 0, [2]string{}, "", "fetch_failed: fetch: a redirect, which is refused"},
		{"endless redirects", "http://127.0.0.1:PORT/loop", nil, 0, [2]string{}, "", "fetch_failed: fetch: more than 10 redirects"},
		{"redirect to another host", "http://127.0.0.1:PORT/to?url=http://localhost:PORT/echo", nil, 0, [2]string{}, "", "permission_denied: fetch: the request leads to localhost:PORT: module m needs the permission http:localhost:PORT"},
		{"redirect to a file", "http://127.0.0.1:PORT/to?url=file:///etc/passwd", nil, 0, [2]string{}, "", "permission_denied: fetch: the request leads to file:///etc/passwd, which is neither http nor https"},
		{"redirect into a private network", "http://127.0.0.1:PORT/to?url=http://localhost:PORT/echo", func(f *jsmodule.Fetch) { f.Grants = []string{"127.0.0.1", "*"} }, 0, [2]string{}, "", "permission_denied: fetch: 127.0.0.1 is on a private network, where localhost:PORT leads to: module m needs a permission that names the host, http:localhost:PORT"},
		{"private network", "http://127.0.0.1:PORT/echo", func(f *jsmodule.Fetch) { f.Grants = []string{"*"} }, 0, [2]string{}, "", "permission_denied: fetch: 127.0.0.1 is on a private network, where 127.0.0.1:PORT leads to: module m needs a permission that names the host, http:127.0.0.1:PORT"},
		{"a name on a private network", "http://localhost:PORT/echo", func(f *jsmodule.Fetch) { f.Grants = []string{"*"} }, 0, [2]string{}, "", "permission_denied: fetch: 127.0.0.1 is on a private network, where localhost:PORT leads to: module m needs a permission that names the host, http:localhost:PORT"},
		{"host and port", "http://127.0.0.1:PORT/echo", func(f *jsmodule.Fetch) { f.Grants = []string{"127.0.0.1:" + port} }, 200, [2]string{"X-Host", "127.0.0.1:PORT"}, "", ""},
		{"another port", "http://127.0.0.1:PORT/echo", func(f *jsmodule.Fetch) { f.Grants = []string{"127.0.0.1:1"} }, 0, [2]string{}, "", "permission_denied: fetch: the request leads to 127.0.0.1:PORT: module m needs the permission http:127.0.0.1:PORT"},
		{"too large", "http://127.0.0.1:PORT/large", nil, 0, [2]string{}, "", "too_large: fetch: the answer of 127.0.0.1:PORT is larger than 100 bytes"},
		{"bomb", "http://127.0.0.1:PORT/bomb", nil, 0, [2]string{}, "", "too_large: fetch: the answer of 127.0.0.1:PORT is larger than 100 bytes"},
		{"cut off", "http://127.0.0.1:PORT/half?token=x", nil, 0, [2]string{}, "", "fetch_failed: fetch: 127.0.0.1:PORT: unexpected EOF"},
		{"odd status", "http://127.0.0.1:PORT/odd", nil, 0, [2]string{}, "", "fetch_failed: fetch: 127.0.0.1:PORT answered with the status 999"},
		{"nobody there", "http://127.0.0.1:1/?token=x", nil, 0, [2]string{}, "", "fetch_failed: fetch: 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused"},
		{"bad method", "http://127.0.0.1:PORT/", func(f *jsmodule.Fetch) { f.Method = "G T" }, 0, [2]string{}, "", `fetch_failed: fetch: net/http: invalid method "G T"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withPort := func(s string) string { return strings.ReplaceAll(s, "PORT", port) }
			f := jsmodule.Fetch{Module: "m", Method: "GET", URL: withPort(tt.url), Redirect: "follow", Grants: []string{"127.0.0.1"}, MaxBody: 100}
			if tt.change != nil {
				tt.change(&f)
			}
			got, err := c.Fetch(t.Context(), f)
			text := ""
			var known *jsmodule.CallError
			if errors.As(err, &known) {
				text = known.Code + ": " + known.Message
			} else if err != nil {
				text = err.Error()
			}
			if diff := cmp.Diff(withPort(tt.err), text); diff != "" {
				t.Fatal(diff)
			}
			if got.Status != tt.status || string(got.Body) != tt.body || got.Redirected != (tt.status == 200 && strings.Contains(tt.url, "/to?")) {
				t.Errorf("got %d %q %q, redirected %v", got.Status, got.Body, got.URL, got.Redirected)
			}
			for _, h := range got.Headers {
				if h[0] == tt.header[0] && h[1] != withPort(tt.header[1]) {
					t.Errorf("%s: %s", h[0], h[1])
				}
			}
		})
	}
}

// A connection that one grant has opened into a private network must not serve
// a module without that grant.
func TestConnectionsAreNotShared(t *testing.T) {
	u := web(t)
	c := New()
	t.Cleanup(c.Close)
	f := jsmodule.Fetch{Method: "GET", URL: u.String() + "/echo", Redirect: "follow", Grants: []string{"127.0.0.1"}, MaxBody: 100}
	if _, err := c.Fetch(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	f.Grants = []string{"*"}
	if _, err := c.Fetch(t.Context(), f); err == nil {
		t.Error("no error")
	}
}

func TestFetchEnds(t *testing.T) {
	u := web(t)
	c := New()
	t.Cleanup(c.Close)
	f := jsmodule.Fetch{Method: "GET", URL: u.String() + "/hang", Redirect: "follow", Grants: []string{"127.0.0.1"}, MaxBody: 100}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Fetch(ctx, f); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := c.Fetch(ctx, f); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
