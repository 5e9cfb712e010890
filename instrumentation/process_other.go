//go:build !linux

package instrumentation

import "runtime"

// cpuSeconds returns 0: the CPU time is not measured on this system.
func cpuSeconds() float64 { return 0 }

// residentBytes returns the memory that the Go runtime has obtained from the system.
func residentBytes() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys)
}
