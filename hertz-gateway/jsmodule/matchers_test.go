package jsmodule_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// TestMatchers has each assertion hold, or fail with its message.
func TestMatchers(t *testing.T) {
	cases := []struct{ assertion, message string }{
		{`expect(1).toBe(1)`, ""},
		{`expect(NaN).toBe(NaN)`, ""},
		{`expect(0).toBe(-0)`, "expected 0 toBe(-0)"},
		{`expect({}).toBe({})`, "expected {} toBe({})"},
		{`expect(1).not.toBe(1)`, "expected 1 not toBe(1)"},
		{`expect({ a: [1, { b: "x" }], u: undefined }).toEqual({ a: [1, { b: "x" }] })`, ""},
		{`expect({ a: [1, { b: "x" }] }).toEqual({ a: [1, { b: "y" }] })`, `expected { a: [1, { b: "x" }] } toEqual({ a: [1, { b: "y" }] })`},
		{`expect({ a: 1, b: 2 }).toEqual({ a: 1 })`, "expected { a: 1, b: 2 } toEqual({ a: 1 })"},
		{`expect([1, 2]).toEqual([1])`, "expected [1, 2] toEqual([1])"},
		{`expect([1]).toEqual({ 0: 1 })`, "expected [1] toEqual({ \"0\": 1 })"},
		{`expect({ a: 1 }).not.toEqual({ a: 2 })`, ""},
		{`expect(new Date(5)).toEqual(new Date(5))`, ""},
		{`expect(new Date(5)).toEqual(new Date(6))`, "expected 1970-01-01T00:00:00.005Z toEqual(1970-01-01T00:00:00.006Z)"},
		{`expect(/a/g).toEqual(/a/g)`, ""},
		{`expect(/a/g).toEqual(/a/)`, "expected /a/g toEqual(/a/)"},
		{`expect(new Map([["a", { b: 1 }]])).toEqual(new Map([["a", { b: 1 }]]))`, ""},
		{`expect(new Map([["a", 1]])).toEqual(new Map([["a", 2]]))`, `expected Map{"a" => 1} toEqual(Map{"a" => 2})`},
		{`expect(new Set([1, { a: 1 }])).toEqual(new Set([{ a: 1 }, 1]))`, ""},
		{`expect(new Set([1])).toEqual(new Set([2]))`, "expected Set{1} toEqual(Set{2})"},
		{`expect(new Uint8Array([1, 2])).toEqual(new Uint8Array([1, 2]))`, ""},
		{`expect(new Uint8Array([1, 2]).buffer).toEqual(new Uint8Array([1, 3]).buffer)`, "expected ArrayBuffer[1, 2] toEqual(ArrayBuffer[1, 3])"},
		{`expect(new TypeError("a")).toEqual(new TypeError("a"))`, ""},
		{`expect(new TypeError("a")).toEqual(new RangeError("a"))`, "expected [TypeError: a] toEqual([RangeError: a])"},
		{`expect(1n).toEqual(1)`, "expected 1n toEqual(1)"},
		{`const a = {}; a.a = a; const b = {}; b.a = b; expect(a).toEqual(b)`, ""},
		{`expect({ a: undefined }).toStrictEqual({})`, "expected { a: undefined } toStrictEqual({})"},
		{`class A { x = 1 } expect(new A()).toEqual({ x: 1 }); expect(new A()).not.toStrictEqual({ x: 1 })`, ""},
		{`expect({ a: { b: 1, c: 2 }, d: 3 }).toMatchObject({ a: { b: 1 } })`, ""},
		{`expect([{ a: 1, b: 2 }]).toMatchObject([{ a: 1 }])`, ""},
		{`expect({ a: 1 }).toMatchObject({ b: 1 })`, "expected { a: 1 } toMatchObject({ b: 1 })"},
		{`expect("a").toMatchObject({})`, `expected "a" toMatchObject({})`},
		{`expect(undefined).toBeUndefined(); expect(null).toBeDefined(); expect(null).toBeNull(); expect(NaN).toBeNaN()`, ""},
		{`expect(null).toBeUndefined()`, "expected null toBeUndefined()"},
		{`expect("a").toBeTruthy(); expect("").toBeFalsy()`, ""},
		{`expect(0).toBeTruthy()`, "expected 0 toBeTruthy()"},
		{`expect(2).toBeGreaterThan(1); expect(2).toBeGreaterThanOrEqual(2); expect(1).toBeLessThan(2); expect(2).toBeLessThanOrEqual(2)`, ""},
		{`expect(2).toBeGreaterThan(2)`, "expected 2 toBeGreaterThan(2)"},
		{`expect(0.1 + 0.2).toBeCloseTo(0.3)`, ""},
		{`expect(1).toBeCloseTo(1.01)`, "expected 1 toBeCloseTo(1.01)"},
		{`expect(new Headers()).toBeInstanceOf(Headers)`, ""},
		{`expect({}).toBeInstanceOf(Headers)`, "expected {} toBeInstanceOf([Function Headers])"},
		{`expect("abc").toContain("b"); expect([1, 2]).toContain(2); expect(new Set([1])).toContain(1); expect([{ a: 1 }]).toContainEqual({ a: 1 })`, ""},
		{`expect([{ a: 1 }]).toContain({ a: 1 })`, "expected [{ a: 1 }] toContain({ a: 1 })"},
		{`expect("abc").toHaveLength(3); expect([1]).toHaveLength(1)`, ""},
		{`expect(null).toHaveLength(0)`, "expected null toHaveLength(0)"},
		{`const o = { a: { b: [7] } }; expect(o).toHaveProperty("a.b.0"); expect(o).toHaveProperty(["a", "b"], [7]); expect(o).not.toHaveProperty("a.c")`, ""},
		{`expect({ a: 1 }).toHaveProperty("a", 2)`, `expected { a: 1 } toHaveProperty("a", 2)`},
		{`expect("abc").toMatch(/^a/); expect("abc").toMatch("bc")`, ""},
		{`expect("abc").toMatch(/b$/)`, `expected "abc" toMatch(/b$/)`},
		{`const f = () => { throw new TypeError("no such book") }; expect(f).toThrow(); expect(f).toThrow("such"); expect(f).toThrow(/^no/); expect(f).toThrow(TypeError); expect(f).toThrow(new Error("no such book")); expect(f).not.toThrow("other")`, ""},
		{`expect(() => 1).toThrow()`, "expected a function that throws nothing toThrow()"},
		{`expect(() => { throw new Error("a") }).toThrow("b")`, `expected [Error: a] toThrow("b")`},
		{`expect(1).toThrow()`, "expect(…).toThrow needs a function"},
		{`await expect(Promise.resolve(1)).resolves.toBe(1); await expect(async () => 1).resolves.not.toBe(2)`, ""},
		{`await expect(Promise.reject(new Error("a"))).rejects.toThrow("a"); await expect(Promise.reject(7)).rejects.toBe(7)`, ""},
		{`await expect(Promise.reject(7)).resolves.toBe(7)`, "expected a promise that resolves, it was rejected with 7"},
		{`await expect(Promise.resolve(7)).rejects.toBe(7)`, "expected a promise that is rejected, it resolved to 7"},
		{`expect(Promise.resolve(1)).resolves.toBe(2) /* not awaited */`, "expected 1 toBe(2)"},
		{`const f = mock.fn(); expect(f).not.toHaveBeenCalled(); f(1); f({ a: 2 }, "x"); expect(f).toHaveBeenCalledTimes(2); expect(f).toHaveBeenCalledWith({ a: 2 }, "x"); expect(f).toHaveBeenLastCalledWith({ a: 2 }, expect.any(String)); expect(f).toHaveBeenNthCalledWith(1, 1)`, ""},
		{`const f = mock.fn(); f(1); expect(f).toHaveBeenCalledWith(2)`, "expected a mock called with [[1]] toHaveBeenCalledWith(2)"},
		{`expect(() => 1).toHaveBeenCalled()`, "this matcher needs a mock function: mock.fn()"},
		{`const f = mock.fn(() => 0).mockReturnValueOnce(1).mockImplementationOnce((n) => n * 2); expect([f(), f(21), f()]).toEqual([1, 42, 0]); f.mockReturnValue(5); expect(f()).toBe(5); expect(f.mock.results.map((r) => r.value)).toEqual([1, 42, 0, 5]); f.mockReset(); expect(f()).toBeUndefined(); expect(f.mock.calls).toHaveLength(1)`, ""},
		{`const f = mock.fn().mockResolvedValue(1).mockRejectedValueOnce(new Error("a")); await expect(f()).rejects.toThrow("a"); expect(await f()).toBe(1); f.mockClear(); expect(f).not.toHaveBeenCalled()`, ""},
		{`expect({ a: 1, b: "abc", c: [1, 2], d: {} }).toEqual({ a: expect.any(Number), b: expect.stringMatching(/b/), c: expect.arrayContaining([2]), d: expect.anything() })`, ""},
		{`expect({ a: { b: 1, c: 2 }, s: "xyz" }).toEqual(expect.objectContaining({ a: expect.objectContaining({ b: 1 }), s: expect.stringContaining("y") }))`, ""},
		{`expect({ a: null }).toEqual({ a: expect.anything() })`, "expected { a: null } toEqual({ a: anything })"},
		{`mock.rpc("nonsense", 1)`, `mock.rpc needs "Service.method" or "Service.*"`},
		{`clock.set("2030-05-06T07:08:09Z"); expect(new Date().toISOString()).toBe("2030-05-06T07:08:09.000Z"); clock.set(5); clock.advance(5); expect(Date.now()).toBe(10)`, ""},
		{`clock.set("soon")`, "clock.set needs a Date"},
		{`clock.advance(-1)`, "clock.advance needs milliseconds"},
		{`it("inside", () => {})`, "it: tests are declared while the file loads"},
	}
	var text strings.Builder
	text.WriteString("import { it, expect, mock, clock } from \"dgate/test\";\n")
	for i, c := range cases {
		fmt.Fprintf(&text, "it(%q, async () => { %s });\n", fmt.Sprint(i), c.assertion)
	}
	s, err := suiteOf(t, "m.test.js", text.String())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Tests()) != len(cases) {
		t.Fatalf("%d tests", len(s.Tests()))
	}
	for i, c := range cases {
		got := ""
		if r := s.Run(context.Background(), i); r.Err != nil {
			e := moduleError(t, r.Err)
			got = e.Message
			if e.Line != i+2 {
				t.Errorf("%s: fails in line %d, is in %d", c.assertion, e.Line, i+2)
			}
		}
		if c.message == "" && got != "" || !strings.HasPrefix(got, c.message) {
			t.Errorf("%s\n got %q\nwant %q", c.assertion, got, c.message)
		}
	}
}

// TestOnly has "only" skip the rest, in groups too.
func TestOnly(t *testing.T) {
	s, err := suiteOf(t, "m.test.js", `
import { describe, it, test, expect, beforeEach, afterEach } from "dgate/test";
const trail = [];
describe("a", () => {
  beforeEach(async () => { trail.push("before a"); });
  afterEach(() => { expect(trail).toEqual(["before a", "before b", "test"]); });
  describe.only("b", () => {
    beforeEach(() => { trail.push("before b"); });
    it("runs", () => { trail.push("test"); });
    it("fails afterwards", () => {});
    it.skip("is skipped", () => {});
  });
  it("is left out", () => {});
});
test.only("runs too", () => {});
describe("c", () => { describe.skip("d", () => { it("is left out as well", () => {}); }); });
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a > b > runs: ok",
		`a > b > fails afterwards: m.test.js:6:43: module m.test: AssertionError: expected ["before a", "before b"] toEqual(["before a", "before b", "test"])`,
		"a > b > is skipped: skipped",
		"a > is left out: skipped",
		"runs too: ok",
		"c > d > is left out as well: skipped",
	}
	got := outcomes(t, s)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
