package process

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	const tail = " S 1 2 3 0 -1 4194560 900 0 0 0 %u %s 0 0 20 0 9 0 100 0 0"
	line := func(name, u, s string) string {
		return "42 (" + name + ")" + strings.NewReplacer("%u", u, "%s", s).Replace(tail)
	}
	for _, tt := range []struct {
		name, stat string
		want       time.Duration
		ok         bool
	}{
		{"plain", line("gateway", "150", "50"), 2 * time.Second, true},
		{"a name with a parenthesis and spaces", line("a) b (c", "1", "2"), 30 * time.Millisecond, true},
		{"not a number", line("x", "a", "2"), 0, false},
		{"short", "42 (x) S 1", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseStat(tt.stat)
			if got != tt.want || (err == nil) != tt.ok {
				t.Errorf("%s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestParseStatm(t *testing.T) {
	if got, err := parseStatm("5000 300 200 1 0 900 0\n"); err != nil || got != 300*int64(os.Getpagesize()) {
		t.Errorf("%d, %v", got, err)
	}
	for _, text := range []string{"", "5000", "5000 x"} {
		if _, err := parseStatm(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestEndedTellsWhy(t *testing.T) {
	p, err := Start("shell", []string{"WORD=goodbye"}, "sh", "-c", "echo $WORD; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	<-p.done
	if err := p.Ended(); err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "goodbye") {
		t.Errorf("got %v", err)
	}
	if _, err := p.CPU(); err == nil {
		t.Error("CPU time of a process that has ended")
	}
	p.Stop()
}
