package transcode

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"
)

func TestAppendInteger(t *testing.T) {
	check := func(v int64) {
		t.Helper()
		if got := string(appendInteger(make([]byte, 0, 64), v)); got != strconv.FormatInt(v, 10) {
			t.Fatalf("%d is written %s", v, got)
		}
	}
	for v := int64(1); v > 0 && v < math.MaxInt64/10; v *= 10 {
		for d := int64(-2); d <= 2; d++ {
			check(v + d)
			check(-v - d)
		}
	}
	check(math.MaxInt64)
	check(math.MinInt64)
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		check(int64(r.Uint64()) >> r.IntN(64))
	}
}

func TestAppendDouble(t *testing.T) {
	check := func(v float64) {
		t.Helper()
		got := string(appendDouble(make([]byte, 0, 64), v))
		back, err := strconv.ParseFloat(got, 64)
		if err != nil || math.Float64bits(back) != math.Float64bits(v) {
			t.Fatalf("%v is written %s", v, got)
		}
		if shortest := strconv.FormatFloat(v, 'g', -1, 64); len(got) > len(strconv.FormatFloat(v, 'f', -1, 64)) && len(got) > len(shortest) {
			t.Fatalf("%s is written %s", shortest, got)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		whole, scale := float64(int64(r.Uint64())>>r.IntN(64)), math.Pow10(r.IntN(12))
		check(whole / scale)
		check(math.Nextafter(whole/scale, 0))
		if v := math.Float64frombits(r.Uint64()); v-v == 0 {
			check(v)
		}
	}
	for _, v := range []float64{0, negativeZero, 1e-6, 9.99999e-7, 1e21, 1e20, 999999999.999999, 0.000001, 1e9, 5e-324, 1 << 53, 1<<53 + 2} {
		check(v)
		check(-v)
	}
}

// TestDecimal compares the short ways of reading with strconv.
func TestDecimal(t *testing.T) {
	decimal := func(text string) (v float64, size int) {
		return (&decoder{win: append([]byte(text), make([]byte, valueWindow)...)}).decimal(0)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 200_000 {
		text := strconv.FormatFloat(float64(int64(r.Uint64())>>r.IntN(64))/math.Pow10(r.IntN(12)), 'f', -1, 64)
		want, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		if v, size := decimal(text); size != 0 && (size != len(text) || v != want) {
			t.Fatalf("%s is read as %v", text, v)
		}
	}
	for range 200_000 {
		text := strconv.FormatFloat(math.Float64frombits(r.Uint64N(1<<60)+1023<<52-1<<59), 'g', -1, 64)
		if r.IntN(2) == 0 { // half way between two
			text = strconv.FormatUint(1<<53+r.Uint64N(1<<60)*2+1, 10)
			text = text[:min(len(text), 15)] + "." + text[min(len(text), 15):]
		}
		want, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		if v, size := decimal(text); size != 0 && (size != len(text) || v != want) {
			t.Fatalf("%s is read as %v", text, v)
		}
	}
	for _, text := range []string{"", "-", ".5", "5.", "01", "-01", "1e5", "1.5E5", "12345678901234567890", "0.12345678901234567890", "x"} {
		if _, size := decimal(text); size != 0 {
			t.Errorf("%q is taken for a plain number", text)
		}
	}
	for _, text := range []string{"0", "-0.5", "12345678.12345", "-122.419415", "1.1234567890123", "0.30000000000000004", "1700000000.123456789", "123456789012345"} {
		if _, size := decimal(text); size != len(text) {
			t.Errorf("%q is not taken for a plain number", text)
		}
	}
}

// TestQuotient tries ties and what is next to them, and random numbers.
func TestQuotient(t *testing.T) {
	check := func(m, n uint64) {
		t.Helper()
		if want, _ := new(big.Rat).SetFrac(new(big.Int).SetUint64(m), new(big.Int).SetUint64(n)).Float64(); quotient(m, n) != want {
			t.Fatalf("%d/%d is %v, not %v", m, n, quotient(m, n), want)
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 200_000 {
		n := powersOfTen[r.IntN(20)]
		check(r.Uint64()>>r.IntN(64), n)
		check((1<<53+r.Uint64N(1<<53))<<r.IntN(10), 1<<r.IntN(64))
		tie := (1<<53+r.Uint64N(1<<53))*2 + 1
		check(tie<<r.IntN(9), 1)
		check(tie<<9+r.Uint64N(3)-1, 1)
	}
	for _, n := range []uint64{1, 3, 1e19, math.MaxUint64} {
		for _, m := range []uint64{0, 1, 2, 1<<53 - 1, 1 << 53, 1<<53 + 1, 1<<63 - 1, 1 << 63, math.MaxUint64} {
			check(m, n)
		}
	}
}

func TestShortDecimal(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const characters = "0123456789012345678901234567890123456789........,,}]e-+\x00\x80\xff/:"
	shape := regexp.MustCompile(`^(0|[1-9][0-9]*)\.[0-9]+[],}]`)
	taken := 0
	for range 500_000 {
		text := make([]byte, 8)
		for i := range text {
			text[i] = characters[r.IntN(len(characters))]
		}
		v, size := shortDecimal(binary.LittleEndian.Uint64(text))
		if found := shape.Find(text); size != max(len(found)-1, 0) {
			t.Fatalf("%q: %d characters are read", text, size)
		}
		if size == 0 {
			continue
		}
		taken++
		if want, err := strconv.ParseFloat(string(text[:size]), 64); err != nil || v != want {
			t.Fatalf("%q is read as %v", text, v)
		}
	}
	if taken < 1000 {
		t.Errorf("only %d numbers are read", taken)
	}
}

func TestLeadingDigits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200_000 {
		text := [8]byte{}
		for i := range text {
			text[i] = '0' + byte(r.IntN(10))
		}
		digits := r.IntN(9)
		if digits < 8 {
			for text[digits] = byte(r.Uint32()); text[digits]-'0' <= 9; {
				text[digits] = byte(r.Uint32())
			}
			for i := digits + 1; i < 8; i++ {
				text[i] = byte(r.Uint32())
			}
		}
		want := int64(0)
		for _, c := range text[:digits] {
			want = want*10 + int64(c-'0')
		}
		if v, n := leadingDigits(binary.LittleEndian.Uint64(text[:])); int64(v) != want || n != digits {
			t.Fatalf("%q: %d of %d digits, want %d of %d", text, v, n, want, digits)
		}
	}
}
