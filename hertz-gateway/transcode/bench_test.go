//go:build unix

package transcode

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bytedance/sonic"
)

// The structs that a hand-written service would have, with what Kitex would
// generate to read and write them.
type benchAuthor struct {
	Name string `json:"name"`
	Born int32  `json:"born"`
}

type benchBook struct {
	ID     int64       `json:"id"`
	Title  string      `json:"title"`
	Price  float64     `json:"price"`
	Stock  int32       `json:"stock"`
	Sold   bool        `json:"sold"`
	Tags   []string    `json:"tags"`
	Author benchAuthor `json:"author"`
}

type benchShelf struct {
	Name  string       `json:"name"`
	Books []*benchBook `json:"books"`
}

var (
	benchAuthorType = structOf(&Field{Name: "name", Type: stringType}, &Field{Name: "born", Type: i32Type})
	benchBookType   = structOf(
		&Field{Name: "id", Type: i64Type}, &Field{Name: "title", Type: stringType}, &Field{Name: "price", Type: doubleType},
		&Field{Name: "stock", Type: i32Type}, &Field{Name: "sold", Type: boolType}, &Field{Name: "tags", Type: listOf(stringType)},
		&Field{Name: "author", Type: benchAuthorType},
	)
	benchShelfType = structOf(&Field{Name: "name", Type: stringType}, &Field{Name: "books", Type: listOf(benchBookType)})
)

func (a *benchAuthor) write(m message) message { return m.i32(2, a.Born).str(1, a.Name).stop() }

func (v *benchBook) write(m message) message {
	m = AppendI64(m.field(WireI64, 1), v.ID)
	m = AppendDouble(m.field(WireDouble, 3), v.Price)
	m = AppendBool(m.i32(4, v.Stock).field(WireBool, 5), v.Sold)
	m = m.str(2, v.Title)
	m = AppendListHeader(m.field(WireList, 6), WireString, len(v.Tags))
	for _, t := range v.Tags {
		m = AppendString(m, t)
	}
	return v.Author.write(m.field(WireStruct, 7)).stop()
}

func (s *benchShelf) write(m message) message {
	m = AppendListHeader(m.str(1, s.Name).field(WireList, 2), WireStruct, len(s.Books))
	for _, v := range s.Books {
		m = v.write(m)
	}
	return m.stop()
}

// benchReader reads without checks: the messages are our own.
type benchReader struct{ wire []byte }

func (r *benchReader) next(n int) []byte {
	b := r.wire[:n]
	r.wire = r.wire[n:]
	return b
}
func (r *benchReader) i32() int32  { return int32(binary.BigEndian.Uint32(r.next(4))) }
func (r *benchReader) i64() int64  { return int64(binary.BigEndian.Uint64(r.next(8))) }
func (r *benchReader) str() string { return string(r.next(int(r.i32()))) }

func (r *benchReader) fields(read func(id int16)) {
	for {
		if r.next(1)[0] == WireStop {
			return
		}
		read(int16(binary.BigEndian.Uint16(r.next(2))))
	}
}

func (a *benchAuthor) read(r *benchReader) {
	r.fields(func(id int16) {
		if id == 1 {
			a.Name = r.str()
		} else {
			a.Born = r.i32()
		}
	})
}

func (v *benchBook) read(r *benchReader) {
	r.fields(func(id int16) {
		switch id {
		case 1:
			v.ID = r.i64()
		case 2:
			v.Title = r.str()
		case 3:
			v.Price = math.Float64frombits(uint64(r.i64()))
		case 4:
			v.Stock = r.i32()
		case 5:
			v.Sold = r.next(1)[0] == 1
		case 6:
			r.next(1)
			v.Tags = make([]string, r.i32())
			for i := range v.Tags {
				v.Tags[i] = r.str()
			}
		default:
			v.Author.read(r)
		}
	})
}

func (s *benchShelf) read(r *benchReader) {
	r.fields(func(id int16) {
		if id == 1 {
			s.Name = r.str()
			return
		}
		r.next(1)
		s.Books = make([]*benchBook, r.i32())
		for i := range s.Books {
			s.Books[i] = new(benchBook)
			s.Books[i].read(r)
		}
	})
}

var benchWords = []string{"night", "river", "the", "last", "garden", "of", "stone", "winter", "letters", "house", "Zürich", "sea"}

// shelf has books as irregular as real ones: a processor learns regular ones by
// heart, and every branch would seem free.
func shelf(books int) *benchShelf {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		words := make([]string, n)
		for i := range words {
			words[i] = benchWords[random.IntN(len(benchWords))]
		}
		return strings.Join(words, " ")
	}
	s := &benchShelf{Name: "fiction", Books: []*benchBook{}}
	for range books {
		s.Books = append(s.Books, &benchBook{
			ID: random.Int64N(1 << 50), Title: text(4), Price: float64(random.IntN(10000)) / 100,
			Stock: random.Int32N(1000), Sold: random.IntN(2) == 0, Tags: []string{text(1), text(1), text(1)},
			Author: benchAuthor{Name: text(2), Born: 1900 + random.Int32N(100)},
		})
	}
	return s
}

type benchValue interface {
	write(m message) message
	read(r *benchReader)
}

var benchCases = []struct {
	name  string
	typ   *Type
	value benchValue
	fresh func() benchValue
}{
	{"100B", benchBookType, shelf(1).Books[0], func() benchValue { return new(benchBook) }},
	{"4KB", benchShelfType, shelf(26), func() benchValue { return new(benchShelf) }},
	{"100KB", benchShelfType, shelf(650), func() benchValue { return new(benchShelf) }},
	{"100KBstring", benchShelfType, &benchShelf{Name: strings.Repeat("the quick brown fox ", 5000), Books: []*benchBook{}}, func() benchValue { return new(benchShelf) }},
}

// BenchmarkThrift converts JSON to Thrift; BenchmarkJSON, the other way, from
// the order of fields that Kitex writes. Each is measured in turn with a struct
// and sonic, by CPU time, so that the ratio holds on a busy machine.
func BenchmarkThrift(b *testing.B) {
	for _, bc := range benchCases {
		text, err := sonic.Marshal(bc.value)
		if err != nil {
			b.Fatal(err)
		}
		c := mustCompile(b, bc.typ, Options{})
		var ours, theirs []byte
		b.Run(bc.name, func(b *testing.B) {
			compare(b, len(text), func() {
				if ours, err = c.AppendThrift(ours[:0], text); err != nil {
					b.Fatal(err)
				}
			}, func() {
				v := bc.fresh()
				if err := sonic.Unmarshal(text, v); err != nil {
					b.Fatal(err)
				}
				theirs = v.write(theirs[:0])
			})
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	for _, bc := range benchCases {
		wire := bc.value.write(nil)
		c := mustCompile(b, bc.typ, Options{})
		var ours []byte
		var err error
		if ours, err = c.AppendJSON(nil, wire); err != nil {
			b.Fatal(err)
		}
		b.Run(bc.name, func(b *testing.B) {
			compare(b, len(ours), func() {
				if ours, err = c.AppendJSON(ours[:0], wire); err != nil {
					b.Fatal(err)
				}
			}, func() {
				v := bc.fresh()
				v.read(&benchReader{wire})
				if _, err := sonic.Marshal(v); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// compare runs both in rounds of some milliseconds and reports medians.
func compare(b *testing.B, size int, ours, theirs func()) {
	perRound := 1 + 2_000_000/(size*2+500)
	var a, z []float64
	ours()
	theirs()
	for b.Loop() {
		a = append(a, cpuPerCall(perRound, ours))
		z = append(z, cpuPerCall(perRound, theirs))
	}
	slices.Sort(a)
	slices.Sort(z)
	our, their := a[len(a)/2], z[len(z)/2]
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(our, "ours-ns")
	b.ReportMetric(their, "sonic-ns")
	b.ReportMetric(our/their, "ratio")
	b.ReportMetric(float64(size)*1000/our, "ours-MB/s")
	b.ReportMetric(testing.AllocsPerRun(100, ours), "ours-allocs")
}

func cpuPerCall(n int, f func()) float64 {
	start := cpuTime()
	for range n {
		f()
	}
	return float64(cpuTime()-start) / float64(n)
}

// cpuTime is what the process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
