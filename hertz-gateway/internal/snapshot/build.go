package snapshot

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/upstream"
	"dgate/hertz-gateway/jsmodule"
)

// Build compiles in. What has not changed since prev (nil at first) is shared
// with it: a change costs what it changes. Nothing it is given makes it fail as
// a whole: what does not serve is in Problems.
func Build(in Inputs, prev *Snapshot, res Resources) *Snapshot {
	if in.State == nil {
		in.State = new(store.State)
	}
	b := &builder{in: in, prev: prev, res: res, next: &Snapshot{
		Revision: in.State.Revision(), Mapping: in.Mapping, Modules: in.Modules, in: in,
		namespaces: map[string]*Namespace{},
		pins:       pins{drained: make(chan struct{})},
	}}
	b.namespaces()
	return b.next
}

// builder is what lives only while a snapshot is built.
type builder struct {
	in   Inputs
	prev *Snapshot
	res  Resources
	next *Snapshot
}

// namespaces shares the namespaces in which nothing has changed and compiles the others.
func (b *builder) namespaces() {
	changed := map[string][]store.Key{}
	domains := b.prev == nil
	var before *store.State
	if b.prev != nil {
		before = b.prev.in.State
	}
	for _, k := range b.in.State.Diff(before) {
		domains = domains || k.Kind == string(api.KindDomain) || k.Kind == string(api.KindNamespace)
		if !slices.Contains(compiled, api.Kind(k.Kind)) {
			continue
		}
		changed[k.Namespace] = append(changed[k.Namespace], k)
	}
	names := []string{DefaultNamespace}
	for _, name := range b.in.State.Namespaces() {
		switch {
		case name == DefaultNamespace:
		case b.in.State.Get(namespaceKey(name)) == nil:
			b.problem(Problem{Where: "namespace " + name, Message: "it holds resources and does not exist, so they are left out", Key: namespaceKey(name), Code: api.CodeReference})
		default:
			names = append(names, name)
		}
	}
	for _, name := range names {
		ns := b.namespace(name, changed[name])
		b.next.namespaces[name] = ns
		b.next.Problems = append(b.next.Problems, ns.report()...)
	}
	if b.prev != nil {
		for name, old := range b.prev.namespaces {
			if b.next.namespaces[name] == nil {
				b.next.gone = append(b.next.gone, old.held()...)
			}
		}
	}
	if b.next.hosts = b.hostsOf(domains); b.next.hosts != nil {
		b.next.Problems = append(b.next.Problems, b.next.hosts.problems...)
	}
	slices.SortStableFunc(b.next.Problems, func(x, y Problem) int { return cmp.Compare(x.Where, y.Where) })
}

// compiled are the kinds that routes are made from.
var compiled = []api.Kind{api.KindNamespace, api.KindIDL, api.KindModule, api.KindService, api.KindRoute}

// hostsOf shares the compiled domains unless one of them has changed.
func (b *builder) hostsOf(changed bool) *hosts {
	if !changed {
		return b.prev.hosts
	}
	return b.hosts()
}

func namespaceKey(name string) store.Key {
	return store.Key{Namespace: name, Kind: string(api.KindNamespace), Name: name}
}

func (b *builder) problem(p Problem) { b.next.Problems = append(b.next.Problems, p) }

func (b *builder) namespace(name string, changed []store.Key) *Namespace {
	var prev *Namespace
	if b.prev != nil {
		prev = b.prev.namespaces[name]
	}
	if prev != nil && b.sameBase(name) && !prev.failed() {
		if len(changed) == 0 {
			return prev
		}
		if b.routesOnly(changed) {
			return b.changeRoutes(prev, changed)
		}
	}
	return b.compileNamespace(name, prev, changed)
}

// sameBase tells whether what does not come from the store is as it was.
func (b *builder) sameBase(name string) bool {
	was := b.prev.in
	if was.Generic != b.in.Generic || was.Timeout != b.in.Timeout || !maps.Equal(was.Services, b.in.Services) {
		return false
	}
	return name != DefaultNamespace || was.Mapping == b.in.Mapping && was.Modules == b.in.Modules
}

// failed tells whether something in the namespace could not be opened, which is
// tried again with every change.
func (ns *Namespace) failed() bool {
	for _, s := range ns.services {
		if len(s.problems) > 0 {
			return true
		}
	}
	return false
}

// opener acquires things for one compiled thing, which then holds them.
type opener struct {
	b *builder
	h *held
}

func (b *builder) opener(h *held) opener {
	b.next.fresh = append(b.next.fresh, h)
	return opener{b, h}
}

func (o opener) client(spec upstream.Spec) upstream.Client {
	c, release, err := o.b.res.Client(spec)
	if err != nil {
		return unavailable{err}
	}
	o.h.releases = append(o.h.releases, release)
	return c
}

func (o opener) chain(namespace string, programs []*jsmodule.Program) (*jsmodule.Chain, error) {
	c, release, err := o.b.res.Chain(namespace, programs)
	if err == nil {
		o.h.releases = append(o.h.releases, release)
	}
	return c, err
}

// problemf makes the Problem of a resource.
func problemf(o *store.Object, pointer, code, format string, args ...any) Problem {
	return Problem{
		Where: o.Kind + " " + o.Namespace + "/" + o.Name, Message: fmt.Sprintf(format, args...),
		Key: o.Key, Pointer: pointer, Code: code,
	}
}

// warning is p as something that serves.
func (p Problem) warning() Problem {
	p.Warning = true
	return p
}
