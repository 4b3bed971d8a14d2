package servicemapping

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dgate/hertz-gateway/transcode"
)

// FuzzLoad loads any two files, then the second in the place of the first:
// whatever they say, the mapping is sound and does not depend on its history.
func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob("testdata/idl/*/*.thrift")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds", err)
	}
	last := ""
	for _, name := range seeds {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), last)
		last = string(text)
	}
	f.Add(`include "b.thrift" struct A { 1: b.B b = b.C } service S extends b.T { A a(1: A a) (api.get="/a") }`, `struct B { 1: i32 n = 1 } const B C = {"n": 2} service T { void t() (api.any="*x") }`)
	f.Fuzz(func(t *testing.T, a, b string) {
		first := load(t, files(map[string]string{"a.thrift": a, "b.thrift": b}), nil)
		sound(t, first)
		texts := files(map[string]string{"a.thrift": b, "b.thrift": b})
		second := load(t, texts, first)
		sound(t, second)
		if fresh := load(t, texts, nil); fresh.Digest != second.Digest && !fallsBack(second) {
			t.Error("the mapping depends on the one before it")
		}
	})
}

func fallsBack(m *Mapping) bool {
	return slices.ContainsFunc(m.Diagnostics, func(d Diagnostic) bool { return strings.Contains(d.Message, "last good version") })
}

func sound(t *testing.T, m *Mapping) {
	t.Helper()
	for _, d := range m.Diagnostics {
		if d.File == "" || d.Rule == "" || d.Message == "" || d.Rule == ruleInternal {
			t.Errorf("diagnostic %+v", d)
		}
	}
	taken := map[string]bool{}
	for b := range m.Bindings() {
		key := b.Verb + " " + b.Path
		if taken[key] || b.Plan == nil || b.Method.Generic == nil || b.Path[0] != '/' {
			t.Errorf("binding %s: taken %v, plan %v", key, taken[key], b.Plan != nil)
		}
		taken[key] = true
	}
	seen := map[*transcode.Type]bool{}
	var walk func(*transcode.Type)
	walk = func(typ *transcode.Type) {
		if typ == nil || seen[typ] {
			return
		}
		seen[typ] = true
		walk(typ.Key)
		walk(typ.Elem)
		for _, f := range typ.Fields {
			if f.Type == nil {
				t.Fatalf("a method serves with a field %s of no type", f.Name)
			}
			walk(f.Type)
			if f.Default == nil {
				continue
			}
			if n, err := transcode.Skip(f.Default, f.Type.Kind.WireType()); err != nil || n != len(f.Default) {
				t.Errorf("default of %s: %d of %d bytes, %v", f.Name, n, len(f.Default), err)
			}
		}
	}
	for _, s := range m.Services {
		for _, method := range s.Methods {
			walk(method.Args)
			walk(method.Result)
		}
	}
}
