//go:build !linux

package jsmodule

// threadTimes is not known here; budgets are counted in wall time.
func threadTimes() map[string]threadTime { return nil }
