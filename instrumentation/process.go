package instrumentation

import "time"

// Process samples the process itself. Its cpuUsage is the share of one core
// used since the sample before, in percent, as carbon's.
type Process struct {
	at  time.Time
	cpu float64
}

// Samples returns cpuUsage (percent of a core) and memUsage (bytes).
func (p *Process) Samples(now time.Time) []Sample {
	cpu := cpuSeconds()
	usage := 0.0
	if elapsed := now.Sub(p.at).Seconds(); !p.at.IsZero() && elapsed > 0 {
		usage = (cpu - p.cpu) / elapsed * 100
	}
	p.at, p.cpu = now, cpu
	return []Sample{
		{Name: "cpuUsage", Help: "CPU time used, in percent of one core.", Unit: "percent", Value: usage},
		{Name: "memUsage", Help: "Resident memory in bytes.", Unit: "bytes", Value: residentBytes()},
	}
}
