package load

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := strings.Repeat("x", 200_000)
		w.Header().Set("Content-Length", "200000")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusAccepted)
		}
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	addr := server.Listener.Addr().String()
	for _, tt := range []struct {
		name    string
		request []byte
		status  int
	}{
		{"GET", Request("GET", "/a?b=c", nil), 200},
		{"POST", Request("POST", "/", []byte("{}")), 202},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body, err := Once(addr, tt.request)
			if err != nil || status != tt.status || len(body) != 200_000 {
				t.Errorf("status %d, %d bytes, %v", status, len(body), err)
			}
		})
	}
}

func TestParseHeadErrors(t *testing.T) {
	for _, tt := range []struct{ name, head, want string }{
		{"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "not an HTTP/1.1 answer"},
		{"no length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", "without Content-Length"},
		{"no number", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n", "Content-Length"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := parseHead([]byte(tt.head)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestRunCountsAndMarks(t *testing.T) {
	var served, marks atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if served.Add(1)%2 == 0 {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer server.Close()
	for _, tt := range []struct {
		name     string
		rate     float64
		min, max int
	}{
		{"closed loop", 0, 10, 1 << 30},
		{"open loop", 200, 20, 80},
	} {
		t.Run(tt.name, func(t *testing.T) {
			marks.Store(0)
			r, err := Run(Config{
				Addr: server.Listener.Addr().String(), Request: Request("GET", "/", nil), Conns: 4,
				Warm: 20 * time.Millisecond, Measure: 200 * time.Millisecond, Rate: tt.rate,
				Mark: func() error { marks.Add(1); return nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			if r.Requests < tt.min || r.Requests > tt.max || r.Bad == 0 || r.Bad == r.Requests || marks.Load() != 2 {
				t.Errorf("%+v, %d marks; want %d to %d requests, some of them bad, 2 marks", r, marks.Load(), tt.min, tt.max)
			}
			if r.P50 <= 0 || r.P99 < r.P50 {
				t.Errorf("p50 %s, p99 %s", r.P50, r.P99)
			}
		})
	}
}

func TestScheduleSpacesConnectionsEvenly(t *testing.T) {
	start := time.Unix(0, 0)
	second := schedule(start, 1, 4, 100)
	for _, want := range []time.Duration{10 * time.Millisecond, 50 * time.Millisecond, 90 * time.Millisecond} {
		if got := second().Sub(start); got != want {
			t.Errorf("due after %s, want %s", got, want)
		}
	}
}
