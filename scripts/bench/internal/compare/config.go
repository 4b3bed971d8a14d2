package compare

import (
	"log/slog"
	"time"
)

// Config of a run.
type Config struct {
	// Self is the program that serves the backend and the variants.
	Self string
	// Gateway is built with the flags of Self. Shipped, if not empty, is the
	// gateway as users get it, and Profiled one that writes CPU profiles.
	Gateway, Shipped, Profiled string
	// IDL is the directory of bench.thrift; Work is for data and profiles.
	IDL, Work string
	Framed    bool
	// Only are the variants to run, besides the gateways; empty means all.
	Only []string

	Conns int
	// Warm precedes each measurement of length Measure.
	Warm, Measure time.Duration
	// Rounds that count; one more goes before them.
	Rounds int
	// OpenRounds is the same for latency at half load.
	OpenRounds int
	// ProfileOnly skips the measurements, ModulesOnly those without modules.
	ProfileOnly, ModulesOnly bool

	Log *slog.Logger
}

// Names of the variants in tables and results that the variant package does
// not serve.
const (
	Gateway = "gateway"
	Shipped = "shipped"
)

// Results of a run, by the key of the case and the name of the variant.
type Results struct {
	// Variants in the order of the tables.
	Variants []string
	Closed   map[string]map[string]Series
	// Open is latency at Rate, requests per second by the key of the case:
	// half of what the hand-written service answers.
	Open map[string]map[string]Series
	Rate map[string]float64
	// Modules are the gateway without and with a module, by the key of the case.
	Modules map[string]ModuleSeries
	// Idle is the share of a core that the gateway uses without requests.
	Idle float64
	// Start is the time from the start of the gateway's process, as it ships, to
	// its first answer, and Memory its resident memory in bytes without load.
	Start  time.Duration
	Memory int64
	// Profiles are files, by the key of the case.
	Profiles map[string]string
}

// ModuleSeries are the samples of one case without and with its module; the
// same place in both is the same round.
type ModuleSeries struct{ Without, With Series }
