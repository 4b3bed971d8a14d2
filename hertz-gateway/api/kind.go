package api

import (
	"reflect"
	"slices"
	"strings"
)

// Kind is a kind of resource, as it stands in paths of the admin API and in
// files: "route".
type Kind string

// The kinds.
const (
	KindNamespace  Kind = "namespace"
	KindDomain     Kind = "domain"
	KindIDL        Kind = "idl"
	KindSecret     Kind = "secret"
	KindCollection Kind = "collection"
	KindModule     Kind = "module"
	KindService    Kind = "service"
	KindRoute      Kind = "route"
	KindConsumer   Kind = "consumer"
	KindDocument   Kind = "document"
)

// kindInfo is what is known of a kind.
type kindInfo struct {
	kind    Kind
	aliases []string
	typ     reflect.Type
}

// kinds is the one table of kinds, each after those that it refers to. Never
// written to.
var kinds = []kindInfo{
	{KindNamespace, []string{"namespaces", "ns"}, reflect.TypeFor[Namespace]()},
	{KindDomain, []string{"domains", "dom"}, reflect.TypeFor[Domain]()},
	{KindIDL, []string{"idls"}, reflect.TypeFor[IDL]()},
	{KindSecret, []string{"secrets", "sec"}, reflect.TypeFor[Secret]()},
	{KindCollection, []string{"collections", "col"}, reflect.TypeFor[Collection]()},
	{KindModule, []string{"modules", "mod"}, reflect.TypeFor[Module]()},
	{KindService, []string{"services", "svc"}, reflect.TypeFor[Service]()},
	{KindRoute, []string{"routes", "rt"}, reflect.TypeFor[Route]()},
	{KindConsumer, []string{"consumers"}, reflect.TypeFor[Consumer]()},
	{KindDocument, []string{"documents", "doc"}, reflect.TypeFor[Document]()},
}

// Kinds lists the kinds, each after those that it refers to: the order in which
// resources can be created one by one.
func Kinds() []Kind {
	out := make([]Kind, len(kinds))
	for i, k := range kinds {
		out[i] = k.kind
	}
	return out
}

// KindNamed finds a kind by its name, its plural or its short form, in any case.
func KindNamed(name string) (Kind, bool) {
	name = strings.ToLower(name)
	for _, k := range kinds {
		if string(k.kind) == name || slices.Contains(k.aliases, name) {
			return k.kind, true
		}
	}
	return "", false
}

// Aliases are the other names of the kind: its plural and its short form.
func (k Kind) Aliases() []string {
	if i := k.info(); i != nil {
		return slices.Clone(i.aliases)
	}
	return nil
}

// New makes an empty resource of the kind; nil for a kind that does not exist.
func (k Kind) New() Resource {
	if i := k.info(); i != nil {
		return reflect.New(i.typ).Interface().(Resource)
	}
	return nil
}

func (k Kind) info() *kindInfo {
	for i := range kinds {
		if kinds[i].kind == k {
			return &kinds[i]
		}
	}
	return nil
}
