package server

import (
	"log/slog"
	"math"
	"syscall"
)

const (
	// reservedDescriptors is the number of file descriptors that connections of
	// receivers leave for whisper files and HTTP clients.
	reservedDescriptors = 1000

	// maxWhisperFiles is the maximum number of whisper files kept open with
	// MAX_OPEN_FILES = auto. More files would cost memory and save little time.
	maxWhisperFiles = 20_000
)

// descriptors is the division of the file descriptors of the process.
type descriptors struct {
	connections int // of each receiver
	whisper     int // whisper files kept open
}

// shareDescriptors divides the file descriptors of the process (ulimit -n). Receivers
// get the configured number of connections if enough descriptors are left. Whisper
// files get the configured number, or half of the rest if whisper is 0.
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

// divideDescriptors is shareDescriptors for a given limit.
func divideDescriptors(connections, whisper, limit int) descriptors {
	connections = max(1, min(connections, limit-min(reservedDescriptors, limit/2)))
	if whisper == 0 {
		whisper = min(maxWhisperFiles, (limit-connections)/2)
	}
	return descriptors{connections: connections, whisper: whisper}
}
