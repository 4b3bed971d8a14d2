package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/internal/corpus"
	"dgate/hertz-gateway/internal/upstream/kitex/kitextest"
	"dgate/hertz-gateway/internal/wiretext"
	"dgate/hertz-gateway/servicemapping"
	"dgate/hertz-gateway/transcode"
)

// TestCorpus sends every case of testdata/corpus through a whole gateway to a
// real Kitex server, and compares the call that arrives and the answer.
func TestCorpus(t *testing.T) {
	files, err := corpus.Load(os.DirFS("../../testdata/corpus"))
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for _, f := range files {
		cases += len(f.Cases)
		t.Run(strings.TrimSuffix(f.Name, ".txtar"), func(t *testing.T) {
			t.Parallel()
			runFile(t, f)
		})
	}
	if cases < 250 {
		t.Errorf("only %d cases", cases)
	}
}

func runFile(t *testing.T, f *corpus.File) {
	g := start(t, f.IDL)
	if f.Settings != "" {
		g.applied("PUT", "/api/v1/namespace/default", `{"policies":{"json":`+f.Settings+`}}`)
	}
	backend := &scripted{gateway: g}
	destinations := map[string]bool{}
	b := kitextest.Serve(t, "127.0.0.1:0", backend.serve)
	for _, s := range g.current.Load().Mapping.Services {
		if s.Registry != "" && !destinations[s.Registry] {
			destinations[s.Registry] = true
			g.register(s.Registry, b.Addr, 10)
		}
	}
	for _, c := range f.Cases {
		t.Run(c.Name, func(t *testing.T) { runCase(t, g, backend, c) })
	}
}

func runCase(t *testing.T, g *running, backend *scripted, c *corpus.Case) {
	want, err := c.Want()
	if err != nil {
		t.Fatal(err)
	}
	backend.expect(c.Reply)
	res, body := send(t, g.Addr(), c)
	got := &corpus.Want{Status: res.StatusCode, Body: normalise(body)}
	taken := map[string]int{}
	for _, h := range want.Headers {
		name := http.CanonicalHeaderKey(h.Name)
		if values := res.Header[name]; taken[name] < len(values) {
			got.Headers = append(got.Headers, corpus.Header{Name: h.Name, Value: values[taken[name]]})
			taken[name]++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	call := backend.last()
	if strings.HasPrefix(c.Call, "~") || call == "" && c.Call == "" {
		return
	}
	if diff := cmp.Diff(strings.TrimSpace(c.Call), strings.TrimSpace(call)); diff != "" {
		t.Errorf("call (-want +got):\n%s", diff)
	}
}

// send writes the request byte by byte as the case has it; only Host and
// Content-Length are added.
func send(t *testing.T, addr string, c *corpus.Case) (*http.Response, string) {
	m, err := c.Message()
	if err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "%s %s HTTP/1.1\r\n", m.Verb, m.Target)
	given := map[string]bool{}
	for _, h := range m.Headers {
		given[http.CanonicalHeaderKey(h.Name)] = true
		fmt.Fprintf(&raw, "%s: %s\r\n", h.Name, h.Value)
	}
	if !given["Host"] {
		raw.WriteString("Host: gateway.test\r\n")
	}
	if len(m.Body) > 0 && !given["Content-Length"] && !given["Transfer-Encoding"] {
		fmt.Fprintf(&raw, "Content-Length: %d\r\n", len(m.Body))
	}
	raw.WriteString("Connection: close\r\n\r\n")
	raw.Write(m.Body)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(raw.Bytes()); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: m.Verb})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

var changing = regexp.MustCompile(`"(request_id|instance)":"(?:[^"\\]|\\.)*"`)

// normalise takes out of a problem document what differs from run to run.
func normalise(body string) string { return changing.ReplaceAllString(body, `"$1":"-"`) }

// scripted is a backend that answers what the case says.
type scripted struct {
	gateway *running
	mu      sync.Mutex
	reply   string
	call    string
}

func (s *scripted) expect(reply string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply, s.call = reply, ""
}

func (s *scripted) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.call
}

func (s *scripted) serve(ctx context.Context, method string, args []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	service := rpcinfo.GetRPCInfo(ctx).Invocation().ServiceName()
	text, err := wiretext.Dump(args)
	if err != nil {
		text = err.Error()
	}
	s.call = service + "." + method + "\n" + text
	switch {
	case s.reply == "":
		return zeroResult(s.gateway.method(service, method)), nil
	case strings.HasPrefix(s.reply, "error "):
		return nil, scriptedError(s.reply)
	}
	return wiretext.Parse(s.reply)
}

// method finds a method by the name of its Thrift service.
func (r *running) method(service, name string) *servicemapping.Method {
	for _, s := range r.current.Load().Mapping.Services {
		for _, m := range s.Methods {
			if s.Name == service && m.Name == name {
				return m
			}
		}
	}
	return nil
}

// zeroResult is what a service that sets nothing answers.
func zeroResult(m *servicemapping.Method) []byte {
	if m != nil {
		for _, f := range m.Result.Fields {
			if f.ID == 0 {
				wire := transcode.AppendFieldHeader(nil, f.Type.Kind.WireType(), 0)
				return transcode.AppendStop(transcode.AppendZero(wire, f.Type))
			}
		}
	}
	return []byte{0}
}

// scriptedError reads `error biz 404 "text" {"k":"v"}` and `error app 6 "text"`.
func scriptedError(reply string) error {
	fields := strings.SplitN(strings.TrimSpace(reply), " ", 4)
	code, err := strconv.Atoi(fields[2])
	if err != nil {
		return err
	}
	rest := fields[3]
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return err
	}
	text, err := strconv.Unquote(quoted)
	if err != nil {
		return err
	}
	switch fields[1] {
	case "app":
		return remote.NewTransErrorWithMsg(int32(code), text)
	case "biz":
		extra := map[string]string{}
		if rest = strings.TrimSpace(rest[len(quoted):]); rest != "" {
			if err := json.Unmarshal([]byte(rest), &extra); err != nil {
				return err
			}
		}
		return kerrors.NewBizStatusErrorWithExtra(int32(code), text, extra)
	}
	return errors.New("unknown error in the corpus: " + reply)
}
