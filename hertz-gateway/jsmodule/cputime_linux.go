package jsmodule

import (
	"bytes"
	"os"
	"strconv"
)

// threadTimes gives the CPU time that every thread of the process has used, in
// nanoseconds. It is nil where the kernel does not tell.
func threadTimes() map[string]int64 {
	const dir = "/proc/self/task"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	times := make(map[string]int64, len(threads))
	for _, thread := range threads {
		// The fields are: time on a CPU, time waiting for one, time slices.
		stat, err := os.ReadFile(dir + "/" + thread.Name() + "/schedstat")
		if err != nil {
			continue // the thread has ended
		}
		used, _, _ := bytes.Cut(stat, []byte(" "))
		if ns, err := strconv.ParseInt(string(used), 10, 64); err == nil {
			times[thread.Name()] = ns
		}
	}
	if len(times) == 0 {
		return nil
	}
	return times
}
