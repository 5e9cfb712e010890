// Package redial keeps a connection to a peer that may be unreachable for a while,
// such as a message broker: it connects again whenever the connection fails.
package redial

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// After a failure the next attempt waits, twice as long each time.
	minWait = 100 * time.Millisecond
	maxWait = 5 * time.Second

	// steady is how long a connection must have lasted for its end to be a new
	// failure, which is logged and retried at once.
	steady = time.Second
)

// Options of a Loop.
type Options struct {
	Addr   string       // of the peer, for the log
	Logger *slog.Logger // nil discards
}

// Loop connects to one peer.
type Loop struct {
	log       *slog.Logger
	connected atomic.Bool
	failures  atomic.Int64
}

// New returns a Loop. It connects in Run.
func New(o Options) *Loop {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Loop{log: o.Logger.With("addr", o.Addr)}
}

// Run calls session until ctx is done. session connects, calls connected, and
// returns the error that ended the connection. Run logs the first error of a series
// of failures.
func (l *Loop) Run(ctx context.Context, session func(ctx context.Context, connected func()) error) {
	logged := false
	wait := minWait
	for ctx.Err() == nil {
		var since time.Time
		err := session(ctx, func() {
			since = time.Now()
			l.connected.Store(true)
			l.log.Info("connected")
		})
		l.connected.Store(false)
		if ctx.Err() != nil {
			return
		}
		l.failures.Add(1)
		if !since.IsZero() && time.Since(since) > steady {
			logged, wait = false, minWait
		}
		if !logged {
			l.log.Warn("connection failed; retrying", "err", err, "wait", wait)
			logged = true
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
		wait = min(2*wait, maxWait)
	}
}

// Connected reports whether there is a connection.
func (l *Loop) Connected() bool { return l.connected.Load() }

// Failures returns how many attempts to connect have failed, and how many
// connections were lost.
func (l *Loop) Failures() int64 { return l.failures.Load() }
