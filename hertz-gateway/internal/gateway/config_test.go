package gateway

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dgate/hertz-gateway/internal/upstream"
)

func env(vars map[string]string) func(string) (string, bool) {
	return func(k string) (string, bool) { v, ok := vars[k]; return v, ok }
}

func TestLoadConfigPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	text := "listen: 127.0.0.1:1\nadmin: {listen: \"127.0.0.1:2\"}\nmaxBody: 7\nrequestTimeout: 3s\n" +
		"etcd: {endpoints: [a:1, b:2]}\nservices: {BookSvc: {codec: kitex-json, transport: framed}}\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := LoadConfig([]string{"--config", file, "--max-body", "9", "--watch-only"},
		env(map[string]string{"DGATE_MAX_BODY": "8", "DGATE_REQUEST_TIMEOUT": "4s"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultConfig()
	want.Listen, want.AdminListen = "127.0.0.1:1", "127.0.0.1:2"
	want.MaxBody, want.RequestTimeout, want.WatchOnly = 9, 4*time.Second, true
	want.EtcdEndpoints = []string{"a:1", "b:2"}
	want.Services = map[string]upstream.Settings{"BookSvc": {Codec: "kitex-json", Transport: "framed"}}
	if diff := cmp.Diff(want, l.Config); diff != "" {
		t.Error(diff)
	}
	var out bytes.Buffer
	if err := l.Print(&out, true); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"listen: 127.0.0.1:1\t# file " + file + ":1",
		"maxBody: 9\t# flag --max-body",
		"requestTimeout: 4s\t# environment DGATE_REQUEST_TIMEOUT",
		"idl: idl\t# default",
		"etcd.endpoints: a:1,b:2\t# file " + file + ":5",
	} {
		if !strings.Contains(out.String(), line+"\n") {
			t.Errorf("no line %q in\n%s", line, out.String())
		}
	}
}

func TestLoadConfigErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		file string
		args []string
		env  map[string]string
		want string
	}{
		{"unknown key", "listn: x\n", nil, nil, "FILE:1: unknown key listn; did you mean listen?"},
		{"unknown nested key", "admin:\n  lisen: x\n", nil, nil, "FILE:2: unknown key admin.lisen; did you mean admin.listen?"},
		{"twice", "drain: 1s\ndrain: 2s\n", nil, nil, "FILE:2: key drain stands here twice"},
		{"no yaml", "a: [\n", nil, nil, "FILE: line 1: did not find expected node content"},
		{"not a mapping", "- a\n", nil, nil, "FILE:1: expected keys and values"},
		{"duration", "drain: soon\n", nil, nil, `FILE:1: drain: "soon" is not a duration; write for example 1.5s`},
		{"service key", "services: {B: {codek: x}}\n", nil, nil, "FILE:1: unknown key services.B.codek; did you mean codec?"},
		{"service codec", "services: {B: {codec: x}}\n", nil, nil, `services.B.codec: "x" is none of dgate, kitex-json`},
		{"resource field", "resources:\n  - kind: route\n    name: a\n    pathes: [/a]\n", nil, nil, "FILE:4: /pathes: there is no field pathes; did you mean paths?"},
		{"resource kind", "resources: [{kind: rout, name: a}]\n", nil, nil, `FILE:1: /kind: "rout" is no kind; did you mean route?; the kinds are namespace, domain, idl, secret, collection, module, service, route, consumer, document`},
		{"no resource", "resources: 7\n", nil, nil, "FILE:1: expected a resource with its kind, or the name of a file"},
		{"no file of resources", "resources:\n  - nowhere.yaml\n", nil, nil, "FILE:2: open nowhere.yaml: no such file or directory"},
		{"a document", "resources:\n  - {kind: document, id: a, collection: c, data: 1}\n", nil, nil, "FILE:2: documents are data, not configuration"},
		{"unknown flag", "", []string{"--liste", "x"}, nil, "unknown flag --liste; did you mean --listen?"},
		{"argument", "", []string{"x"}, nil, `unexpected argument "x"`},
		{"environment", "", nil, map[string]string{"DGATE_MAX_BODY": "many"}, `environment DGATE_MAX_BODY: "many" is not a whole number`},
		{"address", "", []string{"--listen", "8080"}, nil, `listen: "8080" is not an address; write host:port`},
		{"admin for all", "", []string{"--admin-listen", ":9080"}, nil, "admin.listen: :9080 can be reached from other machines, and anybody could use it; set admin.auth, or listen on 127.0.0.1"},
		{"several", "", []string{"--max-body", "0", "--log-format", "xml"}, nil, "maxBody: 0 is not a positive number of bytes\nlog.format: \"xml\" is none of text, json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := tt.args
			file := filepath.Join(t.TempDir(), "c.yaml")
			if tt.file != "" {
				if err := os.WriteFile(file, []byte(tt.file), 0o644); err != nil {
					t.Fatal(err)
				}
				args = append(args, "--config", file)
			}
			_, err := LoadConfig(args, env(tt.env), nil)
			var wrong *ConfigError
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v", err)
			}
			if got := strings.ReplaceAll(err.Error(), file, "FILE"); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// TestDgateYAML holds the file that `make run` uses to the table of settings:
// every key is there, and what is not marked is the program's default.
func TestDgateYAML(t *testing.T) {
	const path = "../../dgate.yaml"
	l, err := LoadConfig([]string{"--config", path}, env(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(raw), "\n")
	def := DefaultConfig()
	for i := range settings {
		s := &settings[i]
		origin := l.Origin[s.key]
		line := 0
		if _, n, ok := strings.Cut(origin, path+":"); ok {
			for _, c := range n {
				line = line*10 + int(c-'0')
			}
		} else {
			t.Errorf("%s is missing", s.key)
			continue
		}
		differs := s.get(&l.Config) != s.get(&def)
		if marked := strings.Contains(lines[line-1], "# differs"); marked != differs {
			t.Errorf("%s: marked %v, differs %v", s.key, marked, differs)
		}
	}
}

func TestPrintTakesFlagsInAnyOrder(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	for _, args := range [][]string{{"--origin", "--drain", "2s"}, {"--drain", "2s", "--origin"}} {
		var out, errs strings.Builder
		if code := Main(t.Context(), append([]string{"config", "print"}, args...), none, strings.NewReader(""), &out, &errs); code != 0 {
			t.Errorf("%v: exit code %d: %s", args, code, errs.String())
		}
		if !strings.Contains(out.String(), "drain: 2s\t# flag --drain") {
			t.Errorf("%v: got %s", args, out.String())
		}
	}
}
