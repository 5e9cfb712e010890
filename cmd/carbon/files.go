package main

import (
	"log/slog"
	"math"
	"syscall"
)

// reservedFiles is how many open files senders leave for the rest: whisper files,
// HTTP clients.
const reservedFiles = 1000

// maxConnections is how many senders there may be: as many as configured, but
// not so many that none of the files that the process may open are left for
// storing and answering.
func maxConnections(configured int, log *slog.Logger) int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return configured
	}
	files := int(min(uint64(limit.Cur), math.MaxInt32))
	n := fitConnections(configured, files)
	if n < configured {
		log.Warn("fewer senders at once than configured: this process may open too few files (ulimit -n)", "senders", n, "configured", configured, "files", files)
	}
	return n
}

func fitConnections(configured, files int) int {
	return max(1, min(configured, files-min(reservedFiles, files/2)))
}
