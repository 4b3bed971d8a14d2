package kitex

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/cloudwego/kitex/pkg/generic"
)

// dynamicEnv makes the test binary a client with dynamicgo, which it reads from
// standard input: its native code ends the process on some requests.
const dynamicEnv = "DGATE_TEST_DYNAMICGO"

// errDied is a call under which the client's process ended.
var errDied = errors.New("the process ended")

// dynamicSetup is the first thing that the process is told; then come bodies.
type dynamicSetup struct {
	Files map[string]string
	Addr  string
}

type dynamicReply struct {
	// Answer is not text: it may be no UTF-8.
	Answer []byte
	Error  string
}

// dynamicProcess is a client with dynamicgo in a process of its own, started
// again when it has ended.
type dynamicProcess struct {
	setup dynamicSetup
	cmd   *exec.Cmd
	in    io.WriteCloser
	to    *json.Encoder
	from  *json.Decoder
	died  int
}

func newDynamicProcess(t testing.TB, files map[string]string, addr string) *dynamicProcess {
	t.Helper()
	p := &dynamicProcess{setup: dynamicSetup{files, addr}}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.stop()
		if p.died > 0 {
			t.Logf("dynamicgo ended its process %d times", p.died)
		}
	})
	return p
}

func (p *dynamicProcess) start() error {
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), dynamicEnv+"=1", "GORACE=atexit_sleep_ms=0")
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.in, p.to, p.from = in, json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))
	if err := p.cmd.Start(); err != nil {
		return err
	}
	return p.to.Encode(p.setup)
}

func (p *dynamicProcess) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait() // it was told to end, or has done so by itself
}

func (p *dynamicProcess) call(body string) (string, error) {
	var r dynamicReply
	err := p.to.Encode([]byte(body))
	if err == nil {
		err = p.from.Decode(&r)
	}
	if err != nil {
		p.stop()
		p.died++
		if err := p.start(); err != nil {
			return "", err
		}
		return "", fmt.Errorf("%w: %w", errDied, err)
	}
	if r.Error != "" {
		return "", errors.New(r.Error)
	}
	return string(r.Answer), nil
}

// runDynamic is the other end, until its input ends.
func runDynamic() {
	t := &processTB{}
	defer t.cleanup()
	in, out := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	var setup dynamicSetup
	if err := in.Decode(&setup); err != nil {
		panic(err)
	}
	call := kitexJSON(t, setup.Files, setup.Addr, generic.NewThriftContentWithAbsIncludePathProviderWithDynamicGo)
	for {
		var body []byte
		if in.Decode(&body) != nil {
			return
		}
		var r dynamicReply
		answer, err := call(string(body))
		if err != nil {
			r.Error = err.Error()
		}
		r.Answer = []byte(answer)
		if out.Encode(r) != nil {
			return
		}
	}
}

// processTB stands for a test where there is none.
type processTB struct {
	testing.TB
	cleanups []func()
}

func (t *processTB) Helper()          {}
func (t *processTB) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (t *processTB) Fatal(args ...any) {
	panic(fmt.Sprint(args...))
}

func (t *processTB) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (t *processTB) cleanup() {
	for _, f := range t.cleanups {
		f()
	}
}
