package kitex

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/internal/upstream"
)

// raw serves connections with a function that is no Kitex.
func raw(t *testing.T, destination string, serve func(c net.Conn)) string {
	t.Helper()
	l := listen(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				serve(c)
			}()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	register(t, destination, l.Addr().String(), 10)
	return l.Addr().String()
}

// ask is a request as far as an answer needs it.
type ask struct {
	seq    uint32
	framed bool
}

// wrap puts a message into the transport of the request.
func (a ask) wrap(b []byte) []byte {
	if a.framed {
		return framed(b)
	}
	return header(a.seq, nil, b)
}

// request reads one framed or TTHeader request.
func request(c net.Conn) (ask, error) {
	var head [4]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return ask{}, err
	}
	b := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err := io.ReadFull(c, b); err != nil {
		return ask{}, err
	}
	if b[0] == 0x80 { // framed: version, name, sequence id
		n := binary.BigEndian.Uint32(b[4:])
		return ask{binary.BigEndian.Uint32(b[8+n:]), true}, nil
	}
	return ask{binary.BigEndian.Uint32(b[4:]), false}, nil
}

// message is a Thrift message without a frame.
func message(kind byte, method string, seq uint32, body []byte) []byte {
	b := []byte{0x80, 1, 0, kind}
	b = binary.BigEndian.AppendUint32(b, uint32(len(method)))
	b = append(b, method...)
	b = binary.BigEndian.AppendUint32(b, seq)
	return append(b, body...)
}

func framed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// header puts a message into a TTHeader with these infos.
func header(seq uint32, infos, b []byte) []byte {
	h := append([]byte{0, 0}, infos...)
	for len(h)%4 != 0 {
		h = append(h, 0)
	}
	out := []byte{0x10, 0, 0, 0}
	out = binary.BigEndian.AppendUint32(out, seq)
	out = binary.BigEndian.AppendUint16(out, uint16(len(h)/4))
	return framed(append(append(out, h...), b...))
}

func good(seq uint32) []byte { return message(typeReply, "echo", seq, stringResult("ok")) }

// answer answers every request with what f makes of its sequence id.
func answer(f func(s ask) []byte) func(net.Conn) {
	return func(c net.Conn) {
		for {
			s, err := request(c)
			if err != nil {
				return
			}
			if _, err := c.Write(f(s)); err != nil {
				return
			}
		}
	}
}

// answerWith answers every request for echo with a result struct.
func answerWith(result []byte) func(net.Conn) {
	return answer(func(s ask) []byte { return s.wrap(message(typeReply, "echo", s.seq, result)) })
}

// TestHostile has backends that answer wrongly: each costs its own call only,
// in bounded memory, and not beyond the deadline.
func TestHostile(t *testing.T) {
	const timeout = 300 * time.Millisecond
	bytesOf := func(b []byte) func(net.Conn) { return answer(func(ask) []byte { return b }) }
	tests := []struct {
		name  string
		serve func(net.Conn)
		code  upstream.Code
		slow  bool // waits for the deadline
		// transport, "" both
		transport upstream.Transport
	}{
		{"garbage", bytesOf([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")), upstream.Unreadable, false, ""},
		{"one byte", bytesOf([]byte{1}), upstream.Timeout, true, ""},
		{"zeros", bytesOf(make([]byte, 64)), upstream.Unreadable, false, ""},
		{"ones", bytesOf([]byte(strings.Repeat("\xff", 64))), upstream.Unreadable, false, ""},
		{"unframed", answer(func(s ask) []byte { return good(s.seq) }), upstream.Unreadable, false, ""},
		{"unframed that claims a gigabyte", bytesOf([]byte{0x80, 1, 0, 2, 0x40, 0, 0, 0, 'e'}), upstream.Unreadable, false, ""},
		{"framed over ttheader", answer(func(s ask) []byte { return framed(good(s.seq)) }), upstream.Unreadable, false, upstream.TransportTTHeader},
		{"ttheader over framed", answer(func(s ask) []byte { return header(s.seq, nil, good(s.seq)) }), upstream.Unreadable, false, upstream.TransportFramed},
		{"frame claims a gigabyte", bytesOf([]byte{0x3f, 0xff, 0xff, 0xff, 0x80, 1, 0, 2}), upstream.Unreadable, false, ""},
		{"frame claims 16 MiB and stalls", bytesOf([]byte{0, 0xff, 0xff, 0, 0x80, 1, 0, 2}), upstream.Timeout, true, upstream.TransportFramed},
		{"header claims 16 MiB and stalls", bytesOf([]byte{0, 0xff, 0xff, 0, 0x10, 0, 0, 0}), upstream.Timeout, true, upstream.TransportTTHeader},
		{"header larger than the frame", answer(func(s ask) []byte {
			b := header(s.seq, nil, good(s.seq))
			b[12], b[13] = 0xff, 0xff
			return b
		}), upstream.Unreadable, false, upstream.TransportTTHeader},
		{"strings beyond the header", answer(func(s ask) []byte {
			return header(s.seq, []byte{infoStrings, 0xff, 0xff, 0xff, 0xff}, good(s.seq))
		}), upstream.Unreadable, false, upstream.TransportTTHeader},
		{"unknown info", answer(func(s ask) []byte { return header(s.seq, []byte{0x77}, good(s.seq)) }), upstream.Unreadable, false, upstream.TransportTTHeader},
		{"inner frame of another size", answer(func(s ask) []byte {
			b := framed(good(s.seq))
			b[3]++
			return header(s.seq, nil, b)
		}), upstream.Unreadable, false, upstream.TransportTTHeader},
		{"method name claims a gigabyte", answer(func(s ask) []byte {
			b := good(s.seq)
			b[4] = 0x40
			return s.wrap(b)
		}), upstream.Unreadable, false, ""},
		{"wrong sequence id", answer(func(s ask) []byte { return s.wrap(good(s.seq + 1)) }), upstream.Unreadable, false, ""},
		{"wrong method", answer(func(s ask) []byte {
			return s.wrap(message(typeReply, "other", s.seq, stringResult("ok")))
		}), upstream.Unreadable, false, ""},
		{"a call for an answer", answer(func(s ask) []byte {
			return s.wrap(message(1, "echo", s.seq, stringResult("ok")))
		}), upstream.Unreadable, false, ""},
		{"no body", answer(func(s ask) []byte { return s.wrap(message(typeReply, "echo", s.seq, nil)) }), upstream.Unreadable, false, ""},
		{"exception that claims a gigabyte", answer(func(s ask) []byte {
			return s.wrap(message(typeException, "echo", s.seq, []byte{11, 0, 1, 0x40, 0, 0, 0, 'x'}))
		}), upstream.Application, false, ""},
		{"closes", func(c net.Conn) { _, _ = request(c) }, upstream.Broken, false, ""},
		{"closes in the middle", func(c net.Conn) {
			if s, err := request(c); err == nil {
				b := s.wrap(good(s.seq))
				_, _ = c.Write(b[:len(b)-3])
			}
		}, upstream.Broken, false, ""},
		{"resets", func(c net.Conn) {
			_, _ = request(c)
			_ = c.(*net.TCPConn).SetLinger(0)
		}, upstream.Broken, false, ""},
		{"silence", func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, upstream.Timeout, true, ""},
		{"drip", func(c net.Conn) {
			s, err := request(c)
			if err != nil {
				return
			}
			for _, b := range s.wrap(good(s.seq)) {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}, upstream.Timeout, true, ""},
	}
	for i, tt := range tests {
		for _, tr := range []upstream.Transport{upstream.TransportTTHeader, upstream.TransportFramed} {
			if tt.transport != "" && tt.transport != tr {
				continue
			}
			t.Run(tt.name+" "+string(tr), func(t *testing.T) {
				dest := fmt.Sprint("hostile-", i, tr)
				addr := raw(t, dest, tt.serve)
				c := newClient(t, dest, tr)
				for range 2 {
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					start := time.Now()
					_, err := c.Call(t.Context(), &upstream.Call{Method: "echo", Deadline: in(timeout)})
					took := time.Since(start)
					runtime.ReadMemStats(&after)
					e := asError(t, err, tt.code, true)
					if e.Instance != addr {
						t.Errorf("instance %q", e.Instance)
					}
					if took > timeout+200*time.Millisecond || (!tt.slow && took > timeout-50*time.Millisecond) {
						t.Errorf("took %v", took)
					}
					if mem := after.TotalAlloc - before.TotalAlloc; mem > 4<<20 {
						t.Errorf("allocated %d bytes", mem)
					}
				}
				await(t, "no connections", func() bool { return len(c.(*handle).dest.pool.open()) == 0 || tt.code == upstream.Application })
			})
		}
	}
}

// TestFlood has a backend that pours bytes into connections, idle or in use.
func TestFlood(t *testing.T) {
	var poured atomic.Int64
	pour := func(c net.Conn) {
		chunk := make([]byte, 64<<10)
		for {
			n, err := c.Write(chunk)
			poured.Add(int64(n))
			if err != nil {
				return
			}
		}
	}
	t.Run("idle", func(t *testing.T) {
		raw(t, name(t), func(c net.Conn) {
			if s, err := request(c); err == nil {
				_, _ = c.Write(header(s.seq, nil, good(s.seq)))
				time.Sleep(50 * time.Millisecond)
				pour(c)
			}
		})
		c := newClient(t, name(t), "")
		callOnce(t, c)
		await(t, "the end of the connection", func() bool { return len(c.(*handle).dest.pool.open()) == 0 })
		t.Logf("%d MB poured", poured.Load()>>20)
		if poured.Load() > 128<<20 {
			t.Error("too much was taken in")
		}
	})
	t.Run("in use, while it does not read", func(t *testing.T) {
		poured.Store(0)
		raw(t, name(t), pour)
		c := newClient(t, name(t), "")
		start := time.Now()
		_, err := c.Call(t.Context(), &upstream.Call{Method: "echo", Args: make([]byte, 64<<20), Deadline: in(500 * time.Millisecond)})
		wantError(t, err, upstream.Timeout, true)
		t.Logf("%d MB poured in %v", poured.Load()>>20, time.Since(start))
		if d := time.Since(start); d > time.Second {
			t.Errorf("took %v", d)
		}
		if poured.Load() > 32<<20 {
			t.Error("too much was taken in")
		}
	})
}

func TestTimeouts(t *testing.T) {
	serve(t, name(t), 10)
	c := newClient(t, name(t), "")
	callOnce(t, c)
	goroutines := runtime.NumGoroutine()
	for _, d := range []time.Duration{20 * time.Millisecond, 100 * time.Millisecond} {
		start := time.Now()
		_, err := c.Call(t.Context(), &upstream.Call{Method: "sleep", Void: true, Args: i32Args(400), Deadline: in(d)})
		took := time.Since(start)
		wantError(t, err, upstream.Timeout, true)
		t.Logf("%v: %v", d, took)
		if took < d || took > d+100*time.Millisecond {
			t.Errorf("%v: took %v", d, took)
		}
	}
	_, err := c.Call(t.Context(), &upstream.Call{Method: "echo", Deadline: in(-time.Second)})
	wantError(t, err, upstream.Timeout, false)
	// The answers that come late meet nobody.
	time.Sleep(500 * time.Millisecond)
	for range 10 {
		callOnce(t, c)
	}
	if n := runtime.NumGoroutine() - goroutines; n > 5 {
		t.Errorf("%d more goroutines", n)
	}

	t.Run("a backend that stops reading", func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		raw(t, name(t), func(net.Conn) { <-release })
		c := newClient(t, name(t), "")
		args := make([]byte, 32<<20)
		start := time.Now()
		_, err := c.Call(t.Context(), &upstream.Call{Method: "echo", Args: args, Deadline: in(200 * time.Millisecond)})
		wantError(t, err, upstream.Timeout, true)
		if d := time.Since(start); d > 500*time.Millisecond {
			t.Errorf("took %v", d)
		}
		// Nothing reads the arguments any more: the race detector would tell.
		for i := range args {
			args[i] = 1
		}
	})
	t.Run("a backend that does not accept", func(t *testing.T) {
		addr := fullBacklog(t)
		register(t, name(t), addr, 10)
		c := newClient(t, name(t), "")
		start := time.Now()
		_, err := c.Call(t.Context(), &upstream.Call{Method: "echo", Deadline: in(200 * time.Millisecond)})
		wantError(t, err, upstream.Timeout, false)
		if d := time.Since(start); d > 400*time.Millisecond {
			t.Errorf("took %v", d)
		}
		if instance(name(t), addr).Down() {
			t.Error("marked down for the deadline of one call")
		}
		good := serve(t, name(t), 10)
		start = time.Now()
		for range 4 {
			if got := callOnce(t, c); got != good.addr {
				t.Fatalf("%s answered", got)
			}
		}
		if d := time.Since(start); d < 400*time.Millisecond || d > 1500*time.Millisecond {
			t.Errorf("took %v, want one connect timeout of 500 ms", d)
		}
	})
}

// fullBacklog is an address where connecting neither succeeds nor fails.
func fullBacklog(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", sa.(*syscall.SockaddrInet4).Port)
	for range 4 {
		go func() {
			c, err := net.DialTimeout("tcp", addr, 20*time.Second)
			if err == nil {
				t.Cleanup(func() { _ = c.Close() })
			}
		}()
	}
	await(t, "a full backlog", func() bool {
		c, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
		}
		return err != nil
	})
	return addr
}

// TestClosedWhileIdle has a backend that closes each connection after an
// answer: no request is ever lost to a connection known to be closed.
func TestClosedWhileIdle(t *testing.T) {
	raw(t, name(t), func(c net.Conn) {
		if s, err := request(c); err == nil {
			_, _ = c.Write(header(s.seq, nil, good(s.seq)))
		}
	})
	c := newClient(t, name(t), "")
	for i := range 300 {
		if _, err := c.Call(t.Context(), &upstream.Call{Method: "echo", Deadline: in(5 * time.Second)}); err != nil {
			t.Fatal(i, err)
		}
		// The peer closes right after its answer; wait until the kernel knows,
		// which is before netpoll does.
		for _, cn := range c.(*handle).dest.pool.open() {
			await(t, "the close", func() bool { return !cn.Quiet() })
		}
	}
	pool := c.(*handle).dest.pool
	pool.sweep(time.Now())
	if open, peers := len(pool.open()), len(pool.allPeers()); open != 0 || peers != 0 {
		t.Errorf("%d connections and %d addresses are kept after all have closed", open, peers)
	}
}

func TestApplicationErrorsKeepConnections(t *testing.T) {
	serve(t, name(t), 10)
	c := newClient(t, name(t), "")
	callOnce(t, c)
	before := c.(*handle).dest.pool.open()[0]
	for range 5 {
		_, err := c.Call(t.Context(), &upstream.Call{Method: "fail"})
		wantError(t, err, upstream.Application, true)
	}
	if after := c.(*handle).dest.pool.open(); len(after) != 1 || after[0] != before {
		t.Errorf("%d connections, another one", len(after))
	}
}

func TestParseReplyInfo(t *testing.T) {
	infos := []byte{infoIntegers, 0, 1, 0, 9, 0, 1, 'x', infoPadding, infoToken, 0, 1, 't', infoStrings, 0, 2}
	for _, s := range []string{"biz-status", "418", "other", "x"} {
		infos = append(binary.BigEndian.AppendUint16(infos, uint16(len(s))), s...)
	}
	got, err := parseReply(header(7, infos, framed(good(7))), upstream.TransportTTHeader)
	if err != nil {
		t.Fatal(err)
	}
	want := reply{kind: typeReply, method: []byte("echo"), seq: 7, payload: stringResult("ok"), info: map[string]string{"biz-status": "418"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(reply{})); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add(header(7, nil, good(7)), false)
	f.Add(header(7, []byte{infoStrings, 0, 1, 0, 1, 'k', 0, 1, 'v'}, framed(good(7))), false)
	f.Add(framed(good(7)), true)
	f.Add(framed(message(typeException, "m", 1, []byte{11, 0, 1, 0, 0, 0, 1, 'x', 8, 0, 2, 0, 0, 0, 6, 0})), true)
	f.Fuzz(func(t *testing.T, frame []byte, isFramed bool) {
		if len(frame) < 8 {
			return // readFrame gives no less
		}
		tr := upstream.TransportTTHeader
		if isFramed {
			tr = upstream.TransportFramed
		}
		rep, err := parseReply(frame, tr)
		if err != nil {
			var bad *frameError
			if !errors.As(err, &bad) {
				t.Errorf("error %T", err)
			}
			return
		}
		if len(rep.payload) == 0 || len(rep.payload)+len(rep.method) > len(frame) {
			t.Errorf("payload %d, method %d of %d bytes", len(rep.payload), len(rep.method), len(frame))
		}
		if _, text := parseException(rep.payload); len(text) > len(rep.payload) {
			t.Error("text longer than the exception")
		}
	})
}
