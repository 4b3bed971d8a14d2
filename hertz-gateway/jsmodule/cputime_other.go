//go:build !unix

package jsmodule

// processCPU is not known here; budgets are counted in wall time.
func processCPU() (int64, bool) { return 0, false }
