package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"dgate/bench/internal/load"
	"dgate/bench/internal/payload"
	"dgate/bench/internal/variant"
)

// verify asks a variant once for each case and compares the answer.
func verify(r *running, cases []payload.Case) error {
	for _, c := range cases {
		status, body, err := load.Once(r.addr, load.Request(c.Verb, c.Target, c.Body))
		if err != nil {
			return fmt.Errorf("%s, %s: %w", r.name, c.Name, err)
		}
		if status != 200 {
			return fmt.Errorf("%s, %s: status %d: %.300s", r.name, c.Name, status, body)
		}
		if err := sameJSON(c.Answer, body, r.name == variant.GRPC); err != nil {
			return fmt.Errorf("%s, %s: %w", r.name, c.Name, err)
		}
	}
	return nil
}

// verifyRefusal asks for what bench.thrift forbids: those that validate are to
// be measured with it.
func verifyRefusal(r *running) error {
	status, body, err := load.Once(r.addr, load.Request("GET", "/book/query?num=200", nil))
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	if status != 400 || !bytes.Contains(body, []byte("num must less than 100")) {
		return fmt.Errorf("%s does not validate: status %d: %.300s", r.name, status, body)
	}
	return nil
}

// sameJSON compares two texts; with textNumbers, i64 may be strings, as JSON of
// Protocol Buffers has them.
func sameJSON(want, got []byte, textNumbers bool) error {
	w, err := decode(want)
	if err != nil {
		return err
	}
	g, err := decode(got)
	if err != nil {
		return fmt.Errorf("the answer is no JSON: %w: %.300q", err, got)
	}
	if textNumbers {
		w, g = unquoted(w), unquoted(g)
	}
	if !reflect.DeepEqual(w, g) {
		return fmt.Errorf("another answer: want %.300s\ngot %.300s", want, got)
	}
	return nil
}

// unquoted has integers for strings of digits.
func unquoted(v any) any {
	switch v := v.(type) {
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
	case []any:
		for i := range v {
			v[i] = unquoted(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = unquoted(v[k])
		}
	}
	return v
}

// decode reads JSON with integers exact and other numbers as float64.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more than one value")
	}
	return numbers(v)
}

func numbers(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n, nil
		}
		f, err := v.Float64()
		if err == nil && f == float64(int64(f)) {
			return int64(f), nil // 5.0 is 5
		}
		return f, err
	case []any:
		for i := range v {
			if v[i], err = numbers(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for k := range v {
			if v[k], err = numbers(v[k]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}
