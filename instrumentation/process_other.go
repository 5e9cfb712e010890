//go:build !linux

package instrumentation

import "runtime"

// cpuSeconds is not known here.
func cpuSeconds() float64 { return 0 }

// residentBytes is what the Go runtime has obtained from the system.
func residentBytes() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys)
}
