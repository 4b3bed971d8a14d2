package gateway

import (
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
)

// gcPercent lets the heap grow to five times what is live between collections:
// a gateway's heap is mostly buffers, and few of them live long. The memory
// limit keeps that from costing more than the machine has.
const gcPercent = 400

// tuneMemory sets the collector for a server, unless the environment (GOGC,
// GOMEMLIMIT) has.
func tuneMemory(getenv func(string) (string, bool)) {
	if _, set := getenv("GOMEMLIMIT"); !set {
		limit := memoryOf(os.ReadFile)
		if limit <= 0 {
			return
		}
		debug.SetMemoryLimit(limit / 10 * 7)
	}
	if _, set := getenv("GOGC"); !set {
		debug.SetGCPercent(gcPercent)
	}
}

// memoryOf is the memory in bytes that this process may use: the limit of its
// control group, else that of the machine; 0 when neither can be told.
func memoryOf(read func(string) ([]byte, error)) int64 {
	limit := int64(0)
	if raw, err := read("/proc/meminfo"); err == nil {
		for line := range bytes.Lines(raw) {
			if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "MemTotal:" {
				if kb, err := strconv.ParseInt(string(f[1]), 10, 64); err == nil {
					limit = kb << 10
				}
			}
		}
	}
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		raw, err := read(file)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(string(bytes.TrimSpace(raw)), 10, 64); err == nil && n > 0 && (limit == 0 || n < limit) {
			limit = n
		}
	}
	return limit
}
