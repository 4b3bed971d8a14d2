package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// Request makes the bytes of an HTTP/1.1 request; a body is called JSON.
func Request(verb, target string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench\r\n", verb, target)
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// conn is one connection, used by one goroutine.
type conn struct {
	net.Conn
	buf []byte
}

const (
	bufSize = 64 << 10
	// hung is how long an answer may take before the run is given up.
	hung = 20 * time.Second
)

func dial(addr string) (*conn, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return &conn{Conn: c, buf: make([]byte, bufSize)}, nil
}

var (
	endOfHead     = []byte("\r\n\r\n")
	contentLength = []byte("\r\ncontent-length:")
)

// roundTrip sends request and reads the answer. The head and the body are
// appended to what is not nil.
func (c *conn) roundTrip(request []byte, keepHead, keep *[]byte) (status int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, fmt.Errorf("load: %w", err)
	}
	n, head := 0, -1
	for head < 0 {
		if n == len(c.buf) {
			return 0, errors.New("load: the head of the answer does not end")
		}
		m, err := c.Read(c.buf[n:])
		if err != nil {
			return 0, fmt.Errorf("load: reading the head: %w", err)
		}
		n += m
		head = bytes.Index(c.buf[:n], endOfHead)
	}
	status, length, err := parseHead(c.buf[:head+2])
	if err != nil {
		return 0, err
	}
	if keepHead != nil {
		*keepHead = append(*keepHead, c.buf[:head]...)
	}
	body := c.buf[head+len(endOfHead) : n]
	if len(body) > length {
		return 0, errors.New("load: bytes after the body")
	}
	if keep != nil {
		*keep = append(*keep, body...)
	}
	for left := length - len(body); left > 0; {
		m, err := c.Read(c.buf[:min(left, len(c.buf))])
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return 0, fmt.Errorf("load: reading the body: %w", err)
		}
		if keep != nil {
			*keep = append(*keep, c.buf[:m]...)
		}
		left -= m
	}
	return status, nil
}

// parseHead reads what matters of a head, which ends with its last line.
func parseHead(head []byte) (status, length int, err error) {
	if len(head) < 12 || !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) {
		return 0, 0, fmt.Errorf("load: not an HTTP/1.1 answer: %.40q", head)
	}
	if status, err = strconv.Atoi(string(head[9:12])); err != nil {
		return 0, 0, fmt.Errorf("load: status: %w", err)
	}
	if status == 204 {
		return status, 0, nil
	}
	for rest := head; ; {
		i := bytes.IndexByte(rest, '\r')
		if i < 0 || len(rest)-i < len(contentLength) {
			return 0, 0, fmt.Errorf("load: an answer without Content-Length: %.200q", head)
		}
		rest = rest[i:]
		if !bytes.EqualFold(rest[:len(contentLength)], contentLength) {
			rest = rest[1:]
			continue
		}
		value := rest[len(contentLength):]
		if length, err = strconv.Atoi(string(bytes.TrimSpace(value[:bytes.IndexByte(value, '\r')]))); err != nil {
			return 0, 0, fmt.Errorf("load: Content-Length: %w", err)
		}
		return status, length, nil
	}
}

// Once sends one request on a connection of its own.
func Once(addr string, request []byte) (status int, body []byte, err error) {
	status, _, body, err = OnceWithHead(addr, request)
	return status, body, err
}

// OnceWithHead is Once with the head of the answer.
func OnceWithHead(addr string, request []byte) (status int, head, body []byte, err error) {
	c, err := dial(addr)
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.SetDeadline(time.Now().Add(hung)); err != nil {
		return 0, nil, nil, fmt.Errorf("load: %w", err)
	}
	status, err = c.roundTrip(request, &head, &body)
	return status, head, body, err
}
