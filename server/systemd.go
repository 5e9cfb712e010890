package server

import (
	"net"
	"os"
	"strconv"
	"time"
)

// notify tells systemd of a change of state, such as "READY=1", when it asked
// to be told (sd_notify(3)). Errors are of no use to anybody.
func notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(state))
}

// watchdogPeriod is how often systemd wants a sign of life; 0 means never.
func watchdogPeriod() time.Duration {
	usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || usec <= 0 {
		return 0
	}
	return time.Duration(usec) * time.Microsecond / 2
}
