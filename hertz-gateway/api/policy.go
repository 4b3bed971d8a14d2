package api

import "encoding/json"

// Policies are what a namespace, a service or a route demands of the requests
// it serves. The narrowest wins, member by member.
type Policies struct {
	// Timeout of the whole request, retries included.
	Timeout Duration `json:"timeout,omitempty"`
	// JSON says how the transcoder reads and writes.
	JSON *JSONPolicy `json:"json,omitempty"`

	Retry       json.RawMessage `json:"retry,omitempty"`
	RateLimit   json.RawMessage `json:"rateLimit,omitempty"`
	Concurrency json.RawMessage `json:"concurrency,omitempty"`
	CORS        json.RawMessage `json:"cors,omitempty"`
	Auth        json.RawMessage `json:"auth,omitempty"`
	IPAllow     json.RawMessage `json:"ipAllow,omitempty"`
	IPDeny      json.RawMessage `json:"ipDeny,omitempty"`
	Cache       json.RawMessage `json:"cache,omitempty"`
	Compress    json.RawMessage `json:"compress,omitempty"`
	MaxBody     json.RawMessage `json:"maxBody,omitempty"`
	Headers     json.RawMessage `json:"headers,omitempty"`
	Errors      json.RawMessage `json:"errors,omitempty"`
	Mirror      json.RawMessage `json:"mirror,omitempty"`
	Canary      json.RawMessage `json:"canary,omitempty"`
}

// JSONPolicy is how values cross from JSON to Thrift and back; an empty member
// keeps what a wider policy or the default says.
type JSONPolicy struct {
	// Int64 is "number" (default) or "string".
	Int64 string `json:"int64,omitempty"`
	// ZeroValues is "write" (default) or "omit".
	ZeroValues string `json:"zeroValues,omitempty"`
	// Enum is "number" (default) or "name".
	Enum string `json:"enum,omitempty"`
	// UnknownFields is "ignore" (default) or "reject".
	UnknownFields string `json:"unknownFields,omitempty"`
	// SpecialFloats is what NaN and infinities of a service are: "error"
	// (default; the answer is a 502) or "string".
	SpecialFloats string `json:"specialFloats,omitempty"`
	// Integers is "strict" (default) or "lax": a string may stand for an
	// integer of any width, not only for an i64.
	Integers string `json:"integers,omitempty"`
}

// Over gives the policies of p where it says something, else those of wider.
// Either may be nil; neither is changed.
func (p *Policies) Over(wider *Policies) *Policies {
	switch {
	case p == nil:
		return wider
	case wider == nil:
		return p
	}
	out := *p
	if out.Timeout == 0 {
		out.Timeout = wider.Timeout
	}
	out.JSON = out.JSON.over(wider.JSON)
	return &out
}

func (p *JSONPolicy) over(wider *JSONPolicy) *JSONPolicy {
	switch {
	case p == nil:
		return wider
	case wider == nil:
		return p
	}
	first := func(a, b string) string {
		if a != "" {
			return a
		}
		return b
	}
	return &JSONPolicy{
		Int64:         first(p.Int64, wider.Int64),
		ZeroValues:    first(p.ZeroValues, wider.ZeroValues),
		Enum:          first(p.Enum, wider.Enum),
		UnknownFields: first(p.UnknownFields, wider.UnknownFields),
		SpecialFloats: first(p.SpecialFloats, wider.SpecialFloats),
		Integers:      first(p.Integers, wider.Integers),
	}
}

func (p *Policies) check(c *checker) {
	if p == nil {
		return
	}
	c = c.at("policies")
	c.positive("timeout", p.Timeout)
	if j := p.JSON; j != nil {
		c := c.at("json")
		c.oneOf("int64", j.Int64, "number", "string")
		c.oneOf("zeroValues", j.ZeroValues, "write", "omit")
		c.oneOf("enum", j.Enum, "number", "name")
		c.oneOf("unknownFields", j.UnknownFields, "ignore", "reject")
		c.oneOf("specialFloats", j.SpecialFloats, "error", "string")
		c.oneOf("integers", j.Integers, "strict", "lax")
	}
	// What nothing enforces yet is refused: a limit that is stored and ignored
	// would be worse than none.
	for _, later := range []struct {
		name  string
		value json.RawMessage
	}{
		{"retry", p.Retry},
		{"rateLimit", p.RateLimit},
		{"concurrency", p.Concurrency},
		{"cors", p.CORS},
		{"auth", p.Auth},
		{"ipAllow", p.IPAllow},
		{"ipDeny", p.IPDeny},
		{"cache", p.Cache},
		{"compress", p.Compress},
		{"maxBody", p.MaxBody},
		{"headers", p.Headers},
		{"errors", p.Errors},
		{"mirror", p.Mirror},
		{"canary", p.Canary},
	} {
		if later.value != nil {
			c.add(later.name, CodeNotEnforced, "the policy %s is not enforced by this version, so it is refused", later.name)
		}
	}
}
