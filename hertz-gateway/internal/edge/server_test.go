package edge

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"dgate/hertz-gateway/internal/message"
)

type handlerFunc func(req *message.Request, resp *message.Response)

func (f handlerFunc) Serve(_ context.Context, req *message.Request, resp *message.Response) {
	f(req, resp)
}

func start(t *testing.T, h handlerFunc, change ...func(*Config)) *Server {
	t.Helper()
	cfg := Config{Addr: "127.0.0.1:0", Flag: "--listen"}
	for _, f := range change {
		f(&cfg)
	}
	s, err := New(cfg, h)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Shutdown(ctx) // a test may have shut it down itself
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	// Serve has begun once a connection is answered.
	res, err := http.Get("http://" + s.Addr() + "/started")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return s
}

// echo answers with what it was asked.
func echo(req *message.Request, resp *message.Response) {
	body, err := req.Body()
	if err != nil {
		resp.SetStatus(400)
		resp.SetBody("text/plain", append(resp.BodyBuffer(), err.Error()...))
		return
	}
	out := fmt.Appendf(resp.BodyBuffer(), "%s %s?%s %d ", req.Verb(), req.RawPath(), req.RawQuery(), len(body))
	resp.SetBody("text/plain", append(out, body...))
}

func TestTakenPortNamesPortAndFlag(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	_, err = New(Config{Addr: ln.Addr().String(), Flag: "--listen"}, handlerFunc(echo))
	want := ln.Addr().String() + " is taken by another process; choose another address with --listen"
	if err == nil || err.Error() != want {
		t.Fatalf("got %v, want %q", err, want)
	}
}

// TestPipelining sends several requests at once: bodies must not run into each other.
func TestPipelining(t *testing.T) {
	s := start(t, echo)
	big := strings.Repeat("x", 100_000)
	var raw, want bytes.Buffer
	for i, body := range []string{"", "a", big, "b", big + "y", ""} {
		fmt.Fprintf(&raw, "POST /p%d?q=%d HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", i, i, len(body), body)
		fmt.Fprintf(&want, "POST /p%d?q=%d %d %s\n", i, i, len(body), body)
	}
	raw.WriteString("POST /chunked HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
	want.WriteString("POST /chunked? 5 abcde\n")
	raw.WriteString("GET http://h/absolute?z HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	want.WriteString("GET /absolute?z 0 \n")

	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	go func() { _, _ = c.Write(raw.Bytes()) }()
	var got bytes.Buffer
	r := bufio.NewReader(c)
	for range 8 {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("after %d bytes: %v", got.Len(), err)
		}
		if _, err := io.Copy(&got, res.Body); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
	}
	if got.String() != want.String() {
		t.Errorf("answers differ: got %d bytes, want %d", got.Len(), want.Len())
	}
}

func TestBodyLimit(t *testing.T) {
	s := start(t, func(req *message.Request, resp *message.Response) {
		req.LimitBody(10)
		echo(req, resp)
	})
	for _, tt := range []struct {
		name, head, body, want string
	}{
		{"within", "Content-Length: 10\r\n", "0123456789", "POST /? 10 0123456789"},
		{"announced", "Content-Length: 1000000\r\n", strings.Repeat("x", 20_000), "body above 10 bytes"},
		{"chunked", "Transfer-Encoding: chunked\r\n", "b\r\n0123456789a\r\n0\r\n\r\n", "body above 10 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: h\r\n%s\r\n%s", tt.head, tt.body)
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if string(body) != tt.want {
				t.Errorf("got %q, want %q", body, tt.want)
			}
		})
	}
}

// TestShutdown: a request under way is answered, an idle connection is closed
// at once, a new one is refused.
func TestShutdown(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s := start(t, func(req *message.Request, resp *message.Response) {
		if req.RawPath() == "/slow" {
			close(entered)
			<-release
		}
		echo(req, resp)
	})
	dial := func() (net.Conn, *bufio.Reader) {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c, bufio.NewReader(c)
	}
	get := func(c net.Conn, r *bufio.Reader, path string) *http.Response {
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path)
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		return res
	}
	idleConn, idleReader := dial()
	get(idleConn, idleReader, "/quick")
	slowConn, slowReader := dial()
	answered := make(chan *http.Response)
	go func() { answered <- get(slowConn, slowReader, "/slow") }()
	<-entered

	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	if _, err := idleReader.ReadByte(); err != io.EOF {
		t.Errorf("idle connection: got %v, want EOF", err)
	}
	select {
	case err := <-done:
		t.Fatalf("Shutdown returned with a request under way: %v", err)
	default:
	}
	close(release)
	if res := <-answered; res.StatusCode != 200 || !res.Close {
		t.Errorf("slow request: status %d, close %v", res.StatusCode, res.Close)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", s.Addr()); err == nil {
		_ = c.Close()
		t.Error("still accepting")
	}
}

func TestShutdownCutsWhatDoesNotEnd(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s := start(t, func(req *message.Request, _ *message.Response) {
		if req.RawPath() == "/stuck" {
			close(entered)
			<-release
		}
	})
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	fmt.Fprint(c, "GET /stuck HTTP/1.1\r\nHost: h\r\n\r\n")
	<-entered
	defer close(release)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); err == nil || !strings.Contains(err.Error(), "1 connections were cut") {
		t.Errorf("got %v", err)
	}
}

// TestSlowClients: neither who sends slowly nor who takes no answer holds a
// connection for ever.
func TestSlowClients(t *testing.T) {
	big := bytes.Repeat([]byte("x"), 64<<20)
	s := start(t, func(req *message.Request, resp *message.Response) {
		if req.RawPath() == "/big" {
			resp.SetBody("text/plain", append(resp.BodyBuffer(), big...))
		}
	}, func(c *Config) { c.ReadTimeout, c.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond })
	for _, sent := range []string{"", "GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n123", "GET /big HTTP/1.1\r\nHost: h\r\n\r\n"} {
		c, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		fmt.Fprint(c, sent)
	}
	deadline := time.Now().Add(10 * time.Second)
	for s.Open() > 1 { // the connection that start made idles
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are still open", s.Open())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// flaky fails to accept a few times, as a process without descriptors does.
type flaky struct {
	net.Listener
	left int
}

func (f *flaky) Accept() (net.Conn, error) {
	if f.left > 0 {
		f.left--
		return nil, syscall.EMFILE
	}
	return f.Listener.Accept()
}

func TestAcceptGoesOn(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newListener(&flaky{ln, 3}, time.Second, time.Second, nil, slog.New(slog.DiscardHandler))
	defer func() { _ = l.Close() }()
	out, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	in, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
}

// TestLargeAnswers: heads and bodies of every size arrive whole, also when the
// client reads slowly and with answers without a body between them.
func TestLargeAnswers(t *testing.T) {
	s := start(t, func(req *message.Request, resp *message.Response) {
		n, err := strconv.Atoi(strings.TrimPrefix(req.RawPath(), "/"))
		if err != nil {
			return
		}
		resp.SetBody("text/plain", append(resp.BodyBuffer(), bytes.Repeat([]byte{byte('a' + n%26)}, n)...))
	})
	for _, n := range []int{0, 1, 3800, 4095, 4096, 4097, 8192, 100_000, 5 << 20} {
		for _, verb := range []string{"GET", "HEAD", "GET"} {
			req, err := http.NewRequest(verb, fmt.Sprintf("http://%s/%d", s.Addr(), n), nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(iotest.HalfReader(res.Body))
			_ = res.Body.Close()
			want, length := n, int64(n)
			if verb == "HEAD" {
				want = 0
				if n == 0 {
					length = -1
				}
			}
			if err != nil || res.ContentLength != length || len(body) != want || bytes.Count(body, []byte{byte('a' + n%26)}) != want {
				t.Fatalf("%s %d: %d bytes, length %d, %v", verb, n, len(body), res.ContentLength, err)
			}
		}
	}
}
