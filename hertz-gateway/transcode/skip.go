package transcode

import "encoding/binary"

// defaultMaxDepth is the nesting limit where Options does not say otherwise,
// and that of Skip.
const defaultMaxDepth = 64

// What skip returns instead of an offset.
const (
	skipTruncated = -1 - iota
	skipType
	skipDepth
	skipCount
)

// skipReason is the text for a failure of skip.
func skipReason(code int) string {
	switch code {
	case skipType:
		return "unknown wire type"
	case skipDepth:
		return "nested too deep"
	case skipCount:
		return "a claimed size is larger than what was sent"
	default:
		return "the message ends too early"
	}
}

// Skip says how many bytes the value of the given wire type at the start of
// wire takes. Sizes are checked against the bytes that are there, nesting
// against a limit of 64; what fails is a *WireError.
func Skip(wire []byte, wireType byte) (n int, err error) { return SkipN(wire, wireType, 1) }

// SkipN is Skip for count values one after the other, such as the elements of a list.
func SkipN(wire []byte, wireType byte, count int) (n int, err error) {
	if n = skipRun(wire, 0, wireType, count, defaultMaxDepth); n < 0 {
		return 0, &WireError{Reason: skipReason(n)}
	}
	return n, nil
}

// checkCount says whether count elements of at least size bytes can be in rest
// bytes: 0, or the code of the failure.
func checkCount(rest, count, size int) int {
	switch {
	case count == 0:
		return 0
	case size == 0:
		return skipType
	case count < 0 || count > rest/size:
		return skipCount
	}
	return 0
}

// skipRun skips count values. depth is how deep containers may still nest.
func skipRun(wire []byte, i int, wt byte, count, depth int) int {
	shape := wireShapes[wt]
	if code := checkCount(len(wire)-i, count, int(shape.min)); code != 0 {
		if code == skipCount && count == 1 {
			return skipTruncated
		}
		return code
	}
	if shape.fixed {
		return i + count*int(shape.min)
	}
	for ; count > 0; count-- {
		if i = skip(wire, i, wt, depth); i < 0 {
			return i
		}
	}
	return i
}

// skip gives the offset behind the value at i, or a negative code.
func skip(wire []byte, i int, wt byte, depth int) int {
	shape := wireShapes[wt]
	rest := len(wire) - i
	if shape.min == 0 {
		return skipType
	}
	if rest < int(shape.min) {
		return skipTruncated
	}
	if shape.fixed {
		return i + int(shape.min)
	}
	if wt == WireString {
		n := int(int32(binary.BigEndian.Uint32(wire[i:])))
		if n < 0 || n > rest-4 {
			return skipCount
		}
		return i + 4 + n
	}
	if depth == 0 {
		return skipDepth
	}
	switch wt {
	case WireStruct:
		for {
			if i >= len(wire) {
				return skipTruncated
			}
			wt := wire[i]
			if wt == WireStop {
				return i + 1
			}
			if len(wire)-i < 3 {
				return skipTruncated
			}
			if i = skip(wire, i+3, wt, depth-1); i < 0 {
				return i
			}
		}
	case WireMap:
		count := int(int32(binary.BigEndian.Uint32(wire[i+2:])))
		key, val := wireShapes[wire[i]], wireShapes[wire[i+1]]
		if count == 0 {
			return i + 6
		}
		if key.min == 0 || val.min == 0 {
			return skipType
		}
		if code := checkCount(rest-6, count, int(key.min)+int(val.min)); code != 0 {
			return code
		}
		kt, vt := wire[i], wire[i+1]
		i += 6
		if key.fixed && val.fixed {
			return i + count*int(key.min+val.min)
		}
		for ; count > 0; count-- {
			if i = skip(wire, i, kt, depth-1); i < 0 {
				return i
			}
			if i = skip(wire, i, vt, depth-1); i < 0 {
				return i
			}
		}
		return i
	default:
		count := int(int32(binary.BigEndian.Uint32(wire[i+1:])))
		if count == 0 {
			return i + 5
		}
		return skipRun(wire, i+5, wire[i], count, depth-1)
	}
}
