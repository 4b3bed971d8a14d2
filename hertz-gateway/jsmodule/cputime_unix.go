//go:build unix

package jsmodule

import "syscall"

// processCPU is the CPU time that the process has used, in nanoseconds.
func processCPU() (int64, bool) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, false
	}
	return u.Utime.Nano() + u.Stime.Nano(), true
}
