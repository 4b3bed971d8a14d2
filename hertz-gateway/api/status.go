package api

import (
	"encoding/json"
	"time"
)

// Status is the answer of GET /api/v1/status. Gateways lists every gateway of
// the cluster; the rest is what the one that answered sees. Members are only
// ever added.
type Status struct {
	// Gateway is the id of the gateway that answered.
	Gateway string `json:"gateway"`
	// Revision is the store's: what every gateway should be running.
	Revision    int64           `json:"revision"`
	Gateways    []Gateway       `json:"gateways"`
	Etcd        Etcd            `json:"etcd"`
	Services    []ServiceStatus `json:"services"`
	Modules     []ModuleStatus  `json:"modules"`
	Diagnostics []Diagnostic    `json:"diagnostics"`
}

// Gateway is one running gateway process.
type Gateway struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	// Address is where its data plane listens, "host:port".
	Address   string    `json:"address"`
	StartedAt time.Time `json:"started_at"`
	// Revision it is serving.
	Revision int64 `json:"revision"`
	// MappingDigest tells whether two gateways read the same IDLs.
	MappingDigest string `json:"mapping_digest"`
	// LastError is why its latest change did not take effect; empty when it did.
	LastError string `json:"last_error,omitempty"`
}

// Etcd is the connection to the registry and the store.
type Etcd struct {
	Endpoints []string `json:"endpoints"`
	// Embedded tells that the gateway itself runs it.
	Embedded  bool `json:"embedded"`
	Connected bool `json:"connected"`
	// StaleSince is when the connection was lost; zero while it is there.
	StaleSince time.Time `json:"stale_since,omitzero"`
}

// ServiceStatus is one Thrift service that is served.
type ServiceStatus struct {
	Name string `json:"name"`
	// File is the IDL it was read from, relative to the IDL directory.
	File string `json:"file,omitempty"`
	// Registry is the name under which its instances are looked up; empty when
	// the IDLs leave it open (a diagnostic says so).
	Registry  string     `json:"registry"`
	Methods   int        `json:"methods"`
	Routes    int        `json:"routes"`
	Instances []Instance `json:"instances"`
}

// Instance is one running backend.
type Instance struct {
	Address string            `json:"address"`
	Weight  int               `json:"weight"`
	Tags    map[string]string `json:"tags,omitempty"`
	State   InstanceState     `json:"state"`
}

// Instances is the answer of GET /api/v1/instances.
type Instances struct {
	Instances []ServiceInstance `json:"instances"`
}

// ServiceInstance is an instance, and the service that it serves.
type ServiceInstance struct {
	Service string `json:"service"`
	// Registry is the name under which it is registered.
	Registry string `json:"registry"`
	Instance
}

// InstanceWeight is the body of PUT /api/v1/instances/{address}.
type InstanceWeight struct {
	Weight int `json:"weight"`
}

// InstanceState tells whether an instance gets calls.
type InstanceState string

// The states of an instance.
const (
	InstanceServing  InstanceState = "serving"
	InstanceDraining InstanceState = "draining" // weight 0: finishes what it has
	InstanceSkipped  InstanceState = "skipped"  // refused a connection a moment ago
)

// ModuleStatus is one JavaScript or TypeScript module.
type ModuleStatus struct {
	Name  string      `json:"name"`
	State ModuleState `json:"state"`
	// Error is why it is broken, with file and line.
	Error string `json:"error,omitempty"`
	// Routes it is attached to.
	Routes []string `json:"routes"`
}

// ModuleState tells whether a module runs.
type ModuleState string

// The states of a module.
const (
	ModuleRunning ModuleState = "running"
	ModuleBroken  ModuleState = "broken" // the last good version serves, if there was one
)

// Diagnostic is one finding in an IDL.
type Diagnostic struct {
	File string `json:"file"`
	// Line and Column count from 1; 0 means the file as a whole.
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Severity Severity `json:"severity"`
	// Rule is a stable id such as "duplicate-route".
	Rule    string `json:"rule"`
	Message string `json:"message"`
	// Routes that it costs.
	Routes []string `json:"routes,omitempty"`
}

// Severity of a diagnostic.
type Severity string

// The severities: an error means that something does not serve, a warning that
// it serves, perhaps not as meant.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// CallResult is the answer of POST /api/v1/call/{service}/{method}. A call that
// failed answers a problem document instead.
type CallResult struct {
	Service string `json:"service"`
	Method  string `json:"method"`
	// Instance that answered, "host:port".
	Instance string `json:"instance"`
	// Elapsed is the time of the call as time.Duration writes it: "1.5ms".
	Elapsed string `json:"elapsed"`
	// Result is the answer in JSON; null for a method without one.
	Result json.RawMessage `json:"result"`
}
