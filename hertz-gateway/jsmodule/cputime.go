package jsmodule

// threadTime is what one thread of the process did with its time, since it
// began, in nanoseconds.
type threadTime struct {
	// used is time on a CPU, waited is time in which it was ready to run and
	// got none.
	used, waited int64
}
