package report

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"dgate/bench/internal/compare"
	"dgate/bench/internal/payload"
)

func TestReplace(t *testing.T) {
	got, err := Replace("head\n"+begin+"\nold\n"+end+"\ntail\n", "new")
	if want := "head\n" + begin + "\nnew\n" + end + "\ntail\n"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if _, err := Replace("no markers", "new"); err == nil {
		t.Error("a page without markers was taken")
	}
}

func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		name      string
		got, want float64
		atMost    bool
		text      string
	}{
		{"below an upper bound", 0.9, 0.92, true, "reached"},
		{"above an upper bound", 1.5, 1, true, "**missed** by 50 %"},
		{"above a lower bound", 2, 1.8, false, "reached"},
		{"below a lower bound", 1, 2, false, "**missed** by 50 %"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if text := verdict(tt.got, tt.want, tt.atMost); text != tt.text {
				t.Errorf("got %q, want %q", text, tt.text)
			}
		})
	}
}

func TestPackageOf(t *testing.T) {
	for function, want := range map[string]string{
		"runtime.mallocgc":                                      "runtime",
		"runtime.memmove":                                       "runtime: copying and clearing memory",
		"internal/runtime/maps.(*Iter).Next":                    "runtime",
		"internal/runtime/syscall.Syscall6":                     "system calls",
		"github.com/cloudwego/kitex/pkg/remote/trans.(*t).Read": "github.com/cloudwego/kitex",
		"dgate/hertz-gateway/transcode.(*Codec).AppendJSON":     "dgate/hertz-gateway/transcode",
		"strconv.AppendInt":                                     "strconv",
	} {
		if got := packageOf(function); got != want {
			t.Errorf("%s: got %s, want %s", function, got, want)
		}
	}
}

// results has every case and variant, the gateway at half of the CPU time and
// with one failed request.
func results(t *testing.T) (*compare.Results, []payload.Case) {
	cases, err := payload.Cases()
	if err != nil {
		t.Fatal(err)
	}
	res := &compare.Results{
		Variants: []string{"hand", "gateway", "generic", "dynamicgo", "floor"},
		Closed:   map[string]map[string]compare.Series{}, Open: map[string]map[string]compare.Series{}, Rate: map[string]float64{},
	}
	for _, c := range cases {
		by := map[string]compare.Series{}
		for _, v := range res.Variants {
			by[v] = compare.Series{{CPU: 100, PerSecond: 1000, P50: 1, P99: 2, Requests: 10}}
		}
		by["gateway"] = compare.Series{{CPU: 50, PerSecond: 1900, P50: 1, P99: 3, Requests: 10, Bad: 1}}
		res.Closed[c.Key], res.Open[c.Key] = by, by
	}
	res.Modules = map[string]compare.ModuleSeries{
		"headers":  {Without: compare.Series{{CPU: 20}, {CPU: 30}}, With: compare.Series{{CPU: 22}, {CPU: 34}}},
		"parallel": {Without: compare.Series{{P50: 0.2}}, With: compare.Series{{P50: 0.6}}},
	}
	return res, cases
}

func TestMarkdownSaysWhatFellShort(t *testing.T) {
	res, cases := results(t)
	text := Markdown(res, cases, Meta{})
	for _, want := range []string{
		"| book query | 100 | 50.0 | 0.50 (0.50–0.50) | 0.92 | reached | 0.50 (0.50–0.50) | 0.80 | reached |",
		"| 4 KB echo | 100 | 50.0 | 0.50 (0.50–0.50) | 0.42 | **missed** by 19 % | 0.50 (0.50–0.50) | 0.35 | **missed** by 43 % |",
		"| 4 KB reply | 1000 | 1900 | 1.90 (1.90–1.90) | 2.00 | **missed** by 5 % |",
		"| p99 at half load ÷ hand-written, book query | ≤ 1 | 1.50 (1.50–1.50) | **missed** by 50 % |",
		"**10 of 500** (DGate: 10)",
		"| a request and a response header set | 25.0 | 28.0 | 3.0 (2.0–4.0) | ≤ 3 | reached |",
		"| three calls in parallel, latency | 200 | 600 | 400.0 (400.0–400.0) | ≤ 300 | **missed** by 33 % |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

func TestPlotIsXML(t *testing.T) {
	res, cases := results(t)
	d := xml.NewDecoder(strings.NewReader(Plot(res, cases)))
	bars := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	// A background, a legend, and a bar for each variant in each case.
	if n := len(res.Variants); bars != 1+n+n*len(cases) {
		t.Errorf("%d rectangles", bars)
	}
}
