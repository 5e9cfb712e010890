package server

import (
	"log/slog"
	"math"
	"syscall"
)

const (
	// reservedDescriptors is how many file descriptors receivers leave for whisper
	// files and HTTP clients.
	reservedDescriptors = 1000

	// maxWhisperFiles is how many whisper files are kept open at most with
	// MAX_OPEN_FILES = auto. More cost more memory than they save time.
	maxWhisperFiles = 20_000
)

// descriptors says how the file descriptors of the process are shared.
type descriptors struct {
	connections int // of each receiver
	whisper     int // files kept open
}

// shareDescriptors divides the descriptors of the process (ulimit -n): connections
// as configured, as long as enough are left for storing and answering, and half of
// the rest for whisper files unless their number is configured.
func shareDescriptors(connections, whisper int, log *slog.Logger) descriptors {
	limit := math.MaxInt32
	var rlimit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &rlimit); err == nil {
		limit = int(min(uint64(rlimit.Cur), math.MaxInt32))
	}
	share := divideDescriptors(connections, whisper, limit)
	if share.connections < connections {
		log.Warn("connection limit reduced: ulimit -n is too small for MAX_RECEIVER_CONNECTIONS",
			"connections", share.connections, "configured", connections, "ulimit", limit)
	}
	return share
}

func divideDescriptors(connections, whisper, limit int) descriptors {
	connections = max(1, min(connections, limit-min(reservedDescriptors, limit/2)))
	if whisper == 0 {
		whisper = min(maxWhisperFiles, (limit-connections)/2)
	}
	return descriptors{connections: connections, whisper: whisper}
}
