package instrumentation

import "time"

// Process measures the CPU and memory usage of the process. The zero value is
// ready to use.
type Process struct {
	at  time.Time // of the last measurement
	cpu float64   // CPU time used until then, in seconds
}

// Samples returns cpuUsage, in percent of one core since the last call as in
// carbon, and memUsage, in bytes.
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
