package redial

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		l := New(Options{Addr: "peer:1", Logger: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		var attempts []time.Duration
		l.Run(ctx, func(ctx context.Context, connected func()) error {
			attempts = append(attempts, time.Since(begin))
			switch len(attempts) {
			case 9: // after a long outage
				connected()
				if !l.Connected() {
					t.Error("not connected")
				}
				time.Sleep(time.Minute)
			case 11:
				connected()
				cancel()
			}
			return errors.New("away")
		})
		if l.Connected() || l.Failures() != 10 {
			t.Errorf("connected %v, %d failures", l.Connected(), l.Failures())
		}
		for i, want := range map[int]time.Duration{0: 0, 1: 100 * time.Millisecond, 2: 300 * time.Millisecond, 7: 11300 * time.Millisecond, 8: 16300 * time.Millisecond, 9: 76400 * time.Millisecond, 10: 76600 * time.Millisecond} {
			if attempts[i] != want {
				t.Errorf("attempt %d after %v, want %v", i+1, attempts[i], want)
			}
		}
		if n := strings.Count(log.String(), `msg="connection failed; retrying" addr=peer:1 err=away wait=100ms`); n != 2 {
			t.Errorf("logged %d times:\n%s", n, &log)
		}
	})
}
