package api

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Duration is a time.Duration that JSON holds as a string: "1.5s". A whole
// number of nanoseconds, as DGate writes it, is read too.
type Duration time.Duration

// MarshalJSON writes the string form.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(d).String())
}

// UnmarshalJSON reads a string or a number.
func (d *Duration) UnmarshalJSON(b []byte) error {
	text := string(b)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		*d = Duration(n)
		return nil
	}
	if err := json.Unmarshal(b, &text); err == nil {
		if v, err := time.ParseDuration(text); err == nil {
			*d = Duration(v)
			return nil
		}
	}
	return fmt.Errorf("%s is not a duration; write for example \"1.5s\"", b)
}
