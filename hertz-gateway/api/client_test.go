package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gateway answers like an admin listener.
func gateway(t *testing.T) http.Handler {
	problem := func(w http.ResponseWriter, p *Problem) {
		w.Header().Set("Content-Type", ProblemMediaType)
		w.WriteHeader(p.Status)
		if _, err := w.Write(p.AppendJSON(nil)); err != nil {
			t.Error(err)
		}
	}
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "etcd: connecting", http.StatusServiceUnavailable)
	})
	mux.HandleFunc("GET /api/v1/status", func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer s3cret" {
			problem(w, NewProblem(Unauthorized, "no token"))
			return
		}
		answer(w, Status{Gateway: "g1", Revision: 7, Services: []ServiceStatus{{Name: "BookSvc", Methods: 2}}})
	})
	mux.HandleFunc("POST /api/v1/call/{service}/{method}", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		switch r.PathValue("service") {
		case "a/b":
			answer(w, CallResult{Service: "a/b", Method: r.PathValue("method"), Result: body})
		case "html":
			w.Header().Set("Content-Type", "application/json")
			if _, err := io.WriteString(w, "<html>"); err != nil {
				t.Error(err)
			}
		default:
			problem(w, NewProblem(ServiceNotFound, "no service "+r.PathValue("service")))
		}
	})
	return mux
}

func TestClient(t *testing.T) {
	srv := httptest.NewServer(gateway(t))
	defer srv.Close()
	ctx := context.Background()
	c, err := NewClient(ClientConfig{URL: srv.URL + "/", Auth: "s3cret", HTTP: srv.Client()})
	if err != nil {
		t.Fatal(err)
	}

	status, err := c.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if status.Gateway != "g1" || status.Revision != 7 || len(status.Services) != 1 {
		t.Errorf("status %+v", status)
	}

	// A name is one segment of the path, whatever is in it.
	result, err := c.Call(ctx, "a/b", "c d?", json.RawMessage(`{"n":9007199254740993}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &CallResult{Service: "a/b", Method: "c d?", Result: json.RawMessage(`{"n":9007199254740993}`)}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
}

func TestClientErrors(t *testing.T) {
	srv := httptest.NewServer(gateway(t))
	defer srv.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	ctx := context.Background()

	for _, tt := range []struct {
		name   string
		url    string
		do     func(*Client) error
		status int
		code   Code
		want   string // in the text
		hint   string // in the hint
	}{
		{
			"problem", srv.URL, func(c *Client) error { _, err := c.Status(ctx); return err },
			401, Unauthorized, "Unauthorized: no token", "--auth",
		},
		{
			"hint by code", srv.URL, func(c *Client) error { _, err := c.Call(ctx, "X", "y", nil); return err },
			404, ServiceNotFound, "Service not found: no service X", "dgate-cli status",
		},
		{
			"text", srv.URL, func(c *Client) error { return c.Ready(ctx) },
			503, "", "503 Service Unavailable: etcd: connecting", "",
		},
		{
			"not JSON", srv.URL, func(c *Client) error { _, err := c.Call(ctx, "html", "y", nil); return err },
			200, "", "does not answer like a gateway", "admin listener",
		},
		{
			"not a gateway", srv.URL + "/elsewhere", func(c *Client) error { _, err := c.Status(ctx); return err },
			404, "", "404 Not Found", "",
		},
		{
			"nobody there", gone.URL, func(c *Client) error { _, err := c.Status(ctx); return err },
			0, "", "no answer from " + gone.URL, "make run",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := NewClient(ClientConfig{URL: tt.url})
			if err != nil {
				t.Fatal(err)
			}
			var e *Error
			if err := tt.do(c); !errors.As(err, &e) {
				t.Fatalf("%v is no *Error", err)
			}
			if e.Problem.Status != tt.status || e.Problem.Code != tt.code {
				t.Errorf("status %d code %q, want %d %q", e.Problem.Status, e.Problem.Code, tt.status, tt.code)
			}
			if !strings.Contains(e.Error(), tt.want) {
				t.Errorf("text %q lacks %q", e.Error(), tt.want)
			}
			if !strings.Contains(e.Hint, tt.hint) || (tt.hint == "") != (e.Hint == "") {
				t.Errorf("hint %q, want %q in it", e.Hint, tt.hint)
			}
		})
	}
}

func TestClientRefusesNames(t *testing.T) {
	c, err := NewClient(ClientConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", ".."} {
		if _, err := c.Call(context.Background(), name, "m", nil); err == nil || !strings.Contains(err.Error(), "is no name") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestNewClientRefuses(t *testing.T) {
	for _, bad := range []string{"ftp://x", "http://", "http://a b"} {
		if _, err := NewClient(ClientConfig{URL: bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
