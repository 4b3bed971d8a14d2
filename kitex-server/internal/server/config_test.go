package server

import (
	"errors"
	"flag"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseFlags(t *testing.T) {
	tests := []struct {
		name string
		args string
		want Config
	}{
		{"defaults", "", Config{
			Service: "book", Listen: "127.0.0.1:0", Etcd: []string{"127.0.0.1:2379"}, Weight: 10, Tags: map[string]string{}, Drain: time.Second,
		}},
		{"all", "--service b2 --listen :7000 --etcd a:1,b:2 --weight 20 --tag k=v --tag zone=a=b --tag empty= --latency 50ms --error-rate 0.25", Config{
			Service: "b2", Listen: ":7000", Etcd: []string{"a:1", "b:2"}, Weight: 20,
			Tags: map[string]string{"k": "v", "zone": "a=b", "empty": ""}, Drain: time.Second,
			Latency: 50 * time.Millisecond, ErrorRate: 0.25,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			got, err := ParseFlags(strings.Fields(tt.args), &out)
			if err != nil || out.Len() > 0 {
				t.Fatalf("%v; said %q", err, &out)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestParseFlagsErrors(t *testing.T) {
	tests := []struct{ name, args, want string }{
		{"weight 0", "--weight 0", "kitex-server: --weight 0 would be registered as 10; to drain an instance, give its key in the registry the weight 0; --help lists the flags\n"},
		{"weight below", "--weight -1", "--weight -1: want 1 or more"},
		{"no number", "--weight ten", `invalid value "ten" for flag -weight`},
		{"no such flag", "--wieght 3", "flag provided but not defined: -wieght"},
		{"argument", "serve", `unexpected argument "serve"`},
		{"tag", "--tag k", "want key=value"},
		{"tag without key", "--tag =v", "want key=value"},
		{"tag twice", "--tag k=1 --tag k=2", `the tag "k" is given twice`},
		{"service", "--service a/b", `--service "a/b": want a name without '/'`},
		{"etcd", "--etcd ,", "--etcd: want at least one endpoint"},
		{"latency", "--latency -1s", "--latency -1s: want 0 or more"},
		{"error rate", "--error-rate 1.5", "--error-rate 1.5: want a number from 0 to 1"},
		{"error rate NaN", "--error-rate NaN", "--error-rate NaN: want a number from 0 to 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			if _, err := ParseFlags(strings.Fields(tt.args), &out); err == nil || errors.Is(err, flag.ErrHelp) {
				t.Fatalf("err = %v", err)
			}
			if got := out.String(); !strings.Contains(got, tt.want) || strings.Count(got, "\n") != 1 {
				t.Errorf("said %q\nwant one line with %q", got, tt.want)
			}
		})
	}
	var out strings.Builder
	if _, err := ParseFlags([]string{"--help"}, &out); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "-error-rate") {
		t.Errorf("--help: %v, %q", err, &out)
	}
}
