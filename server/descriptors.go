package server

import (
	"log/slog"
	"math"
	"syscall"
)

// reservedFiles is how many open files senders leave for the rest: whisper files,
// HTTP clients.
const reservedFiles = 1000

// openFiles says for what the files are that the process may open.
type openFiles struct {
	connections int // of senders
	whisper     int // kept open
}

// shareFiles shares the files that the process may open: as many connections as
// configured, but not so many that none are left for storing and answering, and
// of what is left half for whisper files.
func shareFiles(connections, whisper int, log *slog.Logger) openFiles {
	files := math.MaxInt32
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil {
		files = int(min(uint64(limit.Cur), math.MaxInt32))
	}
	share := fitFiles(connections, whisper, files)
	if share.connections < connections {
		log.Warn("fewer senders at once than configured: this process may open too few files (ulimit -n)", "senders", share.connections, "configured", connections, "files", files)
	}
	return share
}

func fitFiles(connections, whisper, files int) openFiles {
	connections = max(1, min(connections, files-min(reservedFiles, files/2)))
	if whisper == 0 {
		whisper = min(maxWhisperFiles, (files-connections)/2)
	}
	return openFiles{connections: connections, whisper: whisper}
}

// maxWhisperFiles is how many whisper files are kept open at most unless the
// configuration says so: beyond it they cost more memory than they save time.
const maxWhisperFiles = 20_000
