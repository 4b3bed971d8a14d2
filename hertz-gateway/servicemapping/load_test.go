package servicemapping

import (
	"os"
	"testing"
)

func TestBook(t *testing.T) {
	m, err := Load(os.DirFS("../../idl"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range m.Diagnostics {
		t.Log(d)
	}
	for b := range m.Bindings() {
		t.Log(b.Method.Service.Name, b.Verb, b.Path, b.Line)
	}
}
