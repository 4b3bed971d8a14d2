package discovery

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Resolver follows the registry. Safe for concurrent use.
type Resolver struct {
	c      Config
	synced chan struct{}
	probes chan struct{} // wakes the prober, capacity 1

	mu       sync.Mutex
	entries  map[string]*entry // by key
	dests    map[string]*Destination
	watchers map[int]func(*Destination)
	nextID   int

	connected bool
	since     time.Time
	err       error
	revision  int64
	cluster   uint64
}

// entry is a key of the registry as last seen.
type entry struct {
	value    string
	revision int64
	dest     *Destination // nil for a key that names none
	problem  string       // why the key is ignored
}

// Destination is a name in the registry with its live instances. It may well
// have none. Safe for concurrent use; Instances is one atomic load.
type Destination struct {
	name string
	set  atomic.Pointer[Set]

	// Guarded by Resolver.mu.
	registered map[string]*Instance // by key
	held       map[string]*held     // by address
	gone       []gone               // those that left within Config.HoldWindow
}

// held is an instance kept although its key is gone.
type held struct {
	inst  *Instance
	since time.Time
}

// gone is an instance whose key has just gone.
type gone struct {
	inst    *Instance
	at      time.Time
	decided bool // held, so that it is not held again once it was dropped
}

// New returns a resolver, which knows what it is seeded with until Run has
// read the registry.
func New(c Config) (*Resolver, error) {
	if err := c.defaults(); err != nil {
		return nil, err
	}
	r := &Resolver{
		c:        c,
		synced:   make(chan struct{}),
		probes:   make(chan struct{}, 1),
		entries:  map[string]*entry{},
		dests:    map[string]*Destination{},
		watchers: map[int]func(*Destination){},
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := map[*Destination]struct{}{}
	for _, e := range c.Seed {
		if d := r.putLocked(c.Prefix+e.Key, e.Value, e.Revision); d != nil {
			changed[d] = struct{}{}
		}
	}
	r.publishLocked(changed)
	return r, nil
}

// Entry is a key of the registry, without the prefix, and its value.
type Entry struct {
	Key      string `json:"key"`
	Value    string `json:"value"`
	Revision int64  `json:"revision"`
}

// Export returns the registry as last seen, by key, for Config.Seed of a later run.
func (r *Resolver) Export() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Entry, 0, len(r.entries))
	for key, e := range r.entries {
		if e.problem == "" {
			all = append(all, Entry{strings.TrimPrefix(key, r.c.Prefix), e.value, e.revision})
		}
	}
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// Destination returns the handle for a name; there is one for each name.
func (r *Resolver) Destination(name string) *Destination {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.destinationLocked(name)
}

func (r *Resolver) destinationLocked(name string) *Destination {
	d := r.dests[name]
	if d == nil {
		d = &Destination{name: name, registered: map[string]*Instance{}, held: map[string]*held{}}
		d.set.Store(&Set{})
		r.dests[name] = d
	}
	return d
}

// Name is the name in the registry.
func (d *Destination) Name() string { return d.name }

// Instances returns the current set; never nil.
func (d *Destination) Instances() *Set { return d.set.Load() }

// Instances returns the current set of a destination; never nil.
func (r *Resolver) Instances(destination string) *Set {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d := r.dests[destination]; d != nil {
		return d.Instances()
	}
	return &Set{}
}

// Destinations returns those that have instances, by name.
func (r *Resolver) Destinations() []*Destination {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*Destination
	for _, d := range r.dests {
		if len(d.set.Load().Instances) > 0 {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *Destination) int { return strings.Compare(a.name, b.name) })
	return all
}

// Synced is closed when the registry has been read for the first time.
func (r *Resolver) Synced() <-chan struct{} { return r.synced }

// Subscribe calls fn after each change of a set, one call at a time. fn must
// not block, nor call the resolver but through the Destination it is given.
func (r *Resolver) Subscribe(fn func(*Destination)) (cancel func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := r.nextID
	r.nextID++
	r.watchers[id] = fn
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watchers, id)
	}
}

// putLocked takes a key over; it returns the destination that changed, if any.
func (r *Resolver) putLocked(key, value string, revision int64) *Destination {
	old := r.entries[key]
	if old != nil && old.revision == revision && old.value == value {
		return nil
	}
	e := &entry{value: value, revision: revision}
	r.entries[key] = e
	var inst *Instance
	name, ok := parseKey(strings.TrimPrefix(key, r.c.Prefix))
	if !ok {
		e.problem = "key is not <prefix>/<service>/<address>"
	} else {
		e.dest = r.destinationLocked(name)
		var err error
		if inst, err = parseInstance(name, []byte(value), revision, r.c.Allowed); err != nil {
			e.problem = err.Error()
		}
	}
	if e.problem != "" {
		r.c.Logger.Warn("registry key ignored", "key", key, "detail", e.problem)
	}
	switch {
	case e.dest == nil:
		return nil
	case inst != nil:
		e.dest.registered[key] = inst
		return e.dest
	default:
		// What was good under this key is not any more.
		return e.dest.leaveLocked(key)
	}
}

// deleteLocked forgets a key; it returns the destination that changed, if any.
func (r *Resolver) deleteLocked(key string) *Destination {
	e := r.entries[key]
	if e == nil {
		return nil
	}
	delete(r.entries, key)
	if e.dest == nil {
		return nil
	}
	return e.dest.leaveLocked(key)
}

func (d *Destination) leaveLocked(key string) *Destination {
	inst := d.registered[key]
	if inst == nil {
		return nil
	}
	delete(d.registered, key)
	d.gone = append(d.gone, gone{inst: inst, at: time.Now()})
	return d
}

// publishLocked makes the new sets of changed destinations.
func (r *Resolver) publishLocked(changed map[*Destination]struct{}) {
	probe := false
	for d := range changed {
		probe = d.decideLocked(time.Now(), r.c.HoldWindow) || probe
		d.publishLocked()
		for _, fn := range r.watchers {
			fn(d)
		}
	}
	if probe {
		select {
		case r.probes <- struct{}{}:
		default:
		}
	}
}

// decideLocked holds those that left where too many left at once. It returns
// whether there is somebody new to probe.
func (d *Destination) decideLocked(now time.Time, window time.Duration) (probe bool) {
	here := make(map[string]bool, len(d.registered))
	for _, inst := range d.registered {
		here[inst.Address] = true
		delete(d.held, inst.Address)
	}
	d.gone = slices.DeleteFunc(d.gone, func(g gone) bool {
		return now.Sub(g.at) > window || here[g.inst.Address]
	})
	lost, before := len(d.gone), len(here)+len(d.gone)
	if lost == 0 || (len(here) > 0 && (before < holdFrom || 2*lost <= before)) {
		return false
	}
	for i := range d.gone {
		g := &d.gone[i]
		if g.decided {
			continue
		}
		g.decided, probe = true, true
		d.held[g.inst.Address] = &held{inst: g.inst.asHeld(), since: now}
	}
	return probe
}

func (d *Destination) publishLocked() {
	set := &Set{Version: d.set.Load().Version + 1}
	byAddress := make(map[string]*Instance, len(d.registered)+len(d.held))
	for _, h := range d.held {
		byAddress[h.inst.Address] = h.inst
	}
	for _, inst := range d.registered {
		// Two keys with one address: the younger tells its weight.
		if other := byAddress[inst.Address]; other == nil || other.Held || other.Revision < inst.Revision {
			byAddress[inst.Address] = inst
		}
	}
	set.Instances = slices.SortedFunc(maps.Values(byAddress), func(a, b *Instance) int {
		return strings.Compare(a.Address, b.Address)
	})
	d.set.Store(set)
}

func (i *Instance) asHeld() *Instance {
	return &Instance{
		Destination: i.Destination,
		Address:     i.Address,
		Weight:      i.Weight,
		Tags:        i.Tags,
		Revision:    i.Revision,
		Held:        true,
	}
}
