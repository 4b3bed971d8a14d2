package jsmodule_test

import "testing"

// TestDGate checks what `import … from "dgate"` gives.
func TestDGate(t *testing.T) {
	values(t, `import dgate, { sleep, asyncSleep, retry, fail, version, crypto as hashes, jwt } from "dgate";
		import * as all from "dgate"; import { md5 } from "dgate/crypto";`, [][2]string{
		{`[typeof version, all.retry === retry, dgate.fail === fail]`, `["string",true,true]`},
		{`[hashes.md5 === md5, jwt === undefined ? 0 : typeof jwt.sign, typeof all.state.getDocument, dgate.crypto === hashes]`, `[true,"function","function",true]`},
		{`const t = Date.now(); sleep(0.01); sleep("10ms"); await asyncSleep(0.01); await asyncSleep("10ms"); return Date.now() - t >= 38`, `true`},
		{`[sleep(0), sleep(-1), await asyncSleep("-1s")].length`, `3`},
		{`let n = 0; return [retry(5, (i) => (n++, i === 2 && "ok")), n]`, `["ok",3]`},
		{`let n = 0; return [retry(3, () => { n++; return false }), n]`, `[false,3]`},
		{`retry(2, (i) => { throw new Error("attempt " + i) })`, `"Error: attempt 1"`},
		{`return await retry(3, async (i) => { if (i < 2) throw new Error("no"); return i })`, `2`},
		{`fail("told so")`, `"Error: told so"`},
		{`fail()`, `"Error: "`},
		{`retry(0, () => 1)`, `"RangeError: retry: the number of attempts must be greater than 0"`},
		{`retry(1)`, `"TypeError: retry needs a function as its second argument"`},
		{`sleep()`, `"TypeError: sleep needs seconds as a number, or text such as \"150ms\""`},
		{`sleep("soon")`, `"TypeError: sleep: \"soon\" is not a duration such as \"150ms\" or \"2s\""`},
		{`asyncSleep({})`, `"TypeError: asyncSleep needs seconds as a number, or text such as \"150ms\""`},
	})
}
