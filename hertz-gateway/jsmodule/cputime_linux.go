package jsmodule

import (
	"bytes"
	"os"
	"strconv"
)

// threadTimes gives the times of all threads by their ids. It is nil where the
// kernel does not tell.
func threadTimes() map[string]threadTime {
	const dir = "/proc/self/task"
	threads, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	times := make(map[string]threadTime, len(threads))
	for _, thread := range threads {
		// The fields are: time on a CPU, time waiting for one, time slices.
		stat, err := os.ReadFile(dir + "/" + thread.Name() + "/schedstat")
		if err != nil {
			continue // the thread has ended
		}
		fields := bytes.Fields(stat)
		if len(fields) < 2 {
			continue
		}
		used, err1 := strconv.ParseInt(string(fields[0]), 10, 64)
		waited, err2 := strconv.ParseInt(string(fields[1]), 10, 64)
		if err1 == nil && err2 == nil {
			times[thread.Name()] = threadTime{used, waited}
		}
	}
	if len(times) == 0 {
		return nil
	}
	return times
}
