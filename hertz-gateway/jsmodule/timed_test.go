package jsmodule

import (
	"testing"

	"github.com/dop251/goja"
)

// TestIsScript looks at which functions goja interrupts by itself.
func TestIsScript(t *testing.T) {
	vm := goja.New()
	for _, test := range []struct {
		text string
		want bool
	}{
		{`(function () {})`, true},
		{`() => 1`, true},
		{`({ m() {} }).m`, true},
		{`(class { static m() {} }).m`, true},
		{`async () => 1`, true},
		{`(function* () {})`, true},
		{`(() => 1).bind()`, false},
		{`Math.max`, false},
		{`encodeURIComponent.bind(null, "x")`, false},
		{`new Proxy(() => 1, {})`, false},
		{`({})`, false},
	} {
		v, err := vm.RunString(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := isScript(v.(*goja.Object)); got != test.want {
			t.Errorf("%s: %v, want %v", test.text, got, test.want)
		}
	}
}
