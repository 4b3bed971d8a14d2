package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"dgate/hertz-gateway/api"
	"dgate/hertz-gateway/internal/admin"
	"dgate/hertz-gateway/internal/control"
	"dgate/hertz-gateway/internal/message"
	"dgate/hertz-gateway/internal/snapshot"
	"dgate/hertz-gateway/internal/store"
	"dgate/hertz-gateway/internal/upstream/discovery"
	"dgate/hertz-gateway/servicemapping"
)

var _ admin.Backend = (*Gateway)(nil)

// Checks are the conditions of readyz.
func (g *Gateway) Checks() []admin.Check {
	return []admin.Check{
		{Name: "snapshot", Failed: failedIf(g.current.Load() == nil, "nothing is built yet")},
		{Name: "registry", Failed: failedIf(!g.synced(), "the instances have not been read from etcd yet")},
		{Name: "running", Failed: failedIf(g.draining.Load(), "the gateway is stopping")},
	}
}

func failedIf(failed bool, why string) string {
	if failed {
		return why
	}
	return ""
}

// synced tells whether the instances have been read: since the start, or by an
// earlier run while etcd is away. That it goes away later does not make the
// gateway unready.
func (g *Gateway) synced() bool {
	select {
	case <-g.resolver.Synced():
		return true
	default:
		return g.seeded && g.serving.Load()
	}
}

// Call calls a method by name for the admin API.
func (g *Gateway) Call(ctx context.Context, namespace, service, method string, req *message.Request, resp *message.Response) (*api.CallResult, *api.Problem) {
	return g.proxy.Call(ctx, namespace, service, method, req, resp)
}

// AppendMetrics appends the metrics in the text format of Prometheus.
func (g *Gateway) AppendMetrics(b []byte) ([]byte, error) { return g.metrics.AppendText(b) }

// Control changes resources for the admin API.
func (g *Gateway) Control() *control.Control { return g.control }

// WaitServed returns when every live gateway serves a revision of the store.
func (g *Gateway) WaitServed(ctx context.Context, revision int64) error {
	return g.store.WaitServed(ctx, revision)
}

// self is this gateway, as it is listed in a status.
func (g *Gateway) self() api.Gateway {
	s := g.current.Load()
	self := api.Gateway{
		ID: g.id, Version: api.Version(), Address: g.data.Addr(), StartedAt: g.started,
		Revision: s.Revision, MappingDigest: s.Mapping.Digest,
	}
	if text := g.loop.lastError.Load(); text != nil {
		self.LastError = *text
	}
	return self
}

// announcement is what the other gateways see of this one.
func (g *Gateway) announcement() []byte {
	if g.current.Load() == nil {
		return []byte("{}") // about to be gone
	}
	b, err := json.Marshal(g.self())
	if err != nil {
		g.log.Error("announcing this gateway", "error", err)
	}
	return b
}

// listWithin bounds how long a status waits for the other gateways: it has to
// tell soon that etcd is away.
const listWithin = time.Second

// gateways lists the live gateways of the cluster; with etcd away this one alone.
func (g *Gateway) gateways(ctx context.Context) []api.Gateway {
	self := g.self()
	list := []api.Gateway{self}
	if !g.store.Status().Connected {
		return list
	}
	ctx, cancel := context.WithTimeout(ctx, listWithin)
	defer cancel()
	live, err := g.store.Gateways(ctx)
	if err != nil {
		return list
	}
	for _, l := range live {
		var other api.Gateway
		if l.ID != self.ID && json.Unmarshal(l.Status, &other) == nil {
			list = append(list, other)
		}
	}
	return list
}

// Documents are those of collections.
func (g *Gateway) Documents() *store.Documents { return g.documents }

// Status describes what is wanted, what is served, and what is wrong.
func (g *Gateway) Status(ctx context.Context) *api.Status {
	s := g.current.Load()
	registry, kept := g.resolver.Status(), g.store.Status()
	status := &api.Status{
		Gateway: g.id, Revision: g.store.Current().Revision(), Gateways: g.gateways(ctx),
		Etcd:        api.Etcd{Endpoints: g.endpoints(), Embedded: g.embedded != nil, Connected: registry.Connected && kept.Connected},
		Services:    []api.ServiceStatus{},
		Modules:     []api.ModuleStatus{},
		Diagnostics: []api.Diagnostic{},
	}
	if !kept.Connected {
		status.Etcd.StaleSince = kept.Since
	}
	if !registry.Connected && (status.Etcd.StaleSince.IsZero() || registry.Since.Before(status.Etcd.StaleSince)) {
		status.Etcd.StaleSince = registry.Since
	}
	for svc := range s.Default().Services() {
		status.Services = append(status.Services, g.serviceStatus(svc))
	}
	status.Modules = moduleStatus(s)
	for _, p := range s.Problems {
		status.Diagnostics = append(status.Diagnostics, api.Diagnostic{
			File: p.Where, Severity: severityOf(p), Rule: "not-served-as-meant", Message: p.Message,
		})
	}
	for _, d := range s.Mapping.Diagnostics {
		status.Diagnostics = append(status.Diagnostics, api.Diagnostic{
			File: d.File, Line: d.Line, Column: d.Column, Severity: api.Severity(d.Severity.String()),
			Rule: d.Rule, Message: d.Message, Routes: d.Routes,
		})
	}
	status.Diagnostics = append(status.Diagnostics, g.loop.gate.diagnostics()...)
	if refused := g.refused.Load(); refused != nil {
		status.Diagnostics = append(status.Diagnostics, *refused...)
	}
	for _, q := range s.Inputs().State.Broken() {
		status.Diagnostics = append(status.Diagnostics, api.Diagnostic{
			File: q.Path, Severity: api.SeverityError, Rule: "quarantined", Message: q.Err.Error(),
		})
	}
	if kept.Held || kept.Notice != "" {
		text := kept.Notice
		if kept.Held {
			text = store.ErrHeld.Error()
		}
		status.Diagnostics = append(status.Diagnostics, api.Diagnostic{File: "etcd", Severity: api.SeverityWarning, Rule: "store", Message: text})
	}
	for _, p := range registry.Problems {
		status.Diagnostics = append(status.Diagnostics, api.Diagnostic{
			File: p.Key, Severity: api.SeverityWarning, Rule: "registry-value", Message: p.Detail,
		})
	}
	return status
}

func (g *Gateway) serviceStatus(svc *servicemapping.Service) api.ServiceStatus {
	out := api.ServiceStatus{
		Name: svc.Name, File: svc.File, Registry: svc.Registry,
		Methods: len(svc.Methods), Instances: []api.Instance{},
	}
	for _, m := range svc.Methods {
		out.Routes += len(m.Bindings)
	}
	if svc.Registry == "" {
		return out
	}
	out.Instances = append(out.Instances, g.registered(svc.Registry)...)
	return out
}

// registered are the instances under a name of the registry.
func (g *Gateway) registered(name string) (list []api.Instance) {
	for _, i := range g.resolver.Instances(name).Instances {
		list = append(list, api.Instance{Address: i.Address, Weight: i.Weight, Tags: i.Tags, State: stateOf(i)})
	}
	return list
}

// Instances lists the instances of a service (all services if it is empty).
func (g *Gateway) Instances(namespace, service string) ([]api.ServiceInstance, *api.Problem) {
	ns := g.current.Load().Namespace(namespace)
	if ns == nil {
		return nil, api.NewProblem(api.NotFound, fmt.Sprintf("There is no namespace %q.", namespace))
	}
	backends := ns.Backends(service)
	if service != "" && len(backends) == 0 {
		return nil, api.NewProblem(api.ServiceNotFound, fmt.Sprintf("There is no service %q in namespace %s.", service, namespace))
	}
	list := []api.ServiceInstance{}
	for _, b := range backends {
		if b.Registry == "" {
			continue
		}
		for _, i := range g.registered(b.Registry) {
			list = append(list, api.ServiceInstance{Service: b.Service, Registry: b.Registry, Instance: i})
		}
	}
	return list, nil
}

// SetWeight changes the weight of an instance in the registry.
func (g *Gateway) SetWeight(ctx context.Context, namespace, service, address string, weight int) *api.Problem {
	ns := g.current.Load().Namespace(namespace)
	if ns == nil {
		return api.NewProblem(api.NotFound, fmt.Sprintf("There is no namespace %q.", namespace))
	}
	for _, b := range ns.Backends(service) {
		err := g.resolver.SetWeight(ctx, b.Registry, address, weight)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, discovery.ErrWeight):
			return api.NewProblem(api.InvalidRequest, err.Error()+".")
		case !errors.Is(err, discovery.ErrNoInstance):
			g.log.Warn("the weight of an instance stays as it is", "error", err)
			return api.NewProblem(api.Stale, "The registry cannot be written now.")
		}
	}
	return api.NewProblem(api.NotFound, fmt.Sprintf("%s has no instance %q.", service, address))
}

func stateOf(i *discovery.Instance) api.InstanceState {
	switch {
	case i.Weight == 0:
		return api.InstanceDraining
	case i.Down():
		return api.InstanceSkipped
	}
	return api.InstanceServing
}

func severityOf(p snapshot.Problem) api.Severity {
	if p.Warning {
		return api.SeverityWarning
	}
	return api.SeverityError
}

// moduleStatus lists the modules that work, and the files that are broken.
func moduleStatus(s *snapshot.Snapshot) []api.ModuleStatus {
	out := []api.ModuleStatus{}
	if s.Modules == nil {
		return out
	}
	broken := map[string]string{}
	for _, p := range s.Modules.Problems {
		broken[p.File] = p.Err.Error()
	}
	for _, m := range s.Modules.Modules {
		state := api.ModuleStatus{Name: m.Program.Name(), State: api.ModuleRunning, Routes: []string{}}
		for _, p := range m.Routes {
			state.Routes = append(state.Routes, p.String())
		}
		if m.Stale {
			state.State, state.Error = api.ModuleBroken, broken[m.Program.File()]
			delete(broken, m.Program.File())
		}
		out = append(out, state)
	}
	for _, p := range s.Modules.Problems {
		if text, ok := broken[p.File]; ok {
			out = append(out, api.ModuleStatus{Name: p.File, State: api.ModuleBroken, Error: text, Routes: []string{}})
		}
	}
	return out
}

// Stats counts what has been served since the start.
func (g *Gateway) Stats() *api.Stats {
	s := &api.Stats{Gateway: g.id, At: time.Now(), StartedAt: g.started}
	g.metrics.Counts(s)
	return s
}
