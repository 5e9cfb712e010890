package server

import (
	"context"
	"net"
	"os"
	"strconv"
	"time"
)

// notify sends a state such as "READY=1" to systemd if NOTIFY_SOCKET is set; see
// sd_notify(3). It ignores errors, because the state is only informative.
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

// keepWatchdogAlive notifies systemd's watchdog, if enabled, until ctx is done.
func keepWatchdogAlive(ctx context.Context) {
	period := watchdogPeriod()
	if period == 0 {
		return
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			notify("WATCHDOG=1")
		}
	}
}

// watchdogPeriod returns half of the watchdog's timeout, or 0 without a watchdog.
func watchdogPeriod() time.Duration {
	usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || usec <= 0 {
		return 0
	}
	return time.Duration(usec) * time.Microsecond / 2
}
